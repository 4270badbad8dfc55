#include "core/stream/python_random.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace firetower::stream {

PythonRandom::PythonRandom(uint64_t seed) {
  const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed),
                                       static_cast<uint32_t>(seed >> 32)};
  const uint32_t words = key[1] == 0 ? 1 : 2;
  state_[0] = 19650218u;
  for (uint32_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  size_t i = 1;
  const auto advance = [&] {
    if (++i == kWords) {
      state_[0] = state_[kWords - 1];
      i = 1;
    }
  };
  for (uint32_t k = 0; k < kWords; ++k) {
    const uint32_t j = k % words;
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525u)) + key[j] + j;
    advance();
  }
  for (size_t k = 0; k + 1 < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941u)) -
                static_cast<uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000u;
}

void PythonRandom::Twist() {
  constexpr size_t kShift = 397;
  for (size_t i = 0; i < kWords; ++i) {
    const uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % kWords] & 0x7fffffffu);
    state_[i] = state_[(i + kShift) % kWords] ^ (y >> 1) ^ ((y & 1u) != 0 ? 0x9908b0dfu : 0u);
  }
  next_ = 0;
}

uint32_t PythonRandom::Next() {
  if (next_ == kWords) Twist();
  uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

uint32_t PythonRandom::Below(uint32_t bound) {
  const int unused = std::countl_zero(bound);  // Numbers of as many bits as the bound has.
  uint32_t number = Next() >> unused;
  while (number >= bound) number = Next() >> unused;
  return number;
}

void PythonRandom::Sample(uint32_t population, uint32_t count, std::vector<uint32_t>* indexes) {
  indexes->clear();
  // CPython remembers the drawn ones in a set where that is smaller than the whole pool.
  uint64_t set_size = 21;
  if (count > 5) {
    uint64_t table = 4;
    while (table < uint64_t{count} * 3) table *= 4;
    set_size += table;
  }
  pool_.resize(population);
  if (population <= set_size) {
    std::iota(pool_.begin(), pool_.end(), 0u);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t j = Below(population - i);
      indexes->push_back(pool_[j]);
      pool_[j] = pool_[population - i - 1];
    }
    return;
  }
  std::fill(pool_.begin(), pool_.end(), 0u);
  while (indexes->size() < count) {
    const uint32_t j = Below(population);
    if (pool_[j] != 0) continue;
    pool_[j] = 1;
    indexes->push_back(j);
  }
}

}  // namespace firetower::stream
