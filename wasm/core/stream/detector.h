// Sequential detectors behind one interface: a value in, stable, warning or drift out. Definitions
// and the published semantics: river (BSD-3); by default a detector keeps what its paper keeps
// after an alarm, with semantics=river it forgets as river does.
//
//   const std::vector<std::pair<std::string, std::string>> settings = {{"delta", "0.002"}};
//   Result<std::unique_ptr<Detector>> made = MakeDetector("adwin", settings);
//   if ((*made)->Update(x) == DetectorState::kDrift) ...
//
// README.md says for each detector where the two semantics part. The same values give the same
// states on every machine: the arithmetic is river's, operation for operation, and logarithms are
// core/base/portable_log.h. Thread-safety: one object per thread.
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

// What a detector does at an alarm and with too little data.
enum class Semantics : int32_t { kPaper = 0, kRiver = 1 };
enum class Direction : int32_t { kBoth = 0, kUp = 1, kDown = 2 };

// A number that a detector goes by at the moment.
struct DetectorFigure {
  std::string_view name;
  double value = 0;
};

class Detector {
 public:
  virtual ~Detector() = default;
  // One value: finite; the binary detectors take 0 and anything else as 1. After kDrift the next
  // value begins what the semantics says. At most O(window) of those that have one.
  virtual DetectorState Update(double x) = 0;
  // What it goes by after the last value, for people who want to see why.
  virtual std::vector<DetectorFigure> Figures() const = 0;
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
  std::string_view aliases;  // Other names it goes by, "threshold|h"; may be empty.
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
// By name or alias. Null: unknown.
const DetectorParameter* FindParameter(const DetectorKind& kind, std::string_view name);

// Settings as key and text, each at most once; those left out have their defaults. Errors:
// kBadArgument with the detectors' names, the parameters' names or the parameter's range.
Result<std::unique_ptr<Detector>> MakeDetector(
    std::string_view name, std::span<const std::pair<std::string, std::string>> settings);

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_DETECTOR_H_
