#include "core/forest/forest.h"

#include <cmath>
#include <limits>
#include <string>

#include "core/base/shortest.h"

namespace firetower::forest {
namespace {

Error Invalid(std::string message) {
  return {.code = ErrorCode::kModelInvalid, .message = std::move(message)};
}

Error InvalidNode(size_t tree, size_t node, const std::string& reason) {
  return Invalid("tree " + std::to_string(tree) + ", node " + std::to_string(node) + ": " + reason);
}

Status CheckShape(const Forest& forest) {
  const size_t nodes = forest.node_count();
  if (forest.threshold.size() != nodes || forest.left.size() != nodes ||
      forest.right.size() != nodes || forest.default_left.size() != nodes ||
      forest.value.size() != nodes) {
    return Invalid("forest: its node arrays differ in length");
  }
  if (forest.roots.empty()) return Invalid("forest: it has no trees");
  if (forest.roots.size() > static_cast<size_t>(Limits::kMaxTrees)) {
    return Invalid("forest: " + std::to_string(forest.roots.size()) +
                   " trees are over the limit of " + std::to_string(Limits::kMaxTrees));
  }
  if (nodes > static_cast<size_t>(Limits::kMaxNodes)) {
    return Invalid("forest: " + std::to_string(nodes) + " nodes are over the limit of " +
                   std::to_string(Limits::kMaxNodes));
  }
  if (forest.feature_count < 1 || forest.feature_count > Limits::kMaxFeatures) {
    return Invalid("forest: " + std::to_string(forest.feature_count) + " features are outside 1.." +
                   std::to_string(Limits::kMaxFeatures));
  }
  return {};
}

class Walker {
 public:
  explicit Walker(const Forest& forest) : forest_(forest), reached_(forest.node_count(), 0) {}

  Status CheckTree(size_t tree) {
    const int32_t root = forest_.roots[tree];
    if (!InRange(root)) {
      return Invalid("tree " + std::to_string(tree) + ": root " + std::to_string(root) +
                     OutsideNodes());
    }
    if (Reach(root)) {
      return Invalid("tree " + std::to_string(tree) + ": root " + std::to_string(root) +
                     " is a node of another tree or of this one");
    }
    size_t preorder = 0;
    pending_.assign(1, {root, 0});
    while (!pending_.empty()) {
      const Pending at = pending_.back();
      pending_.pop_back();
      const auto node = static_cast<size_t>(at.node);
      if (forest_.feature[node] == -1 ? !CheckLeaf(node) : !CheckSplit(node, at)) {
        return InvalidNode(tree, preorder, reason_);
      }
      ++preorder;
    }
    return {};
  }

  Status CheckAllReached() const {
    for (size_t i = 0; i < reached_.size(); ++i) {
      if (!reached_[i]) {
        return Invalid("forest: node " + std::to_string(i) + " of the arrays is in no tree");
      }
    }
    return {};
  }

 private:
  struct Pending {
    int32_t node;
    int32_t depth;
  };

  bool InRange(int32_t node) const {
    return node >= 0 && static_cast<size_t>(node) < forest_.node_count();
  }
  std::string OutsideNodes() const {
    return " is outside 0.." + std::to_string(static_cast<int64_t>(forest_.node_count()) - 1);
  }
  bool Reach(int32_t node) {
    const bool before = reached_[static_cast<size_t>(node)] != 0;
    reached_[static_cast<size_t>(node)] = 1;
    return before;
  }

  bool Refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  bool CheckLeaf(size_t node) {
    const double value = forest_.value[node];
    if (!std::isfinite(value)) return Refuse("leaf value is not finite");
    if (forest_.link == Link::kIdentity && (value < 0.0 || value > 1.0)) {
      return Refuse(NoProbability(value));
    }
    if (forest_.left[node] != -1 || forest_.right[node] != -1) return Refuse("leaf has children");
    if (forest_.threshold[node] != 0.0f || forest_.default_left[node] != 0) {
      return Refuse("leaf has a threshold or a default direction");
    }
    return true;
  }

  bool CheckSplit(size_t node, Pending at) {
    const int32_t feature = forest_.feature[node];
    if (feature < 0 || feature >= forest_.feature_count) {
      return Refuse("feature " + std::to_string(feature) + " is outside 0.." +
                    std::to_string(forest_.feature_count - 1));
    }
    if (std::isnan(forest_.threshold[node])) return Refuse("threshold is NaN");
    if (forest_.value[node] != 0.0) return Refuse("split has a leaf value");
    if (forest_.default_left[node] > 1) return Refuse("default direction is neither 0 nor 1");
    if (at.depth + 1 > Limits::kMaxDepth) {
      return Refuse("depth is over the limit of " + std::to_string(Limits::kMaxDepth));
    }
    // Right before left onto the stack: left is taken first, as preorder wants.
    return CheckChild(forest_.right[node], "right", at.depth) &&
           CheckChild(forest_.left[node], "left", at.depth);
  }

