#include "core/forest/compiled_forest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/portable_exp.h"
#include "core/forest/kernels/few_rows.h"
#include "core/forest/kernels/interleaved.h"
#include "core/forest/kernels/layout.h"
#include "core/forest/kernels/partition.h"
#include "core/forest/kernels/stumps.h"

namespace firetower::forest {
namespace {

// Up to so many rows go one by one: where few_rows.cc has vectors that is faster than eight rows
// side by side for any number of them.
#if defined(__wasm_simd128__)
constexpr size_t kFewRows = SIZE_MAX;
#else
constexpr size_t kFewRows = 7;
#endif
// From so many rows on the partition kernel is the faster one, and from 8 on already when a tree
// has less than so many nodes for each row.
constexpr size_t kPartitionRows = 256;
constexpr size_t kPartitionNodesPerRow = 3;
// From so many rows on sixteen of them are compared at once in trees of one split.
constexpr size_t kStumpRows = 2;

// The threshold for which x <= t decides as the forest's comparison does; NaN where no x goes left.
float LessEqualThreshold(float threshold, Comparison comparison) {
  if (comparison == Comparison::kLessEqual) return threshold;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (threshold == -kInfinity) return FloatOf(kQuietNan);
  return std::nextafter(threshold, -kInfinity);
}

}  // namespace

struct CompiledForest::Data {
  int32_t feature_count = 0;
  Aggregation aggregation = Aggregation::kMean;
  Link link = Link::kIdentity;
  double base_score = 0.0;
  std::vector<Tree> trees;
  int32_t depth = 0;               // Of the deepest tree.
  std::vector<NarrowNode> narrow;  // One of narrow and wide is in use.
  std::vector<WideNode> wide;
  std::vector<uint8_t> default_left;  // Per node; empty when every NaN goes right.
  std::vector<double> values;         // Distinct leaf values.

  template <typename Node>
  TreesView<Node> View(const std::vector<Node>& nodes) const {
    return {nodes.data(),
            nodes.size(),
            default_left.empty() ? nullptr : default_left.data(),
            trees.data(),
            trees.size(),
            depth,
            values.data(),
            static_cast<size_t>(feature_count)};
  }

  double Finish(double sum) const {
    if (aggregation == Aggregation::kMean) sum /= static_cast<double>(trees.size());
    if (link == Link::kIdentity) return sum;
    return PortableExpit(sum + base_score);
  }
};

namespace {

// The distinct leaf values, in the order in which they are first seen.
class LeafValues {
 public:
  LeafValues() : slots_(size_t{1} << kFirstBits, 0), shift_(64 - kFirstBits) {}

  // The index of the value; equal bits have equal indices.
  uint32_t IndexOf(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    size_t slot = Find(bits);
    if (slots_[slot] == 0) {
      if (2 * values_.size() >= slots_.size()) {
        Grow();
        slot = Find(bits);
      }
      values_.push_back(value);
      slots_[slot] = static_cast<uint32_t>(values_.size());
    }
    return slots_[slot] - 1;
  }

  std::vector<double> Take() { return std::move(values_); }

 private:
  static constexpr int kFirstBits = 14;

