#include "core/stream/python_random.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <vector>

namespace firetower::stream {
namespace {

using Indexes = std::vector<uint32_t>;

// From CPython 3.11: r = random.Random(42); [r.getrandbits(32) for _ in range(4)], ...
TEST(PythonRandomTest, SeedsAsCPython) {
  PythonRandom random(42);
  for (const uint32_t expected : {2746317213u, 478163327u, 107420369u, 3184935163u}) {
    EXPECT_EQ(random.Next(), expected);
  }
  EXPECT_EQ(PythonRandom(0).Next(), 3626764237u);
  PythonRandom two_words((uint64_t{1} << 40) + 5);
  EXPECT_EQ(two_words.Next(), 2166296868u);
  EXPECT_EQ(two_words.Next(), 2220160828u);
}

// After the seeding it is the generator of the standard library: the same words give the same
// words, over many twists.
TEST(PythonRandomTest, IsTheMersenneTwister) {
  PythonRandom random(7);
  std::mt19937 standard;
  std::vector<uint32_t> outputs;
  for (int i = 0; i < 624; ++i) outputs.push_back(random.Next());
  // The state of a std::mt19937 that has given these outputs, by inverting the tempering.
  std::stringstream state;
  for (uint32_t y : outputs) {
    y ^= y >> 18;
    y ^= (y << 15) & 0xefc60000u;
    uint32_t t = y;
    for (int k = 0; k < 4; ++k) t = y ^ ((t << 7) & 0x9d2c5680u);
    uint32_t z = t;
    for (int k = 0; k < 2; ++k) z = t ^ (z >> 11);
    state << z << ' ';
  }
  state << 624;
  state >> standard;
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(random.Next(), standard()) << i;
}

// random.Random(42).sample(range(70), 8): from a pool; .sample(range(500), 8): with a set; ...
TEST(PythonRandomTest, SamplesAsCPython) {
  PythonRandom random(42);
  Indexes drawn;
  random.Sample(70, 8, &drawn);
  EXPECT_EQ(drawn, (Indexes{14, 3, 35, 31, 28, 17, 13, 43}));
  random.Sample(500, 8, &drawn);
  EXPECT_EQ(drawn, (Indexes{379, 456, 279, 44, 302, 216, 16, 15}));
  random.Sample(3, 3, &drawn);
  EXPECT_EQ(drawn, (Indexes{0, 2, 1}));
  EXPECT_EQ(random.Next(), 2170484433u);
}

}  // namespace
}  // namespace firetower::stream
