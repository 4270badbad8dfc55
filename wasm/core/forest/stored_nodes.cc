#include "core/forest/stored_nodes.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace firetower::forest {
namespace {

Error Invalid(std::string message, int64_t byte_offset = -1) {
  return {
      .code = ErrorCode::kModelInvalid, .message = std::move(message), .byte_offset = byte_offset};
}

// Starts of the groups of which counts[g] are the sizes.
std::vector<size_t> StartsOf(const std::vector<size_t>& counts) {
  std::vector<size_t> starts(counts.size());
  size_t next = 0;
  for (size_t g = 0; g < counts.size(); ++g) {
    starts[g] = next;
    next += counts[g];
  }
  return starts;
}

// A tensor whose elements are Narrow or Wide.
template <typename Narrow, typename Wide>
class EitherView {
 public:
  Status Open(const SafetensorsFile& file, std::string_view tensor, bool wide, size_t length) {
    wide_ = wide;
    return wide ? Keep(file.View<Wide>(tensor, length), &wides_)
                : Keep(file.View<Narrow>(tensor, length), &narrows_);
  }
  uint32_t operator[](size_t i) const { return wide_ ? wides_[i] : narrows_[i]; }

 private:
  template <typename T>
  static Status Keep(const Result<TensorView<T>>& found, TensorView<T>* view) {
    if (!found.ok()) return found.error();
    *view = *found;
    return {};
  }

  TensorView<Narrow> narrows_;
  TensorView<Wide> wides_;
  bool wide_ = false;
};

Result<TensorView<double>> ReadLeafValues(const SafetensorsFile& file) {
  const Result<size_t> count = file.Length("leaf_value", Dtype::kF64);
  if (!count.ok()) return count.error();
  if (*count > static_cast<size_t>(Limits::kMaxNodes)) {
    return Invalid("tensor leaf_value: " + std::to_string(*count) +
                   " values are over the limit of " + std::to_string(Limits::kMaxNodes));
  }
  Result<TensorView<double>> values = file.View<double>("leaf_value", *count);
  for (size_t i = 0; i < values->size(); ++i) {
    const double value = (*values)[i];
    const char* reason = nullptr;
    if (!std::isfinite(value)) reason = "is not finite";
    if (value == 0.0 && std::signbit(value)) reason = "is -0";
    if (i > 0 && !(value > (*values)[i - 1])) reason = "is not above the one before it";
    if (reason != nullptr) {
      return Invalid("tensor leaf_value: element " + std::to_string(i) + " " + reason,
                     file.ByteOffset("leaf_value", i));
    }
  }
  return values;
}

// Nodes of every tree; their sum is the length of node_feature, within the limit.
Result<std::vector<int32_t>> ReadTreeSizes(const SafetensorsFile& file, Dtype feature_dtype) {
  const Result<size_t> trees = file.Length("tree_nodes", Dtype::kI32);
  if (!trees.ok()) return trees.error();
  if (*trees < 1 || *trees > static_cast<size_t>(Limits::kMaxTrees)) {
    return Invalid("tensor tree_nodes: " + std::to_string(*trees) + " trees are outside 1.." +
                   std::to_string(Limits::kMaxTrees));
  }
  const Result<size_t> nodes = file.Length("node_feature", feature_dtype);
  if (!nodes.ok()) return nodes.error();
  if (*nodes > static_cast<size_t>(Limits::kMaxNodes)) {
    return Invalid("tensor node_feature: " + std::to_string(*nodes) +
                   " nodes are over the limit of " + std::to_string(Limits::kMaxNodes));
  }
  Result<std::vector<int32_t>> sizes = file.Read<int32_t>("tree_nodes", *trees);
  uint64_t sum = 0;
  for (size_t t = 0; t < sizes->size(); ++t) {
    const int32_t size = (*sizes)[t];
    if (size < 1) {
      return Invalid("tree " + std::to_string(t) + ": has " + std::to_string(size) + " nodes",
                     file.ByteOffset("tree_nodes", t));
    }
    sum += static_cast<uint64_t>(size);
  }
  if (sum != *nodes) {
    return Invalid("tensor tree_nodes: the trees have " + std::to_string(sum) +
                   " nodes in all, tensor node_feature " + std::to_string(*nodes));
  }
  return sizes;
}

// Reads tree after tree. What is done for every node is done in a call per tree: WebAssembly
// changes to optimised code between calls only, and the first model is loaded right after the code
// is.
class NodeReader {
 public:
  NodeReader(const SafetensorsFile& file, const Forest& rules) : file_(file), rules_(rules) {}

