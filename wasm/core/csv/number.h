// Numbers and missing values in CSV cells. Values are the nearest float64 (as strtod reads them, by
// fast_float); blanks around a cell and a leading '+' are allowed; hexadecimal and digit grouping are not.
#ifndef FIRETOWER_CORE_CSV_NUMBER_H_
#define FIRETOWER_CORE_CSV_NUMBER_H_

#include <string_view>

namespace firetower::csv {

enum class CellKind { kNumber, kMissing, kInvalid };

// Reads one unquoted cell. Missing (empty, NA, N/A, NaN, null, none, ?, any letter case) sets NaN. Infinity, by
// word or by overflow, is a number here; whether a row with it can be scored is the caller's matter.
// Does not throw or allocate.
CellKind ParseCell(std::string_view cell, char decimal, double* value);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_NUMBER_H_
