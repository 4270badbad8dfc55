// Fits a demo-traffic generator (core/synth/generator.h) to labelled rows and writes
// generator.json. Never linked into the page's engine.
//
//   Result<std::string> json = FitGenerator({.names = names, .columns = columns, .time_column = 0,
//                                            .label_name = "Class", .labels = labels, .weights =
//                                            weights}, {});
//
// What is stored are aggregates. A row's values cannot be read back: a knot of a quantile table is
// the weighted mean of a cell of at least FitOptions::genuine_cell_rows or fraud_cell_rows
// neighbouring values, the outermost knots are extrapolated from those means, never the minimum or
// maximum, and the time profile of a small component is smoothed. (A value that many rows share,
// such as an amount of 1.00, does appear.)
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_SYNTH_FIT_GENERATOR_FIT_H_
#define FIRETOWER_CORE_SYNTH_FIT_GENERATOR_FIT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace firetower::synth {

struct FitInput {
  std::vector<std::string> names;  // Of the columns, in output order; the label is not among them.
  std::vector<std::span<const double>>
      columns;             // columns[c][i] = column c of row i; NaN = missing.
  size_t time_column = 0;  // Seconds from the start, >= 0.
  std::string label_name;
  std::span<const double> labels;   // 0 or 1.
  std::span<const double> weights;  // Empty: 1 for every row.
};

struct FitOptions {
  std::string name = "generator";  // Of the generator, in the document.
  int32_t genuine_cell_rows = 10;  // Rows at least per quantile cell, label 0. Range: >= 2.
  int32_t fraud_cell_rows = 8;     // The same, label 1. Range: >= 2.
  int32_t cells = 256;             // Cells at most per component. Range: 2 .. 4096.
  int32_t time_bin = 3600;         // Seconds per bin of the time profile. Range: >= 1.
  // Each class is two components, split by a row's distance from the mean of the genuine rows, in
  // their standard deviations. Rows far out in one column tend to be far out in others: one
  // Gaussian copula over a whole class would lose that, and with it the odd genuine rows that raise
  // false alarms and the frauds that hide.
  double far_genuine_share =
      0.02;  // Of the genuine weight, the farthest. Range: 0 (one component) .. 0.5.
  double near_fraud_share =
      0.15;               // Of the fraud weight, the nearest. Range: 0 (one component) .. 0.5.
  json::object source{};  // Provenance, stored as it is.
};

// The text of generator.json: every number an integer, one line per array. Rows with a missing
// value are left out. Errors: kBadArgument (lengths differ, options out of range), kDataInvalid
// with the row (a label that is not 0 or 1, a negative or non-finite weight, an infinite value, a
// negative time), kDataInvalid (too few rows for two cells in a component). O(rows log rows) per
// column.
Result<std::string> FitGenerator(const FitInput& input, const FitOptions& options);

}  // namespace firetower::synth

#endif  // FIRETOWER_CORE_SYNTH_FIT_GENERATOR_FIT_H_
