// A Bernoulli CUSUM: sequential log-likelihood-ratio test that a rate rose from p0 to p1 (or fell).
// Reynolds and Stoumbos, "A CUSUM chart for monitoring a proportion when inspecting continuously",
// Journal of Quality Technology 31 (1999). At fraud's base rate, 0.17 %, it finds a doubling within
// 8,000 rows on average at one false alarm in a million rows; detectors made for error rates of a
// tenth do not.
//
//   BernoulliCusum cusum({.p0 = 0.0017, .p1 = 0.0034,
//                         .threshold = CusumThreshold(0.0017, 0.0034, 1e6)});
//   if (cusum.Update(flagged)) ...        // fired at this row; begins anew with the next
//
// Logarithms are core/base/portable_log.h: the same rows give the same sums and alarms on every
// machine. Not for: rates that are not known beforehand (p0 must be, from a reference or a calm
// stretch). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_BERNOULLI_CUSUM_H_
#define FIRETOWER_CORE_STREAM_BERNOULLI_CUSUM_H_

#include <cstdint>

#include "core/base/result.h"

namespace firetower::stream {

struct BernoulliCusumOptions {
  double p0 = 0.01;  // Rate in control. Range: 1e-9 .. 1 - 1e-9. Default: 0.01.
  double p1 =
      0.02;  // Rate to find, not p0; below p0: finds a fall. Range and default: as p0, 0.02.
  double threshold = 6;  // Alarm when the sum reaches it. Range: > 0, finite. Default: 6.
};
Status CheckOptions(const BernoulliCusumOptions& options);  // kBadArgument

class BernoulliCusum {
 public:
  // REQUIRES: CheckOptions(options).ok()
  explicit BernoulliCusum(const BernoulliCusumOptions& options);
  // sum = max(0, sum + log(p1 / p0)) after an event, max(0, sum + log((1 - p1) / (1 - p0))) else.
  // True: alarm, the sum reached the threshold; it begins again at 0 with the next row. Does not
  // allocate.
  bool Update(bool event);
  // Goes on from a state that was kept. REQUIRES: sum >= 0 and finite.
  void Restore(double sum, uint64_t rows, uint64_t alarms);

  const BernoulliCusumOptions& options() const { return options_; }
  double sum() const { return sum_; }
  uint64_t rows() const { return rows_; }  // Since the start or the last alarm.
  uint64_t alarms() const { return alarms_; }

 private:
  BernoulliCusumOptions options_;
  double event_ = 0;     // Added on an event.
  double no_event_ = 0;  // Added otherwise.
  double sum_ = 0;
  uint64_t rows_ = 0;
  uint64_t alarms_ = 0;
};

// The threshold whose mean number of rows between false alarms at rate p0 is run_length. Not by
// simulation: the mean run lengths of all thresholds on a lattice of the smaller step follow from
// one recursion, which is exact where the larger step is a whole number of smaller ones (the chart
// of Reynolds and Stoumbos); else the larger step is split between the two nearest so that the
// likelihood ratio keeps its mean of 1. Basic operations only: the same bits everywhere.
//
// Within 6 % for p0 <= 0.1, p1 <= 2 p0 and run lengths of 5 / p0 and more; coarser for larger
// rates, where the sum moves in large steps. run_length is held to 100 .. 1e9. A chart cannot have
// every run length (no alarm comes before the first event): it is the next longer one then.
// REQUIRES: CheckOptions({p0, p1}).ok(). At most a few milliseconds; allocates.
double CusumThreshold(double p0, double p1, double run_length);

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_BERNOULLI_CUSUM_H_
