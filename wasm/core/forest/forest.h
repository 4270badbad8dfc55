// The stored forest: explicit nodes, checked once, read by everything that needs to understand a
// tree (file format, explanations, export). For scoring convert it to a CompiledForest.
//
// A row goes left when feature <= threshold (compared in float32), right otherwise; NaN goes where
// default_left says. A leaf adds its value; trees are summed in tree order in float64 and then, for
// Aggregation::kMean, divided by the number of trees. That is scikit-learn's predict_proba to the
// last bit.
//
// Thread-safety: a plain value.
#ifndef FIRETOWER_CORE_FOREST_FOREST_H_
#define FIRETOWER_CORE_FOREST_FOREST_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace firetower::forest {

// In the model file by name; do not rename.
enum class Comparison : int32_t {
  kLessEqual = 0,
  kLess = 1
};  // "<=", "<": when the left child is taken
enum class Aggregation : int32_t { kMean = 0, kSum = 1 };    // "mean", "sum"
enum class Link : int32_t { kIdentity = 0, kLogistic = 1 };  // "identity", "logistic"

struct Limits {
  static constexpr int32_t kMaxTrees = 65536;
  static constexpr int32_t kMaxNodes = 1 << 26;
  static constexpr int32_t kMaxFeatures = 4096;
  static constexpr int32_t kMaxDepth = 4096;
};

// Structure of arrays over all nodes of all trees. Node i is a leaf when feature[i] == -1.
struct Forest {
  std::vector<int32_t> feature;       // 0 .. features-1, -1: leaf.
  std::vector<float> threshold;       // Not NaN. 0 in leaves.
  std::vector<int32_t> left;          // Node index; -1 in leaves.
  std::vector<int32_t> right;         // Node index; -1 in leaves.
  std::vector<uint8_t> default_left;  // 1: NaN goes left. 0 in leaves.
  std::vector<double> value;          // Leaf value, finite. 0 in internal nodes.
  std::vector<int32_t> roots;         // Node index of each tree's root, in tree order.
  int32_t feature_count = 0;
  Comparison comparison = Comparison::kLessEqual;
  Aggregation aggregation = Aggregation::kMean;
  Link link = Link::kIdentity;
  double base_score = 0.0;  // Added to the sum before the link; 0 for a mean of probabilities.

  size_t node_count() const { return feature.size(); }
  size_t tree_count() const { return roots.size(); }
};

// Checks every rule above: equal array lengths, limits, children in range, no node reached twice
// (cycles, shared nodes), none unreachable, no NaN threshold, finite values, probabilities in 0..1
// and no base score for a mean with identity link, a logistic link for a sum (else it would be no
// probability). Error kModelInvalid says "tree T, node N: reason"; N counts the tree's nodes in
// preorder (root, left subtree, right subtree) from 0. O(nodes), no recursion.
Status Validate(const Forest& forest);

// Of that what is not about nodes: aggregation, link and base score. And what is said of a leaf's
// value outside 0..1.
Status CheckRules(const Forest& forest);
std::string NoProbability(double value);

// A node of a tree in preorder: a split is followed by its left subtree, then by its right one.
struct PreorderNode {
  int32_t feature;       // -1: leaf.
  float threshold;       // Of a split.
  uint32_t value;        // Of a leaf: the index of its value.
  uint8_t default_left;  // Of a split.
};

// What a TreeSink is told before the first tree.
struct TreesShape {
  size_t trees;
  size_t nodes;
  size_t largest_tree;         // No tree has more nodes.
  bool default_left;           // Whether any node may have it.
  std::vector<double> values;  // Of leaves.
};

// Is given the trees of a valid forest one after another.
class TreeSink {
 public:
  // rules: a forest's feature count, comparison, aggregation, link and base score.
  virtual void Begin(const Forest& rules, TreesShape shape) = 0;
  virtual void Add(std::span<const PreorderNode> tree) = 0;

 protected:
  ~TreeSink() = default;
};

// Makes a Forest of them.
class ForestBuilder final : public TreeSink {
 public:
  void Begin(const Forest& rules, TreesShape shape) override;
  void Add(std::span<const PreorderNode> tree) override;
  Forest Take() { return std::move(forest_); }

 private:
  Forest forest_;
  std::vector<double> values_;
  std::vector<size_t> waiting_;  // Splits of the tree without their right child.
};

// The largest float32 <= threshold: x <= threshold decides alike for every float32 x. (For "<" the
// smallest float32 >= threshold.)
float RoundThreshold(double threshold, Comparison comparison);

// Sum of leaf values of one row, in tree order, before base score, division and link; the slow
// reference the compiled forest is tested against. row[f] = feature f.
double PredictRowReference(const Forest& forest, std::span<const float> row);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_FOREST_H_
