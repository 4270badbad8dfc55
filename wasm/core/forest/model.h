// A model as people hand it around: metadata, feature pipeline, forest, reference profile,
// calibration.
// models/FORMAT.md describes its file.
#ifndef FIRETOWER_CORE_FOREST_MODEL_H_
#define FIRETOWER_CORE_FOREST_MODEL_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/features/pipeline.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/forest.h"

namespace firetower::forest {

// Do not renumber: levels cross to JavaScript by number.
enum class RiskLevel : int32_t { kMinimal = 0, kLow = 1, kMedium = 2, kHigh = 3, kCritical = 4 };
inline constexpr int32_t kRiskLevelCount = 5;
std::string_view Name(RiskLevel level);  // "MINIMAL" ... "CRITICAL"

// How the training rows were distributed over one feature: edges[0] < ... < edges[n]; counts[b] =
// weight of the rows with edges[b] <= x < edges[b+1] (the last bin holds its upper edge too). Rows
// outside are not possible: the edges span the training data. Values are of the feature (after the
// pipeline).
struct FeatureProfile {
  std::vector<double> edges;   // At least 2; strictly increasing.
  std::vector<double> counts;  // edges.size() - 1; >= 0.
  double missing = 0.0;        // Weight of the rows with no value.
};

struct ModelInfo {
  std::string name;            // "creditcard-rf"
  std::string version;         // "1.0.0"
  std::string description;     // One sentence.
  std::string positive_class;  // "1"
  std::string label_column;    // "Class"; empty where unknown.
  std::string weight_column;   // "Weight"; empty where none.
  std::string engine_version;  // That wrote it.
  double threshold = 0.5;      // prediction = probability >= threshold.
  std::array<double, 4> risk_cuts = {0.05, 0.2, 0.5,
                                     0.8};  // LOW, MEDIUM, HIGH, CRITICAL begin here; increasing.
  // Free-form provenance: data hash, rows, seed, parameters, cross-validated metrics with
  // intervals. Kept as it is; readers other than people use only
  // training["metrics"]["auc"|"average_precision"] =
  // {"value", "low", "high"} and training["rows"].
  json::object training;
};

// What the probabilities mean: a rising function of the forest's probability, linear between knots
// and level outside them (metrics::Calibrated). Scoring does not use it; estimates without labels
// do.
struct Calibration {
  std::string from;                   // What it was fitted on: "5-fold cross-validation"; one line.
  double rows = 0.0;                  // Rows it was fitted on.
  std::vector<double> scores;         // Strictly rising, within 0..1. Empty: no calibration.
  std::vector<double> probabilities;  // As many; never falling, within 0..1.
};

struct Model {
  ModelInfo info;
  features::Pipeline pipeline;
  Forest forest;
  std::vector<FeatureProfile> profile;  // One per feature, or empty.
  Calibration calibration;
};

RiskLevel LevelOf(const ModelInfo& info, double probability);

// File bytes of the model: deterministic, the same model gives the same bytes. Errors: those of
// Validate.
Result<std::vector<uint8_t>> WriteModel(const Model& model);

// Limits of a model file, checked before anything is allocated.
inline constexpr uint64_t kMaxModelBytes = uint64_t{1} << 30;
inline constexpr uint64_t kMaxHeaderBytes = uint64_t{8} << 20;
inline constexpr size_t kMaxCalibrationKnots = 65536;

// Errors: kModelInvalid with the place ("byte 12", "tensor threshold", "tree 3, node 17", "metadata
// features[2].op"), kTooBig.
Result<Model> ReadModel(std::span<const uint8_t> bytes);

// A model that scores: the trees are compiled and nowhere else.
struct CompiledModel {
  Model model;  // Its forest has rules and no trees.
  CompiledForest compiled;
};

// Errors: as ReadModel.
Result<CompiledModel> ReadCompiledModel(std::span<const uint8_t> bytes);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_MODEL_H_
