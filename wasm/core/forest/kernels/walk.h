// Rows on their way down, several side by side so that the waiting times of their loads overlap.
// Internal to the kernels.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_WALK_H_
#define FIRETOWER_CORE_FOREST_KERNELS_WALK_H_

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/forest/kernels/layout.h"

namespace firetower::forest {

// lanes[k] stands at a node of its own and takes `levels` >= 1 steps down, or stays where it is at
// a leaf. Feature f of lane k is features[f * kFeatureStride + k * kLaneStride]. kDefaults: NaN
// goes where forest.default_left says, else to the right. Returns whether any lane moved in the
// last step: if not, all are at leaves.
template <bool kDefaults, size_t kFeatureStride, size_t kLaneStride, size_t kLanes, typename Node>
inline bool Walk(const TreesView<Node>& forest, const float* features, int32_t levels,
                 const Node* (&lanes)[kLanes]) {
  // Copies, which the compiler may keep in registers.
  const Node* a[kLanes];
  for (size_t k = 0; k < kLanes; ++k) a[k] = lanes[k];
  uint32_t moved = 0;
  for (int32_t level = 0; level < levels; ++level) {
    moved = 0;
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 16
#endif
    for (size_t k = 0; k < kLanes; ++k) {
      const Node node = *a[k];
      const float x = features[node.feature() * kFeatureStride + k * kLaneStride];
      bool left = x <= FloatOf(node.threshold_bits);
      if constexpr (kDefaults) {
        left = left || (std::isnan(x) && forest.default_left[a[k] - forest.nodes] != 0);
      }
      // In arithmetic, because compilers make a branch of ?: here and it is mispredicted half the
      // time.
      const auto taken = static_cast<uint32_t>(left);
      const uint32_t step = taken + (node.distance() & (taken - 1u));
      a[k] += step;
      moved |= step;
    }
  }
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = a[k];
  return moved != 0;
}

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_WALK_H_
