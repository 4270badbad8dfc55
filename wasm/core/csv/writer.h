// CSV out: cells quoted by RFC 4180, numbers with the shortest digits that read back to the same
// float64, text cells that a spreadsheet would take for a formula made safe.
#ifndef FIRETOWER_CORE_CSV_WRITER_H_
#define FIRETOWER_CORE_CSV_WRITER_H_

#include <string>
#include <string_view>

#include "core/csv/dialect.h"

namespace firetower::csv {

// Appends the shortest decimal that strtod reads back to value (AppendShortest). NaN appends
// nothing.
void AppendNumber(double value, const Dialect& dialect, std::string* out);

// Appends a text cell, quoted where needed. A text that begins with = + - @ tab or CR and is not a
// number gets a leading apostrophe (OWASP, "CSV Injection"); numbers are left alone.
void AppendText(std::string_view text, const Dialect& dialect, std::string* out);

// Appends a whole record as it stands in the file, except that text cells are made formula-safe as
// above. A record in which nothing needs that is copied byte for byte; cells with a quote that
// never closes or with text after it are quoted anew, so that the output is well-formed. Without
// the line end. REQUIRES: record is one record, as Reader delimits it.
void AppendRecord(std::string_view record, const Dialect& dialect, std::string* out);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_WRITER_H_
