// What the kernels of CompiledForest read: packed nodes, trees, leaf values and the rows' columns.
// Internal to core/forest.
//
// A tree's nodes are in preorder: a left child follows its parent, the right child is `distance`
// further on. A leaf has the threshold NaN and the distance 0.
//
// A kernel is a function
//
//   template <typename Node>
//   void AddTreesX(const TreesView<Node>& forest, const Columns& columns, size_t rows,
//                  double* sums);
//
// that adds, for each row i, the value of the leaf which it reaches to sums[i], tree after tree, so
// that all kernels give the same bits. It is instantiated for NarrowNode and WideNode in its own
// file; the rows are at most kMaxKernelRows; CompiledForest chooses the kernel.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_LAYOUT_H_
#define FIRETOWER_CORE_FOREST_KERNELS_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace firetower::forest {

inline constexpr size_t kMaxKernelRows = 16384;

inline constexpr uint32_t kQuietNan = 0x7fc00000u;

inline float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

inline uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// 8 bytes: threshold, and feature (high 8 bits) with the distance to the right child (low 24 bits).
// In a leaf the threshold is a NaN whose low 22 bits are the index of the leaf's value.
struct NarrowNode {
  static constexpr uint32_t kMaxFeatures = 1u << 8;
  static constexpr uint32_t kMaxDistance = (1u << 24) - 1;
  static constexpr uint32_t kMaxLeafValues = 1u << 22;

  static NarrowNode Split(float threshold, uint32_t feature, uint32_t distance) {
    return {BitsOf(threshold), feature << 24 | distance};
  }
  static NarrowNode Leaf(uint32_t value_index) { return {kQuietNan | value_index, 0}; }
  // REQUIRES: a split whose distance is 0.
  void SetDistance(uint32_t distance) { link |= distance; }

  uint32_t feature() const { return link >> 24; }
  uint32_t distance() const { return link & kMaxDistance; }
  uint32_t value_index() const { return threshold_bits & (kMaxLeafValues - 1); }

  uint32_t threshold_bits;
  uint32_t link;
};

// 16 bytes, for whatever does not fit into 8.
struct WideNode {
  static WideNode Split(float threshold, uint32_t feature, uint32_t distance) {
    return {BitsOf(threshold), feature, distance, 0};
  }
  static WideNode Leaf(uint32_t value_index) { return {kQuietNan, 0, 0, value_index}; }
  void SetDistance(uint32_t distance) { right_distance = distance; }

  uint32_t feature() const { return feature_index; }
  uint32_t distance() const { return right_distance; }
  uint32_t value_index() const { return leaf_value_index; }

  uint32_t threshold_bits;
  uint32_t feature_index;
  uint32_t right_distance;
  uint32_t leaf_value_index;
};

struct Tree {
  uint32_t root;
  int32_t depth;
};

template <typename Node>
struct TreesView {
  const Node* nodes;
  size_t node_count;
  const uint8_t* default_left;  // Per node, 1: NaN goes left; null when every NaN goes right.
  const Tree* trees;
  size_t tree_count;
  int32_t depth;         // Of the deepest tree.
  const double* values;  // Leaf values, by value_index().
  size_t zero_index;     // Of the leaf value 0; that of no leaf if there is none.
  size_t feature_count;
};

// data[f * stride + i] = feature f of row i.
struct Columns {
  const float* data;
  size_t stride;
};

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_LAYOUT_H_