  // Where the value stands or would.
  size_t Find(uint64_t bits) const {
    auto slot = static_cast<size_t>(bits * 0x9e3779b97f4a7c15u >> shift_);
    while (slots_[slot] != 0 && std::memcmp(&values_[slots_[slot] - 1], &bits, sizeof(bits)) != 0) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  void Grow() {
    slots_.assign(2 * slots_.size(), 0);
    --shift_;
    for (size_t i = 0; i < values_.size(); ++i) {
      uint64_t bits;
      std::memcpy(&bits, &values_[i], sizeof(bits));
      slots_[Find(bits)] = static_cast<uint32_t>(i + 1);
    }
  }

  std::vector<double> values_;
  std::vector<uint32_t> slots_;  // Index + 1; 0: free.
  int shift_;
};

// A forest's nodes in preorder, tree by tree.
struct Layout {
  std::vector<int32_t> order;  // order[p] = index in the forest of the node at place p.
  std::vector<uint32_t> link;  // Of a split the distance to the right child, of a leaf its value.
  uint32_t max_distance = 0;
  std::vector<Tree> trees;
  std::vector<double> values;
};

Layout LayOut(const Forest& forest) {
  struct Pending {
    int32_t node;
    int32_t depth;
    uint32_t parent;  // Place whose right child this is.
  };
  Layout layout;
  layout.order.resize(forest.node_count());
  layout.link.resize(forest.node_count());
  layout.trees.reserve(forest.tree_count());
  LeafValues values;
  std::vector<Pending> pending;
  uint32_t place = 0;
  for (int32_t root : forest.roots) {
    Tree tree = {place, 0};
    int32_t at = root;
    int32_t depth = 0;
    for (;; ++place) {
      const auto node = static_cast<size_t>(at);
      layout.order[place] = at;
      if (forest.feature[node] != -1) {
        ++depth;
        pending.push_back({forest.right[node], depth, place});
        at = forest.left[node];
        continue;
      }
      layout.link[place] = values.IndexOf(forest.value[node]);
      tree.depth = std::max(tree.depth, depth);
      if (pending.empty()) break;
      const Pending next = pending.back();
      pending.pop_back();
      const uint32_t distance = place + 1 - next.parent;
      layout.link[next.parent] = distance;
      layout.max_distance = std::max(layout.max_distance, distance);
      at = next.node;
      depth = next.depth;
    }
    ++place;
    layout.trees.push_back(tree);
  }
  layout.values = values.Take();
  return layout;
}

template <typename Node>
std::vector<Node> PackNodes(const Forest& forest, const Layout& layout) {
  std::vector<Node> nodes;
  nodes.reserve(layout.order.size());
  for (size_t place = 0; place < layout.order.size(); ++place) {
    const auto node = static_cast<size_t>(layout.order[place]);
    if (forest.feature[node] == -1) {
      nodes.push_back(Node::Leaf(layout.link[place]));
    } else {
      nodes.push_back(Node::Split(LessEqualThreshold(forest.threshold[node], forest.comparison),
                                  static_cast<uint32_t>(forest.feature[node]), layout.link[place]));
    }
  }
  return nodes;
}

// The one place that chooses a kernel.
template <typename Node>
void AddTrees(const TreesView<Node>& forest, const Columns& columns, size_t rows, double* sums) {
  const bool many =
      rows >= kPartitionRows ||
      (rows >= 8 && rows * kPartitionNodesPerRow * forest.tree_count > forest.node_count);
  if (forest.depth <= 1 && rows >= kStumpRows) {
    AddTreesStumps(forest, columns, rows, sums);
  } else if (many && CanPartition()) {
    AddTreesPartition(forest, columns, rows, sums);
  } else if (rows <= kFewRows) {
    AddTreesFewRows(forest, columns, rows, sums);
  } else {
    AddTreesInterleaved(forest, columns, rows, sums);
  }
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

  Layout layout = LayOut(forest);
  const bool narrow = static_cast<uint32_t>(forest.feature_count) <= NarrowNode::kMaxFeatures &&
                      layout.max_distance <= NarrowNode::kMaxDistance &&
                      layout.values.size() <= NarrowNode::kMaxLeafValues;
  if (narrow) {
    data.narrow = PackNodes<NarrowNode>(forest, layout);
  } else {
    data.wide = PackNodes<WideNode>(forest, layout);
  }
  if (std::find(forest.default_left.begin(), forest.default_left.end(), 1) !=
      forest.default_left.end()) {
    data.default_left.reserve(layout.order.size());
    for (int32_t node : layout.order) {
      data.default_left.push_back(forest.default_left[static_cast<size_t>(node)]);
    }
  }
  data.values = std::move(layout.values);
  data.trees = std::move(layout.trees);
  for (const Tree& tree : data.trees) data.depth = std::max(data.depth, tree.depth);
  return compiled;
}

void CompiledForest::PredictProba(std::span<const float> features, size_t rows, size_t stride,
                                  std::span<double> out) const {
  if (rows == 0) return;
  // Blocks of about the same size, so that the last one is not too small for its kernel.
  const size_t block_count = (rows + kMaxKernelRows - 1) / kMaxKernelRows;
  const size_t block = (rows + block_count - 1) / block_count;
  for (size_t first = 0; first < rows; first += block) {
    const size_t count = std::min(block, rows - first);
    const Columns columns = {features.data() + first, stride};
    const std::span<double> sums = out.subspan(first, count);
    std::fill(sums.begin(), sums.end(), 0.0);
    if (data_->wide.empty()) {
      AddTrees(data_->View(data_->narrow), columns, count, sums.data());
    } else {
      AddTrees(data_->View(data_->wide), columns, count, sums.data());
    }
    for (double& sum : sums) sum = data_->Finish(sum);
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
