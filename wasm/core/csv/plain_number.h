// The common cell, read without a loop: digits with at most one decimal sign among them and perhaps
// a '-' before them, nothing else, at most 24 digits. What it does not take is left to ParseCell,
// which gives the same value for what it takes.
//
// The digits are gathered into an integer of at most 63 bits, 32 at once. The integer is multiplied
// by a 64-bit reciprocal of the power of ten; the error of the product is bounded, so the nearest
// float64 is certain unless the dropped bits are next to a tie (after Lemire, "Number parsing at a
// gigabyte per second", 2021, without the second product).
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_PLAIN_NUMBER_H_
#define FIRETOWER_CORE_CSV_PLAIN_NUMBER_H_

#include "core/csv/block.h"

#ifdef FIRETOWER_CSV_BLOCKS
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace firetower::csv {

// PlainReader looks at no bytes but [cell - kPlainBefore, cell + kPlainAfter).
inline constexpr ptrdiff_t kPlainBefore = 33;
inline constexpr ptrdiff_t kPlainAfter = 32;

inline constexpr uint32_t kMostPlaces = 24;

// (negative ? -1 : 1) * digits / 10^places, digits < 9.22e18, places <= kMostPlaces.
struct PlainNumber {
  uint64_t digits = 0;
  uint32_t places = 0;
  uint32_t negative = 0;  // 0 or 1.
};

// Of the 16 bytes from n on, the last n - 16 are 0xFF; of those from 16 + n on, the last n.
constexpr std::array<uint8_t, 64> MakeEnds() {
  std::array<uint8_t, 64> ends = {};
  for (size_t i = 32; i < ends.size(); ++i) ends[i] = 0xFF;
  return ends;
}
inline constexpr std::array<uint8_t, 64> kEnds = MakeEnds();

class PlainReader {
 public:
  // decimal: '.' or ','.
  explicit PlainReader(char decimal)
      : decimal_(Splat(decimal)),
        lowest_(Splat(decimal == ',' ? ',' : '-')),
        room_(Splat(decimal == ',' ? 127 - ('9' - ',') : 127 - ('9' - '-'))) {}

  // Reads the cell that begins at `from`, up to the first byte that is none of - . / 0 .. 9 (and
  // the decimal comma), or 31 bytes of it. Returns the length and sets *number; 0: not plain.
  uint32_t Read(const char* from, PlainNumber* number) const {
    const Block first = Load(from);
    const Block second = Load(from + 16);
    // Bit i: byte i ends the cell; at the latest the last of the 32 does.
    const uint32_t outside = Bits(PlusUpTo255(Minus(first, lowest_), room_)) |
                             Bits(PlusUpTo255(Minus(second, lowest_), room_)) << 16 |
                             uint32_t{1} << 31;
    // A second decimal sign, or one after 16 bytes, is taken for a digit and refused below.
    const uint32_t signs = Bits(Equal(first, decimal_));
    const uint32_t length = static_cast<uint32_t>(__builtin_ctz(outside));
    const uint32_t sign = static_cast<uint32_t>(__builtin_ctz(outside | signs));
    const uint32_t has_sign = sign < length ? 1 : 0;
    const uint32_t negative = *from == '-' ? 1 : 0;
    const uint32_t places = length - sign - has_sign;
    const uint32_t count = length - negative - has_sign;
    if (count - 1 >= kMostPlaces) return 0;  // No digit, or too many.

    // The digits, the last one in the last byte of `lower`: those after the decimal sign as they
    // stand, those before it one byte further on.
    const char* const end = from + length;
    const char* const whole = end - has_sign;
    const uint8_t* const fraction = kEnds.data() + places;
    const uint8_t* const all = kEnds.data() + count;
    const Block zero = Splat('0');
    const Block upper =
        And(Minus(Select(Load(fraction), Load(end - 32), Load(whole - 32)), zero), Load(all));
    const Block lower = And(
        Minus(Select(Load(fraction + 16), Load(end - 16), Load(whole - 16)), zero), Load(all + 16));
    if (Bits(Or(upper, lower)) != 0) return 0;  // One of , - . / is among the digits.
    const Block eights = EightDigits(FourDigits(upper), FourDigits(lower));
    const uint64_t most = FirstHalf(eights) >> 32;
    if (most > 921) return 0;
    const uint64_t rest = SecondHalf(eights);
    number->digits =
        most * 10'000'000'000'000'000u + (rest & 0xFFFFFFFFu) * 100'000'000u + (rest >> 32);
    number->places = places;
    number->negative = negative;
    return length;
  }

 private:
  Block decimal_;
  Block lowest_;
  Block room_;  // What the bytes of a number, less lowest_, can grow by without the top bit.
};

// factor = floor(2^shift / 5^places) in [2^63, 2^64); exponent = 1149 - shift - places.
struct Reciprocal {
  uint64_t factor = 0;
  uint64_t exponent = 0;
};

constexpr std::array<Reciprocal, kMostPlaces + 1> MakeReciprocals() {
  std::array<Reciprocal, kMostPlaces + 1> reciprocals = {};
  uint64_t fives = 1;
  for (size_t places = 0; places < reciprocals.size(); ++places, fives *= 5) {
    uint64_t shift = 63;
    while ((static_cast<unsigned __int128>(1) << shift) / fives < (uint64_t{1} << 63)) ++shift;
    const uint64_t factor =
        static_cast<uint64_t>((static_cast<unsigned __int128>(1) << shift) / fives);
    reciprocals[places] = {factor, 1149 - shift - places};
  }
  return reciprocals;
}
inline constexpr std::array<Reciprocal, kMostPlaces + 1> kReciprocals = MakeReciprocals();

// At most 3 less than floor(a * b / 2^64), and never more.
inline uint64_t ProductTop(uint64_t a, uint64_t b) {
#ifdef __wasm__
  const uint64_t a_low = a & 0xFFFFFFFFu;
  const uint64_t b_low = b & 0xFFFFFFFFu;
  return (a >> 32) * (b >> 32) + ((a >> 32) * b_low >> 32) + (a_low * (b >> 32) >> 32);
#else
  return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * b) >> 64);
#endif
}

// The float64 nearest to the number, ties to even. False: that takes more precision.
inline bool ToDouble(const PlainNumber& number, double* value) {
  uint64_t bits = 0;
  if (number.digits != 0) {
    const Reciprocal& reciprocal = kReciprocals[number.places];
    const uint64_t zeros = static_cast<uint64_t>(__builtin_clzll(number.digits));
    uint64_t product = ProductTop(number.digits << zeros, reciprocal.factor);
    const uint64_t low = ~product >> 63;
    product <<= low;
    // The reciprocal is less than 1 too small and the product at most 3, so the true one is in
    // [product, product + 5), twice that once shifted. The tie is at 0x400 of the 11 bits dropped.
    if ((product & 0x7FF) - (0x400 - 10) <= 10) return false;
    // The leading bit of the 53 adds 1 to the exponent, as does a carry out of all of them.
    bits = ((reciprocal.exponent - zeros - low) << 52) + (product >> 11) + ((product >> 10) & 1);
  }
  bits |= static_cast<uint64_t>(number.negative) << 63;
  std::memcpy(value, &bits, sizeof(bits));
  return true;
}

}  // namespace firetower::csv
#endif  // FIRETOWER_CSV_BLOCKS

#endif  // FIRETOWER_CORE_CSV_PLAIN_NUMBER_H_
