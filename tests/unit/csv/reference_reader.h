// The slow, obvious CSV reader: the whole text at once, one byte at a time, one state machine,
// numbers by strtod. The fast reader must agree with it on every input. Written from the rules in
// core/csv/reader.h, sharing no code with it.
#ifndef FIRETOWER_TESTS_UNIT_CSV_REFERENCE_READER_H_
#define FIRETOWER_TESTS_UNIT_CSV_REFERENCE_READER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/csv/reader.h"

namespace firetower::csv {

struct ReferenceResult {
  std::vector<std::vector<double>> columns;
  std::vector<uint64_t> offsets;
  std::vector<BadRow> bad_rows;
  std::vector<uint64_t> missing;
  uint64_t next_record_offset = 0;
  uint64_t next_line = 0;
  bool done = false;
};

enum class ReferenceKind { kNumber, kMissing, kInvalid };

// Checks the shape of the number by hand, then lets strtod read it.
inline ReferenceKind ReferenceCell(std::string cell, char decimal, double* value) {
  *value = std::numeric_limits<double>::quiet_NaN();
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.pop_back();
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.erase(0, 1);
  std::string lower;
  for (const char c : cell) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const char* word : {"", "na", "n/a", "nan", "+nan", "-nan", "null", "none", "?"}) {
    if (lower == word) return ReferenceKind::kMissing;
  }
  size_t i = 0;
  if (i < lower.size() && (lower[i] == '+' || lower[i] == '-')) ++i;
  const std::string unsigned_part = lower.substr(i);
  if (unsigned_part != "inf" && unsigned_part != "infinity") {
    size_t digits = 0;
    const auto take_digits = [&] {
      size_t count = 0;
      while (i < lower.size() && lower[i] >= '0' && lower[i] <= '9') ++i, ++count;
      return count;
    };
    digits += take_digits();
    if (i < lower.size() && lower[i] == decimal) {
      lower[i] = '.';
      ++i;
      digits += take_digits();
    }
    if (digits == 0) return ReferenceKind::kInvalid;
    if (i < lower.size() && lower[i] == 'e') {
      ++i;
      if (i < lower.size() && (lower[i] == '+' || lower[i] == '-')) ++i;
      if (take_digits() == 0) return ReferenceKind::kInvalid;
    }
    if (i != lower.size()) return ReferenceKind::kInvalid;
  }
  *value = std::strtod(lower.c_str(), nullptr);
  return ReferenceKind::kNumber;
}

struct ReferenceField {
  std::string text = {};
  uint64_t line = 0;       // Counted from the record's first, from 0.
  uint32_t character = 0;  // From 1.
  bool has_line_end = false;
};

struct ReferenceRecord {
  std::vector<ReferenceField> fields;
  size_t end = 0;      // Index of the line end, or the text's size.
  uint64_t lines = 0;  // Line ends inside quotes.
  BadRowReason structure = BadRowReason::kNone;
  int32_t structure_field = -1;
  bool given_up = false;
};

