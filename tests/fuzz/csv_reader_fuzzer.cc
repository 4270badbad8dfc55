// The CSV reader, fed in random pieces, against the slow reference reader; and SniffLayout,
// MatchColumns, SplitRecord and AppendRecord on the same bytes, for what a sanitizer sees and for
// their promises.
//
// Input: 8 bytes of options, then the text. Any difference aborts.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../unit/csv/reference_reader.h"
#include "core/base/random.h"
#include "core/csv/dialect.h"
#include "core/csv/reader.h"
#include "core/csv/writer.h"

namespace firetower::csv {
namespace {

void Require(bool held, const char* what, const std::string& detail) {
  if (held) return;
  std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
  std::abort();
}

void CheckReader(std::span<const uint8_t> head, std::string_view text) {
  static constexpr char kDelimiters[] = {',', ';', '\t', '|'};
  ReaderOptions options;
  options.dialect.delimiter = kDelimiters[head[0] % 4];
  options.dialect.decimal = head[0] & 4 ? ',' : '.';
  options.field_count = 1 + head[1] % 6;
  for (int32_t f = 0; f < options.field_count; ++f) {
    if (head[2] & (1 << f)) options.fields.push_back(f);
  }
  if (head[2] & 0x40) options.fields.push_back(0);
  if (head[2] & 0x80) options.lenient.assign(options.fields.size(), head[0] & 8 ? 1 : 0);
  if (head[3] != 0) options.max_record_bytes = head[3];
  options.start_offset = head[4];
  if (head[5] != 0) options.end_offset = options.start_offset + head[5];
  const ReferenceResult want = ReferenceRead(text, options);

  Random random(head[6], head[7]);
  std::vector<size_t> cuts;
  const uint32_t longest = 1 + random.Below(1 + 2 * static_cast<uint32_t>(head[7]));
  for (size_t total = 0; total < text.size(); total += cuts.back()) {
    cuts.push_back(random.Below(longest + 1));
  }
  Require(Difference(ReadInPieces(text, options, {}), want).empty(), "whole",
          Difference(ReadInPieces(text, options, {}), want));
  Require(Difference(ReadInPieces(text, options, cuts), want).empty(), "in pieces",
          Difference(ReadInPieces(text, options, cuts), want));

  for (size_t i = 0; i < want.offsets.size(); ++i) {
    const size_t begin = static_cast<size_t>(want.offsets[i] - options.start_offset);
    const size_t end = i + 1 < want.offsets.size()
                           ? static_cast<size_t>(want.offsets[i + 1] - options.start_offset)
                           : static_cast<size_t>(want.next_record_offset - options.start_offset);
    std::string_view record = text.substr(begin, end - begin);
    while (!record.empty() && (record.back() == '\n' || record.back() == '\r'))
      record.remove_suffix(1);
    std::string copy;
    AppendRecord(record, options.dialect, &copy);
    const std::vector<std::string> before = SplitRecord(record, options.dialect);
    const std::vector<std::string> after = SplitRecord(copy, options.dialect);
    Require(before.size() == after.size(), "AppendRecord changed the cells of",
            std::string(record));
    for (size_t c = 0; c < before.size(); ++c) {
      Require(after[c] == before[c] || after[c] == "'" + before[c],
              "AppendRecord changed a cell of", std::string(record));
    }
  }
}

void CheckSniffer(std::span<const uint8_t> head, std::span<const uint8_t> text) {
  const std::vector<std::string> expected = {"Time", "V1", "Amount", "Class"};
  const Result<FileLayout> layout =
      SniffLayout(text, {.expected_columns = expected, .complete = (head[0] & 0x80) != 0});
  if (!layout.ok()) {
    Require(layout.error().code == ErrorCode::kNotCsv && !layout.error().message.empty(),
            "sniffing", layout.error().message);
    return;
  }
  Require(!layout->column_names.empty(), "no column", "");
  Require(layout->data_offset <= text.size(), "data offset", std::to_string(layout->data_offset));
  const ColumnMatch match =
      MatchColumns(*layout, std::span(expected).first(3), std::span(expected).last(1));
  if (!match.missing.empty()) {
    Require(!MissingColumnsError(*layout, match).message.empty(), "message", "");
  }
}

}  // namespace
}  // namespace firetower::csv

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kHead = 8;
  if (size < kHead) return 0;
  const std::span<const uint8_t> bytes(data, size);
  const std::span<const uint8_t> text = bytes.subspan(kHead);
  firetower::csv::CheckReader(bytes.first(kHead),
                              {reinterpret_cast<const char*>(text.data()), text.size()});
  firetower::csv::CheckSniffer(bytes.first(kHead), text);
  return 0;
}
