#include "core/base/sha256.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace firetower {
namespace {

using State = std::array<uint32_t, 8>;

// Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t RotateRight(uint32_t x, int k) { return (x >> k) | (x << (32 - k)); }

// Section 6.2.2. block holds 64 bytes.
void Compress(const uint8_t* block, State* state) {
  uint32_t words[64];
  for (size_t t = 0; t < 16; ++t) {
    words[t] = 0;
    for (size_t k = 0; k < 4; ++k) words[t] = (words[t] << 8) | block[4 * t + k];
  }
  for (size_t t = 16; t < 64; ++t) {
    const uint32_t a = words[t - 15];
    const uint32_t b = words[t - 2];
    const uint32_t sigma0 = RotateRight(a, 7) ^ RotateRight(a, 18) ^ (a >> 3);
    const uint32_t sigma1 = RotateRight(b, 17) ^ RotateRight(b, 19) ^ (b >> 10);
    words[t] = words[t - 16] + sigma0 + words[t - 7] + sigma1;
  }
  auto [a, b, c, d, e, f, g, h] = *state;
  for (size_t t = 0; t < 64; ++t) {
    const uint32_t sum1 = RotateRight(e, 6) ^ RotateRight(e, 11) ^ RotateRight(e, 25);
    const uint32_t choice = (e & f) ^ (~e & g);
    const uint32_t first = h + sum1 + choice + kRoundConstants[t] + words[t];
    const uint32_t sum0 = RotateRight(a, 2) ^ RotateRight(a, 13) ^ RotateRight(a, 22);
    const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + sum0 + majority;
  }
  const State add = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < add.size(); ++i) (*state)[i] += add[i];
}

}  // namespace

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::Update(std::span<const uint8_t> bytes) {
  bytes_ += bytes.size();
  if (in_block_ > 0) {
    const size_t taken = std::min(kBlockBytes - in_block_, bytes.size());
    std::copy_n(bytes.begin(), taken, block_.begin() + static_cast<std::ptrdiff_t>(in_block_));
    in_block_ += taken;
    bytes = bytes.subspan(taken);
    if (in_block_ < kBlockBytes) return;
    Compress(block_.data(), &state_);
    in_block_ = 0;
  }
  for (; bytes.size() >= kBlockBytes; bytes = bytes.subspan(kBlockBytes)) {
    Compress(bytes.data(), &state_);
  }
  std::copy(bytes.begin(), bytes.end(), block_.begin());
  in_block_ = bytes.size();
}

std::string Sha256::Hex() const {
  State state = state_;
  // Section 5.1.1: a one bit, zeros, and the length in bits as 64-bit big-endian number.
  std::array<uint8_t, 2 * kBlockBytes> tail = {};
  std::copy_n(block_.begin(), in_block_, tail.begin());
  tail[in_block_] = 0x80;
  const size_t tail_size = in_block_ + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  const uint64_t bits = bytes_ * 8;
  for (size_t k = 0; k < 8; ++k) {
    tail[tail_size - 1 - k] = static_cast<uint8_t>(bits >> (8 * k));
  }
  for (size_t at = 0; at < tail_size; at += kBlockBytes) Compress(tail.data() + at, &state);

  std::string hex;
  for (const uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) {
      hex.push_back("0123456789abcdef"[(word >> shift) & 15]);
    }
  }
  return hex;
}

std::string Sha256Hex(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Hex();
}

}  // namespace firetower