inline ReferenceRecord WalkRecord(std::string_view text, size_t begin,
                                  const ReaderOptions& options) {
  enum { kFieldStart, kUnquoted, kQuoted, kAfterQuote } state = kFieldStart;
  ReferenceRecord record;
  size_t line_begin = begin;
  const auto start_field = [&](size_t at) {
    state = kFieldStart;
    record.fields.push_back(
        {.line = record.lines, .character = static_cast<uint32_t>(at - line_begin + 1)});
    if (record.fields.size() > static_cast<size_t>(options.field_count) &&
        record.structure == BadRowReason::kNone) {
      record.structure = BadRowReason::kFieldCount;
    }
  };
  const auto give_up = [&](BadRowReason reason) {
    record.structure = reason;
    record.structure_field = -1;
    if (reason == BadRowReason::kOpenQuote) {
      // The field whose quotes the first line end is in; without one, the field left open.
      record.structure_field = static_cast<int32_t>(record.fields.size()) - 1;
      for (size_t f = record.fields.size(); f-- > 0;) {
        if (record.fields[f].has_line_end) record.structure_field = static_cast<int32_t>(f);
      }
    }
    record.given_up = true;
    record.end = begin;
    while (record.end < text.size() && text[record.end] != '\n' && text[record.end] != '\r') {
      ++record.end;
    }
  };

  start_field(begin);
  for (size_t i = begin;; ++i) {
    const bool open = state == kQuoted && record.structure == BadRowReason::kNone;
    if (i - begin == options.max_record_bytes + 1) {
      give_up(open ? BadRowReason::kOpenQuote : BadRowReason::kTooLong);
      return record;
    }
    if (i == text.size()) {
      record.end = i;
      if (open) give_up(BadRowReason::kOpenQuote);
      break;
    }
    const char c = text[i];
    const bool line_end = c == '\n' || c == '\r';
    ReferenceField& field = record.fields.back();
    if (state == kQuoted && !(line_end && !open)) {
      if (c == options.dialect.quote) {
        state = kAfterQuote;
      } else {
        field.text += c;
        if (line_end) {
          field.has_line_end = true;
          if (!(c == '\n' && text[i - 1] == '\r')) ++record.lines;
          line_begin = i + 1;
        }
      }
    } else if (line_end) {
      record.end = i;
      break;
    } else if (c == options.dialect.delimiter) {
      start_field(i + 1);
    } else if (c == options.dialect.quote && state == kFieldStart) {
      state = kQuoted;
    } else if (c == options.dialect.quote && state == kAfterQuote) {
      state = kQuoted;
      field.text += c;
    } else {
      if (state == kAfterQuote) {
        if (record.structure == BadRowReason::kNone) {
          record.structure = BadRowReason::kTextAfterQuote;
          record.structure_field = static_cast<int32_t>(record.fields.size()) - 1;
        }
      }
      state = kUnquoted;
      field.text += c;
    }
  }
  if (record.structure == BadRowReason::kNone &&
      record.fields.size() < static_cast<size_t>(options.field_count)) {
    record.structure = BadRowReason::kFieldCount;
  }
  return record;
}

// Reads text, which begins at byte options.start_offset of the file and goes on to its end.
inline ReferenceResult ReferenceRead(std::string_view text, const ReaderOptions& options) {
  ReferenceResult result;
  result.columns.resize(options.fields.size());
  result.missing.resize(options.fields.size());
  uint64_t line = options.start_line;
  size_t at = 0;
  const auto line_end_length = [&](size_t i) -> size_t {
    if (i == text.size()) return 0;
    return text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? 2 : 1;
  };
  for (;;) {
    result.done = options.start_offset + at >= options.end_offset;
    if (result.done || at == text.size()) break;
    if (text[at] == '\n' || text[at] == '\r') {
      at += line_end_length(at);
      ++line;
      continue;
    }
    const ReferenceRecord record = WalkRecord(text, at, options);
    BadRow bad;
    bad.reason = record.structure;
    bad.field = record.structure_field;
    bad.line = line;
    if (bad.field >= 0) {
      bad.line = line + record.fields[static_cast<size_t>(bad.field)].line;
      bad.character = record.fields[static_cast<size_t>(bad.field)].character;
    }
    if (bad.reason == BadRowReason::kFieldCount) {
      bad.found_fields = static_cast<uint32_t>(record.fields.size());
    }
    std::vector<double> values(options.fields.size(), std::numeric_limits<double>::quiet_NaN());
    std::vector<bool> missing(options.fields.size(), false);
    if (bad.reason == BadRowReason::kNone) {
      for (size_t c = 0; c < options.fields.size(); ++c) {
        const int32_t index = options.fields[c];
        const ReferenceField& field = record.fields[static_cast<size_t>(index)];
        const ReferenceKind kind = ReferenceCell(field.text, options.dialect.decimal, &values[c]);
        missing[c] = kind == ReferenceKind::kMissing;
        const bool lenient = !options.lenient.empty() && options.lenient[c] != 0;
        if (kind == ReferenceKind::kInvalid && !lenient &&
            (bad.reason == BadRowReason::kNone || index < bad.field)) {
          bad.reason = BadRowReason::kNotANumber;
          bad.field = index;
          bad.line = line + field.line;
          bad.character = field.character;
        }
      }
    }
    if (bad.reason == BadRowReason::kNone) {
      for (size_t c = 0; c < values.size(); ++c) result.missing[c] += missing[c] ? 1u : 0u;
    } else {
      bad.row = result.offsets.size();
      bad.byte_offset = options.start_offset + at;
      bad.byte_length = static_cast<uint32_t>(record.end - at);
      result.bad_rows.push_back(bad);
      values.assign(values.size(), std::numeric_limits<double>::quiet_NaN());
    }
    for (size_t c = 0; c < values.size(); ++c) result.columns[c].push_back(values[c]);
    result.offsets.push_back(options.start_offset + at);
    line += 1 + (record.given_up ? 0 : record.lines);
    at = record.end + line_end_length(record.end);
  }
  result.next_record_offset = options.start_offset + at;
  result.next_line = line;
  return result;
}

