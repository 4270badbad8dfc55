#include "core/forest/kernels/few_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace firetower::forest {
namespace {

#ifndef LANES
#define LANES 12
#define UNCH 8
#define CHK 2
#endif
constexpr size_t kLanes = LANES;
// Levels walked before the first check whether all lanes are at leaves, and between checks.
constexpr int32_t kUncheckedLevels = UNCH;
constexpr int32_t kCheckedLevels = CHK;

// Steps `levels` times in each of kLanes trees. Returns whether any lane moved in the last step.
template <bool kDefaults, typename Node>
inline bool Walk(const Node* nodes, const uint8_t* default_left, const float* row, int32_t levels,
                 const Node* (&lanes)[kLanes]) {
  const Node* a[kLanes];
  for (size_t k = 0; k < kLanes; ++k) a[k] = lanes[k];
  uint32_t moved = 0;
  for (int32_t level = 0; level < levels; ++level) {
    moved = 0;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 12
#endif
    for (size_t k = 0; k < kLanes; ++k) {
      const Node node = *a[k];
      const float x = row[node.feature()];
      bool left = x <= FloatOf(node.threshold_bits);
      if constexpr (kDefaults) left = left || (std::isnan(x) && default_left[a[k] - nodes] != 0);
      // In arithmetic, because compilers make a branch of ?: here and it is mispredicted half the
      // time.
      const auto taken = static_cast<uint32_t>(left);
      const uint32_t step = taken + (node.distance() & (taken - 1u));
      a[k] += step;
      moved |= step;
    }
  }
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = a[k];
  return moved != 0;
}

template <bool kDefaults, typename Node>
double AddTrees(const TreesView<Node>& forest, const float* row, double sum) {
  for (size_t first = 0; first < forest.tree_count; first += kLanes) {
    const size_t count = std::min(kLanes, forest.tree_count - first);
    const Node* lanes[kLanes];
    int32_t depth = 0;
    for (size_t k = 0; k < kLanes; ++k) {
      const Tree& tree = forest.trees[first + std::min(k, count - 1)];
      lanes[k] = forest.nodes + tree.root;
      depth = std::max(depth, tree.depth);
    }
    int32_t done = std::min(depth, kUncheckedLevels);
    bool moved = Walk<kDefaults>(forest.nodes, forest.default_left, row, done, lanes);
    while (moved && done < depth) {
      const int32_t levels = std::min(depth - done, kCheckedLevels);
      moved = Walk<kDefaults>(forest.nodes, forest.default_left, row, levels, lanes);
      done += levels;
    }
    for (size_t k = 0; k < count; ++k) sum += forest.values[lanes[k]->value_index()];
  }
  return sum;
}

}  // namespace

template <typename Node>
void AddTreesFewRows(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                     double* sums) {
  std::array<float, NarrowNode::kMaxFeatures> narrow_row;
  std::vector<float> wide_row;
  float* row = narrow_row.data();
  if (forest.feature_count > narrow_row.size()) {
    wide_row.resize(forest.feature_count);
    row = wide_row.data();
  }
  for (size_t i = 0; i < rows; ++i) {
    bool has_nan = false;
    for (size_t f = 0; f < forest.feature_count; ++f) {
      row[f] = columns.data[f * columns.stride + i];
      has_nan |= std::isnan(row[f]);
    }
    // Without defaults NaN goes right by itself: it is not <= any threshold.
    if (has_nan && forest.default_left != nullptr) {
      sums[i] = AddTrees<true>(forest, row, sums[i]);
    } else {
      sums[i] = AddTrees<false>(forest, row, sums[i]);
    }
  }
}

template void AddTreesFewRows(const TreesView<NarrowNode>&, const Columns&, size_t, double*);
template void AddTreesFewRows(const TreesView<WideNode>&, const Columns&, size_t, double*);

}  // namespace firetower::forest
