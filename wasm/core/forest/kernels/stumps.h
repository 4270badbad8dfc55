// The kernel for stumps, trees of at most one split: sixteen rows are compared with a threshold as
// they lie, and every row takes one of two leaf values without a step or a list.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_STUMPS_H_
#define FIRETOWER_CORE_FOREST_KERNELS_STUMPS_H_

#include "core/forest/kernels/layout.h"

namespace firetower::forest {

// See layout.h. Allocates a transposed copy of 16 rows. REQUIRES: no tree is deeper than 1.
template <typename Node>
void AddTreesStumps(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                    double* sums);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_STUMPS_H_