// What the fast reader answers, in the same form; cuts[i] = length of the i-th piece fed, the rest
// at the end. The batch is cleared after every third piece.
inline ReferenceResult ReadInPieces(std::string_view text, const ReaderOptions& options,
                                    const std::vector<size_t>& cuts) {
  ReferenceResult result;
  result.columns.resize(options.fields.size());
  Reader reader(options);
  const auto take = [&] {
    const Batch& batch = reader.batch();
    for (size_t c = 0; c < result.columns.size(); ++c) {
      result.columns[c].insert(result.columns[c].end(), batch.columns[c].begin(),
                               batch.columns[c].end());
    }
    result.offsets.insert(result.offsets.end(), batch.offsets.begin(), batch.offsets.end());
    result.bad_rows.insert(result.bad_rows.end(), batch.bad_rows.begin(), batch.bad_rows.end());
    reader.ClearBatch();
  };
  size_t at = 0;
  for (size_t i = 0; at < text.size(); ++i) {
    const size_t length = i < cuts.size() ? std::min(cuts[i], text.size() - at) : text.size() - at;
    reader.Feed({reinterpret_cast<const uint8_t*>(text.data()) + at, length});
    at += length;
    if (i % 3 == 2) take();
  }
  reader.Finish();
  take();
  result.missing.assign(reader.missing_counts().begin(), reader.missing_counts().end());
  result.next_record_offset = reader.next_record_offset();
  result.next_line = reader.next_line();
  result.done = reader.done();
  return result;
}

// Empty where the two are the same to the last bit, else what differs first.
inline std::string Difference(const ReferenceResult& a, const ReferenceResult& b) {
  const auto number = [](auto x) { return std::to_string(x); };
  if (a.offsets.size() != b.offsets.size()) {
    return "rows: " + number(a.offsets.size()) + " and " + number(b.offsets.size());
  }
  for (size_t i = 0; i < a.offsets.size(); ++i) {
    if (a.offsets[i] != b.offsets[i]) {
      return "offset of row " + number(i) + ": " + number(a.offsets[i]) + " and " +
             number(b.offsets[i]);
    }
  }
  for (size_t c = 0; c < a.columns.size(); ++c) {
    if (a.columns[c].size() != b.columns[c].size()) return "length of column " + number(c);
    for (size_t i = 0; i < a.columns[c].size(); ++i) {
      const double x = a.columns[c][i];
      const double y = b.columns[c][i];
      const bool same = x != x ? y != y : x == y && std::signbit(x) == std::signbit(y);
      if (!same) {
        return "column " + number(c) + ", row " + number(i) + ": " + number(x) + " and " +
               number(y);
      }
    }
    if (a.missing[c] != b.missing[c]) return "missing values of column " + number(c);
  }
  if (a.bad_rows.size() != b.bad_rows.size()) {
    return "bad rows: " + number(a.bad_rows.size()) + " and " + number(b.bad_rows.size());
  }
  for (size_t i = 0; i < a.bad_rows.size(); ++i) {
    const BadRow& x = a.bad_rows[i];
    const BadRow& y = b.bad_rows[i];
    const auto text = [&](const BadRow& bad) {
      return "row " + number(bad.row) + " line " + number(bad.line) + " field " +
             number(bad.field) + " character " + number(bad.character) + " offset " +
             number(bad.byte_offset) + " length " + number(bad.byte_length) + " found " +
             number(bad.found_fields) + " reason " + number(static_cast<int32_t>(bad.reason));
    };
    if (text(x) != text(y)) return "bad row " + number(i) + ": " + text(x) + " and " + text(y);
  }
  if (a.next_record_offset != b.next_record_offset) {
    return "next record: " + number(a.next_record_offset) + " and " + number(b.next_record_offset);
  }
  if (a.next_line != b.next_line) {
    return "next line: " + number(a.next_line) + " and " + number(b.next_line);
  }
  if (a.done != b.done) return "done";
  return {};
}

}  // namespace firetower::csv

#endif  // FIRETOWER_TESTS_UNIT_CSV_REFERENCE_READER_H_
