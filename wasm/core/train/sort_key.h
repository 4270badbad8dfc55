// Rows in the order of a feature's values, as whole numbers that sort faster than pairs:
//   std::vector<uint64_t> keys = SortedKeys(values);
//   for (const uint64_t key : keys) values[PlaceOf(key)] ...
#ifndef FIRETOWER_CORE_TRAIN_SORT_KEY_H_
#define FIRETOWER_CORE_TRAIN_SORT_KEY_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace firetower::train {

// A key in the order of the values (-0 and 0 are the same), then of the places. REQUIRES: value is
// not NaN.
inline uint64_t SortKey(float value, uint32_t place) {
  value += 0.0F;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits ^= (bits >> 31) != 0 ? 0xffffffffu : 0x80000000u;
  return (static_cast<uint64_t>(bits) << 32) | place;
}

inline uint32_t PlaceOf(uint64_t key) { return static_cast<uint32_t>(key); }
inline bool SameValue(uint64_t a, uint64_t b) { return (a >> 32) == (b >> 32); }

// The keys of all values but NaN, rising; places are indexes of values. REQUIRES: fewer than 2^32
// values.
inline std::vector<uint64_t> SortedKeys(std::span<const float> values) {
  std::vector<uint64_t> keys;
  keys.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) keys.push_back(SortKey(values[i], static_cast<uint32_t>(i)));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_SORT_KEY_H_
