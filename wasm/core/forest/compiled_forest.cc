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
  int32_t depth = 0;  // Of the deepest tree.
  // One of narrow and wide is in use. There is room for all stored nodes, which is not touched
  // before it is used: fresh memory is what costs most.
  std::unique_ptr<NarrowNode[]> narrow;
  std::unique_ptr<WideNode[]> wide;
  std::unique_ptr<uint8_t[]> default_left;  // Per node; null when every NaN goes right.
  size_t node_count = 0;                    // In use.
  size_t stored_nodes = 0;
  std::vector<double> values;  // Of leaves.
  size_t zero_index = 0;       // In values; their number if none is 0.

  template <typename Node>
  TreesView<Node> View(const std::unique_ptr<Node[]>& nodes) const {
    return {nodes.get(),   node_count,   default_left.get(),
            trees.data(),  trees.size(), depth,
            values.data(), zero_index,   static_cast<size_t>(feature_count)};
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
  LeafValues values;
  std::vector<uint32_t> value_index(forest.node_count());
  bool default_left = false;
  for (size_t node = 0; node < forest.node_count(); ++node) {
    if (forest.feature[node] == -1) value_index[node] = values.IndexOf(forest.value[node]);
    default_left |= forest.default_left[node] != 0;
  }
  CompiledForestBuilder builder;
  const size_t trees = forest.tree_count();
  builder.Begin(forest, {.trees = trees,
                         .nodes = forest.node_count(),
                         .largest_tree = forest.node_count() - trees + 1,
                         .default_left = default_left,
                         .values = values.Take()});
  std::vector<PreorderNode> tree;
  std::vector<int32_t> pending;
  for (int32_t root : forest.roots) {
    tree.clear();
    pending.assign(1, root);
    while (!pending.empty()) {
      const auto node = static_cast<size_t>(pending.back());
      pending.pop_back();
      tree.push_back({.feature = forest.feature[node],
                      .threshold = forest.threshold[node],
                      .value = value_index[node],
                      .default_left = forest.default_left[node]});
      if (forest.feature[node] == -1) continue;
      pending.push_back(forest.right[node]);
      pending.push_back(forest.left[node]);
    }
    builder.Add(tree);
  }
  return builder.Take();
}

void CompiledForestBuilder::Begin(const Forest& rules, TreesShape shape) {
  CompiledForest::Data& data = *compiled_.data_;
  data.feature_count = rules.feature_count;
  data.aggregation = rules.aggregation;
  data.link = rules.link;
  data.base_score = rules.base_score;
  data.trees.reserve(shape.trees);
  data.stored_nodes = shape.nodes;
  if (shape.default_left) data.default_left.reset(new uint8_t[shape.nodes]);
  if (static_cast<uint32_t>(rules.feature_count) <= NarrowNode::kMaxFeatures &&
      shape.largest_tree <= NarrowNode::kMaxDistance &&
      shape.values.size() <= NarrowNode::kMaxLeafValues) {
    data.narrow.reset(new NarrowNode[shape.nodes]);
  } else {
    data.wide.reset(new WideNode[shape.nodes]);
  }
  data.values = std::move(shape.values);
  data.zero_index = static_cast<size_t>(std::find(data.values.begin(), data.values.end(), 0.0) -
                                        data.values.begin());
  comparison_ = rules.comparison;
  waiting_.resize(static_cast<size_t>(Limits::kMaxDepth));
}

void CompiledForestBuilder::Add(std::span<const PreorderNode> tree) {
  if (compiled_.data_->wide == nullptr) {
    Pack(tree, compiled_.data_->narrow.get());
  } else {
    Pack(tree, compiled_.data_->wide.get());
  }
}

template <typename Node>
void CompiledForestBuilder::Pack(std::span<const PreorderNode> tree, Node* nodes) {
  CompiledForest::Data& data = *compiled_.data_;
  uint8_t* const default_left = data.default_left.get();
  const Comparison comparison = comparison_;
  Waiting* const waiting = waiting_.data();
  size_t waits = 0;
  const auto root = static_cast<uint32_t>(data.node_count);
  uint32_t next = root;
  int32_t depth = 0;
  int32_t deepest = 0;
  for (const PreorderNode& node : tree) {
    if (node.feature != -1) {
      if (default_left != nullptr) default_left[next] = node.default_left;
      waiting[waits++] = {next, depth++};
      nodes[next++] = Node::Split(LessEqualThreshold(node.threshold, comparison),
                                  static_cast<uint32_t>(node.feature), 0);
      continue;
    }
    deepest = std::max(deepest, depth);
    // A right child two nodes after its parent stands beside a leaf.
    while (next >= root + 2 && nodes[next - 2].distance() == 2 &&
           nodes[next - 1].value_index() == node.value) {
      next -= 2;
    }
    if (default_left != nullptr) default_left[next] = 0;
    nodes[next++] = Node::Leaf(node.value);
    if (waits == 0) break;
    const Waiting parent = waiting[--waits];
    nodes[parent.place].SetDistance(next - parent.place);
    depth = parent.depth + 1;
  }
  data.trees.push_back({root, deepest});
  data.node_count = next;
  data.depth = std::max(data.depth, deepest);
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
    if (data_->wide == nullptr) {
      AddTrees(data_->View(data_->narrow), columns, count, sums.data());
    } else {
      AddTrees(data_->View(data_->wide), columns, count, sums.data());
    }
    for (double& sum : sums) sum = data_->Finish(sum);
  }
}

int32_t CompiledForest::feature_count() const { return data_->feature_count; }

int32_t CompiledForest::tree_count() const { return static_cast<int32_t>(data_->trees.size()); }

int32_t CompiledForest::max_depth() const { return data_->depth; }

size_t CompiledForest::node_count() const { return data_->stored_nodes; }

size_t CompiledForest::memory_bytes() const {
  const size_t node_bytes = data_->wide == nullptr ? sizeof(NarrowNode) : sizeof(WideNode);
  return data_->trees.size() * sizeof(Tree) + data_->stored_nodes * node_bytes +
         (data_->default_left == nullptr ? 0 : data_->stored_nodes) +
         data_->values.size() * sizeof(double);
}

}  // namespace firetower::forest
