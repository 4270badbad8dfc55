#include "core/csv/number.h"

#include <fast_float/fast_float.h>

#include <array>
#include <limits>

namespace firetower::csv {
namespace {

constexpr std::array<std::string_view, 8> kMissingWords = {"na",   "n/a",  "nan",  "+nan",
                                                           "-nan", "null", "none", "?"};

bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view TrimBlanks(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

CellKind ParseCell(std::string_view cell, char decimal, double* value) {
  cell = TrimBlanks(cell);
  *value = std::numeric_limits<double>::quiet_NaN();
  if (cell.empty()) return CellKind::kMissing;
  const char* begin = cell.data();
  const char* end = begin + cell.size();
  if (*begin == '+') {
    ++begin;
    if (begin == end || *begin == '-') return CellKind::kInvalid;
  }
  double number = 0.0;
  const fast_float::from_chars_result result = fast_float::from_chars_advanced(
      begin, end, number, fast_float::parse_options(fast_float::chars_format::general, decimal));
  // Overflow and underflow are numbers here; versions of fast_float differ in how they say so.
  if (result.ec != std::errc::invalid_argument && result.ptr == end && number == number) {
    *value = number;
    return CellKind::kNumber;
  }
  for (std::string_view word : kMissingWords) {
    if (EqualsLower(cell, word)) return CellKind::kMissing;
  }
  return CellKind::kInvalid;
}

}  // namespace firetower::csv
