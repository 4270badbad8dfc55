// Deterministic random numbers: the same seed gives the same numbers on every machine and compiler.
// xoshiro256** seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2021, https://prng.di.unimi.it). Not for cryptography.
//
//   Random random(seed, stream);          // one stream per tree, per fold, ...
//   uint32_t i = random.Below(n);         // unbiased, 0 <= i < n
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_BASE_RANDOM_H_
#define FIRETOWER_CORE_BASE_RANDOM_H_

#include <cstdint>

namespace firetower {

class Random {
 public:
  // Streams of one seed are independent of each other: stream s is seeded with SplitMix64(seed, s).
  explicit Random(uint64_t seed, uint64_t stream = 0);

  // Uniform over all 64-bit values.
  uint64_t Next();

  // Uniform over 0 .. bound-1, without modulo bias (Lemire 2019, "Fast random integer generation in an
  // interval"). REQUIRES: bound > 0.
  uint32_t Below(uint32_t bound);

  // Uniform over [0, 1), multiples of 2^-53.
  double Uniform();

 private:
  uint64_t state_[4];
};

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_RANDOM_H_
