#include "core/csv/dialect.h"

#include <algorithm>
#include <array>

#include "core/base/utf8.h"
#include "core/csv/number.h"
#include "core/csv/record.h"

namespace firetower::csv {
namespace {

constexpr std::array<char, 4> kDelimiters = {',', ';', '\t', '|'};
constexpr size_t kSampleRecords = 64;
constexpr size_t kBinaryProbeBytes = 8192;
constexpr size_t kMaxNamesInMessage = 64;
constexpr size_t kMaxNameBytesInMessage = 64;

Error NotCsv(std::string message) {
  return Error{.code = ErrorCode::kNotCsv, .message = std::move(message)};
}

std::string Folded(std::string_view name) {
  std::string out(TrimBlanks(name));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// What the bytes say before they are read as text; empty where they may be a CSV.
std::string RefuseByContent(std::string_view text) {
  if (text.empty()) return "The file is empty.";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return "The file is UTF-16 text; save it as UTF-8.";
  }
  if (text.starts_with("\x1F\x8B")) return "The file is compressed (gzip); unpack it first.";
  if (text.starts_with("PK\x03\x04")) {
    return "The file is a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV.";
  }
  const std::string_view probe = text.substr(0, kBinaryProbeBytes);
  std::array<size_t, 2> nul = {0, 0};  // At even and odd places.
  size_t control = 0;
  for (size_t i = 0; i < probe.size(); ++i) {
    const uint8_t c = static_cast<uint8_t>(probe[i]);
    if (c == 0) ++nul[i % 2];
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ++control;
  }
  if (std::max(nul[0], nul[1]) * 4 > probe.size()) {
    return "The file is UTF-16 text; save it as UTF-8.";
  }
  if (control * 16 > probe.size()) return "The file is not text: it holds binary data.";
  return {};
}

struct Sample {
  char delimiter = 0;
  std::vector<std::vector<std::string>>
      records;              // The first is the header or the first data record.
  size_t first_end = 0;     // Index of the first record's line end.
  bool first_open = false;  // Its quote never closes.
  size_t matched = 0;       // Expected columns in the first record.
  double regularity = 0.0;  // How alike and how numeric the records are.
  char decimal = '.';
};

// Numbers and missing values among the cells of the records after the first, per decimal sign.
size_t CountNumeric(const std::vector<std::vector<std::string>>& records, size_t first,
                    char decimal) {
  size_t count = 0;
  for (size_t r = first; r < records.size(); ++r) {
    for (const std::string& cell : records[r]) {
      double value;
      if (ParseCell(cell, decimal, &value) != CellKind::kInvalid) ++count;
    }
  }
  return count;
}

Sample TakeSample(std::string_view text, size_t begin, char delimiter,
                  const SniffOptions& options) {
  Sample sample;
  sample.delimiter = delimiter;
  const Dialect dialect{.delimiter = delimiter};
  std::vector<CellSpan> cells;
  size_t at = begin;
  while (at < text.size() && sample.records.size() < kSampleRecords) {
    const size_t end = ScanRecord(text, at, dialect, &cells);
    const bool first = sample.records.empty();
    if (first) {
      sample.first_end = end;
      sample.first_open = cells.back().open;
    }
    if (!first && (cells.back().open || (end == text.size() && !options.complete))) break;
    if (end > at) {
      std::vector<std::string> record;
      for (const CellSpan& cell : cells) record.push_back(CellText(text, cell, dialect.quote));
      sample.records.push_back(std::move(record));
    }
    at = end + LineEndLength(text, end);
  }

  std::vector<std::string> expected;
  for (const std::string& name : options.expected_columns) expected.push_back(Folded(name));
  for (const std::string& cell : sample.records[0]) {
    const std::string name = Folded(cell);
    if (std::find(expected.begin(), expected.end(), name) != expected.end()) ++sample.matched;
  }

  // A file of one record has nothing after it to compare; the record itself shows the decimal sign
  // then.
  const size_t data = sample.records.size() > 1 ? 1 : 0;
  size_t cell_count = 0;
  size_t alike = 0;
  for (size_t r = data; r < sample.records.size(); ++r) {
    cell_count += sample.records[r].size();
    if (sample.records[r].size() == sample.records[0].size()) ++alike;
  }
  const size_t points = CountNumeric(sample.records, data, '.');
  const size_t commas = CountNumeric(sample.records, data, ',');
  sample.decimal = options.decimal != 0 ? options.decimal : commas > points ? ',' : '.';
  const double numeric = static_cast<double>(sample.decimal == ',' ? commas : points);
  sample.regularity = static_cast<double>(alike) /
                      static_cast<double>(sample.records.size() - data) *
                      (1.0 + numeric / static_cast<double>(cell_count));
  return sample;
}

bool BetterThan(const Sample& a, const Sample& b) {
  if (a.matched != b.matched) return a.matched > b.matched;
  if (a.regularity != b.regularity) return a.regularity > b.regularity;
  return a.records[0].size() > b.records[0].size();
}

bool LooksLikeHeader(const Sample& sample) {
  if (sample.matched > 0) return true;
  bool any_word = false;
  for (const std::string& cell : sample.records[0]) {
    double value;
    const CellKind kind = ParseCell(cell, sample.decimal, &value);
    if (kind == CellKind::kNumber) return false;
    any_word = any_word || kind == CellKind::kInvalid;
  }
  return any_word;
}

// The delimiter that a line `sep=;` names, as Excel writes and reads it above the header; 0: text
// does not begin with one.
char NamedDelimiter(std::string_view text) {
  if (text.size() < 6 || !text.starts_with("sep=") || LineEndLength(text, 5) == 0) return 0;
  const bool known =
      std::find(kDelimiters.begin(), kDelimiters.end(), text[4]) != kDelimiters.end();
  return known ? text[4] : char{0};
}

std::string DelimiterName(char delimiter) {
  return delimiter == '\t' ? "tab" : std::string(1, delimiter);
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxNamesInMessage) {
      return out + " and " + std::to_string(names.size() - i) + " more";
    }
    if (i > 0) out += ", ";
    const std::string& name = names[i];
    size_t cut = std::min(name.size(), kMaxNameBytesInMessage);
    while (cut < name.size() && (static_cast<uint8_t>(name[cut]) & 0xC0) == 0x80) --cut;
    out += name.substr(0, cut);
    if (cut < name.size()) out += "...";
  }
  return out;
}

}  // namespace

