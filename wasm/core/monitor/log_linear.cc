#include "core/monitor/log_linear.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace firetower::monitor {

double BucketEdge(int32_t bucket) {
  if (bucket <= 0) return 0.0;
  if (bucket > kLastBucket) return std::numeric_limits<double>::infinity();
  const int32_t octave = (bucket - 1) / kBucketsPerOctave;
  const int32_t step = (bucket - 1) % kBucketsPerOctave;
  return std::ldexp(1.0 + static_cast<double>(step) / kBucketsPerOctave, kMinExponent + octave);
}

void LogLinear::Add(double value, uint64_t count) {
  if (count == 0) return;
  buckets_[BucketOf(value)] += count;
  total_ += count;
}

void LogLinear::Merge(const LogLinear& other) {
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
  total_ += other.total_;
}

void LogLinear::Clear() {
  buckets_.clear();
  total_ = 0;
}

double LogLinear::Quantile(double q) const {
  if (total_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const double wanted = std::max(q * static_cast<double>(total_), 1.0);
  uint64_t below = 0;
  int32_t last = 0;
  for (const auto& [bucket, count] : buckets_) {
    below += count;
    last = bucket;
    if (static_cast<double>(below) >= wanted) break;
  }
  return BucketEdge(last + 1);
}

}  // namespace firetower::monitor