  Status Read(bool per_node, TreeSink* sink) {
    const bool wide = !NarrowFeatures(rules_.feature_count);
    leaf_ = wide ? 0xffff : 0xff;
    const Result<std::vector<int32_t>> sizes =
        ReadTreeSizes(file_, wide ? Dtype::kU16 : Dtype::kU8);
    if (!sizes.ok()) return sizes.error();
    size_t nodes = 0;
    size_t largest = 0;
    for (int32_t size : *sizes) {
      roots_.push_back(nodes);
      nodes += static_cast<size_t>(size);
      largest = std::max(largest, static_cast<size_t>(size));
    }
    if (Status status = features_.Open(file_, "node_feature", wide, nodes); !status.ok())
      return status;
    TreesShape shape = {sizes->size(), nodes, largest, per_node, {}};
    // A tree that is broken says more than a tensor whose length does not fit its trees.
    const Status tables = OpenTables(per_node, &shape);
    if (tables.ok()) sink->Begin(rules_, std::move(shape));
    tree_.resize(largest);
    depths_.resize(static_cast<size_t>(Limits::kMaxDepth));
    for (size_t t = 0; t < sizes->size(); ++t) {
      const auto size = static_cast<size_t>((*sizes)[t]);
      if (Status status = Link(roots_[t], size); !status.ok()) return status;
      if (!tables.ok()) continue;
      if (Status status = Fill(roots_[t], size); !status.ok()) return status;
      sink->Add({tree_.data(), size});
    }
    return tables;
  }

 private:
  // Lengths depend on how many nodes split by each feature.
  Status OpenTables(bool per_node, TreesShape* shape) {
    std::vector<size_t> counts(leaf_ + 1, 0);
    for (size_t node = 0; node < shape->nodes; ++node) ++counts[features_[node]];
    const size_t leaves = std::exchange(counts.back(), 0);
    const size_t splits = shape->nodes - leaves;
    next_threshold_ = StartsOf(counts);
    const Result<TensorView<double>> values = ReadLeafValues(file_);
    if (!values.ok()) return values.error();
    values_ = *values;
    shape->values = values->Copy();
    if (Status status =
            leaf_indexes_.Open(file_, "leaf_index", values_.size() > kMaxNarrowLeafValues, leaves);
        !status.ok()) {
      return status;
    }
    const Result<TensorView<float>> thresholds = file_.View<float>("threshold", splits);
    if (!thresholds.ok()) return thresholds.error();
    thresholds_ = *thresholds;
    if (!per_node) {
      if (!file_.Has("default_left")) return {};
      return Invalid("tensor default_left: is there although missing_direction is \"right\"");
    }
    const Result<TensorView<uint8_t>> directions = file_.View<uint8_t>("default_left", splits);
    if (!directions.ok()) return directions.error();
    directions_ = *directions;
    return {};
  }

  // Checks the shape of one tree and fills in the features: the child after a split is its left
  // one, and the node after a leaf is the right child of the last split that has none yet.
  Status Link(size_t root, size_t size) {
    const EitherView<uint8_t, uint16_t> packed = features_;
    const uint32_t leaf = leaf_;
    const auto features = static_cast<uint32_t>(rules_.feature_count);
    PreorderNode* const tree = tree_.data();
    // Of the splits without a right child. They rise, so that there is room for all.
    int32_t* const depths = depths_.data();
    size_t waiting = 0;
    int32_t depth = 0;
    bool after_leaf = false;
    for (size_t node = 0; node < size; ++node) {
      if (after_leaf) {
        if (waiting == 0) {
          return At(root + node,
                    "the tree is complete before its " + std::to_string(size) + " nodes");
        }
        depth = depths[--waiting] + 1;
      }
      const uint32_t feature = packed[root + node];
      after_leaf = feature == leaf;
      if (after_leaf) {
        tree[node].feature = -1;
        continue;
      }
      if (feature >= features) {
        return At(root + node, "feature " + std::to_string(feature) + " is outside 0.." +
                                   std::to_string(features - 1));
      }
      if (depth >= Limits::kMaxDepth) {
        return At(root + node, "depth is over the limit of " + std::to_string(Limits::kMaxDepth));
      }
      tree[node].feature = static_cast<int32_t>(feature);
      depths[waiting++] = depth++;
    }
    if (!after_leaf || waiting > 0) {
      return At(root + size - 1, "the tree ends here with " +
                                     std::to_string(waiting + (after_leaf ? 0 : 1)) +
                                     " children missing");
    }
    return {};
  }