Result<FileLayout> SniffLayout(std::span<const uint8_t> head, const SniffOptions& options) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (std::string refusal = RefuseByContent(text); !refusal.empty()) {
    return NotCsv(std::move(refusal));
  }
  FileLayout layout;
  layout.has_bom = text.starts_with("\xEF\xBB\xBF");
  size_t begin = layout.has_bom ? 3 : 0;
  if (begin == text.size()) return NotCsv("The file is empty.");

  const size_t first_line_end = text.find_first_of("\r\n");
  layout.line_ending = first_line_end == std::string_view::npos
                           ? "\n"
                           : text.substr(first_line_end, LineEndLength(text, first_line_end));
  const auto skip_blank_lines = [&] {
    while (begin < text.size() && (text[begin] == '\n' || text[begin] == '\r')) {
      begin += LineEndLength(text, begin);
      ++layout.data_line;
    }
  };
  skip_blank_lines();
  if (begin == text.size()) return NotCsv("The file holds blank lines only.");
  const char named = NamedDelimiter(text.substr(begin));
  if (named != 0) {
    begin += 5;
    skip_blank_lines();
    if (begin == text.size()) return NotCsv("The file holds a sep= line only.");
  }
  const char delimiter_given = options.delimiter != 0 ? options.delimiter : named;

  Sample best;
  bool any_open = false;
  bool any_endless = false;
  for (const char delimiter : kDelimiters) {
    if (delimiter_given != 0 && delimiter_given != delimiter) continue;
    Sample sample = TakeSample(text, begin, delimiter, options);
    const bool endless = sample.first_end == text.size() && !options.complete;
    any_open = any_open || sample.first_open;
    any_endless = any_endless || endless;
    if (sample.first_open || endless) continue;
    if (sample.records[0].size() < 2 && sample.matched == 0) continue;
    if (best.records.empty() || BetterThan(sample, best)) best = std::move(sample);
  }
  if (best.records.empty()) {
    if (any_open) {
      return NotCsv("A quote in line " + std::to_string(layout.data_line) + " never closes.");
    }
    if (any_endless) {
      return NotCsv("The first line does not end within " + std::to_string(text.size()) +
                    " bytes.");
    }
    return NotCsv(delimiter_given == 0
                      ? "The first line has one column only: none of , ; tab | divides it."
                      : "The first line has one column only: no " + DelimiterName(delimiter_given) +
                            " divides it.");
  }
  const std::vector<std::string>& first = best.records[0];
  if (first.size() > kMaxColumns) {
    return NotCsv("The first line has " + std::to_string(first.size()) + " columns; the limit is " +
                  std::to_string(kMaxColumns) + ".");
  }
  if (text.substr(begin, best.first_end - begin).find('\0') != std::string_view::npos) {
    return NotCsv("The file is not text: its first line holds a NUL byte.");
  }

  layout.dialect.delimiter = best.delimiter;
  layout.dialect.decimal = best.decimal;
  layout.has_header = options.header == HeaderMode::kPresent ||
                      (options.header == HeaderMode::kDetect && LooksLikeHeader(best));
  layout.data_offset = begin;
  if (layout.has_header) {
    for (const std::string& name : first) layout.column_names.push_back(ValidUtf8(name));
    layout.data_offset = best.first_end + LineEndLength(text, best.first_end);
    if (layout.data_offset == best.first_end) ++layout.data_line;  // The header is the file's end.
    for (size_t at = begin; at < layout.data_offset; ++at) {
      if (text[at] == '\n' || text[at] == '\r') {
        at += LineEndLength(text, at) - 1;
        ++layout.data_line;
      }
    }
  } else {
    const size_t expected = options.expected_columns.size();
    const bool fits = first.size() <= expected && first.size() + 2 >= expected;
    for (size_t i = 0; i < first.size(); ++i) {
      layout.column_names.push_back(fits ? options.expected_columns[i]
                                         : "column " + std::to_string(i + 1));
    }
  }
  return layout;
}

