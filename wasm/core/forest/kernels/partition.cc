#include "core/forest/kernels/partition.h"

#include <algorithm>
#include <array>
#include <vector>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define FIRETOWER_PARTITION
#define FIRETOWER_TARGET
#elif defined(__x86_64__)
#include <immintrin.h>
#define FIRETOWER_PARTITION
#define FIRETOWER_TARGET __attribute__((target("sse4.1,popcnt")))
#endif

namespace firetower::forest {

#if defined(FIRETOWER_PARTITION)

namespace {

#define FIRETOWER_INLINE FIRETOWER_TARGET __attribute__((always_inline)) inline

// A row's offset in bytes into a block's column; 16 bits, as blocks have 16,384 rows at most.
using Offset = uint16_t;
static_assert((kMaxKernelRows - 1) * sizeof(float) <= UINT16_MAX);

// Nodes with at least one of this many rows of the block are bitmaps.
constexpr size_t kDenseShare = 4;
// A bitmap with fewer than one of this many rows is read bit by bit.
constexpr size_t kSparseShare = 16;
// Room between a node's two lists: a vector is stored to either and filled with the other's.
constexpr size_t kSlack = 8;

struct alignas(16) Shuffle {
  uint8_t bytes[16];
};
struct alignas(16) Offsets {
  Offset lanes[8];
};

// Of a set of lanes: the 16-bit lanes in it first, in order, then the others, in order.
constexpr std::array<Shuffle, 256> MakeShuffles() {
  std::array<Shuffle, 256> shuffles = {};
  for (size_t set = 0; set < 256; ++set) {
    size_t place = 0;
    for (const size_t in : {size_t{1}, size_t{0}}) {
      for (size_t lane = 0; lane < 8; ++lane) {
        if ((set >> lane & 1) != in) continue;
        shuffles[set].bytes[2 * place] = static_cast<uint8_t>(2 * lane);
        shuffles[set].bytes[2 * place + 1] = static_cast<uint8_t>(2 * lane + 1);
        ++place;
      }
    }
  }
  return shuffles;
}

// Of a set of eight neighbouring rows: the offsets of those in it first.
constexpr std::array<Offsets, 256> MakeOffsets() {
  std::array<Offsets, 256> offsets = {};
  for (size_t set = 0; set < 256; ++set) {
    size_t place = 0;
    for (size_t lane = 0; lane < 8; ++lane) {
      if ((set >> lane & 1) != 0) {
        offsets[set].lanes[place++] = static_cast<Offset>(lane * sizeof(float));
      }
    }
  }
  return offsets;
}

constexpr std::array<Shuffle, 256> kShuffles = MakeShuffles();
constexpr std::array<Offsets, 256> kOffsets = MakeOffsets();

FIRETOWER_INLINE const float* At(const float* column, Offset offset) {
  return reinterpret_cast<const float*>(reinterpret_cast<const char*>(column) + offset);
}

#if defined(__wasm_simd128__)

using Threshold = v128_t;

FIRETOWER_INLINE Threshold Splat(float threshold) { return wasm_f32x4_splat(threshold); }

template <bool kNanLeft>
FIRETOWER_INLINE v128_t Left(v128_t x, Threshold threshold) {
  const v128_t left = wasm_f32x4_le(x, threshold);
  if constexpr (kNanLeft) return wasm_v128_or(left, wasm_f32x4_ne(x, x));
  return left;
}

// Bit k: row k goes left.
template <bool kNanLeft>
FIRETOWER_INLINE uint32_t LeftOf16(const float* x, Threshold threshold) {
  const v128_t a = Left<kNanLeft>(wasm_v128_load(x), threshold);
  const v128_t b = Left<kNanLeft>(wasm_v128_load(x + 4), threshold);
  const v128_t c = Left<kNanLeft>(wasm_v128_load(x + 8), threshold);
  const v128_t d = Left<kNanLeft>(wasm_v128_load(x + 12), threshold);
  return wasm_i8x16_bitmask(
      wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d)));
}