  bool CheckChild(int32_t child, const char* side, int32_t depth) {
    if (!InRange(child)) {
      return Refuse(std::string(side) + " child " + std::to_string(child) + OutsideNodes());
    }
    if (Reach(child)) {
      return Refuse(std::string(side) + " child " + std::to_string(child) +
                    " has been reached before (a cycle or a shared node)");
    }
    pending_.push_back({child, depth + 1});
    return true;
  }

  const Forest& forest_;
  std::vector<uint8_t> reached_;
  std::string reason_;  // Why the node that was checked last is refused.
  std::vector<Pending> pending_;
};

}  // namespace

Status CheckRules(const Forest& forest) {
  if (!std::isfinite(forest.base_score)) return Invalid("forest: the base score is not finite");
  if (forest.link == Link::kLogistic) return {};
  if (forest.aggregation == Aggregation::kSum) {
    return Invalid("forest: aggregation sum needs link logistic to give a probability");
  }
  if (forest.base_score != 0.0) {
    return Invalid("forest: aggregation mean with link identity allows no base score but 0");
  }
  return {};
}

std::string NoProbability(double value) {
  std::string reason = "leaf value ";
  AppendShortest(value, &reason);
  return reason + " is no probability (0..1)";
}

Status Validate(const Forest& forest) {
  if (Status status = CheckShape(forest); !status.ok()) return status;
  if (Status status = CheckRules(forest); !status.ok()) return status;
  Walker walker(forest);
  for (size_t tree = 0; tree < forest.tree_count(); ++tree) {
    if (Status status = walker.CheckTree(tree); !status.ok()) return status;
  }
  return walker.CheckAllReached();
}

void ForestBuilder::Begin(const Forest& rules, TreesShape shape) {
  forest_ = rules;
  forest_.feature.reserve(shape.nodes);
  forest_.threshold.reserve(shape.nodes);
  forest_.left.reserve(shape.nodes);
  forest_.right.reserve(shape.nodes);
  forest_.default_left.reserve(shape.nodes);
  forest_.value.reserve(shape.nodes);
  forest_.roots.reserve(shape.trees);
  values_ = std::move(shape.values);
}

void ForestBuilder::Add(std::span<const PreorderNode> tree) {
  forest_.roots.push_back(static_cast<int32_t>(forest_.node_count()));
  for (const PreorderNode& node : tree) {
    const bool leaf = node.feature == -1;
    const auto next = static_cast<int32_t>(forest_.node_count() + 1);
    if (!leaf) waiting_.push_back(forest_.node_count());
    forest_.feature.push_back(node.feature);
    forest_.threshold.push_back(leaf ? 0.0f : node.threshold);
    forest_.left.push_back(leaf ? -1 : next);
    forest_.right.push_back(-1);
    forest_.default_left.push_back(leaf ? 0 : node.default_left);
    forest_.value.push_back(leaf ? values_[node.value] : 0.0);
    if (leaf && !waiting_.empty()) {
      forest_.right[waiting_.back()] = next;
      waiting_.pop_back();
    }
  }
}

float RoundThreshold(double threshold, Comparison comparison) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto nearest = static_cast<float>(threshold);
  if (comparison == Comparison::kLessEqual) {
    return static_cast<double>(nearest) > threshold ? std::nextafter(nearest, -kInfinity) : nearest;
  }
  return static_cast<double>(nearest) < threshold ? std::nextafter(nearest, kInfinity) : nearest;
}

double PredictRowReference(const Forest& forest, std::span<const float> row) {
  double sum = 0.0;
  for (int32_t root : forest.roots) {
    auto node = static_cast<size_t>(root);
    while (forest.feature[node] != -1) {
      const float x = row[static_cast<size_t>(forest.feature[node])];
      const float threshold = forest.threshold[node];
      bool go_left = forest.comparison == Comparison::kLess ? x < threshold : x <= threshold;
      if (std::isnan(x)) go_left = forest.default_left[node] != 0;
      node = static_cast<size_t>(go_left ? forest.left[node] : forest.right[node]);
    }
    sum += forest.value[node];
  }
  return sum;
}

}  // namespace firetower::forest
