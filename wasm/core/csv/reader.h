// Incremental CSV reader: bytes in, float64 columns, row offsets and bad rows out. Feeding a file
// in any fragmentation, down to one byte at a time, gives the same result. It starts at a record
// boundary and reads numbers only from the requested fields; everything else is skipped over.
//
//   Reader reader({.dialect = layout.dialect, .field_count = n, .fields = match.required,
//                  .start_offset = layout.data_offset, .start_line = layout.data_line});
//   while (more) { reader.Feed(bytes); Use(reader.batch()); reader.ClearBatch(); }
//   reader.Finish(); Use(reader.batch());
//
// The grammar is RFC 4180's, with line ends LF, CRLF or CR: a quote is special only as the first
// byte of a field; inside quotes two quotes are one, and delimiters and line ends are text. Empty
// lines are no records. Not for other quote or comment conventions (backslash escapes, '#' lines).
//
// Every record has an index in the batch, a bad one too (its columns are NaN), so that a row's
// index is its place in the file. A record is bad when it has another number of fields than the
// header, when a requested cell is neither a number nor missing, when text follows a closing quote,
// when a quote never closes, or when it is longer than max_record_bytes. Infinite values are read
// as they are: the feature pipeline refuses them.
//
// How far a bad record goes: once a record has too many fields or text after a quote, its quotes no
// longer span lines and it ends with the line. A quote still open at the end of input, and a record
// longer than max_record_bytes, are given up: the record then ends with its first physical line,
// and reading goes on with the next, so that one stray quote does not swallow the rest of the file.
// (The first rule also bounds the work on hostile input: text is read again only after giving up,
// at most once per column and line.)
//
// Parsing from a record boundary depends on nothing before it: that is what lets workers read
// ranges of a file. A worker that begins in the middle of a file guesses its first boundary; the
// coordinator compares it with next_record_offset() of the range before, and has the range read
// again where the two differ. A worker feeds bytes past its end_offset until done() or the end of
// the file.
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_CSV_READER_H_
#define FIRETOWER_CORE_CSV_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/csv/dialect.h"

namespace firetower::csv {

inline constexpr uint64_t kMaxRecordBytes = 1 << 20;

// Crosses to JavaScript: do not renumber.
enum class BadRowReason : int32_t {
  kNone = 0,
  kFieldCount = 1,      // More or fewer fields than the header.
  kNotANumber = 2,      // A requested cell is neither a number nor missing.
  kOpenQuote = 3,       // A quote that never closes.
  kTextAfterQuote = 4,  // "abc"def
  kTooLong = 5,         // A record over kMaxRecordBytes.
  kInfinite = 6,        // A requested value is infinite, or too large for float32.
  kMissingValue =
      7,  // A missing value in a column whose policy is to refuse it (set by the feature pipeline).
};

// A short phrase for people: "is not a number", "has another number of fields than the header", ...
std::string_view Message(BadRowReason reason);

struct BadRow {
  uint64_t row = 0;  // Record index, from 0, within this reader.
  // Physical line, from 1 (start_line based): that of the offending cell, else the record's first.
  uint64_t line = 0;
  int32_t field = -1;  // Field index of the offending cell, -1 where none.
  uint32_t character =
      0;  // Place of the offending cell in its line, in bytes from 1; 0 where none.
  uint64_t byte_offset = 0;   // Of the record.
  uint32_t byte_length = 0;   // Of the record, without its line end. 2^32-1 where longer.
  uint32_t found_fields = 0;  // Fields found, for kFieldCount; else 0.
  BadRowReason reason = BadRowReason::kNone;
};

struct ReaderOptions {
  Dialect dialect = {};
  int32_t field_count = 0;  // Fields a record must have.
  std::vector<int32_t> fields =
      {};  // File's field index for each output column; may repeat, any order.
  // Per output column, 1: a cell that is not a number reads as NaN and does not make the record
  // bad. Empty: 0 for all.
  std::vector<uint8_t> lenient = {};
  uint64_t start_offset = 0;  // Byte offset in the file of the first byte fed.
  uint64_t start_line = 1;
  // Records that begin at or after this offset are not read: the reader stops there (done() is
  // true).
  uint64_t end_offset = UINT64_MAX;
  uint64_t max_record_bytes = kMaxRecordBytes;  // Without the line end. At least 1.
};

// Rows read since the last ClearBatch. columns[c][i] = column c of the batch's row i, until the
// next Feed, Finish or ClearBatch; the storage is the reader's, which keeps it.
struct Batch {
  std::vector<std::span<const double>> columns;
  std::vector<uint64_t> offsets;  // Byte offset of row i in the file.
  std::vector<BadRow> bad_rows;   // row counts over the whole reader, not the batch.
  uint64_t first_row = 0;         // Reader row index of the batch's row 0.
  size_t rows() const { return offsets.size(); }
};

class Reader {
 public:
  // REQUIRES: every field index is in 0 .. field_count-1.
  explicit Reader(ReaderOptions options);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Reads bytes; keeps a copy of an unfinished record. A record is in the batch once its line end
  // is certain (a CR as the last byte may be half a CRLF). Records over 64 KiB fed in small pieces
  // may come later, at the latest with Finish. Allocates only as the batch or the unfinished record
  // grow.
  void Feed(std::span<const uint8_t> bytes);

  // Says that the input has ended: the last record may lack its line end.
  void Finish();

  // The reader has passed end_offset; further bytes are ignored.
  bool done() const;

  const Batch& batch() const;
  void ClearBatch();

  uint64_t row_count() const;  // Records so far, bad ones too.
  // Where reading goes on: past the last complete record and the empty lines after it that begin
  // before end_offset. With done(), the first line start at or after end_offset that is not inside
  // a record.
  uint64_t next_record_offset() const;
  uint64_t next_line() const;  // The physical line that begins there.
  std::span<const uint64_t> missing_counts()
      const;  // Missing cells per output column, good rows only.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The first record boundary at or after `from` (an index into bytes), guessing that bytes[from - 1]
// is not inside quotes: one past the first line end found from from - 1 on. from = 0 gives 0. Gives
// bytes.size() where there is none. A CR as the last byte counts as a line end only if complete.
size_t GuessRecordStart(std::span<const uint8_t> bytes, size_t from, bool complete);

// Splits one record (without its line end) into cells, quotes removed. For showing a row, not for
// speed.
std::vector<std::string> SplitRecord(std::string_view record, const Dialect& dialect);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_READER_H_