FIRETOWER_INLINE v128_t Gather4(const float* column, const Offset* offsets) {
  v128_t x = wasm_v128_load32_zero(At(column, offsets[0]));
  x = wasm_v128_load32_lane(At(column, offsets[1]), x, 1);
  x = wasm_v128_load32_lane(At(column, offsets[2]), x, 2);
  return wasm_v128_load32_lane(At(column, offsets[3]), x, 3);
}

// Sixteen bits each, all set: the row at that offset goes left.
template <bool kNanLeft>
FIRETOWER_INLINE v128_t LeftAt8(const float* column, const Offset* offsets, Threshold threshold) {
  return wasm_i16x8_narrow_i32x4(Left<kNanLeft>(Gather4(column, offsets), threshold),
                                 Left<kNanLeft>(Gather4(column, offsets + 4), threshold));
}

FIRETOWER_INLINE uint32_t BitsOf8(v128_t lanes) { return wasm_i16x8_bitmask(lanes); }

FIRETOWER_INLINE uint32_t BitsOf16(v128_t first, v128_t second) {
  return wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(first, second));
}

// Stores the eight offsets, those of the set first and the others last, to both places.
FIRETOWER_INLINE void Split8(const Offset* from, uint32_t set, Offset* to, Offset* also_to) {
  const v128_t split = wasm_i8x16_swizzle(wasm_v128_load(from), wasm_v128_load(&kShuffles[set]));
  wasm_v128_store(to, split);
  wasm_v128_store(also_to, split);
}

using EightOffsets = v128_t;

FIRETOWER_INLINE EightOffsets SplatOffset(Offset offset) {
  return wasm_i16x8_splat(static_cast<int16_t>(offset));
}

FIRETOWER_INLINE EightOffsets Sum(EightOffsets a, EightOffsets b) { return wasm_i16x8_add(a, b); }

// The offsets of those in a set of eight neighbouring rows; `first` in every lane is the first's.
FIRETOWER_INLINE void Store8(uint32_t set, EightOffsets first, Offset* to) {
  wasm_v128_store(to, Sum(wasm_v128_load(&kOffsets[set]), first));
}

#else

using Threshold = __m128;

FIRETOWER_INLINE Threshold Splat(float threshold) { return _mm_set1_ps(threshold); }

template <bool kNanLeft>
FIRETOWER_INLINE __m128i Left(__m128 x, Threshold threshold) {
  __m128 left = _mm_cmple_ps(x, threshold);
  if constexpr (kNanLeft) left = _mm_or_ps(left, _mm_cmpunord_ps(x, x));
  return _mm_castps_si128(left);
}

template <bool kNanLeft>
FIRETOWER_INLINE uint32_t LeftOf16(const float* x, Threshold threshold) {
  const __m128i a = Left<kNanLeft>(_mm_loadu_ps(x), threshold);
  const __m128i b = Left<kNanLeft>(_mm_loadu_ps(x + 4), threshold);
  const __m128i c = Left<kNanLeft>(_mm_loadu_ps(x + 8), threshold);
  const __m128i d = Left<kNanLeft>(_mm_loadu_ps(x + 12), threshold);
  return static_cast<uint32_t>(
      _mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d))));
}

FIRETOWER_INLINE __m128 Gather4(const float* column, const Offset* offsets) {
  return _mm_setr_ps(*At(column, offsets[0]), *At(column, offsets[1]), *At(column, offsets[2]),
                     *At(column, offsets[3]));
}

template <bool kNanLeft>
FIRETOWER_INLINE __m128i LeftAt8(const float* column, const Offset* offsets, Threshold threshold) {
  return _mm_packs_epi32(Left<kNanLeft>(Gather4(column, offsets), threshold),
                         Left<kNanLeft>(Gather4(column, offsets + 4), threshold));
}

FIRETOWER_INLINE uint32_t BitsOf16(__m128i first, __m128i second) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(first, second)));
}