ColumnMatch MatchColumns(const FileLayout& layout, std::span<const std::string> required,
                         std::span<const std::string> optional) {
  const std::vector<std::string>& names = layout.column_names;
  std::vector<std::string> folded;
  for (const std::string& name : names) folded.push_back(Folded(name));
  std::vector<bool> used(names.size(), false);
  const auto find = [&](const std::string& wanted) {
    auto found = std::find(names.begin(), names.end(), wanted);
    ptrdiff_t index = found - names.begin();
    if (found == names.end()) {
      const auto loose = std::find(folded.begin(), folded.end(), Folded(wanted));
      if (loose == folded.end()) return -1;
      index = loose - folded.begin();
    }
    used[static_cast<size_t>(index)] = true;
    return static_cast<int32_t>(index);
  };

  ColumnMatch match;
  for (const std::string& name : required) {
    match.required.push_back(find(name));
    if (match.required.back() < 0) match.missing.push_back(name);
  }
  for (const std::string& name : optional) match.optional.push_back(find(name));
  for (size_t i = 0; i < names.size(); ++i) {
    if (!used[i]) match.extra.push_back(names[i]);
  }
  return match;
}

Error MissingColumnsError(const FileLayout& layout, const ColumnMatch& match) {
  std::string message;
  if (!layout.has_header) {
    message = "The first line holds data, not column names, and " +
              std::to_string(layout.column_names.size()) + " columns do not fit the model's " +
              std::to_string(match.required.size()) + ". ";
  }
  message += match.missing.size() == 1 ? "Column missing: " : "Columns missing: ";
  message +=
      JoinNames(match.missing) + ". Columns in the file: " + JoinNames(layout.column_names) + ".";
  return Error{.code = ErrorCode::kSchemaMismatch, .message = std::move(message)};
}

}  // namespace firetower::csv
