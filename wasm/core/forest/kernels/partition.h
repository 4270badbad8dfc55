// The kernel for many rows: a tree's node is visited once per block, with the rows that reached it.
//
// While a node holds a good part of the block's rows, they are a bitmap: the node's column is
// compared as it lies in memory, the children are two bitmaps. Below, they are a list: sixteen-bit
// offsets into the block's columns, for eight of which at a time the node's column is gathered and
// compared; a shuffle looked up by the eight bits puts those that go left first and those that go
// right last, so that one vector is stored to both children's lists. There is no branch that
// depends on the data but the ends of the loops. Rows that reach a leaf of value 0, as most do when
// the positive class is rare, are left alone.
#ifndef FIRETOWER_CORE_FOREST_KERNELS_PARTITION_H_
#define FIRETOWER_CORE_FOREST_KERNELS_PARTITION_H_

#include "core/forest/kernels/layout.h"

namespace firetower::forest {

// Whether this machine has the instructions: always in WebAssembly; SSE4.1 and POPCNT on x86.
bool CanPartition();

// See layout.h. Allocates about 100 KiB. REQUIRES: CanPartition(), no sum is -0 (none becomes it).
template <typename Node>
void AddTreesPartition(const TreesView<Node>& forest, const Columns& columns, size_t rows,
                       double* sums);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_KERNELS_PARTITION_H_
