#include "core/features/fit.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace firetower::features {
namespace {

// The present values of one column with their weights.
struct Sample {
  Eigen::ArrayXd values;
  Eigen::ArrayXd weights;
};

Sample Present(const Feature& feature, std::span<const double> column,
               std::span<const double> weights) {
  Sample sample;
  sample.values.resize(static_cast<Eigen::Index>(column.size()));
  sample.weights.resize(static_cast<Eigen::Index>(column.size()));
  Eigen::Index count = 0;
  for (size_t i = 0; i < column.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    const bool missing = std::isnan(column[i]) || (feature.op == Op::kLog1p && column[i] <= -1.0);
    if (missing || weight == 0.0) continue;
    sample.values[count] = column[i];
    sample.weights[count] = weight;
    ++count;
  }
  sample.values.conservativeResize(count);
  sample.weights.conservativeResize(count);
  return sample;
}

// Weighted mean and population standard deviation; the second pass takes out the mean's own
// rounding error. A column is constant when its variance is within that error: scikit-learn's
// bound, after Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance".
void FitScale(const Sample& sample, Feature* feature) {
  const double total = sample.weights.sum();
  const double mean = (sample.values * sample.weights).sum() / total;
  const Eigen::ArrayXd centred = sample.values - mean;
  const double correction = (centred * sample.weights).sum();
  const double variance =
      ((centred * centred * sample.weights).sum() - correction * correction / total) / total;
  const double epsilon = std::numeric_limits<double>::epsilon();
  const double bound = total * epsilon * variance + std::pow(total * mean * epsilon, 2.0);
  feature->mean = mean;
  feature->scale = variance <= bound ? 1.0 : std::sqrt(variance);
}

double WeightedMedian(const Sample& sample) {
  std::vector<std::pair<double, double>> sorted;
  sorted.reserve(static_cast<size_t>(sample.values.size()));
  for (Eigen::Index i = 0; i < sample.values.size(); ++i) {
    sorted.emplace_back(sample.values[i], sample.weights[i]);
  }
  std::sort(sorted.begin(), sorted.end());
  double total = 0.0;
  for (const auto& [value, weight] : sorted) total += weight;
  double below = 0.0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    below += sorted[i].second;
    if (below == total / 2.0 && i + 1 < sorted.size()) {
      return sorted[i].first / 2.0 + sorted[i + 1].first / 2.0;
    }
    if (below > total / 2.0) return sorted[i].first;
  }
  return sorted.back().first;
}

Status CheckArguments(const std::vector<InputColumn>& inputs,
                      std::span<const std::span<const double>> columns,
                      std::span<const double> weights) {
  const auto bad = [](std::string message, int64_t row = -1) {
    return Error{.code = ErrorCode::kBadArgument, .message = std::move(message), .row = row};
  };
  if (columns.size() != inputs.size()) {
    return bad("there are " + std::to_string(columns.size()) + " columns for " +
               std::to_string(inputs.size()) + " inputs");
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].size() != columns[0].size()) {
      return bad("column " + inputs[c].name + " has another number of rows than " + inputs[0].name);
    }
  }
  if (weights.empty()) return {};
  if (weights.size() != columns[0].size()) return bad("there is not one weight per row");
  double total = 0.0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i]) || weights[i] < 0.0) {
      return bad("weight of row " + std::to_string(i) + " is negative or not finite",
                 static_cast<int64_t>(i));
    }
    total += weights[i];
  }
  if (total == 0.0) return bad("all weights are 0");
  return {};
}

}  // namespace

Result<Pipeline> FitPipeline(std::vector<InputColumn> inputs, std::vector<Feature> features,
                             std::span<const std::span<const double>> columns,
                             std::span<const double> weights) {
  // Names and indexes first: the loop below relies on them.
  if (Result<Pipeline> checked = Pipeline::Create(inputs, features); !checked.ok()) {
    return checked.error();
  }
  if (Status status = CheckArguments(inputs, columns, weights); !status.ok()) {
    return status.error();
  }
  for (Feature& feature : features) {
    const bool scales = feature.op == Op::kStandardScale;
    const bool imputes = feature.missing == MissingPolicy::kImpute;
    if (!scales && !imputes) continue;
    const auto input = static_cast<size_t>(feature.input);
    const Sample sample = Present(feature, columns[input], weights);
    if (sample.values.size() == 0 || !sample.values.isFinite().all()) {
      return Error{
          .code = ErrorCode::kDataInvalid,
          .message = "column " + inputs[input].name +
                     (sample.values.size() == 0 ? " has no value" : " has an infinite value") +
                     ", so feature " + feature.name + " cannot be fitted"};
    }
    if (scales) FitScale(sample, &feature);
    if (imputes) feature.fill = WeightedMedian(sample);
  }
  return Pipeline::Create(std::move(inputs), std::move(features));
}

}  // namespace firetower::features
