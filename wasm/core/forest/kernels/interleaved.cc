#include "core/forest/kernels/interleaved.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/forest/kernels/walk.h"

namespace firetower::forest {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlockRows = 256;
// Levels walked before the first check whether all lanes are at leaves, and between checks.
constexpr int32_t kUncheckedLevels = 10;
constexpr int32_t kCheckedLevels = 2;

template <bool kDefaults, typename Node>
void AddTree(const TreesView<Node>& forest, const Tree& tree, const float* tiles, size_t tile_count,
             double* sums) {
  const size_t tile_size = forest.feature_count * kLanes;
  for (size_t t = 0; t < tile_count; ++t) {
    const float* tile = tiles + t * tile_size;
    const Node* lanes[kLanes];
    for (size_t k = 0; k < kLanes; ++k) lanes[k] = forest.nodes + tree.root;
    int32_t left = tree.depth;
    int32_t levels = std::min(left, kUncheckedLevels);
    while (levels > 0 && Walk<kDefaults, kLanes, 1>(forest, tile, levels, lanes)) {
      left -= levels;
      levels = std::min(left, kCheckedLevels);
    }
    for (size_t k = 0; k < kLanes; ++k) {
      sums[t * kLanes + k] += forest.values[lanes[k]->value_index()];
    }
  }
}

// Copies rows first .. first+count-1 into tiles, the last one filled up with zeros. Returns whether
// any is NaN.
bool FillTiles(const Columns& columns, size_t feature_count, size_t first, size_t count,
               float* tiles) {
  const size_t tile_count = (count + kLanes - 1) / kLanes;
  bool has_nan = false;
  for (size_t f = 0; f < feature_count; ++f) {
    const float* column = columns.data + f * columns.stride + first;
    for (size_t t = 0; t < tile_count; ++t) {
      float* lanes = tiles + (t * feature_count + f) * kLanes;
      for (size_t k = 0; k < kLanes; ++k) {
        const size_t row = t * kLanes + k;
        lanes[k] = row < count ? column[row] : 0.0f;
        has_nan |= std::isnan(lanes[k]);
      }
    }
  }
  return has_nan;
}

}  // namespace

template <typename Node>
void AddTreesInterleaved(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                         double* sums) {
  const size_t block = std::min(kBlockRows, (rows + kLanes - 1) / kLanes * kLanes);
  std::vector<float> tiles(forest.feature_count * block);
  std::vector<double> block_sums(block);
  for (size_t first = 0; first < rows; first += block) {
    const size_t count = std::min(block, rows - first);
    const size_t tile_count = (count + kLanes - 1) / kLanes;
    const bool has_nan = FillTiles(columns, forest.feature_count, first, count, tiles.data());
    std::copy_n(sums + first, count, block_sums.begin());
    // Without defaults NaN goes right by itself: it is not <= any threshold.
    const bool defaults = has_nan && forest.default_left != nullptr;
    for (size_t t = 0; t < forest.tree_count; ++t) {
      if (defaults) {
        AddTree<true>(forest, forest.trees[t], tiles.data(), tile_count, block_sums.data());
      } else {
        AddTree<false>(forest, forest.trees[t], tiles.data(), tile_count, block_sums.data());
      }
    }
    std::copy_n(block_sums.begin(), count, sums + first);
  }
}

template void AddTreesInterleaved(const TreesView<NarrowNode>&, const Columns&, size_t, double*);
template void AddTreesInterleaved(const TreesView<WideNode>&, const Columns&, size_t, double*);

}  // namespace firetower::forest
