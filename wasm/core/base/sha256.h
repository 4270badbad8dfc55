// SHA-256 (FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4): names the data a model was trained
// on. Not hardened against timing; not for secrets.
//
//   Sha256Hex(bytes)  // "e3b0c44298fc1c14..."
//   Sha256 hash; while (more) hash.Update(bytes); hash.Hex();     // the same of all bytes together
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_BASE_SHA256_H_
#define FIRETOWER_CORE_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace firetower {

class Sha256 {
 public:
  Sha256();
  void Update(std::span<const uint8_t> bytes);
  std::string Hex() const;  // Of the bytes so far.

 private:
  static constexpr size_t kBlockBytes = 64;
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, kBlockBytes> block_ = {};  // Bytes that do not fill a block yet.
  size_t in_block_ = 0;
  uint64_t bytes_ = 0;
};

// The digest as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::span<const uint8_t> bytes);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_SHA256_H_
