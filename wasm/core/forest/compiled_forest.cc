#include "core/forest/compiled_forest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/forest/kernels/few_rows.h"
#include "core/forest/kernels/interleaved.h"
#include "core/forest/kernels/layout.h"
#include "core/forest/kernels/partition.h"
#include "core/forest/kernels/stumps.h"

namespace firetower::forest {
namespace {

// Up to so many rows go one by one.
constexpr size_t kFewRows = 7;
// From so many rows on the partition kernel is the faster one.
constexpr size_t kPartitionRows = 256;
// From so many rows on sixteen of them are compared at once in trees of one split.
constexpr size_t kStumpRows = 4;

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
  std::vector<double> values;         // Distinct leaf values, rising.

  template <typename Node>
  TreesView<Node> View(const std::vector<Node>& nodes) const {
    return {nodes.data(),
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

// The one place that chooses a kernel.
template <typename Node>
void AddTrees(const TreesView<Node>& forest, const Columns& columns, size_t rows, double* sums) {
  if (forest.depth <= 1 && rows >= kStumpRows) {
    AddTreesStumps(forest, columns, rows, sums);
  } else if (rows <= kFewRows) {
    AddTreesFewRows(forest, columns, rows, sums);
  } else if (rows >= kPartitionRows && CanPartition()) {
    AddTreesPartition(forest, columns, rows, sums);
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
