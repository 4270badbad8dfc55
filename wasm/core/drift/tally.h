// Two samples of one column as every two-sample statistic needs them: the distinct values of both,
// rising, and how often each sample has them. Made from a column sorted once, a tally for other
// windows of the same rows is one pass without sorting: a window's boundary can be dragged.
//
//   Result<SortedColumn> column = SortedColumn::Create(values);
//   Tally tally;
//   column->Split({.reference = {0, 5000}, .current = {5000, 9000}}, &tally);
//   const KsResult ks = KolmogorovSmirnov(tally);
//
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_DRIFT_TALLY_H_
#define FIRETOWER_CORE_DRIFT_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace firetower::drift {

inline constexpr size_t kMaxTallyRows = size_t{1} << 30;

// Rows [begin, end).
struct RowRange {
  size_t begin = 0;
  size_t end = 0;
};
struct Windows {
  RowRange reference;
  RowRange current;  // May overlap the reference: a row counts on every side it is in.
};

struct Tally {
  std::vector<double> values;       // Distinct and finite, rising (-0 counts as 0).
  std::vector<uint32_t> reference;  // Per value: rows of the reference.
  std::vector<uint32_t> current;
  uint64_t reference_rows = 0;  // Sums of the counts: rows with a finite value.
  uint64_t current_rows = 0;
  uint64_t reference_missing = 0;  // NaN or infinite.
  uint64_t current_missing = 0;
};

// A column's distinct finite values, rising, with the rows that have each.
class SortedColumn {
 public:
  // values[i] = row i; NaN and infinite ones are missing. O(n) radix sort; keeps 4 bytes per row
  // and 8 per distinct value, and takes 16 per row while sorting. Errors: kTooBig (more than
  // kMaxTallyRows rows).
  static Result<SortedColumn> Create(std::span<const double> values);
  static Result<SortedColumn> Create(std::span<const float> values);

  // keep: one byte per row of the column, 0 for rows that are left out on both sides; empty: none
  // is. REQUIRES: ranges within rows(). O(rows()), allocates only what tally lacks.
  void Split(const Windows& windows, Tally* tally, std::span<const uint8_t> keep = {}) const;
  size_t rows() const { return total_; }

 private:
  SortedColumn() = default;
  template <typename T>
  static Result<SortedColumn> CreateFrom(std::span<const T> values);

  std::vector<double> values_;     // Distinct.
  std::vector<uint32_t> rows_;     // By value, then row; the top bit marks the last of a value.
  std::vector<uint32_t> missing_;  // Rows without a finite value, rising.
  size_t total_ = 0;
};

// The tally of two samples given apart; what is not finite is missing.
Tally TallyOf(std::span<const double> reference, std::span<const double> current);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_TALLY_H_
