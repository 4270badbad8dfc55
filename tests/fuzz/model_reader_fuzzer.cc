// Any bytes as a model file: the reader gives an error with a message, or a model that can be
// written, read again as the same bytes, compiled from its trees and straight from the bytes, and
// asked for predictions that equal the reference.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"

namespace {

namespace forest = firetower::forest;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckPredictions(const forest::Forest& trees, const forest::CompiledForest& compiled) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {0.0f,   -0.0f,     1.0f,       -1.0f,
                                     1e-40f, kInfinity, -kInfinity, std::nanf("")};
  const size_t rows = 11;
  const auto features = static_cast<size_t>(trees.feature_count);
  std::vector<float> columns(rows * features);
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = values[i * i % 97 % values.size()];
  std::vector<double> out(rows);
  compiled.PredictProba(columns, rows, rows, out);
  std::vector<float> row(features);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t f = 0; f < features; ++f) row[f] = columns[f * rows + i];
    double expected = forest::PredictRowReference(trees, row);
    if (trees.aggregation == forest::Aggregation::kMean) {
      expected /= static_cast<double>(trees.tree_count());
    }
    double tolerance = 0.0;
    if (trees.link == forest::Link::kLogistic) {
      // The library's exp differs by a unit in the last place now and then.
      expected = 1.0 / (1.0 + std::exp(-(expected + trees.base_score)));
      tolerance = 1e-15 * expected + std::numeric_limits<double>::min();
    }
    Require(out[i] >= 0.0 && out[i] <= 1.0 && std::abs(out[i] - expected) <= tolerance);
  }
}

void CheckTransform(const firetower::features::Pipeline& pipeline) {
  const std::vector<double> column = {
      0.0, -1.0, 1e300, std::nan(""), 86400.0, -std::numeric_limits<double>::infinity()};
  const std::vector<std::span<const double>> columns(pipeline.inputs().size(), column);
  std::vector<float> out(pipeline.features().size() * column.size());
  std::vector<int32_t> status(column.size());
  std::vector<int32_t> status_input(column.size());
  pipeline.Transform(columns, column.size(), column.size(), out, status, status_input);
  for (size_t i = 0; i < column.size(); ++i) {
    for (size_t f = 0; f < pipeline.features().size(); ++f) {
      Require(status[i] != 0 || !std::isinf(out[f * column.size() + i]));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = forest::ReadModel({data, size});
  const auto scoring = forest::ReadCompiledModel({data, size});
  if (!model.ok()) {
    Require(!model.error().message.empty());
    Require(!scoring.ok() && scoring.error().message == model.error().message);
    return 0;
  }
  const auto written = forest::WriteModel(*model);
  Require(written.ok());
  const auto again = forest::ReadModel(*written);
  Require(again.ok());
  Require(*forest::WriteModel(*again) == *written);
  const auto built = forest::CompiledForest::Build(model->forest);
  Require(built.ok());
  CheckPredictions(model->forest, *built);
  Require(scoring.ok());
  CheckPredictions(model->forest, scoring->compiled);
  CheckTransform(model->pipeline);
  return 0;
}
