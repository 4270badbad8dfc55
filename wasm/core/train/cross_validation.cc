#include "core/train/cross_validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/features/fit.h"
#include "core/forest/compiled_forest.h"

namespace firetower::train {
namespace {

// A row's status after the pipeline: 0 = has features.
struct Transformed {
  std::vector<float> features;  // features[f * rows + i]
  std::vector<int32_t> status;
};

// The chosen rows of every column, as arrays of their own.
struct Part {
  std::vector<std::vector<double>> columns;
  std::vector<std::span<const double>> spans;
  std::vector<double> weights;
  std::vector<uint8_t> labels;
};

Part Take(const TrainingData& data, std::span<const uint32_t> rows) {
  Part part;
  const auto take = [&](const auto& from, auto* to) {
    to->reserve(rows.size());
    for (const uint32_t row : rows) to->push_back(from[row]);
  };
  part.columns.resize(data.columns.size());
  for (size_t c = 0; c < data.columns.size(); ++c) take(data.columns[c], &part.columns[c]);
  part.spans.assign(part.columns.begin(), part.columns.end());
  take(data.labels, &part.labels);
  if (!data.weights.empty()) take(data.weights, &part.weights);
  return part;
}

Transformed Transform(const features::Pipeline& pipeline,
                      std::span<const std::span<const double>> columns, size_t rows) {
  Transformed out;
  out.features.resize(pipeline.features().size() * rows);
  out.status.resize(rows);
  std::vector<int32_t> inputs(rows);
  pipeline.Transform(columns, rows, rows, out.features, out.status, inputs);
  return out;
}

Status CheckLengths(const TrainingData& data) {
  bool same = data.weights.empty() || data.weights.size() == data.labels.size();
  for (const std::span<const double> column : data.columns) {
    same = same && column.size() == data.labels.size();
  }
  if (same && data.columns.size() == data.inputs.size()) return {};
  return Error{.code = ErrorCode::kBadArgument,
               .message = "inputs, columns, labels and weights differ in length"};
}

FoldMean MeanOverFolds(std::span<const FoldFigures> folds, metrics::Interval FoldFigures::*figure) {
  const double count = static_cast<double>(folds.size());
  FoldMean result;
  for (const FoldFigures& fold : folds) result.mean += (fold.*figure).value / count;
  double squares = 0.0;
  for (const FoldFigures& fold : folds) {
    const double off = (fold.*figure).value - result.mean;
    squares += off * off;
  }
  result.standard_error = std::sqrt(squares / (count - 1.0) / count);
  return result;
}

}  // namespace

Result<FittedModel> FitModel(const TrainingData& data, std::span<const uint32_t> rows,
                             const ForestOptions& options) {
  if (Status status = CheckLengths(data); !status.ok()) return status.error();
  std::vector<uint32_t> all;
  if (rows.empty()) {
    all.resize(data.labels.size());
    std::iota(all.begin(), all.end(), 0u);
    rows = all;
  }
  Part part = Take(data, rows);
  Result<features::Pipeline> pipeline =
      features::FitPipeline(data.inputs, data.features, part.spans, part.weights);
  if (!pipeline.ok()) return pipeline.error();

  FittedModel model;
  model.pipeline = *std::move(pipeline);
  Transformed transformed = Transform(model.pipeline, part.spans, rows.size());
  std::vector<size_t> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (transformed.status[i] == 0) kept.push_back(i);
  }
  const size_t feature_count = model.pipeline.features().size();
  if (kept.size() < rows.size()) {
    const std::vector<float> whole = std::move(transformed.features);
    transformed.features.clear();
    for (size_t f = 0; f < feature_count; ++f) {
      for (const size_t i : kept) transformed.features.push_back(whole[f * rows.size() + i]);
    }
    for (size_t k = 0; k < kept.size(); ++k) {
      part.labels[k] = part.labels[kept[k]];
      if (!part.weights.empty()) part.weights[k] = part.weights[kept[k]];
    }
    part.labels.resize(kept.size());
    if (!part.weights.empty()) part.weights.resize(kept.size());
  }
  for (const size_t i : kept) model.rows.push_back(rows[i]);
  Result<TrainedForest> trained = TrainForest(transformed.features, kept.size(), feature_count,
                                              part.labels, part.weights, options);
  if (!trained.ok()) {
    Error error = trained.error();
    if (error.row >= 0) error.row = model.rows[static_cast<size_t>(error.row)];
    return error;
  }
  model.trained = *std::move(trained);
  model.features = std::move(transformed.features);
  return model;
}

