// Numbers and missing values in CSV cells. Values are the nearest float64, ties to even: what
// strtod reads, read by fast_float (Lemire, "Number parsing at a gigabyte per second", 2021).
// Blanks (space, tab) around a cell and one leading '+' are allowed; hexadecimal and digit grouping
// are not.
//
//   double value;
//   if (ParseCell(" -1.5e3 ", '.', &value) == CellKind::kNumber) Use(value);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_NUMBER_H_
#define FIRETOWER_CORE_CSV_NUMBER_H_

#include <string_view>

namespace firetower::csv {

enum class CellKind { kNumber, kMissing, kInvalid };

// Reads one cell, its quotes already off. Missing (empty, NA, N/A, NaN with or without a sign,
// null, none, ?, in any letter case) and invalid cells set *value to NaN. Infinity, by word or by
// overflow, is a number here; whether a row with it can be scored is the caller's matter. Does not
// throw or allocate.
CellKind ParseCell(std::string_view cell, char decimal, double* value);

// The cell without the blanks around it.
std::string_view TrimBlanks(std::string_view cell);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_NUMBER_H_
