// The serving form of a forest: built once from a validated Forest, read-only, made for speed. For
// reading a tree use Forest; for training core/train.
//
// Trees are in preorder, so that a left child follows its parent; a split of two equal leaves is
// that leaf, whatever the row. A node is 8 bytes (16 for forests
// with more than 256 features, or with trees or leaf dictionaries too large for 8). The kernels
// (kernels/) share this layout; which one takes a block of rows depends on how many there are.
//
//   Result<CompiledForest> compiled = CompiledForest::Build(forest);
//   compiled->PredictProba(columns, rows, stride, probabilities);
//
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_FOREST_COMPILED_FOREST_H_
#define FIRETOWER_CORE_FOREST_COMPILED_FOREST_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"

namespace firetower::forest {

class CompiledForest {
 public:
  // Validates and compiles. Errors: those of Validate. O(nodes), allocates memory_bytes() and as
  // much again while it works.
  static Result<CompiledForest> Build(const Forest& forest);

  CompiledForest();
  ~CompiledForest();
  CompiledForest(CompiledForest&&) noexcept;
  CompiledForest& operator=(CompiledForest&&) noexcept;

  // features[f * stride + i] = feature f of row i (float32, column-major). Writes out[i], the
  // probability of the positive class (float64), for i in 0 .. rows-1; the same bits for any batch
  // size. NaN goes each split's default way. Cost grows with rows x sum of depths; allocates
  // scratch for one block of rows (at most 4 MiB). REQUIRES: features.size() >= feature_count *
  // stride, out.size() >= rows.
  void PredictProba(std::span<const float> features, size_t rows, size_t stride,
                    std::span<double> out) const;

  int32_t feature_count() const;
  int32_t tree_count() const;
  size_t node_count() const;    // As stored.
  int32_t max_depth() const;    // Of the deepest leaf, a root being at 0.
  size_t memory_bytes() const;  // Of trees, nodes and leaf values.

 private:
  friend class CompiledForestBuilder;
  struct Data;
  std::unique_ptr<Data> data_;
};

// Compiles trees as they come, so that a file's are never held in another form.
class CompiledForestBuilder final : public TreeSink {
 public:
  void Begin(const Forest& rules, TreesShape shape) override;
  void Add(std::span<const PreorderNode> tree) override;
  CompiledForest Take() { return std::move(compiled_); }

 private:
  struct Waiting {  // A split without its right child.
    uint32_t place;
    int32_t depth;
  };
  template <typename Node>
  void Pack(std::span<const PreorderNode> tree, Node* nodes);

  CompiledForest compiled_;
  Comparison comparison_ = Comparison::kLessEqual;
  std::vector<Waiting> waiting_;
};

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_COMPILED_FOREST_H_
