#include "core/csv/writer.h"

#include <array>
#include <vector>

#include "core/base/shortest.h"
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
  const size_t begin = out->size();
  AppendShortest(value, out);
  const size_t point = out->find('.', begin);
  if (point == out->npos) return;
  (*out)[point] = dialect.decimal;
  if (dialect.decimal == dialect.delimiter) {
    out->insert(begin, 1, dialect.quote);
    out->push_back(dialect.quote);
  }
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
