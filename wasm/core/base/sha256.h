// SHA-256 (FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4): names the data a model was trained
// on. Not hardened against timing; not for secrets.
//
//   Sha256Hex(bytes)  // "e3b0c44298fc1c14..."
//
// Thread-safety: a pure function.
#ifndef FIRETOWER_CORE_BASE_SHA256_H_
#define FIRETOWER_CORE_BASE_SHA256_H_

#include <cstdint>
#include <span>
#include <string>

namespace firetower {

// The digest as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::span<const uint8_t> bytes);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_SHA256_H_
