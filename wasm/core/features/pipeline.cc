#include "core/features/pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "core/features/log1p.h"

namespace firetower::features {
namespace {

constexpr std::array<std::string_view, 4> kOpNames = {"passthrough", "standard_scale", "log1p",
                                                      "hour_of_day"};
constexpr std::array<std::string_view, 3> kPolicyNames = {"reject", "impute", "propagate"};

template <typename Enum, size_t n>
Result<Enum> ParseName(std::string_view name, const std::array<std::string_view, n>& names,
                       std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Enum>(found - names.begin());
  std::string message = "unknown ";
  message.append(what).append(" \"").append(name).append("\"; known are");
  for (std::string_view known : names) message.append(" ").append(known);
  return Error{.code = ErrorCode::kModelInvalid, .message = std::move(message)};
}

Error Invalid(std::string message) {
  return {.code = ErrorCode::kModelInvalid, .message = std::move(message)};
}

std::string At(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

template <typename T>
Status CheckNames(const std::vector<T>& items, std::string_view list) {
  if (items.empty()) return Invalid(std::string(list) + ": there are none");
  std::set<std::string_view> seen;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string& name = items[i].name;
    if (name.empty()) return Invalid(At(list, i) + ".name: is empty");
    if (!seen.insert(name).second) {
      return Invalid(At(list, i) + ".name: \"" + name + "\" is used twice");
    }
  }
  return {};
}

Status CheckFeature(const Feature& feature, size_t index, size_t input_count) {
  const std::string place = At("features", index);
  if (feature.input < 0 || static_cast<size_t>(feature.input) >= input_count) {
    return Invalid(place + ".input: " + std::to_string(feature.input) + " is outside 0.." +
                   std::to_string(input_count - 1));
  }
  if (static_cast<size_t>(feature.op) >= kOpNames.size()) return Invalid(place + ".op: is unknown");
  if (static_cast<size_t>(feature.missing) >= kPolicyNames.size()) {
    return Invalid(place + ".missing: is unknown");
  }
  if (!std::isfinite(feature.mean)) return Invalid(place + ".mean: is not finite");
  if (!std::isfinite(feature.scale) || feature.scale <= 0.0) {
    return Invalid(place + ".scale: is not a finite number above 0");
  }
  if (!std::isfinite(feature.fill)) return Invalid(place + ".fill: is not finite");
  if (feature.op == Op::kLog1p && feature.missing == MissingPolicy::kImpute &&
      feature.fill <= -1.0) {
    return Invalid(place + ".fill: is not above -1, so it has no log1p");
  }
  return {};
}

// (seconds / 3600) mod 24 as numpy's floored remainder: fmod, moved up by 24 when negative.
double HourOfDay(double seconds) {
  const double hours = seconds / 3600.0;
  if (hours >= 0.0 && hours < 24.0) return hours;
  const double remainder = std::fmod(hours, 24.0);
  if (remainder == 0.0) return 0.0;
  return remainder < 0.0 ? remainder + 24.0 : remainder;
}

struct Rows {
  std::span<const double> input;
  std::span<float> out;
  std::span<int32_t> status;
  std::span<int32_t> status_input;
};

// One feature of all rows; `compute` turns a present value into the feature, `is_missing` says
// which have none. Nearly always all of them are present and their features finite: a pass without
// branches finds that out. REQUIRES: where is_missing holds, compute gives no finite number.
template <typename IsMissing, typename Compute>
void TransformFeature(const Feature& feature, const Rows& rows, IsMissing is_missing,
                      Compute compute) {
  bool finite = true;
  for (size_t i = 0; i < rows.out.size(); ++i) {
    const auto result = static_cast<float>(compute(rows.input[i]));
    rows.out[i] = result;
    finite &= std::fabs(result) <= std::numeric_limits<float>::max();
  }
  if (finite) return;
  for (size_t i = 0; i < rows.out.size(); ++i) {
    double x = rows.input[i];
    int32_t status = 0;
    float result = 0.0f;
    if (is_missing(x)) {
      if (feature.missing == MissingPolicy::kImpute) {
        result = static_cast<float>(compute(feature.fill));
      } else if (feature.missing == MissingPolicy::kPropagate) {
        result = std::numeric_limits<float>::quiet_NaN();
      } else {
        status = kStatusMissingValue;
      }
    } else {
      result = static_cast<float>(compute(x));
    }
    if (std::isinf(result)) status = kStatusInfinite;
    rows.out[i] = result;
    if (status != 0 && rows.status[i] == 0) {
      rows.status[i] = status;
      rows.status_input[i] = feature.input;
    }
  }
}

}  // namespace

std::string_view Name(Op op) { return kOpNames[static_cast<size_t>(op)]; }

std::string_view Name(MissingPolicy policy) { return kPolicyNames[static_cast<size_t>(policy)]; }

Result<Op> ParseOp(std::string_view name) { return ParseName<Op>(name, kOpNames, "operation"); }

Result<MissingPolicy> ParseMissingPolicy(std::string_view name) {
  return ParseName<MissingPolicy>(name, kPolicyNames, "missing policy");
}

Result<Pipeline> Pipeline::Create(std::vector<InputColumn> inputs, std::vector<Feature> features) {
  if (Status status = CheckNames(inputs, "inputs"); !status.ok()) return status.error();
  if (Status status = CheckNames(features, "features"); !status.ok()) return status.error();
  for (size_t f = 0; f < features.size(); ++f) {
    if (Status status = CheckFeature(features[f], f, inputs.size()); !status.ok()) {
      return status.error();
    }
  }
  Pipeline pipeline;
  pipeline.inputs_ = std::move(inputs);
  pipeline.features_ = std::move(features);
  return pipeline;
}

void Pipeline::Transform(std::span<const std::span<const double>> columns, size_t rows,
                         size_t stride, std::span<float> out, std::span<int32_t> status,
                         std::span<int32_t> status_input) const {
  for (size_t c = 0; c < columns.size(); ++c) {
    bool infinite = false;
    for (size_t i = 0; i < rows; ++i) infinite |= std::isinf(columns[c][i]);
    if (!infinite) continue;
    for (size_t i = 0; i < rows; ++i) {
      if (std::isinf(columns[c][i]) && status[i] == 0) {
        status[i] = kStatusInfinite;
        status_input[i] = static_cast<int32_t>(c);
      }
    }
  }
  const auto is_nan = [](double x) { return std::isnan(x); };
  for (size_t f = 0; f < features_.size(); ++f) {
    const Feature& feature = features_[f];
    const Rows view = {columns[static_cast<size_t>(feature.input)].first(rows),
                       out.subspan(f * stride, rows), status.first(rows), status_input.first(rows)};
    switch (feature.op) {
      case Op::kPassthrough:
        TransformFeature(feature, view, is_nan, [](double x) { return x; });
        break;
      case Op::kStandardScale: {
        const double mean = feature.mean;
        const double scale = feature.scale;
        TransformFeature(feature, view, is_nan,
                         [mean, scale](double x) { return (x - mean) / scale; });
        break;
      }
      case Op::kLog1p:
        TransformFeature(
            feature, view, [](double x) { return !(x > -1.0); },
            [](double x) {
              return x > -1.0 && !std::isinf(x) ? PortableLog1p(x)
                     : x > 0.0                  ? x
                                                : std::numeric_limits<double>::quiet_NaN();
            });
        break;
      case Op::kHourOfDay:
        TransformFeature(feature, view, is_nan, HourOfDay);
        break;
    }
  }
}

}  // namespace firetower::features
