#include "learning.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>
#include <utility>

#include "checks.h"
#include "core/train/calibration.h"
#include "core/train/folds.h"
#include "core/train/profile.h"
#include "files.h"
#include "json_text.h"
#include "progress.h"

namespace firetower::tools {
namespace {

// An error whose row counts the table's rows, as one whose row and line are the file's.
Error InFile(Error error, const Table& table) {
  if (error.row >= 0) error.row = static_cast<int64_t>(table.rows[static_cast<size_t>(error.row)]);
  return error;
}

std::string_view AsText(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

json::object FoldMeanJson(const train::FoldMean& mean) {
  json::object object;
  object["mean"] = FiniteOrNull(mean.mean);
  object["standard_error"] = FiniteOrNull(mean.standard_error);
  return object;
}

}  // namespace

void AddLearningOptions(CLI::App* command, LearningOptions* options) {
  command->add_option("--data", options->data, "Labelled CSV file, - for standard input")
      ->required();
  command->add_option("--label", options->label, "Column of the classes")->required();
  command->add_option("--weight", options->weight, "Column of the rows' weights");
  command->add_option("--config", options->config, "Configuration (JSON): model, features, forest");
  command->add_option("--folds-column", options->folds_column,
                      "Column of fold numbers to cross-validate on, in place of random folds");
  command->add_option("--seed", options->seed, "Seed of folds and trees")
      ->transform(WholeNumber(std::numeric_limits<uint64_t>::max()))
      ->capture_default_str();
  command
      ->add_option("--threads", options->threads,
                   "Threads, 0 for one per core; the model does not depend on it")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--out", options->out, "Model file to write")->required();
  command->add_option("--report", options->report, "Report to write (JSON)");
  command->add_flag("--json", options->json, "Print the report as JSON");
  command->add_flag("--progress", options->progress,
                    "Show progress where standard error is no terminal, too");
}

int WriteReport(const LearningOptions& options, const json::object& report,
                const std::string& summary) {
  if (!options.report.empty()) {
    const Status status = WriteFile(options.report, PrettyJson(report));
    if (!status.ok()) return ReportError(options.report, status.error());
  }
  if (!options.json && (options.out == "-" || options.report == "-")) {
    std::fputs(summary.c_str(), stderr);
    return kExitOk;
  }
  const Status status = WriteFile("-", options.json ? PrettyJson(report) : summary);
  return status.ok() ? kExitOk : ReportError("-", status.error());
}

int Learning::Load() {
  const int places = CheckPlaces({{"--out", options_.out},
                                  {"--report", options_.report},
                                  {"--json", options_.json ? "-" : ""}},
                                 {{"--data", options_.data}, {"--config", options_.config}});
  if (places != kExitOk) return places;
  config_ = *ParseConfig("{}");
  if (!options_.config.empty()) {
    const Result<std::vector<uint8_t>> bytes = ReadFile(options_.config);
    if (!bytes.ok()) return ReportError(options_.config, bytes.error());
    Result<Config> config = ParseConfig(AsText(*bytes));
    if (!config.ok()) return ReportError(options_.config, config.error());
    config_ = *std::move(config);
    for (const std::string& column : {options_.label, options_.weight, options_.folds_column}) {
      for (const features::InputColumn& input : config_.inputs) {
        if (input.name != column) continue;
        return ReportError(
            options_.config,
            {.code = ErrorCode::kDataInvalid,
             .message = "inputs: \"" + column + "\" is the column of labels, weights or folds"});
      }
    }
  }
  config_.forest.seed = options_.seed;
  config_.forest.threads = options_.threads;

  const Result<std::vector<uint8_t>> bytes = ReadFile(options_.data);
  if (!bytes.ok()) return ReportError(options_.data, bytes.error());
  TableOptions request = {.label = options_.label,
                          .weight = options_.weight,
                          .folds = options_.folds_column,
                          .positive_class = config_.info.positive_class};
  RequestInputs(config_.inputs, config_.features, &request);
  Result<Table> table = ReadTable(*bytes, request);
  if (!table.ok()) return ReportError(options_.data, table.error());
  table_ = *std::move(table);
  ReportSetAside(options_.data, table_.set_aside, table_.records);
  ReportNegatives(options_.data, options_.label, table_);
  if (config_.inputs.empty()) {
    if (table_.inputs.empty()) {
      return ReportError(options_.data, {.code = ErrorCode::kDataInvalid,
                                         .message = "there is no column to learn from"});
    }
    for (size_t c = 1; c < table_.inputs.size(); ++c) {
      const auto own = table_.inputs.begin() + static_cast<std::ptrdiff_t>(c);
      if (std::find(table_.inputs.begin(), own, *own) == own) continue;
      return ReportError(options_.data, {.code = ErrorCode::kDataInvalid,
                                         .message = "column \"" + *own + "\" is there twice"});
    }
    for (size_t c = 0; c < table_.inputs.size(); ++c) {
      config_.inputs.push_back({.name = table_.inputs[c], .unit = ""});
      config_.features.push_back({.name = table_.inputs[c], .input = static_cast<int32_t>(c)});
    }
  }
  Status status = train::CheckOptions(config_.forest, config_.features.size());
  if (!status.ok()) return ReportError(options_.config, InConfig("forest", status.error()));
  spans_ = table_.spans();

  if (!options_.folds_column.empty()) {
    folds_ = table_.folds;
  } else if (options_.folds > 0) {
    Result<std::vector<int32_t>> folds = train::StratifiedFolds(
        spans_, table_.labels, {.folds = options_.folds, .seed = options_.seed});
    if (!folds.ok()) return ReportError(options_.data, folds.error());
    folds_ = *std::move(folds);
  }
  return kExitOk;
}

train::TrainingData Learning::data() const {
  return {.inputs = config_.inputs,
          .features = config_.features,
          .columns = spans_,
          .labels = table_.labels,
          .weights = table_.weights};
}

std::string Learning::Protocol() const {
  if (!options_.folds_column.empty()) {
    return "cross-validation on the folds of column " + options_.folds_column +
           "; everything fitted on the training part of each fold";
  }
  return fmt::format(
      "{}-fold stratified cross-validation, exact duplicates of a row kept in one fold; everything "
      "fitted on the "
      "training part of each fold",
      options_.folds);
}

std::string Learning::HeldOut() const {
  if (!options_.folds_column.empty()) {
    return "cross-validation on the folds of column " + options_.folds_column;
  }
  return fmt::format("{}-fold stratified cross-validation", options_.folds);
}

json::object Learning::MetricsJson(const train::CrossValidation& figures) const {
  json::object metrics;
  metrics["auc"] = IntervalJson(figures.pooled_auc);
  metrics["average_precision"] = IntervalJson(figures.pooled_average_precision);
  metrics["brier_score"] = FiniteOrNull(figures.pooled_brier);
  metrics["log_loss"] = FiniteOrNull(figures.pooled_log_loss);
  metrics["auc_mean_of_folds"] = FiniteOrNull(figures.auc.mean);
  metrics["auc_standard_error"] = FiniteOrNull(figures.auc.standard_error);
  metrics["average_precision_mean_of_folds"] = FiniteOrNull(figures.average_precision.mean);
  metrics["average_precision_standard_error"] =
      FiniteOrNull(figures.average_precision.standard_error);
  metrics["folds"] = figures.folds.size();
  metrics["protocol"] = Protocol();
  return metrics;
}

void Learning::NoteRefused(const train::FittedModel& fitted) {
  const size_t rows = table_.rows.size();
  if (fitted.rows.size() == rows) return;
  std::vector<float> features(config_.features.size() * rows);
  std::vector<int32_t> status(rows);
  std::vector<int32_t> inputs(rows);
  fitted.pipeline.Transform(spans_, rows, rows, features, status, inputs);
  const std::vector<SetAside> refused = Refused(table_, status, inputs);
  ReportSetAside(options_.data, refused, table_.records);
  AddSetAside(refused, &table_);
}

int Learning::FitAndWrite(const train::ForestOptions& forest,
                          const train::CrossValidation* cross_validation, json::object* training) {
  const auto start = std::chrono::steady_clock::now();
  train::ForestOptions final_options = forest;
  Result<train::FittedModel> fitted = [&] {
    ProgressBar bar("training", "trees", options_.progress);
    final_options.progress = [&bar](int32_t done, int32_t total) {
      bar.Update(done, total);
      return true;
    };
    return train::FitModel(data(), {}, final_options);
  }();
  if (!fitted.ok()) return ReportError(options_.data, InFile(fitted.error(), table_));
  NoteRefused(*fitted);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::vector<double> weights;
  std::vector<double> labels;
  for (const uint32_t row : fitted->rows) {
    labels.push_back(table_.labels[row]);
    if (!table_.weights.empty()) weights.push_back(table_.weights[row]);
  }
  json::object& about = *training;
  about["data_file"] = std::filesystem::path(options_.data).filename().string();
  about["data_sha256"] = table_.sha256;
  about["rows"] = fitted->rows.size();
  about["positives"] = static_cast<size_t>(std::count(labels.begin(), labels.end(), 1.0));
  about["weight"] = weights.empty() ? static_cast<double>(labels.size())
                                    : std::accumulate(weights.begin(), weights.end(), 0.0);
  about["rows_set_aside"] = table_.records - fitted->rows.size();
  about["seed"] = options_.seed;
  about["trainer"] = std::string("firetower ") + FIRETOWER_VERSION;
  about["parameters"] = OptionsJson(forest);
  json::object metrics;
  if (cross_validation != nullptr) metrics = MetricsJson(*cross_validation);
  if (!fitted->trained.oob_probability.empty()) {
    const Result<metrics::ScoredLabels> scored =
        metrics::ScoredLabels::Create(fitted->trained.oob_probability, labels, weights);
    if (!scored.ok()) return ReportError(options_.data, scored.error());
    metrics["out_of_bag_auc"] = IntervalJson(metrics::RocAuc(*scored));
    metrics["out_of_bag_average_precision"] = IntervalJson(metrics::AveragePrecision(*scored));
  }
  if (!metrics.empty()) about["metrics"] = std::move(metrics);
  json::object importances;
  for (size_t f = 0; f < config_.features.size(); ++f) {
    importances[config_.features[f].name] = fitted->trained.importances[f];
  }
  about["importances"] = std::move(importances);

  // Rows that the model has not seen: held out, or else out of bag.
  const bool out_of_bag = !fitted->trained.oob_probability.empty();
  forest::Calibration calibration;
  if (cross_validation != nullptr || out_of_bag) {
    const std::vector<uint8_t> classes(labels.begin(), labels.end());
    Result<forest::Calibration> fit =
        cross_validation != nullptr
            ? train::FitCalibration(cross_validation->probabilities, table_.labels, table_.weights,
                                    HeldOut())
            : train::FitCalibration(fitted->trained.oob_probability, classes, weights,
                                    "out-of-bag probabilities");
    if (!fit.ok()) return ReportError(options_.data, InFile(fit.error(), table_));
    calibration = *std::move(fit);
  }

  forest::Model model;
  model.info = config_.info;
  model.info.label_column = options_.label;
  model.info.weight_column = options_.weight;
  model.info.engine_version = FIRETOWER_VERSION;
  model.info.training = about;
  model.pipeline = std::move(fitted->pipeline);
  model.forest = std::move(fitted->trained.forest);
  model.calibration = std::move(calibration);
  model.profile = train::BuildProfile(fitted->features, fitted->rows.size(), weights,
                                      train::kProfileBins, options_.threads);
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(model);
  if (!bytes.ok()) return ReportError(options_.out, bytes.error());
  if (const Status status = WriteFile(options_.out, AsText(*bytes)); !status.ok()) {
    return ReportError(options_.out, status.error());
  }
  // What differs from run to run is in the report, not in the model.
  if (!model.calibration.scores.empty()) {
    about["calibration"] = json::object{{"from", json::string(model.calibration.from)},
                                        {"rows", model.calibration.rows},
                                        {"knots", model.calibration.scores.size()}};
  }
  about["trees"] = model.forest.tree_count();
  about["nodes"] = model.forest.node_count();
  about["model_bytes"] = bytes->size();
  about["fit_seconds"] = seconds;
  return kExitOk;
}

json::object CrossValidationJson(const train::CrossValidation& figures) {
  json::array folds;
  for (const train::FoldFigures& fold : figures.folds) {
    json::object entry;
    entry["training_rows"] = fold.training_rows;
    entry["rows"] = fold.rows;
    entry["positives"] = fold.positives;
    entry["auc"] = IntervalJson(fold.auc);
    entry["average_precision"] = IntervalJson(fold.average_precision);
    folds.push_back(std::move(entry));
  }
  json::object pooled;
  pooled["auc"] = IntervalJson(figures.pooled_auc);
  pooled["average_precision"] = IntervalJson(figures.pooled_average_precision);
  pooled["brier_score"] = FiniteOrNull(figures.pooled_brier);
  pooled["log_loss"] = FiniteOrNull(figures.pooled_log_loss);
  json::object object;
  object["auc"] = FoldMeanJson(figures.auc);
  object["average_precision"] = FoldMeanJson(figures.average_precision);
  object["pooled"] = std::move(pooled);
  object["folds"] = std::move(folds);
  return object;
}

std::string CrossValidationText(const train::CrossValidation& figures) {
  std::string text = fmt::format("  {:<8}{:>8}{:>11}  {:<28}{}\n", "fold", "rows", "positives",
                                 "AUC (95 %)", "average precision (95 %)");
  for (size_t k = 0; k < figures.folds.size(); ++k) {
    const train::FoldFigures& fold = figures.folds[k];
    text += fmt::format("  {:<8}{:>8}{:>11}  {:<28}{}\n", k, fold.rows, fold.positives,
                        IntervalText(fold.auc), IntervalText(fold.average_precision));
  }
  text +=
      fmt::format("  {:<27}  {:<28}{}\n", "all rows held out, pooled",
                  IntervalText(figures.pooled_auc), IntervalText(figures.pooled_average_precision));
  const auto mean = [](const train::FoldMean& value) {
    return fmt::format("{:.4f} +- {:.4f}", value.mean, value.standard_error);
  };
  text += fmt::format("  {:<27}  {:<28}{}\n", "mean of folds +- std. error", mean(figures.auc),
                      mean(figures.average_precision));
  return text;
}

std::string IntervalText(const metrics::Interval& interval) {
  if (std::isnan(interval.value)) return "not defined";
  if (std::isnan(interval.low)) return fmt::format("{:.4f}", interval.value);
  return fmt::format("{:.4f} ({:.4f} .. {:.4f})", interval.value, interval.low, interval.high);
}

}  // namespace firetower::tools
