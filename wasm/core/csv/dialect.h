// What kind of CSV a file is: delimiter, quote, decimal sign, header, where the data begins.
//
//   Result<FileLayout> layout = SniffLayout(head, {.expected_columns = names});
//   ColumnMatch match = MatchColumns(*layout, required, optional);
//   if (!match.missing.empty()) return MissingColumnsError(*layout, match);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_DIALECT_H_
#define FIRETOWER_CORE_CSV_DIALECT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::csv {

struct Dialect {
  char delimiter = ',';  // one of , ; tab |
  char quote = '"';
  char decimal = '.';  // '.' or ','
};

enum class HeaderMode : int32_t { kDetect = 0, kPresent = 1, kAbsent = 2 };  // do not renumber

// What the caller already knows; anything left at its default is sniffed.
struct SniffOptions {
  // In model order, then label and weight; used for header detection and for naming the columns of
  // a file without a header.
  std::vector<std::string> expected_columns = {};
  char delimiter = 0;  // 0: sniff.
  char decimal = 0;    // 0: sniff.
  HeaderMode header = HeaderMode::kDetect;
  bool complete = false;  // head is the whole file, not only its beginning.
};

struct FileLayout {
  Dialect dialect = {};
  bool has_bom = false;
  bool has_header = true;
  // With a header: as in the file, quotes removed, bytes that are not UTF-8 replaced by U+FFFD.
  // Without: expected_columns by position where their number fits (all of them, or one or two
  // fewer: label and weight may be absent), else "column 1", "column 2", ...
  std::vector<std::string> column_names = {};
  uint64_t data_offset = 0;        // Byte at which the first data record begins.
  uint64_t data_line = 1;          // Its physical line, counted from 1.
  std::string line_ending = "\n";  // "\n", "\r\n" or "\r": what the first line ends with.
};

// Bytes of head that are always enough: callers pass min(file size, kSniffBytes).
inline constexpr size_t kSniffBytes = 1 << 20;
inline constexpr size_t kMaxColumns = 16384;

// Reads the beginning of a file. The delimiter is the one that finds the most expected columns in
// the first record, then the one that splits the first records most alike and into the most
// numbers; the decimal sign is the one under which more cells are numbers. The first record is a
// header when it holds an expected column name or no number. A line `sep=;` before it gives the
// delimiter and is passed over. Errors: kNotCsv (empty, binary, compressed, UTF-16, one column only
// that is not an expected one, over kMaxColumns, first line without an end or with an open quote)
// with a reason a person can act on. O(head), allocates.
Result<FileLayout> SniffLayout(std::span<const uint8_t> head, const SniffOptions& options);

// Where each wanted column is in the file. Names match without regard to ASCII letter case and
// surrounding blanks; an exact match goes before another, the first of several before the rest.
struct ColumnMatch {
  std::vector<int32_t> required;     // Field index per required name, -1 where missing.
  std::vector<int32_t> optional;     // Field index per optional name, -1 where absent.
  std::vector<std::string> missing;  // Required names not in the file.
  std::vector<std::string> extra;    // File columns that nobody asked for.
};

ColumnMatch MatchColumns(const FileLayout& layout, std::span<const std::string> required,
                         std::span<const std::string> optional);

// kSchemaMismatch naming the missing columns and those present (long names and lists are cut).
// REQUIRES: !match.missing.empty().
Error MissingColumnsError(const FileLayout& layout, const ColumnMatch& match);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_DIALECT_H_
