// The kernel for few rows: one row after the other, each through twelve trees side by side (32 in
// WebAssembly, as vectors), so that the waiting times of their loads overlap although there are no
// neighbouring rows.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_FEW_ROWS_H_
#define FIRETOWER_CORE_FOREST_KERNELS_FEW_ROWS_H_

#include "core/forest/kernels/layout.h"

namespace firetower::forest {

// See layout.h. Allocates nothing for forests of at most 256 features, else a copy of one row.
template <typename Node>
void AddTreesFewRows(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                     double* sums);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_FEW_ROWS_H_
