// Running means and variances as the detectors share them, one value at a time.
//
// Source: Welford (1962) in the form of West (1979); the order of operations is river's, so that
// decisions on ties come out as its do. Thread-safety: plain values.
#ifndef FIRETOWER_CORE_STREAM_RUNNING_H_
#define FIRETOWER_CORE_STREAM_RUNNING_H_

#include <cmath>
#include <cstdint>

namespace firetower::stream {

class RunningMean {
 public:
  void Add(double x) {
    count_ += 1.0;
    mean_ += 1.0 / count_ * (x - mean_);
  }
  double count() const { return count_; }
  double mean() const { return mean_; }  // 0 without values.

 private:
  double count_ = 0;
  double mean_ = 0;
};

class RunningVariance {
 public:
  void Add(double x) {
    const double before = mean_.mean();
    mean_.Add(x);
    sum_ += (x - before) * (x - mean_.mean());
  }
  double count() const { return mean_.count(); }
  double mean() const { return mean_.mean(); }
  // Of a sample (n - 1); 0 below two values.
  double variance() const { return count() > 1.0 ? sum_ / (count() - 1.0) : 0.0; }
  double standard_deviation() const {
    const double v = variance();
    return v > 0.0 ? std::sqrt(v) : 0.0;
  }

 private:
  RunningMean mean_;
  double sum_ = 0;
};

// Exponentially weighted mean; the first value begins it.
class FadingMean {
 public:
  explicit FadingMean(double weight) : weight_(weight), rest_(1.0 - weight) {}
  void Add(double x) {
    mean_ = begun_ ? weight_ * x + rest_ * mean_ : x;
    begun_ = true;
  }
  double mean() const { return mean_; }
  bool begun() const { return begun_; }

 private:
  double weight_;  // Of the newest value.
  double rest_;
  double mean_ = 0;
  bool begun_ = false;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_RUNNING_H_