FIRETOWER_INLINE uint32_t BitsOf8(__m128i lanes) { return BitsOf16(lanes, _mm_setzero_si128()); }

FIRETOWER_INLINE void Split8(const Offset* from, uint32_t set, Offset* to, Offset* also_to) {
  const __m128i split =
      _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)),
                       _mm_load_si128(reinterpret_cast<const __m128i*>(&kShuffles[set])));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), split);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(also_to), split);
}

using EightOffsets = __m128i;

FIRETOWER_INLINE EightOffsets SplatOffset(Offset offset) {
  return _mm_set1_epi16(static_cast<int16_t>(offset));
}

FIRETOWER_INLINE EightOffsets Sum(EightOffsets a, EightOffsets b) { return _mm_add_epi16(a, b); }

FIRETOWER_INLINE void Store8(uint32_t set, EightOffsets first, Offset* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   Sum(_mm_load_si128(reinterpret_cast<const __m128i*>(&kOffsets[set])), first));
}

#endif

template <bool kNanLeft>
FIRETOWER_INLINE uint64_t LeftOf64(const float* x, Threshold threshold) {
  uint64_t set = LeftOf16<kNanLeft>(x, threshold);
  set |= uint64_t{LeftOf16<kNanLeft>(x + 16, threshold)} << 16;
  set |= uint64_t{LeftOf16<kNanLeft>(x + 32, threshold)} << 32;
  return set | uint64_t{LeftOf16<kNanLeft>(x + 48, threshold)} << 48;
}

FIRETOWER_INLINE size_t CountOf(uint64_t set) {
  return static_cast<size_t>(__builtin_popcountll(set));
}

// Moves those rows of the bitmap that go left to `left`; returns how many.
template <bool kNanLeft>
FIRETOWER_TARGET size_t SplitBitmap(const float* column, float at_most, size_t rows,
                                    uint64_t* bitmap, uint64_t* left) {
  const Threshold threshold = Splat(at_most);
  size_t count = 0;
  for (size_t w = 0; w < rows / 64; ++w) {
    const uint64_t set = bitmap[w];
    const uint64_t goes_left = set & LeftOf64<kNanLeft>(column + 64 * w, threshold);
    left[w] = goes_left;
    bitmap[w] = set ^ goes_left;
    count += CountOf(goes_left);
  }
  if (rows % 64 != 0) {
    const size_t w = rows / 64;
    float rest[64] = {};
    for (size_t k = 0; k < rows % 64; ++k) rest[k] = column[64 * w + k];
    left[w] = bitmap[w] & LeftOf64<kNanLeft>(rest, threshold);
    bitmap[w] ^= left[w];
    count += CountOf(left[w]);
  }
  return count;
}

// The rows that go left to `to`, those that go right to the end of the count + kSlack places
// there. Returns how many go left. Reads up to 7 offsets beyond the list.
template <bool kNanLeft>
FIRETOWER_TARGET size_t SplitList(const float* column, float at_most, const Offset* from,
                                  size_t count, Offset* to) {
  const Threshold threshold = Splat(at_most);
  Offset* left = to;
  Offset* right = to + count + kSlack - 8;
  const auto split = [&](const Offset* eight, uint32_t set) FIRETOWER_TARGET {
    Split8(eight, set, left, right);
    left += CountOf(set);
    right -= 8 - CountOf(set);
  };
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const uint32_t sets = BitsOf16(LeftAt8<kNanLeft>(column, from + i, threshold),
                                   LeftAt8<kNanLeft>(column, from + i + 8, threshold));
    split(from + i, sets & 0xff);
    split(from + i + 8, sets >> 8);
  }
  for (; i < count; i += 8) {
    // Lanes beyond the list hold offsets of some rows; they are taken to go left, and so come
    // last among these.
    const size_t beyond = 8 - std::min(count - i, size_t{8});
    const uint32_t set = BitsOf8(LeftAt8<kNanLeft>(column, from + i, threshold));
    split(from + i, set | (0xff00u >> beyond & 0xffu));
    left -= beyond;
  }
  return static_cast<size_t>(left - to);
}