  // Checks and fills in the rest.
  Status Fill(size_t root, size_t size) {
    const bool probabilities = rules_.link == Link::kIdentity;
    const EitherView<uint16_t, uint32_t> leaf_indexes = leaf_indexes_;
    const TensorView<double> values = values_;
    const TensorView<float> thresholds = thresholds_;
    const TensorView<uint8_t> directions = directions_;
    PreorderNode* const tree = tree_.data();
    size_t* const next_threshold = next_threshold_.data();
    size_t split = splits_;
    size_t leaf = leaves_;
    for (size_t node = 0; node < size; ++node) {
      if (tree[node].feature == -1) {
        const uint32_t index = leaf_indexes[leaf];
        if (index >= values.size()) {
          return At(root + node,
                    "leaf index " + std::to_string(index) + " is outside the " +
                        std::to_string(values.size()) + " leaf values",
                    "leaf_index", leaf);
        }
        if (const double value = values[index]; probabilities && !(value >= 0.0 && value <= 1.0)) {
          return At(root + node, NoProbability(value), "leaf_index", leaf);
        }
        tree[node].value = index;
        ++leaf;
        continue;
      }
      const size_t place = next_threshold[static_cast<size_t>(tree[node].feature)]++;
      const float threshold = thresholds[place];
      if (std::isnan(threshold)) return At(root + node, "threshold is NaN", "threshold", place);
      tree[node].threshold = threshold;
      tree[node].default_left = 0;
      if (directions.size() > 0) {
        tree[node].default_left = directions[split];
        if (directions[split] > 1) {
          return At(root + node, "default direction is neither 0 nor 1", "default_left", split);
        }
      }
      ++split;
    }
    splits_ = split;
    leaves_ = leaf;
    return {};
  }

  Error At(size_t node, const std::string& reason, std::string_view tensor, size_t element) const {
    const auto after = std::upper_bound(roots_.begin(), roots_.end(), node);
    return Invalid("tree " + std::to_string(after - roots_.begin() - 1) + ", node " +
                       std::to_string(node - *(after - 1)) + ": " + reason,
                   file_.ByteOffset(tensor, element));
  }
  Error At(size_t node, const std::string& reason) const {
    return At(node, reason, "node_feature", node);
  }

  const SafetensorsFile& file_;
  const Forest& rules_;
  uint32_t leaf_ = 0;  // Marks a leaf among the features.
  std::vector<size_t> roots_;
  EitherView<uint8_t, uint16_t> features_;
  EitherView<uint16_t, uint32_t> leaf_indexes_;
  TensorView<double> values_;
  TensorView<float> thresholds_;
  TensorView<uint8_t> directions_;      // No elements: every NaN goes right.
  std::vector<size_t> next_threshold_;  // Per feature.
  size_t splits_ = 0;                   // Of the trees before.
  size_t leaves_ = 0;
  std::vector<PreorderNode> tree_;
  std::vector<int32_t> depths_;
};

}  // namespace

NodeTables MakeNodeTables(const Forest& forest) {
  NodeTables tables;
  // Adding 0 turns -0 into 0, which the file does not know apart.
  for (size_t i = 0; i < forest.node_count(); ++i) {
    if (forest.feature[i] == -1) tables.leaf_value.push_back(forest.value[i] + 0.0);
  }
  std::sort(tables.leaf_value.begin(), tables.leaf_value.end());
  tables.leaf_value.erase(std::unique(tables.leaf_value.begin(), tables.leaf_value.end()),
                          tables.leaf_value.end());
  std::vector<float> thresholds;  // In preorder.
  std::vector<int32_t> pending;
  for (int32_t root : forest.roots) {
    int32_t count = 0;
    pending.assign(1, root);
    while (!pending.empty()) {
      const auto node = static_cast<size_t>(pending.back());
      pending.pop_back();
      ++count;
      tables.feature.push_back(forest.feature[node]);
      if (forest.feature[node] == -1) {
        const auto found = std::lower_bound(tables.leaf_value.begin(), tables.leaf_value.end(),
                                            forest.value[node]);
        tables.leaf_index.push_back(static_cast<uint32_t>(found - tables.leaf_value.begin()));
        continue;
      }
      thresholds.push_back(forest.threshold[node]);
      tables.default_left.push_back(forest.default_left[node]);
      pending.push_back(forest.right[node]);
      pending.push_back(forest.left[node]);
    }
    tables.tree_nodes.push_back(count);
  }
  std::vector<size_t> counts(static_cast<size_t>(forest.feature_count), 0);
  for (int32_t feature : tables.feature) {
    if (feature != -1) ++counts[static_cast<size_t>(feature)];
  }
  std::vector<size_t> next = StartsOf(counts);
  tables.threshold.resize(thresholds.size());
  size_t split = 0;
  for (int32_t feature : tables.feature) {
    if (feature != -1) tables.threshold[next[static_cast<size_t>(feature)]++] = thresholds[split++];
  }
  return tables;
}

Status ReadNodes(const SafetensorsFile& file, bool per_node, const Forest& rules, TreeSink* sink) {
  if (Status status = CheckRules(rules); !status.ok()) return status;
  return NodeReader(file, rules).Read(per_node, sink);
}

}  // namespace firetower::forest
