// ADWIN, adaptive windowing: the longest window of recent values whose mean has not changed. Where
// an older part W0 and the rest W1 differ by more than a bound, W0 is dropped and drift is said.
//
// The window is an exponential histogram: row r holds at most max_buckets buckets of 2^r values
// each; of one more, the two oldest become one of the next row. Source: Bifet and Gavalda,
// "Learning from time-changing data with adaptive windowing" (SDM 2007); variance of merged
// buckets: Babcock and others (PODS 2003). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_ADWIN_H_
#define FIRETOWER_CORE_STREAM_ADWIN_H_

#include <cstdint>
#include <vector>

#include "core/stream/detector.h"

namespace firetower::stream {

struct AdwinOptions {
  double delta = 0.002;      // Confidence. Range: 0 .. 1, not 0. Default: 0.002.
  int64_t clock = 32;        // Rows from test to test. Range: >= 1. Default: 32.
  int max_buckets = 5;       // Of a size. Range: >= 2. Default: 5.
  double min_window = 5;     // Values that both parts have at least. Range: >= 1. Default: 5.
  double grace_period = 10;  // No test with so few values. Range: >= 0. Default: 10.
  Semantics semantics = Semantics::kPaper;  // kRiver: an alarm forgets W1 too.
};

class Adwin : public Detector {
 public:
  explicit Adwin(const AdwinOptions& options) : options_(options) { Reset(); }
  // O(log window); one row in `clock` O(max_buckets log window), more at an alarm.
  DetectorState Update(double x) override;
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct Bucket {
    double total = 0;
    double variance = 0;  // Sum of squared deviations from the bucket's mean.
  };
  void Reset();
  void Add(double x);
  bool Cut();  // One walk from the oldest bucket on; drops the oldest where it finds a cut.
  void DropOldest();

  AdwinOptions options_;
  std::vector<std::vector<Bucket>> rows_;  // rows_[r]: oldest first.
  double width_ = 0;
  double total_ = 0;
  double variance_ = 0;  // As a bucket's.
  int64_t tick_ = 0;
  bool drift_ = false;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_ADWIN_H_
