// The rows of reference and current side by side, as the tests of all columns together take them,
// and their columns brought to one scale.
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_SAMPLE_MATRIX_H_
#define FIRETOWER_CORE_DRIFT_SAMPLE_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace firetower::drift {

// values[c * rows + i] = column c of row i; what is not finite is missing. Rows before
// reference_rows are the reference's, the others the current's.
struct SampleMatrix {
  std::span<const double> values;
  size_t rows = 0;
  size_t columns = 0;
  size_t reference_rows = 0;
};

// kBadArgument: lengths that do not fit; kDataInvalid: fewer than min_rows rows on a side, or no
// column.
Status CheckSample(const SampleMatrix& sample, size_t min_rows);

// Mean and standard deviation (ddof 0) of a column over some rows. Values are multiplied by
// `factor`, a power of two, before anything else, so that no square overflows.
struct ColumnScale {
  double factor = 1;
  double mean = 0;  // Of the values times factor.
  double deviation = 0;
  size_t known = 0;  // Rows with a value; 0: mean and deviation are 0.

  // (value - mean) / deviation; without a deviation the plain difference; missing: 0, which is the
  // mean.
  double Apply(double value) const;
};
ColumnScale ScaleOf(std::span<const double> column, std::span<const uint32_t> rows);

// Columns that vary over the rows given, standardised by those rows' means and deviations, missing
// values at the mean: z[i * columns.size() + c].
struct StandardisedRows {
  std::vector<double> z;
  std::vector<size_t> columns;  // Of the sample; the others have one value at most.
  size_t missing = 0;           // Cells, of the columns kept.
};
StandardisedRows Standardise(const SampleMatrix& sample, std::span<const uint32_t> rows);

// `count` of the numbers first .. first + size - 1, rising, each set as likely as any other; all of
// them when there are no more.
std::vector<uint32_t> DrawRows(size_t first, size_t size, size_t count, uint64_t seed,
                               uint64_t stream);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_SAMPLE_MATRIX_H_
