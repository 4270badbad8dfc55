// The feature pipeline: float64 input columns in, float32 feature columns out. Computed in float64
// and rounded once, as pandas and scikit-learn do.
//
//   Result<Pipeline> pipeline = FitPipeline(inputs, specs, columns, weights);   // fit.h, training
//   rows only pipeline->Transform(columns, rows, stride, features, status, status_input);
//
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_FEATURES_PIPELINE_H_
#define FIRETOWER_CORE_FEATURES_PIPELINE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::features {

// In the model file by name; do not rename.
enum class Op : int32_t {
  kPassthrough = 0,  // "passthrough": x
  kStandardScale =
      1,           // "standard_scale": (x - mean) / scale, as sklearn.preprocessing.StandardScaler
  kLog1p = 2,      // "log1p": log(1 + x); an x <= -1 has no logarithm and counts as missing
  kHourOfDay = 3,  // "hour_of_day": (x / 3600) mod 24, x in seconds, as numpy's % (floored, so
                   // negative times count back from midnight); fractions of an hour are kept
};

// What a missing (NaN) input becomes. In the model file by name; do not rename.
enum class MissingPolicy : int32_t {
  kReject = 0,  // "reject": the row is set aside.
  kImpute = 1,  // "impute": `fill` (in the input's unit) takes its place before the operation.
  kPropagate =
      2,  // "propagate": the feature is NaN and every split sends it the way the split says.
};

struct InputColumn {
  std::string name;  // As in the file's header.
  std::string unit;  // "s", "EUR", "" (none).
};

struct Feature {
  std::string name;
  int32_t input = 0;  // Index of the input column.
  Op op = Op::kPassthrough;
  MissingPolicy missing = MissingPolicy::kReject;
  double mean = 0.0;   // standard_scale only; finite.
  double scale = 1.0;  // standard_scale only; finite, > 0.
  double fill = 0.0;   // impute only; finite, and > -1 for log1p.
};

// Status values of a row that Transform sets aside: those of csv::BadRowReason. A test holds them
// together.
inline constexpr int32_t kStatusInfinite = 6;
inline constexpr int32_t kStatusMissingValue = 7;

class Pipeline {
 public:
  Pipeline() = default;
  // Errors: kModelInvalid (no inputs or features, an input index out of range, an empty name or one
  // used twice, a parameter out of range) with the place: "features[2].scale: ...".
  static Result<Pipeline> Create(std::vector<InputColumn> inputs, std::vector<Feature> features);

  std::span<const InputColumn> inputs() const { return inputs_; }
  std::span<const Feature> features() const { return features_; }

  // columns[c][i] = input c of row i (float64, NaN = missing), rows of each. Writes
  // out[f * stride + i] = feature f of row i. status[i] (an input and an output) is 0 for a row to
  // be scored; a row that a reject policy refuses, or one with an infinite input or a feature
  // beyond float32, gets the value of csv::BadRowReason kMissingValue (7) or kInfinite (6), and
  // status_input[i] the input column at fault (infinite inputs first, then features in order). A
  // status that is not 0 already is left alone. Features of rows set aside are unspecified. Nothing
  // is allocated. REQUIRES: columns.size() == inputs().size(), stride >= rows, out.size() >=
  // (features().size() - 1) * stride + rows, status.size() >= rows, status_input.size() >= rows.
  void Transform(std::span<const std::span<const double>> columns, size_t rows, size_t stride,
                 std::span<float> out, std::span<int32_t> status,
                 std::span<int32_t> status_input) const;

 private:
  std::vector<InputColumn> inputs_;
  std::vector<Feature> features_;
};

std::string_view Name(Op op);
std::string_view Name(MissingPolicy policy);
// Errors: kModelInvalid naming what was found and what is known.
Result<Op> ParseOp(std::string_view name);
Result<MissingPolicy> ParseMissingPolicy(std::string_view name);

}  // namespace firetower::features

#endif  // FIRETOWER_CORE_FEATURES_PIPELINE_H_
