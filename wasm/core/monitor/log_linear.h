// A histogram of non-negative numbers with log-linear buckets, integer counts only: each octave is
// cut into equally wide buckets, so that the relative error of a quantile has a bound and merging
// is addition. The bucket scheme is that of HdrHistogram (http://hdrhistogram.org).
//
//   LogLinear latency;
//   latency.Add(12.5, 200);            // 200 rows took 12.5 µs each
//   latency.Quantile(0.99);
//
// Not for: exact quantiles, negative numbers. Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_LOG_LINEAR_H_
#define FIRETOWER_CORE_MONITOR_LOG_LINEAR_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>

namespace firetower::monitor {

// Buckets per octave: a quantile is at most 1/16 too large.
inline constexpr int32_t kBucketsPerOctave = 16;
// Values below 2^kMinExponent share the first bucket, values of 2^kMaxExponent and more the last.
inline constexpr int32_t kMinExponent = -40;
inline constexpr int32_t kMaxExponent = 64;
inline constexpr int32_t kLastBucket = 1 + (kMaxExponent - kMinExponent) * kBucketsPerOctave;

// The bucket of value >= 0: 0 for less than 2^kMinExponent, then rising by one per bucket to
// kLastBucket. Exact (exponent and first bits of the mantissa, no logarithm): the same everywhere.
// NaN is not allowed.
inline int32_t BucketOf(double value) {
  constexpr int32_t kMantissaBits = 4;
  static_assert(kBucketsPerOctave == 1 << kMantissaBits);
  constexpr int32_t kBefore = (1023 + kMinExponent) * kBucketsPerOctave - 1;
  int64_t bits;  // Negative for a negative value.
  std::memcpy(&bits, &value, sizeof(bits));
  const auto place = static_cast<int32_t>(bits >> (52 - kMantissaBits));
  return std::max(0, std::min(place - kBefore, kLastBucket));
}
// The bucket's lower edge; that of bucket 0 is 0. Infinite beyond kLastBucket.
double BucketEdge(int32_t bucket);

class LogLinear {
 public:
  // REQUIRES: value is not NaN; negative counts as 0.
  void Add(double value, uint64_t count);
  void Merge(const LogLinear& other);
  void Clear();
  uint64_t total() const { return total_; }
  // Upper edge of the bucket that holds the q-quantile (0 <= q <= 1), the least value that at least
  // q x total() values do not exceed; NaN without values, infinite for the last bucket.
  double Quantile(double q) const;
  const std::map<int32_t, uint64_t>& buckets() const { return buckets_; }

 private:
  std::map<int32_t, uint64_t> buckets_;
  uint64_t total_ = 0;
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_LOG_LINEAR_H_
