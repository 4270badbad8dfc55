// The trees as a model file's tensors hold them (models/FORMAT.md, "Tensors"): nodes in preorder,
// so that children are implied, leaf values through a dictionary, thresholds by feature. model.cc
// does the rest of the file.
#ifndef FIRETOWER_CORE_FOREST_STORED_NODES_H_
#define FIRETOWER_CORE_FOREST_STORED_NODES_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"
#include "core/forest/safetensors.h"

namespace firetower::forest {

// The tensors that ReadNodes reads.
inline constexpr std::array<std::string_view, 6> kNodeTensors = {
    "leaf_value", "tree_nodes", "threshold", "leaf_index", "node_feature", "default_left"};

// A leaf index is 16 bits wide up to this many distinct values, else 32.
inline constexpr size_t kMaxNarrowLeafValues = 65536;

// Whether node_feature is U8, which has a leaf mark too.
inline bool NarrowFeatures(int32_t feature_count) { return feature_count <= 0xff; }

// What the tensors of the same names hold; splits and leaves in preorder of all trees.
struct NodeTables {
  std::vector<int32_t> tree_nodes;
  std::vector<int32_t> feature;  // -1: leaf.
  std::vector<float> threshold;  // Those of feature 0 in preorder, then those of feature 1, ...
  std::vector<uint8_t> default_left;
  std::vector<uint32_t> leaf_index;
  std::vector<double> leaf_value;
};

// REQUIRES: a valid forest.
NodeTables MakeNodeTables(const Forest& forest);

// Gives the trees to the sink. rules: the forest's feature count, comparison, aggregation, link and
// base score. per_node: there is a tensor default_left. All that the sink is given is valid; on an
// error it has not been given all. Errors: kModelInvalid with the tensor or "tree T, node N" (in
// preorder from 0). O(nodes); allocates the largest tree.
Status ReadNodes(const SafetensorsFile& file, bool per_node, const Forest& rules, TreeSink* sink);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_STORED_NODES_H_
