#include "core/forest/kernels/few_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/forest/kernels/walk.h"

namespace firetower::forest {
namespace {

constexpr size_t kLanes = 12;
// Levels walked before the first check whether all lanes are at leaves, and between checks.
constexpr int32_t kUncheckedLevels = 8;
constexpr int32_t kCheckedLevels = 2;

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
    int32_t levels = std::min(depth, kUncheckedLevels);
    while (levels > 0 && Walk<kDefaults, 1, 0>(forest, row, levels, lanes)) {
      depth -= levels;
      levels = std::min(depth, kCheckedLevels);
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
