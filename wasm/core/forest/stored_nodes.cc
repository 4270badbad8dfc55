#include "core/forest/stored_nodes.h"

#include <algorithm>
#include <cmath>
#include <limits>
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

Result<std::vector<uint32_t>> ReadLeafIndexes(const SafetensorsFile& file, size_t leaves,
                                              size_t value_count) {
  if (value_count > kMaxNarrowLeafValues) return file.Read<uint32_t>("leaf_index", leaves);
  const Result<std::vector<uint16_t>> narrow = file.Read<uint16_t>("leaf_index", leaves);
  if (!narrow.ok()) return narrow.error();
  return std::vector<uint32_t>(narrow->begin(), narrow->end());
}

Result<std::vector<double>> ReadLeafValues(const SafetensorsFile& file) {
  const Result<size_t> count = file.Length("leaf_value", Dtype::kF64);
  if (!count.ok()) return count.error();
  if (*count > static_cast<size_t>(Limits::kMaxNodes)) {
    return Invalid("tensor leaf_value: " + std::to_string(*count) +
                   " values are over the limit of " + std::to_string(Limits::kMaxNodes));
  }
  Result<std::vector<double>> values = file.Read<double>("leaf_value", *count);
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

// Reads node_feature, whose elements are T, and what hangs on it. The greatest T marks a leaf.
template <typename T>
class NodeReader {
 public:
  NodeReader(const SafetensorsFile& file, Forest* forest) : file_(file), forest_(*forest) {}

  Status Read(bool per_node) {
    const Result<std::vector<int32_t>> sizes = ReadTreeSizes(file_, DtypeOf<T>());
    if (!sizes.ok()) return sizes.error();
    size_t nodes = 0;
    for (int32_t size : *sizes) {
      forest_.roots.push_back(static_cast<int32_t>(nodes));
      nodes += static_cast<size_t>(size);
    }
    Result<std::vector<T>> packed = file_.Read<T>("node_feature", nodes);
    if (!packed.ok()) return packed.error();
    packed_ = *std::move(packed);
    forest_.feature.resize(nodes);
    forest_.threshold.assign(nodes, 0.0f);
    forest_.left.assign(nodes, -1);
    forest_.right.assign(nodes, -1);
    forest_.default_left.assign(nodes, 0);
    forest_.value.assign(nodes, 0.0);
    for (size_t t = 0; t < sizes->size(); ++t) {
      const auto root = static_cast<size_t>(forest_.roots[t]);
      if (Status status = Link(root, static_cast<size_t>((*sizes)[t])); !status.ok()) return status;
    }
    return Fill(per_node);
  }

 private:
  static constexpr T kLeaf = std::numeric_limits<T>::max();

  struct Waiting {  // A split without its right child.
    size_t node;
    int32_t depth;
  };

  // Links the nodes of one tree: the child after a split is its left one, and the node after a leaf
  // is the right child of the last split that has none yet.
  Status Link(size_t root, size_t size) {
    const auto features = static_cast<uint32_t>(forest_.feature_count);
    waiting_.clear();
    int32_t depth = 0;
    const size_t end = root + size;
    for (size_t node = root; node < end; ++node) {
      if (node > root && packed_[node - 1] == kLeaf) {
        if (waiting_.empty()) {
          return At(node, "the tree is complete before its " + std::to_string(size) + " nodes");
        }
        const Waiting parent = waiting_.back();
        waiting_.pop_back();
        forest_.right[parent.node] = static_cast<int32_t>(node);
        depth = parent.depth + 1;
      } else if (node > root) {
        forest_.left[node - 1] = static_cast<int32_t>(node);
        ++depth;
      }
      const T feature = packed_[node];
      if (feature == kLeaf) {
        forest_.feature[node] = -1;
        continue;
      }
      if (feature >= features) {
        return At(node, "feature " + std::to_string(feature) + " is outside 0.." +
                            std::to_string(features - 1));
      }
      if (depth >= Limits::kMaxDepth) {
        return At(node, "depth is over the limit of " + std::to_string(Limits::kMaxDepth));
      }
      forest_.feature[node] = feature;
      waiting_.push_back({node, depth});
    }
    const bool ends_with_leaf = packed_[end - 1] == kLeaf;
    if (!ends_with_leaf || !waiting_.empty()) {
      return At(end - 1, "the tree ends here with " +
                             std::to_string(waiting_.size() + (ends_with_leaf ? 0 : 1)) +
                             " children missing");
    }
    return {};
  }

  Status Fill(bool per_node) {
    std::vector<size_t> counts(size_t{kLeaf} + 1, 0);
    for (T feature : packed_) ++counts[feature];
    const size_t leaves = std::exchange(counts.back(), 0);
    const size_t splits = packed_.size() - leaves;
    std::vector<size_t> next_threshold = StartsOf(counts);
    const Result<std::vector<double>> values = ReadLeafValues(file_);
    if (!values.ok()) return values.error();
    const Result<std::vector<uint32_t>> indexes = ReadLeafIndexes(file_, leaves, values->size());
    if (!indexes.ok()) return indexes.error();
    const Result<std::vector<float>> thresholds = file_.Read<float>("threshold", splits);
    if (!thresholds.ok()) return thresholds.error();
    std::vector<uint8_t> directions;
    if (per_node) {
      Result<std::vector<uint8_t>> read = file_.Read<uint8_t>("default_left", splits);
      if (!read.ok()) return read.error();
      directions = *std::move(read);
    } else if (file_.Has("default_left")) {
      return Invalid("tensor default_left: is there although missing_direction is \"right\"");
    }
    const bool probabilities = forest_.link == Link::kIdentity;
    size_t split = 0;
    size_t leaf = 0;
    for (size_t node = 0; node < packed_.size(); ++node) {
      if (packed_[node] == kLeaf) {
        const uint32_t index = (*indexes)[leaf];
        if (index >= values->size()) {
          return At(node,
                    "leaf index " + std::to_string(index) + " is outside the " +
                        std::to_string(values->size()) + " leaf values",
                    "leaf_index", leaf);
        }
        const double value = (*values)[index];
        if (probabilities && !(value >= 0.0 && value <= 1.0)) {
          return At(node, NoProbability(value), "leaf_index", leaf);
        }
        forest_.value[node] = value;
        ++leaf;
        continue;
      }
      const size_t place = next_threshold[packed_[node]]++;
      const float threshold = (*thresholds)[place];
      if (std::isnan(threshold)) return At(node, "threshold is NaN", "threshold", place);
      forest_.threshold[node] = threshold;
      if (per_node) {
        if (directions[split] > 1) {
          return At(node, "default direction is neither 0 nor 1", "default_left", split);
        }
        forest_.default_left[node] = directions[split];
      }
      ++split;
    }
    return {};
  }

  Error At(size_t node, const std::string& reason, std::string_view tensor, size_t element) const {
    const auto after =
        std::upper_bound(forest_.roots.begin(), forest_.roots.end(), static_cast<int32_t>(node));
    return Invalid("tree " + std::to_string(after - forest_.roots.begin() - 1) + ", node " +
                       std::to_string(node - static_cast<size_t>(*(after - 1))) + ": " + reason,
                   file_.ByteOffset(tensor, element));
  }
  Error At(size_t node, const std::string& reason) const {
    return At(node, reason, "node_feature", node);
  }

  const SafetensorsFile& file_;
  Forest& forest_;
  std::vector<T> packed_;
  std::vector<Waiting> waiting_;
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

Status ReadNodes(const SafetensorsFile& file, bool per_node, Forest* forest) {
  if (Status status = CheckRules(*forest); !status.ok()) return status;
  return NarrowFeatures(forest->feature_count) ? NodeReader<uint8_t>(file, forest).Read(per_node)
                                               : NodeReader<uint16_t>(file, forest).Read(per_node);
}

}  // namespace firetower::forest
