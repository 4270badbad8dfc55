// Sequential detectors behind one interface: a value in, stable, warning or drift out. Definitions
// and the published semantics: river (BSD-3); by default a detector keeps what its paper keeps
// after an alarm, with semantics=river it forgets as river does.
//
//   Result<std::unique_ptr<Detector>> made = MakeDetector("adwin", {{"delta", "0.002"}});
//   if ((*made)->Update(x) == DetectorState::kDrift) ...
//
// The same values give the same states on every machine. Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_DETECTOR_H_
#define FIRETOWER_CORE_STREAM_DETECTOR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace firetower::stream {

enum class DetectorState : int32_t { kStable = 0, kWarning = 1, kDrift = 2 };

class Detector {
 public:
  virtual ~Detector() = default;
  // One value: finite; the binary detectors take 0 and anything else as 1. After kDrift the next
  // value begins what the semantics says.
  virtual DetectorState Update(double x) = 0;
};

// What a detector can be told, for the command line, the page and error messages.
struct DetectorParameter {
  std::string_view name;
  double low = 0;  // Range, both ends allowed.
  double high = 0;
  double value = 0;          // Default. Choices: the index of one.
  std::string_view choices;  // "up|down|both"; empty: a number.
  bool whole = false;        // A whole number.
  std::string_view meaning;  // One sentence.
};
struct DetectorKind {
  std::string_view name;    // "adwin", ...
  std::string_view title;   // "ADWIN"
  bool binary = false;      // Watches 0 and 1 (errors, alerts); else any numbers.
  std::string_view source;  // The paper.
  std::span<const DetectorParameter> parameters;  // "semantics" is one of each.
};
// adwin, page_hinkley, cusum, ewma, shewhart, ddm, eddm, hddm_a, hddm_w, kswin, fhddm, wstd,
// bernoulli_cusum.
std::span<const DetectorKind> DetectorKinds();
const DetectorKind* FindDetector(std::string_view name);  // Null: unknown.

// Settings as key and text. Errors: kBadArgument with the detector's names, the parameter's range.
Result<std::unique_ptr<Detector>> MakeDetector(
    std::string_view name, std::span<const std::pair<std::string, std::string>> settings);

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_DETECTOR_H_
