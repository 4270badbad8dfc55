#include "core/csv/record.h"

namespace firetower::csv {
namespace {

size_t FindFieldEnd(std::string_view text, size_t from, char delimiter) {
  while (from < text.size() && text[from] != delimiter && text[from] != '\n' &&
         text[from] != '\r') {
    ++from;
  }
  return from;
}

}  // namespace

size_t ScanRecord(std::string_view text, size_t begin, const Dialect& dialect,
                  std::vector<CellSpan>* cells) {
  cells->clear();
  size_t at = begin;
  for (;;) {
    CellSpan cell;
    cell.begin = at;
    if (at < text.size() && text[at] == dialect.quote) {
      cell.quoted = true;
      size_t close = text.find(dialect.quote, at + 1);
      while (close != std::string_view::npos && close + 1 < text.size() &&
             text[close + 1] == dialect.quote) {
        close = text.find(dialect.quote, close + 2);
      }
      if (close == std::string_view::npos) {
        cell.open = true;
        cell.content_end = text.size();
        at = text.size();
      } else {
        cell.content_end = close;
        at = FindFieldEnd(text, close + 1, dialect.delimiter);
        cell.text_after = at > close + 1;
      }
    } else {
      at = FindFieldEnd(text, at, dialect.delimiter);
    }
    cell.end = at;
    cells->push_back(cell);
    if (at == text.size() || text[at] != dialect.delimiter) return at;
    ++at;
  }
}

std::string CellText(std::string_view text, const CellSpan& cell, char quote) {
  if (!cell.quoted) return std::string(text.substr(cell.begin, cell.end - cell.begin));
  std::string out;
  for (size_t i = cell.begin + 1; i < cell.content_end; ++i) {
    out.push_back(text[i]);
    if (text[i] == quote) ++i;
  }
  if (cell.text_after)
    out.append(text.substr(cell.content_end + 1, cell.end - cell.content_end - 1));
  return out;
}

size_t LineEndLength(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
}

}  // namespace firetower::csv