// The offsets of the bitmap's rows.
FIRETOWER_TARGET void Extract(const uint64_t* bitmap, size_t rows, Offset* to) {
  const auto* eights = reinterpret_cast<const uint8_t*>(bitmap);
  const EightOffsets step = SplatOffset(8 * sizeof(float));
  EightOffsets first = SplatOffset(0);
  for (size_t e = 0; e < (rows + 7) / 8; ++e) {
    Store8(eights[e], first, to);
    to += CountOf(eights[e]);
    first = Sum(first, step);
  }
}

FIRETOWER_TARGET void ExtractFew(const uint64_t* bitmap, size_t rows, Offset* to) {
  constexpr size_t kAtOnce = 4;
  for (size_t w = 0; 64 * w < rows; ++w) {
    uint64_t set = bitmap[w];
    // Read again and again when the set is empty: what is stored is always a row of the block.
    const uint64_t last_row = uint64_t{1} << (std::min(rows - 64 * w, size_t{64}) - 1);
    const size_t count = CountOf(set);
    Offset* next = to;
    to += count;
    do {
      for (size_t k = 0; k < kAtOnce; ++k) {
        const size_t row = 64 * w + static_cast<size_t>(__builtin_ctzll(set | last_row));
        next[k] = static_cast<Offset>(row * sizeof(float));
        set &= set - 1;
      }
      next += kAtOnce;
    } while (next < to);
  }
}

FIRETOWER_TARGET void AddToRows(double value, const Offset* offsets, size_t count, double* sums) {
  auto* bytes = reinterpret_cast<char*>(sums);
  for (size_t i = 0; i < count; ++i) {
    *reinterpret_cast<double*>(bytes + size_t{offsets[i]} * 2) += value;
  }
}

template <typename Node>
class Partition {
 public:
  FIRETOWER_TARGET Partition(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                             double* sums)
      : forest_(forest),
        columns_(columns),
        rows_(rows),
        sums_(sums),
        words_((rows + 63) / 64),
        dense_rows_(rows / kDenseShare + 1),
        bitmaps_(kBitmaps * words_) {
    for (std::vector<Offset>& buffer : lists_) buffer.resize(rows + 2 * kSlack);
    for (size_t b = 0; b < kBitmaps; ++b) free_.push_back(bitmaps_.data() + b * words_);
  }

  FIRETOWER_TARGET void AddTree(uint32_t root) {
    uint64_t* all = TakeBitmap();
    for (size_t w = 0; w < words_; ++w) all[w] = ~uint64_t{0};
    if (rows_ % 64 != 0) all[words_ - 1] >>= 64 - rows_ % 64;
    Enter(root, all, rows_);
    while (!dense_.empty()) {
      const Dense at = dense_.back();
      dense_.pop_back();
      SplitDense(at);
    }
  }

 private:
  // Waiting bitmaps have no row in common, and at most two more are at work.
  static constexpr size_t kBitmaps = kDenseShare + 2;

  struct Dense {
    uint32_t node;
    uint64_t* bitmap;
    size_t count;
  };
  // The list is in lists_[buffer] from start + shift on. Its children's go to the other buffer, the
  // left one's from start on, the right one's up to start + count + kSlack. As trees are walked
  // depth first, everything between these places is theirs.
  struct List {
    uint32_t node;
    uint32_t buffer;
    size_t start;
    size_t shift;
    size_t count;
  };

  bool NanLeft(uint32_t node) const {
    return forest_.default_left != nullptr && forest_.default_left[node] != 0;
  }

  const float* ColumnOf(const Node& node) const {
    return columns_.data + node.feature() * columns_.stride;
  }

