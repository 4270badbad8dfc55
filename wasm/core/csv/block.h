// Sixteen bytes at a time: the few vector operations that the reader is made of, in WebAssembly's
// and in SSE2's words. Where neither is there (FIRETOWER_CSV_BLOCKS is not defined), the reader
// does without.
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_BLOCK_H_
#define FIRETOWER_CORE_CSV_BLOCK_H_

#include <cstdint>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define FIRETOWER_CSV_BLOCKS
#elif defined(__SSE2__)
#include <emmintrin.h>
#define FIRETOWER_CSV_BLOCKS
#endif

#ifdef FIRETOWER_CSV_BLOCKS
namespace firetower::csv {

#ifdef __wasm_simd128__

using Block = v128_t;

inline Block Load(const void* from) { return wasm_v128_load(from); }
inline Block Splat(char c) { return wasm_i8x16_splat(static_cast<int8_t>(c)); }
inline Block Or(Block a, Block b) { return wasm_v128_or(a, b); }
inline Block And(Block a, Block b) { return wasm_v128_and(a, b); }
// Bytes of a where mask is 0xFF, of b where it is 0.
inline Block Select(Block mask, Block a, Block b) { return wasm_v128_bitselect(a, b, mask); }
inline Block Equal(Block a, Block b) { return wasm_i8x16_eq(a, b); }
inline Block Minus(Block a, Block b) { return wasm_i8x16_sub(a, b); }
inline Block PlusUpTo255(Block a, Block b) { return wasm_u8x16_add_sat(a, b); }
// Bit i: the top bit of byte i.
inline uint32_t Bits(Block a) { return static_cast<uint32_t>(wasm_i8x16_bitmask(a)); }
// Four numbers of four digits each from 16 digits 0..9, the first byte the most significant.
inline Block FourDigits(Block digits) {
  const Block pairs =
      wasm_u16x8_shr(wasm_i16x8_add(wasm_i16x8_mul(digits, wasm_i16x8_splat(10 << 8)), digits), 8);
  return wasm_i32x4_dot_i16x8(pairs, wasm_i32x4_splat(1 << 16 | 100));
}
// Four numbers of eight digits from eight of four.
inline Block EightDigits(Block first, Block second) {
  return wasm_i32x4_dot_i16x8(wasm_i16x8_narrow_i32x4(first, second),
                              wasm_i32x4_splat(1 << 16 | 10000));
}
inline uint64_t FirstHalf(Block a) { return static_cast<uint64_t>(wasm_i64x2_extract_lane(a, 0)); }
inline uint64_t SecondHalf(Block a) { return static_cast<uint64_t>(wasm_i64x2_extract_lane(a, 1)); }

#else

using Block = __m128i;

inline Block Load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
inline Block Splat(char c) { return _mm_set1_epi8(c); }
inline Block Or(Block a, Block b) { return _mm_or_si128(a, b); }
inline Block And(Block a, Block b) { return _mm_and_si128(a, b); }
inline Block Select(Block mask, Block a, Block b) {
  return _mm_or_si128(_mm_and_si128(mask, a), _mm_andnot_si128(mask, b));
}
inline Block Equal(Block a, Block b) { return _mm_cmpeq_epi8(a, b); }
inline Block Minus(Block a, Block b) { return _mm_sub_epi8(a, b); }
inline Block PlusUpTo255(Block a, Block b) { return _mm_adds_epu8(a, b); }
inline uint32_t Bits(Block a) { return static_cast<uint32_t>(_mm_movemask_epi8(a)); }
inline Block FourDigits(Block digits) {
  const Block pairs =
      _mm_srli_epi16(_mm_add_epi16(_mm_mullo_epi16(digits, _mm_set1_epi16(10 << 8)), digits), 8);
  return _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
}
inline Block EightDigits(Block first, Block second) {
  return _mm_madd_epi16(_mm_packs_epi32(first, second), _mm_set1_epi32(1 << 16 | 10000));
}
inline uint64_t FirstHalf(Block a) { return static_cast<uint64_t>(_mm_cvtsi128_si64(a)); }
inline uint64_t SecondHalf(Block a) {
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a)));
}

#endif

}  // namespace firetower::csv
#endif  // FIRETOWER_CSV_BLOCKS

#endif  // FIRETOWER_CORE_CSV_BLOCK_H_
