#include "core/forest/kernels/few_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include "core/forest/kernels/walk.h"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

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

#if defined(__wasm_simd128__)

// Browsers keep twelve lanes in memory, not in registers; thirty-two of them fit as vectors, which
// is faster by a quarter although nodes and features are loaded one by one all the same.
constexpr size_t kVectors = 8;
constexpr size_t kVectorLanes = 4 * kVectors;

// One step in four trees. places: where they are, in bytes from the first node. Returns how far.
inline v128_t StepFour(const NarrowNode* nodes, const float* row, v128_t places) {
  const auto node = [&](uint32_t place) { return reinterpret_cast<const char*>(nodes) + place; };
  const auto feature = [&](uint32_t place) { return reinterpret_cast<const char*>(row) + place; };
  const v128_t a =
      wasm_v128_load64_lane(node(wasm_u32x4_extract_lane(places, 1)),
                            wasm_v128_load64_zero(node(wasm_u32x4_extract_lane(places, 0))), 1);
  const v128_t b =
      wasm_v128_load64_lane(node(wasm_u32x4_extract_lane(places, 3)),
                            wasm_v128_load64_zero(node(wasm_u32x4_extract_lane(places, 2))), 1);
  const v128_t thresholds = wasm_i32x4_shuffle(a, b, 0, 2, 4, 6);
  const v128_t links = wasm_i32x4_shuffle(a, b, 1, 3, 5, 7);
  const v128_t features = wasm_v128_and(wasm_u32x4_shr(links, 22), wasm_i32x4_splat(0x3fc));
  v128_t x = wasm_v128_load32_zero(feature(wasm_u32x4_extract_lane(features, 0)));
  x = wasm_v128_load32_lane(feature(wasm_u32x4_extract_lane(features, 1)), x, 1);
  x = wasm_v128_load32_lane(feature(wasm_u32x4_extract_lane(features, 2)), x, 2);
  x = wasm_v128_load32_lane(feature(wasm_u32x4_extract_lane(features, 3)), x, 3);
  const v128_t right =
      wasm_v128_and(wasm_i32x4_shl(links, 3), wasm_i32x4_splat(NarrowNode::kMaxDistance << 3));
  return wasm_v128_bitselect(wasm_i32x4_splat(sizeof(NarrowNode)), right,
                             wasm_f32x4_le(x, thresholds));
}

double AddTreesVectors(const TreesView<NarrowNode>& forest, const float* row, double sum) {
  for (size_t first = 0; first < forest.tree_count; first += kVectorLanes) {
    const size_t count = std::min(kVectorLanes, forest.tree_count - first);
    uint32_t places[kVectorLanes];
    int32_t depth = 0;
    for (size_t k = 0; k < kVectorLanes; ++k) {
      const Tree& tree = forest.trees[first + std::min(k, count - 1)];
      places[k] = tree.root * static_cast<uint32_t>(sizeof(NarrowNode));
      depth = std::max(depth, tree.depth);
    }
    v128_t lanes[kVectors];
    for (size_t v = 0; v < kVectors; ++v) lanes[v] = wasm_v128_load(places + 4 * v);
    bool moved = true;
    for (int32_t levels = std::min(depth, kUncheckedLevels); levels > 0 && moved;
         levels = std::min(depth, kCheckedLevels)) {
      depth -= levels;
      v128_t steps = wasm_i32x4_splat(0);
      for (int32_t level = 0; level < levels; ++level) {
        steps = wasm_i32x4_splat(0);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < kVectors; ++v) {
          const v128_t step = StepFour(forest.nodes, row, lanes[v]);
          lanes[v] = wasm_i32x4_add(lanes[v], step);
          steps = wasm_v128_or(steps, step);
        }
      }
      moved = wasm_v128_any_true(steps);
    }
    for (size_t v = 0; v < kVectors; ++v) wasm_v128_store(places + 4 * v, lanes[v]);
    for (size_t k = 0; k < count; ++k) {
      sum += forest.values[forest.nodes[places[k] / sizeof(NarrowNode)].value_index()];
    }
  }
  return sum;
}

#endif

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
      continue;
    }
#if defined(__wasm_simd128__)
    if constexpr (std::is_same_v<Node, NarrowNode>) {
      sums[i] = AddTreesVectors(forest, row, sums[i]);
      continue;
    }
#endif
    sums[i] = AddTrees<false>(forest, row, sums[i]);
  }
}

template void AddTreesFewRows(const TreesView<NarrowNode>&, const Columns&, size_t, double*);
template void AddTreesFewRows(const TreesView<WideNode>&, const Columns&, size_t, double*);

}  // namespace firetower::forest
