#include "core/synth/scenario.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace firetower::synth {
namespace {

constexpr std::array<std::string_view, kScenarioCount> kNames = {
    "calm", "shift", "fraud_wave", "cents", "missing_column", "slow_drift", "label_flip"};

constexpr double kShift = 2.0;
constexpr double kWaveFactor = 20.0;
constexpr double kCentsPerUnit = 100.0;
constexpr double kDriftRows = 20000.0;
constexpr double kMostDrift = 3.0;
constexpr uint64_t kFlipEvery = 5;

// The column's values; empty if there is none of the name.
std::span<double> Column(std::span<const std::string> names, std::string_view name, size_t rows,
                         std::span<double> columns) {
  for (size_t c = 0; c < names.size(); ++c) {
    if (names[c] == name) return columns.subspan(c * rows, rows);
  }
  return {};
}

}  // namespace

std::string_view Name(Scenario scenario) { return kNames[static_cast<size_t>(scenario)]; }

Result<Scenario> ScenarioByName(std::string_view name) {
  std::string list;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Scenario>(i);
    list += i == 0 ? "" : ", ";
    list += kNames[i];
  }
  return Error{.code = ErrorCode::kBadArgument,
               .message = "scenario: \"" + std::string(name) + "\" is none of " + list};
}

double FraudRate(Scenario scenario, double usual) {
  return scenario == Scenario::kFraudWave ? std::min(1.0, kWaveFactor * usual) : usual;
}

void Apply(Scenario scenario, std::span<const std::string> names, size_t rows, uint64_t since,
           std::span<double> columns, std::span<double> labels) {
  switch (scenario) {
    case Scenario::kCalm:
    case Scenario::kFraudWave:
      return;
    case Scenario::kShift:
      for (double& value : Column(names, "V14", rows, columns)) value += kShift;
      return;
    case Scenario::kCents:
      for (double& value : Column(names, "Amount", rows, columns)) value *= kCentsPerUnit;
      return;
    case Scenario::kMissingColumn:
      for (double& value : Column(names, "V10", rows, columns)) {
        value = std::numeric_limits<double>::quiet_NaN();
      }
      return;
    case Scenario::kSlowDrift: {
      double row = static_cast<double>(since);
      for (double& value : Column(names, "V12", rows, columns)) {
        value += std::min(kMostDrift, row / kDriftRows);
        row += 1.0;
      }
      return;
    }
    case Scenario::kLabelFlip:
      for (size_t i = 0; i < labels.size(); ++i) {
        if ((since + i) % kFlipEvery == 0) labels[i] = 1.0 - labels[i];
      }
      return;
  }
}

}  // namespace firetower::synth
