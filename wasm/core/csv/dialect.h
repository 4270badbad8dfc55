// What kind of CSV a file is: delimiter, quote, decimal sign, header, where the data begins.
//
//   Result<FileLayout> layout = SniffLayout(head, {.expected_columns = names});
//   Result<ColumnMatch> match = MatchColumns(*layout, required, optional);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_CSV_DIALECT_H_
#define FIRETOWER_CORE_CSV_DIALECT_H_

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
  std::vector<std::string> expected_columns;  // In model order; used for header detection and for naming
                                              // the columns of a file without a header.
  char delimiter = 0;                         // 0: sniff.
  char decimal = 0;                           // 0: sniff.
  HeaderMode header = HeaderMode::kDetect;
  bool complete = false;  // head is the whole file, not only its beginning.
};

struct FileLayout {
  Dialect dialect;
  bool has_bom = false;
  bool has_header = true;
  std::vector<std::string> column_names;  // As in the file; names given by position when has_header is false.
  uint64_t data_offset = 0;               // Byte at which the first data record begins.
  uint64_t data_line = 1;                 // Its physical line, counted from 1.
  std::string line_ending;                // "\n", "\r\n" or "\r": what the first line ends with.
};

// Bytes of head that are always enough: callers pass min(file size, kSniffBytes).
inline constexpr size_t kSniffBytes = 1 << 20;

// Errors: kNotCsv (empty, binary, UTF-16, one column only, header longer than the head, ...) with a
// reason a person can act on.
Result<FileLayout> SniffLayout(std::span<const uint8_t> head, const SniffOptions& options);

// Where each wanted column is in the file. Names match without regard to letter case and surrounding
// blanks; an exact match goes before another.
struct ColumnMatch {
  std::vector<int32_t> required;     // Field index per required name.
  std::vector<int32_t> optional;     // Field index per optional name, -1 where absent.
  std::vector<std::string> missing;  // Required names not in the file.
  std::vector<std::string> extra;    // File columns that nobody asked for.
};

ColumnMatch MatchColumns(const FileLayout& layout, std::span<const std::string> required,
                         std::span<const std::string> optional);

// kSchemaMismatch naming the missing columns and those present. REQUIRES: !match.missing.empty().
Error MissingColumnsError(const FileLayout& layout, const ColumnMatch& match);

}  // namespace firetower::csv

#endif  // FIRETOWER_CORE_CSV_DIALECT_H_
