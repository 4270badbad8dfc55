// The random numbers of CPython's random.Random, as far as KSWIN needs them: river draws its
// window with random.sample, and published alarm indexes depend on every draw.
//
//   PythonRandom random(42);                       // random.Random(42)
//   random.Sample(70, 30, &indexes);               // random.sample(range(70), 30)
//
// Source: Matsumoto and Nishimura, "Mersenne Twister" (1998), seeded by their init_by_array; the
// methods of random.Random of CPython 3.2 to 3.13. Not for: anything new, core/base/random.h is
// better. Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_PYTHON_RANDOM_H_
#define FIRETOWER_CORE_STREAM_PYTHON_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace firetower::stream {

class PythonRandom {
 public:
  explicit PythonRandom(uint64_t seed);

  uint32_t Next();                 // getrandbits(32)
  uint32_t Below(uint32_t bound);  // _randbelow(bound). REQUIRES: bound > 0.
  // count different numbers of 0 .. population-1, in the order drawn. REQUIRES: count <=
  // population. O(population) at most; allocates where indexes or the pool must grow.
  void Sample(uint32_t population, uint32_t count, std::vector<uint32_t>* indexes);

 private:
  static constexpr size_t kWords = 624;
  void Twist();

  std::array<uint32_t, kWords> state_;
  size_t next_ = kWords;
  std::vector<uint32_t> pool_;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_PYTHON_RANDOM_H_
