// One record's cells as places in its text: what sniffing, showing a row and writing a row need.
// Not for speed; the reader has its own loop over the same grammar.
//
// A quote is special only as the first byte of a field; inside quotes two quotes are one; after the
// closing quote any text up to the delimiter belongs to the cell (and makes the record malformed).
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_RECORD_H_
#define FIRETOWER_CORE_CSV_RECORD_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/dialect.h"

namespace firetower::csv {

// One field of a record; places count from the start of the text given to ScanRecord.
struct CellSpan {
  size_t begin = 0;  // Its first byte, the quote if it has one.
  size_t end = 0;    // One past its last byte: the delimiter, the line end or the end of text.
  size_t content_end = 0;  // Quoted: the closing quote, or end where it is missing.
  bool quoted = false;
  bool text_after = false;  // Quoted, and more text follows the closing quote.
  bool open = false;        // Quoted, and never closed.
};

// Splits the record that begins at text[begin] into cells (cleared first). Returns where it ends:
// the index of its line end, or text.size(). Only the last cell can be open.
size_t ScanRecord(std::string_view text, size_t begin, const Dialect& dialect,
                  std::vector<CellSpan>* cells);

// The cell's text: quotes removed, doubled quotes single.
std::string CellText(std::string_view text, const CellSpan& cell, char quote);

// The length of the line end at text[at]: 2 for CRLF, 1 for LF or CR, 0 at the end of text.
size_t LineEndLength(std::string_view text, size_t at);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_RECORD_H_