Result<CrossValidation> CrossValidate(const TrainingData& data,
                                      std::span<const int32_t> fold_of_row,
                                      const ForestOptions& options) {
  if (Status status = CheckLengths(data); !status.ok()) return status.error();
  const auto bad_folds = [](const char* why) {
    return Error{.code = ErrorCode::kBadArgument, .message = why};
  };
  if (fold_of_row.size() != data.labels.size() || fold_of_row.empty()) {
    return bad_folds("there must be one fold number per row");
  }
  const auto [lowest, highest] = std::minmax_element(fold_of_row.begin(), fold_of_row.end());
  if (*lowest < 0 || *highest < 1 || *highest >= 1000) {
    return bad_folds("folds must be numbered from 0, two at least and 1000 at most");
  }
  const int32_t fold_count = *highest + 1;
  for (int32_t fold = 0; fold < fold_count; ++fold) {
    if (std::find(fold_of_row.begin(), fold_of_row.end(), fold) == fold_of_row.end()) {
      return bad_folds("a fold has no row");
    }
  }

  CrossValidation result;
  result.probabilities.assign(data.labels.size(), std::numeric_limits<double>::quiet_NaN());
  for (int32_t fold = 0; fold < fold_count; ++fold) {
    std::vector<uint32_t> training;
    std::vector<uint32_t> held_out;
    for (size_t i = 0; i < fold_of_row.size(); ++i) {
      (fold_of_row[i] == fold ? held_out : training).push_back(static_cast<uint32_t>(i));
    }
    ForestOptions fold_options = options;
    fold_options.oob_score = false;
    if (options.progress) {
      fold_options.progress = [&options, fold, fold_count](int32_t done, int32_t total) {
        return options.progress(fold * total + done, fold_count * total);
      };
    }
    Result<FittedModel> model = FitModel(data, training, fold_options);
    if (!model.ok()) return model.error();
    Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(model->trained.forest);
    if (!compiled.ok()) return compiled.error();

    const Part part = Take(data, held_out);
    const Transformed transformed = Transform(model->pipeline, part.spans, held_out.size());
    std::vector<double> scores(held_out.size());
    compiled->PredictProba(transformed.features, held_out.size(), held_out.size(), scores);
    for (size_t i = 0; i < held_out.size(); ++i) {
      if (transformed.status[i] != 0) scores[i] = std::numeric_limits<double>::quiet_NaN();
      result.probabilities[held_out[i]] = scores[i];
    }
    const std::vector<double> labels(part.labels.begin(), part.labels.end());
    Result<metrics::ScoredLabels> scored =
        metrics::ScoredLabels::Create(scores, labels, part.weights);
    if (!scored.ok()) return scored.error();
    result.folds.push_back({.training_rows = model->rows.size(),
                            .rows = scored->rows(),
                            .positives = scored->positives(),
                            .auc = metrics::RocAuc(*scored),
                            .average_precision = metrics::AveragePrecision(*scored)});
  }
  result.auc = MeanOverFolds(result.folds, &FoldFigures::auc);
  result.average_precision = MeanOverFolds(result.folds, &FoldFigures::average_precision);
  const std::vector<double> labels(data.labels.begin(), data.labels.end());
  Result<metrics::ScoredLabels> pooled =
      metrics::ScoredLabels::Create(result.probabilities, labels, data.weights);
  if (!pooled.ok()) return pooled.error();
  result.pooled_auc = metrics::RocAuc(*pooled);
  result.pooled_average_precision = metrics::AveragePrecision(*pooled);
  result.pooled_brier = metrics::BrierScore(*pooled);
  result.pooled_log_loss = metrics::LogLoss(*pooled);
  return result;
}

}  // namespace firetower::train
