// The serving form of a forest: built once from a validated Forest, read-only, made for speed.
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
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"

namespace firetower::forest {

class CompiledForest {
 public:
  // Validates and compiles. Errors: those of Validate, kUnsupported beyond the limits of the packed node.
  static Result<CompiledForest> Build(const Forest& forest);

  CompiledForest();
  ~CompiledForest();
  CompiledForest(CompiledForest&&) noexcept;
  CompiledForest& operator=(CompiledForest&&) noexcept;

  // features[f * stride + i] = feature f of row i (float32, column-major). Writes out[i], the probability
  // of the positive class (float64), for i in 0 .. rows-1; the same bits for any batch size. Cost grows
  // with rows x sum of depths. REQUIRES: features.size() >= feature_count * stride, out.size() >= rows.
  void PredictProba(std::span<const float> features, size_t rows, size_t stride, std::span<double> out) const;

  int32_t feature_count() const;
  int32_t tree_count() const;
  size_t memory_bytes() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_COMPILED_FOREST_H_
