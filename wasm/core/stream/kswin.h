// KSWIN: a Kolmogorov-Smirnov test between the newest values of a window and as many drawn from the
// rest of it.
//
// After an alarm the paper goes on with the newest values and fills the window up again; with
// semantics kRiver they are lost and the random numbers begin anew. The p-value is exact (Hodges,
// 1958). Source: Raab, Heusinger and Schleif, "Reactive soft prototype computing for concept drift
// streams", Neurocomputing 416 (2020). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_KSWIN_H_
#define FIRETOWER_CORE_STREAM_KSWIN_H_

#include <cstdint>
#include <vector>

#include "core/stream/detector.h"
#include "core/stream/python_random.h"

namespace firetower::stream {

struct KswinOptions {
  double alpha = 0.005;        // Alarm at p-values up to it. Range: 0 .. 1. Default: 0.005.
  uint32_t window_size = 100;  // Values. Range: 2 * stat_size .. 1e6. Default: 100.
  uint32_t stat_size = 30;     // Values compared. Range: 1 .. 10000. Default: 30.
  uint64_t seed = 0;           // Of the draws. Default: 0.
  Semantics semantics = Semantics::kPaper;
};

// P(D >= distance / n) of two samples of n values each, two-sided, as scipy.stats.ks_2samp(method=
// "exact"). REQUIRES: 1 <= distance <= n. O(n).
double EqualSizesKsPValue(uint32_t n, uint32_t distance);

class Kswin : public Detector {
 public:
  explicit Kswin(const KswinOptions& options);
  DetectorState Update(double x) override;  // O(window_size + stat_size log stat_size)
  std::vector<DetectorFigure> Figures() const override;

 private:
  double At(size_t i) const { return window_[(oldest_ + i) % window_.size()]; }
  uint32_t Distance();  // Largest distance of the two samples' counts.

  KswinOptions options_;
  uint32_t critical_;  // Smallest distance that is drift.
  PythonRandom random_;
  std::vector<double> window_;  // A ring once it is full.
  size_t oldest_ = 0;
  std::vector<uint32_t> drawn_;
  std::vector<double> before_, newest_;
  uint32_t distance_ = 0;
  bool drift_ = false;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_KSWIN_H_
