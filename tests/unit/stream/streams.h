// The streams whose alarms river publishes, made from their recipes: Mersenne Twister numbers,
// seeded as numpy (std::mt19937) or CPython (PythonRandom) seed it.
#ifndef FIRETOWER_TESTS_UNIT_STREAM_STREAMS_H_
#define FIRETOWER_TESTS_UNIT_STREAM_STREAMS_H_

#include <cstdint>
#include <random>
#include <vector>

#include "core/stream/python_random.h"

namespace firetower::stream {

// CPython's random() and numpy's random_sample() of the next two 32-bit numbers.
template <typename Next>
double Uniform(Next&& next) {
  const double high = static_cast<double>(next() >> 5);
  const double low = static_cast<double>(next() >> 6);
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

// 1000 numbers of {0, 1}, then 1000 of 0 .. 7.
inline std::vector<double> Steps() {
  std::mt19937 random(12345);
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i)
    values.push_back(static_cast<double>(random() & (i < 1000 ? 1 : 7)));
  return values;
}

// 1000 rows with ones at 0.2, then 1000 at 0.8.
inline std::vector<double> Errors() {
  std::mt19937 random(12345);
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i)
    values.push_back((Uniform(random) > 0.8) == (i < 1000) ? 1.0 : 0.0);
  return values;
}

// random.Random(seed): first rows of choices([0, 1]), then ones at the second rate, as
// choices([0, 1], weights=[1 - rate, rate]).
inline std::vector<double> Flips(uint64_t seed, int rows, double rate) {
  PythonRandom random(seed);
  const auto next = [&] { return random.Next(); };
  std::vector<double> values;
  for (int i = 0; i < rows; ++i) values.push_back(Uniform(next) < 0.5 ? 0.0 : 1.0);
  for (int i = 0; i < rows; ++i) values.push_back(Uniform(next) < 1.0 - rate ? 0.0 : 1.0);
  return values;
}

// random.Random(12345): 1000 of choices([0, 1]), 1000 of choices(range(4, 8)).
inline std::vector<double> Levels() {
  PythonRandom random(12345);
  const auto next = [&] { return random.Next(); };
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i)
    values.push_back(static_cast<double>(static_cast<int>(2 * Uniform(next))));
  for (int i = 0; i < 1000; ++i) values.push_back(4.0 + static_cast<int>(4 * Uniform(next)));
  return values;
}

}  // namespace firetower::stream

#endif  // FIRETOWER_TESTS_UNIT_STREAM_STREAMS_H_