  // Whether the node is a leaf of value 0: neither zero changes a sum, which is never -0.
  bool IsZero(uint32_t node) const {
    return forest_.nodes[node].distance() == 0 &&
           forest_.nodes[node].value_index() == forest_.zero_index;
  }

  uint64_t* TakeBitmap() {
    uint64_t* bitmap = free_.back();
    free_.pop_back();
    return bitmap;
  }

  // Takes the bitmap of the rows that reached a node.
  FIRETOWER_TARGET void Enter(uint32_t node, uint64_t* bitmap, size_t count) {
    if (count >= dense_rows_ && forest_.nodes[node].distance() != 0) {
      dense_.push_back({node, bitmap, count});
      return;
    }
    if (count != 0 && !IsZero(node)) {
      if (count < rows_ / kSparseShare) {
        ExtractFew(bitmap, rows_, lists_[0].data());
      } else {
        Extract(bitmap, rows_, lists_[0].data());
      }
      WalkLists({node, 0, 0, 0, count});
    }
    free_.push_back(bitmap);
  }

  FIRETOWER_TARGET void SplitDense(const Dense& at) {
    uint64_t* left = TakeBitmap();
    const Node& node = forest_.nodes[at.node];
    const auto split = NanLeft(at.node) ? SplitBitmap<true> : SplitBitmap<false>;
    const size_t left_count =
        split(ColumnOf(node), FloatOf(node.threshold_bits), rows_, at.bitmap, left);
    Enter(at.node + node.distance(), at.bitmap, at.count - left_count);
    Enter(at.node + 1, left, left_count);
  }

  FIRETOWER_TARGET void WalkLists(List at) {
    waiting_.clear();
    for (;;) {
      const Node& node = forest_.nodes[at.node];
      const Offset* offsets = lists_[at.buffer].data() + at.start + at.shift;
      if (node.distance() == 0) {
        AddToRows(forest_.values[node.value_index()], offsets, at.count, sums_);
      } else {
        Offset* to = lists_[at.buffer ^ 1].data() + at.start;
        const auto split = NanLeft(at.node) ? SplitList<true> : SplitList<false>;
        const size_t left =
            split(ColumnOf(node), FloatOf(node.threshold_bits), offsets, at.count, to);
        const uint32_t right_node = at.node + node.distance();
        if (left != at.count && !IsZero(right_node)) {
          waiting_.push_back({right_node, at.buffer ^ 1, at.start + left, kSlack, at.count - left});
        }
        if (left != 0 && !IsZero(at.node + 1)) {
          at = {at.node + 1, at.buffer ^ 1, at.start, 0, left};
          continue;
        }
      }
      if (waiting_.empty()) return;
      at = waiting_.back();
      waiting_.pop_back();
    }
  }

  TreesView<Node> forest_;
  Columns columns_;
  size_t rows_;
  double* sums_;
  size_t words_;
  size_t dense_rows_;
  std::vector<uint64_t> bitmaps_;
  std::array<std::vector<Offset>, 2> lists_;
  std::vector<uint64_t*> free_;  // Bitmaps.
  std::vector<Dense> dense_;
  std::vector<List> waiting_;
};

}  // namespace

bool CanPartition() {
#if defined(__wasm_simd128__)
  return true;
#else
  return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("popcnt");
#endif
}

template <typename Node>
FIRETOWER_TARGET void AddTreesPartition(const TreesView<Node>& forest, const Columns& columns,
                                        size_t rows, double* sums) {
  Partition<Node> partition(forest, columns, rows, sums);
  for (size_t t = 0; t < forest.tree_count; ++t) partition.AddTree(forest.trees[t].root);
}

#else

bool CanPartition() { return false; }

template <typename Node>
void AddTreesPartition(const TreesView<Node>&, const Columns&, size_t, double*) {}

#endif

template void AddTreesPartition(const TreesView<NarrowNode>&, const Columns&, size_t, double*);
template void AddTreesPartition(const TreesView<WideNode>&, const Columns&, size_t, double*);

}  // namespace firetower::forest
