#include "core/forest/kernels/stumps.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace firetower::forest {
namespace {

constexpr size_t kLanes = 16;

// Vectors of 16 bytes, which g++ and clang know on every machine.
using Floats = float __attribute__((vector_size(16)));
using Bits32 = int32_t __attribute__((vector_size(16)));
using Bits64 = int64_t __attribute__((vector_size(16)));
using Doubles = double __attribute__((vector_size(16)));

Bits64 BitsOfBoth(double value) { return reinterpret_cast<Bits64>(Doubles{value, value}); }

// value[0] where the mask is set, value[1] elsewhere, as right ^ (mask & (left ^ right)).
struct Choice {
  Choice(double left, double right)
      : right_bits(BitsOfBoth(right)), difference(BitsOfBoth(left) ^ right_bits) {}
  Doubles Of(Bits32 mask) const {
    return reinterpret_cast<Doubles>(right_bits ^ (reinterpret_cast<Bits64>(mask) & difference));
  }

  Bits64 right_bits;
  Bits64 difference;
};

// tile[f * kLanes + lane] = feature f of the lane's row.
template <bool kDefaults, typename Node>
void AddToTile(const TreesView<Node>& forest, const float* tile, double* sums) {
  Doubles sum[kLanes / 2];
  std::memcpy(sum, sums, sizeof(sum));
  for (size_t t = 0; t < forest.tree_count; ++t) {
    const Node* root = forest.nodes + forest.trees[t].root;
    // The root of a tree without a split is both its leaves.
    const Node* left = root + std::min(root->distance(), 1u);
    const Node* right = root + root->distance();
    const Choice choice(forest.values[left->value_index()], forest.values[right->value_index()]);
    const float threshold = FloatOf(root->threshold_bits);
    const Floats thresholds = {threshold, threshold, threshold, threshold};
    const float* lanes = tile + root->feature() * kLanes;
    const bool nan_left = kDefaults && forest.default_left[root - forest.nodes] != 0;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 4
#endif
    for (size_t k = 0; k < kLanes / 4; ++k) {
      Floats x;
      std::memcpy(&x, lanes + 4 * k, sizeof(x));
      Bits32 mask = x <= thresholds;
      if (nan_left) mask |= x != x;
      sum[2 * k] += choice.Of(__builtin_shufflevector(mask, mask, 0, 0, 1, 1));
      sum[2 * k + 1] += choice.Of(__builtin_shufflevector(mask, mask, 2, 2, 3, 3));
    }
  }
  std::memcpy(sums, sum, sizeof(sum));
}

}  // namespace

template <typename Node>
void AddTreesStumps(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                    double* sums) {
  std::vector<float> tile(forest.feature_count * kLanes);
  for (size_t first = 0; first < rows; first += kLanes) {
    const size_t count = std::min(kLanes, rows - first);
    bool has_nan = false;
    for (size_t f = 0; f < forest.feature_count; ++f) {
      const float* column = columns.data + f * columns.stride + first;
      for (size_t k = 0; k < count; ++k) {
        tile[f * kLanes + k] = column[k];
        has_nan |= std::isnan(column[k]);
      }
    }
    double tile_sums[kLanes] = {};
    std::copy_n(sums + first, count, tile_sums);
    // Without defaults NaN goes right by itself: it is not <= any threshold.
    if (has_nan && forest.default_left != nullptr) {
      AddToTile<true>(forest, tile.data(), tile_sums);
    } else {
      AddToTile<false>(forest, tile.data(), tile_sums);
    }
    std::copy_n(tile_sums, count, sums + first);
  }
}

template void AddTreesStumps(const TreesView<NarrowNode>&, const Columns&, size_t, double*);
template void AddTreesStumps(const TreesView<WideNode>&, const Columns&, size_t, double*);

}  // namespace firetower::forest
