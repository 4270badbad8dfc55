// Detectors of a moved rate with bounds that hold for every distribution: HDDM-A (means,
// Hoeffding), HDDM-W (fading means, McDiarmid) and FHDDM (a sliding window, Hoeffding). All begin
// anew after an alarm, as the papers do.
//
// Sources: Frias-Blanco and others, "Online and non-parametric drift detection methods based on
// Hoeffding's bounds", IEEE TKDE 27 (2015); Pesaranghader and Viktor, "Fast Hoeffding drift
// detection method for evolving data streams" (ECML PKDD 2016), short window: Pesaranghader and
// others (Machine Learning 107, 2018). The bounds are wide: at rates of fraud they see nothing.
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_HOEFFDING_H_
#define FIRETOWER_CORE_STREAM_HOEFFDING_H_

#include <cstdint>
#include <vector>

#include "core/stream/detector.h"
#include "core/stream/running.h"

namespace firetower::stream {

struct HddmOptions {
  double drift_confidence = 0.001;    // Range: 0 .. 1, not 0. Default: 0.001.
  double warning_confidence = 0.005;  // Range and default: as above, 0.005.
  double lambda = 0.05;               // HDDM-W: weight of the newest. Range: 0 .. 1. Default: 0.05.
  bool two_sided = false;             // A falling rate is drift too.
};

class HddmA : public Detector {
 public:
  explicit HddmA(const HddmOptions& options);
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  double Bound(double count) const;
  // Whether the mean has moved since the cut point by more than the bound.
  bool Moved(const RunningMean& cut, double by, double log_confidence) const;

  HddmOptions options_;
  double log_drift_;    // ln(1 / confidence)
  double log_drift_2_;  // ln(2 / confidence)
  double log_warning_2_;
  RunningMean all_;
  RunningMean low_;   // The rows up to where mean + bound was lowest.
  RunningMean high_;  // Up to where mean - bound was highest.
  DetectorState said_ = DetectorState::kStable;
};

class HddmW : public Detector {
 public:
  explicit HddmW(const HddmOptions& options);
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct Sample {
    explicit Sample(double weight) : mean(weight) {}
    FadingMean mean;
    double bound = 1;  // Sum of squared weights.
  };
  void Reset();
  void Add(double x, Sample* sample) const;
  bool Moved(const Sample& from, const Sample& to, double log_confidence) const;

  HddmOptions options_;
  double log_drift_;  // ln(1 / confidence)
  double log_warning_;
  Sample all_, before_rise_, after_rise_, before_fall_, after_fall_;
  double lowest_ = 0;
  double highest_ = 0;
  bool begun_ = false;
  DetectorState said_ = DetectorState::kStable;
};

struct FhddmOptions {
  int64_t window_size = 100;      // Rows. Range: >= 1. Default: 100.
  double confidence = 1e-6;       // Range: 0 .. 1, not 0. Default: 1e-6.
  int64_t short_window_size = 0;  // A second window inside it; 0: none. Range: 0 .. window_size.
  Semantics semantics = Semantics::kPaper;
};

// kPaper: 1 is an error, and drift is a fall of the share of correct rows by at least the bound.
// kRiver: drift is a fall of the share of ones by more than the bound, whatever they mean.
class Fhddm : public Detector {
 public:
  explicit Fhddm(const FhddmOptions& options);
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct Window {
    int64_t size = 0;
    int64_t ones = 0;
    double share = 0;
    double highest = 0;
    double bound = 0;
  };
  bool Fell(Window* window) const;

  FhddmOptions options_;
  Window whole_;
  Window short_;
  std::vector<uint8_t> rows_;  // A ring of window_size.
  int64_t seen_ = 0;
  DetectorState said_ = DetectorState::kStable;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_HOEFFDING_H_
