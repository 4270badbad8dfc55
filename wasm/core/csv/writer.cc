#include "core/csv/writer.h"

#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <vector>

#include "core/csv/number.h"
#include "core/csv/record.h"

namespace firetower::csv {
namespace {

bool IsFormula(std::string_view text, const Dialect& dialect) {
  if (text.empty() || std::string_view("=+-@\t\r").find(text.front()) == std::string_view::npos) {
    return false;
  }
  double value;
  return ParseCell(text, dialect.decimal, &value) != CellKind::kNumber;
}

}  // namespace

void AppendNumber(double value, const Dialect& dialect, std::string* out) {
  if (value != value) return;
  std::array<char, 32> buffer;  // The longest, -2.2250738585072014e-308, has 24.
  char* end = fmt::format_to(buffer.data(), FMT_COMPILE("{}"), value);
  bool has_point = false;
  for (char* c = buffer.data(); c != end; ++c) {
    if (*c == '.') {
      *c = dialect.decimal;
      has_point = true;
    }
  }
  const bool quote = has_point && dialect.decimal == dialect.delimiter;
  if (quote) out->push_back(dialect.quote);
  out->append(buffer.data(), end);
  if (quote) out->push_back(dialect.quote);
}

void AppendText(std::string_view text, const Dialect& dialect, std::string* out) {
  const bool formula = IsFormula(text, dialect);
  const std::array<char, 4> special = {dialect.delimiter, dialect.quote, '\n', '\r'};
  const bool quote =
      text.find_first_of(std::string_view(special.data(), special.size())) != text.npos;
  if (quote) out->push_back(dialect.quote);
  if (formula) out->push_back('\'');
  for (const char c : text) {
    if (c == dialect.quote) out->push_back(c);
    out->push_back(c);
  }
  if (quote) out->push_back(dialect.quote);
}

void AppendRecord(std::string_view record, const Dialect& dialect, std::string* out) {
  std::vector<CellSpan> cells;
  ScanRecord(record, 0, dialect, &cells);
  for (const CellSpan& cell : cells) {
    if (cell.begin > 0) out->push_back(dialect.delimiter);
    const std::string text = CellText(record, cell, dialect.quote);
    if (cell.open || cell.text_after || IsFormula(text, dialect)) {
      AppendText(text, dialect, out);
    } else {
      out->append(record.substr(cell.begin, cell.end - cell.begin));
    }
  }
}

}  // namespace firetower::csv
