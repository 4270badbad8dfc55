#include "core/forest/compiled_forest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace firetower::forest {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlockRows = 256;
// Levels walked before the first check whether all lanes are at leaves, and between checks.
constexpr int32_t kUncheckedLevels = 12;
constexpr int32_t kCheckedLevels = 4;

constexpr uint32_t kQuietNan = 0x7fc00000u;

float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

uint32_t BitsOf(float value) {
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

// The threshold for which x <= t decides as the forest's comparison does; NaN where no x goes left.
float LessEqualThreshold(float threshold, Comparison comparison) {
  if (comparison == Comparison::kLessEqual) return threshold;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (threshold == -kInfinity) return FloatOf(kQuietNan);
  return std::nextafter(threshold, -kInfinity);
}

// Eight rows side by side: tile[f * kLanes + lane] = feature f of the lane's row. Steps `levels`
// times; at the end lanes hold where each row is. Returns whether any lane moved in the last step.
template <bool kDefaults, typename Node>
inline bool Walk(const Node* nodes, const uint8_t* default_left, const float* tile, int32_t levels,
                 uint32_t (&lanes)[kLanes]) {
  uint32_t a[kLanes];
  for (size_t k = 0; k < kLanes; ++k) a[k] = lanes[k];
  uint32_t moved = 0;
  for (int32_t level = 0; level < levels; ++level) {
    moved = 0;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 8
#endif
    for (size_t k = 0; k < kLanes; ++k) {
      const Node node = nodes[a[k]];
      const float x = tile[node.feature() * kLanes + k];
      bool left = x <= FloatOf(node.threshold_bits);
      if constexpr (kDefaults) left = left || (std::isnan(x) && default_left[a[k]] != 0);
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
void AddTree(const Node* nodes, const uint8_t* default_left, const Tree& tree, const double* values,
             const float* tiles, size_t tile_size, size_t tile_count, double* sums) {
  for (size_t t = 0; t < tile_count; ++t) {
    const float* tile = tiles + t * tile_size;
    uint32_t lanes[kLanes];
    for (size_t k = 0; k < kLanes; ++k) lanes[k] = tree.root;
    int32_t done = std::min(tree.depth, kUncheckedLevels);
    bool moved = Walk<kDefaults>(nodes, default_left, tile, done, lanes);
    while (moved && done < tree.depth) {
      const int32_t levels = std::min(tree.depth - done, kCheckedLevels);
      moved = Walk<kDefaults>(nodes, default_left, tile, levels, lanes);
      done += levels;
    }
    for (size_t k = 0; k < kLanes; ++k) {
      sums[t * kLanes + k] += values[nodes[lanes[k]].value_index()];
    }
  }
}

}  // namespace

struct CompiledForest::Data {
  int32_t feature_count = 0;
  Aggregation aggregation = Aggregation::kMean;
  Link link = Link::kIdentity;
  double base_score = 0.0;
  std::vector<Tree> trees;
  std::vector<NarrowNode> narrow;  // One of narrow and wide is in use.
  std::vector<WideNode> wide;
  std::vector<uint8_t> default_left;  // Per node; empty when every NaN goes right.
  std::vector<double> values;         // Distinct leaf values, rising.

  template <bool kDefaults, typename Node>
  void AddTrees(const std::vector<Node>& nodes, const std::vector<float>& tiles, size_t tile_count,
                double* sums) const {
    const size_t tile_size = static_cast<size_t>(feature_count) * kLanes;
    for (const Tree& tree : trees) {
      AddTree<kDefaults>(nodes.data(), default_left.data(), tree, values.data(), tiles.data(),
                         tile_size, tile_count, sums);
    }
  }

  template <typename Node>
  void AddBlock(const std::vector<Node>& nodes, bool has_nan, const std::vector<float>& tiles,
                size_t tile_count, double* sums) const {
    // Without defaults NaN goes right by itself: it is not <= any threshold.
    if (has_nan && !default_left.empty()) {
      AddTrees<true>(nodes, tiles, tile_count, sums);
    } else {
      AddTrees<false>(nodes, tiles, tile_count, sums);
    }
  }

  double Finish(double sum) const {
    if (aggregation == Aggregation::kMean) sum /= static_cast<double>(trees.size());
    if (link == Link::kIdentity) return sum;
    return 1.0 / (1.0 + std::exp(-(sum + base_score)));
  }
};

namespace {

// A forest's nodes in preorder, tree by tree.
struct Layout {
  std::vector<int32_t> order;      // order[p] = index in the forest of the node at place p.
  std::vector<uint32_t> distance;  // To the right child; 0 in leaves.
  std::vector<Tree> trees;
};

Layout LayOut(const Forest& forest) {
  struct Pending {
    int32_t node;
    int32_t depth;
    int64_t parent;  // Place whose right child this is, -1 for a left child or a root.
  };
  Layout layout;
  layout.order.reserve(forest.node_count());
  layout.distance.assign(forest.node_count(), 0);
  layout.trees.reserve(forest.tree_count());
  std::vector<Pending> pending;
  for (int32_t root : forest.roots) {
    Tree tree = {static_cast<uint32_t>(layout.order.size()), 0};
    pending.assign(1, {root, 0, -1});
    while (!pending.empty()) {
      const Pending at = pending.back();
      pending.pop_back();
      const size_t place = layout.order.size();
      if (at.parent >= 0) {
        const auto parent = static_cast<size_t>(at.parent);
        layout.distance[parent] = static_cast<uint32_t>(place - parent);
      }
      layout.order.push_back(at.node);
      tree.depth = std::max(tree.depth, at.depth);
      const auto node = static_cast<size_t>(at.node);
      if (forest.feature[node] == -1) continue;
      pending.push_back({forest.right[node], at.depth + 1, static_cast<int64_t>(place)});
      pending.push_back({forest.left[node], at.depth + 1, -1});
    }
    layout.trees.push_back(tree);
  }
  return layout;
}

std::vector<double> DistinctLeafValues(const Forest& forest) {
  std::vector<double> values;
  for (size_t i = 0; i < forest.node_count(); ++i) {
    if (forest.feature[i] == -1) values.push_back(forest.value[i]);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

template <typename Node>
std::vector<Node> PackNodes(const Forest& forest, const Layout& layout,
                            const std::vector<double>& values) {
  std::vector<Node> nodes;
  nodes.reserve(layout.order.size());
  for (size_t place = 0; place < layout.order.size(); ++place) {
    const auto node = static_cast<size_t>(layout.order[place]);
    if (forest.feature[node] == -1) {
      const auto found = std::lower_bound(values.begin(), values.end(), forest.value[node]);
      nodes.push_back(Node::Leaf(static_cast<uint32_t>(found - values.begin())));
    } else {
      nodes.push_back(Node::Split(LessEqualThreshold(forest.threshold[node], forest.comparison),
                                  static_cast<uint32_t>(forest.feature[node]),
                                  layout.distance[place]));
    }
  }
  return nodes;
}

// Copies rows first .. first+count-1 into tiles, the last one filled up with zeros. Returns whether
// any is NaN.
bool FillTiles(std::span<const float> features, size_t feature_count, size_t stride, size_t first,
               size_t count, std::vector<float>* tiles) {
  const size_t tile_count = (count + kLanes - 1) / kLanes;
  bool has_nan = false;
  for (size_t f = 0; f < feature_count; ++f) {
    const float* column = features.data() + f * stride + first;
    for (size_t t = 0; t < tile_count; ++t) {
      float* lanes = tiles->data() + (t * feature_count + f) * kLanes;
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

CompiledForest::CompiledForest() : data_(std::make_unique<Data>()) {}
CompiledForest::~CompiledForest() = default;
CompiledForest::CompiledForest(CompiledForest&&) noexcept = default;
CompiledForest& CompiledForest::operator=(CompiledForest&&) noexcept = default;

Result<CompiledForest> CompiledForest::Build(const Forest& forest) {
  if (Status status = Validate(forest); !status.ok()) return status.error();
  CompiledForest compiled;
  Data& data = *compiled.data_;
  data.feature_count = forest.feature_count;
  data.aggregation = forest.aggregation;
  data.link = forest.link;
  data.base_score = forest.base_score;
  data.values = DistinctLeafValues(forest);

  Layout layout = LayOut(forest);
  const uint32_t max_distance = *std::max_element(layout.distance.begin(), layout.distance.end());
  const bool narrow = static_cast<uint32_t>(forest.feature_count) <= NarrowNode::kMaxFeatures &&
                      max_distance <= NarrowNode::kMaxDistance &&
                      data.values.size() <= NarrowNode::kMaxLeafValues;
  if (narrow) {
    data.narrow = PackNodes<NarrowNode>(forest, layout, data.values);
  } else {
    data.wide = PackNodes<WideNode>(forest, layout, data.values);
  }
  if (std::find(forest.default_left.begin(), forest.default_left.end(), 1) !=
      forest.default_left.end()) {
    data.default_left.reserve(layout.order.size());
    for (int32_t node : layout.order) {
      data.default_left.push_back(forest.default_left[static_cast<size_t>(node)]);
    }
  }
  data.trees = std::move(layout.trees);
  return compiled;
}

void CompiledForest::PredictProba(std::span<const float> features, size_t rows, size_t stride,
                                  std::span<double> out) const {
  const auto feature_count = static_cast<size_t>(data_->feature_count);
  const size_t block = std::min(kBlockRows, (rows + kLanes - 1) / kLanes * kLanes);
  std::vector<float> tiles(feature_count * block);
  std::vector<double> sums(block);
  for (size_t first = 0; first < rows; first += block) {
    const size_t count = std::min(block, rows - first);
    const size_t tile_count = (count + kLanes - 1) / kLanes;
    const bool has_nan = FillTiles(features, feature_count, stride, first, count, &tiles);
    std::fill(sums.begin(), sums.end(), 0.0);
    if (data_->wide.empty()) {
      data_->AddBlock(data_->narrow, has_nan, tiles, tile_count, sums.data());
    } else {
      data_->AddBlock(data_->wide, has_nan, tiles, tile_count, sums.data());
    }
    for (size_t i = 0; i < count; ++i) out[first + i] = data_->Finish(sums[i]);
  }
}

int32_t CompiledForest::feature_count() const { return data_->feature_count; }

int32_t CompiledForest::tree_count() const { return static_cast<int32_t>(data_->trees.size()); }

size_t CompiledForest::memory_bytes() const {
  return data_->trees.size() * sizeof(Tree) + data_->narrow.size() * sizeof(NarrowNode) +
         data_->wide.size() * sizeof(WideNode) + data_->default_left.size() +
         data_->values.size() * sizeof(double);
}

}  // namespace firetower::forest
