// The kernel for 8 to 255 rows where there are no vectors (few_rows.h): eight rows side by side
// through one tree after another, so that the waiting times of their loads overlap. A row that
// reached its leaf steps on the spot while its neighbours go on.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_INTERLEAVED_H_
#define FIRETOWER_CORE_FOREST_KERNELS_INTERLEAVED_H_

#include "core/forest/kernels/layout.h"

namespace firetower::forest {

// See layout.h. Allocates a transposed copy of up to 256 rows.
template <typename Node>
void AddTreesInterleaved(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                         double* sums);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_INTERLEAVED_H_
