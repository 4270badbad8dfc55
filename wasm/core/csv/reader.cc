#include "core/csv/reader.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "core/csv/block.h"
#include "core/csv/number.h"
#include "core/csv/plain_number.h"
#include "core/csv/record.h"

namespace firetower::csv {
namespace {

constexpr size_t kSmallRecord = 64 << 10;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct ReasonText {
  BadRowReason reason;
  std::string_view text;
};

constexpr std::array<ReasonText, 8> kReasonTexts = {{
    {BadRowReason::kNone, "is good"},
    {BadRowReason::kFieldCount, "has another number of fields than the header"},
    {BadRowReason::kNotANumber, "is not a number"},
    {BadRowReason::kOpenQuote, "has a quote that never closes"},
    {BadRowReason::kTextAfterQuote, "has text after a closing quote"},
    {BadRowReason::kTooLong, "is longer than a record may be"},
    {BadRowReason::kInfinite, "is infinite or too large"},
    {BadRowReason::kMissingValue, "is missing"},
}};

constexpr bool TableMatchesEnum() {
  for (size_t i = 0; i < kReasonTexts.size(); ++i) {
    if (static_cast<size_t>(kReasonTexts[i].reason) != i) return false;
  }
  return true;
}
static_assert(TableMatchesEnum(), "kReasonTexts must list the reasons in order");

bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }

const char* FindLineEnd(const char* from, const char* end) {
  while (from != end && !IsLineEnd(*from)) ++from;
  return from;
}

// Finds delimiter, LF or CR.
class FieldEndFinder {
 public:
  explicit FieldEndFinder(char delimiter) : delimiter_(delimiter) {}

  const char* Find(const char* from, const char* end) const {
#ifdef FIRETOWER_CSV_BLOCKS
    const Block delimiters = Splat(delimiter_);
    for (; end - from >= 16; from += 16) {
      const Block block = Load(from);
      const uint32_t found = Bits(
          Or(Equal(block, delimiters), Or(Equal(block, Splat('\n')), Equal(block, Splat('\r')))));
      if (found != 0) return from + __builtin_ctz(found);
    }
#endif
    while (from != end && *from != delimiter_ && !IsLineEnd(*from)) ++from;
    return from;
  }

 private:
  char delimiter_;
};

}  // namespace

std::string_view Message(BadRowReason reason) {
  return kReasonTexts[static_cast<size_t>(reason)].text;
}

struct Reader::State {
  enum class Outcome { kComplete, kNeedMore, kGiveUp };

  explicit State(ReaderOptions reader_options)
      : options(std::move(reader_options)),
        finder(options.dialect.delimiter),
        number_options(fast_float::chars_format::general, options.dialect.decimal),
        // A number can run over the delimiter only where the decimal sign is the delimiter.
        parse_in_place(options.dialect.decimal != options.dialect.delimiter),
#ifdef FIRETOWER_CSV_BLOCKS
        plain_reader(options.dialect.decimal),
#endif
        field_head(static_cast<size_t>(options.field_count), -1),
        field_strict(static_cast<size_t>(options.field_count), 0),
        column_next(options.fields.size(), -1),
        field_data(static_cast<size_t>(options.field_count), nullptr),
        missing(options.fields.size(), 0),
        next_offset(options.start_offset),
        next_line(options.start_line),
        is_done(options.start_offset >= options.end_offset) {
    for (size_t c = options.fields.size(); c-- > 0;) {
      int32_t& head = field_head[static_cast<size_t>(options.fields[c])];
      column_next[c] = head;
      head = static_cast<int32_t>(c);
      if (options.lenient.empty() || options.lenient[c] == 0) {
        field_strict[static_cast<size_t>(options.fields[c])] = 1;
      }
    }
    for (size_t c = 0; c < options.fields.size(); ++c) {
      const int32_t first = field_head[static_cast<size_t>(options.fields[c])];
      if (static_cast<size_t>(first) != c) repeats.emplace_back(static_cast<size_t>(first), c);
    }
    batch.columns.resize(options.fields.size());
  }

  void Feed(std::string_view bytes);
  void Finish();
  std::string_view FeedPending(std::string_view bytes);
  std::string_view FeedSkipped(std::string_view bytes);
  size_t Consume(std::string_view text, bool final);
  Outcome ParseRecord(const char* begin, const char* end, bool final);
  void EmitGivenUp(size_t length);
  void AddRow(size_t length);
  void Advance(size_t length, uint64_t lines);
  void GrowColumns();
  void ShowColumns();
  double* Column(size_t c) { return cells.data() + c * stride; }
#ifdef FIRETOWER_CSV_BLOCKS
  const char* ReadPlainRecords(const char* begin, const char* p, const char* end);
  const char* ReadOddCell(const char* p, const char* end, size_t field, size_t row);
#endif

  ReaderOptions options;
  FieldEndFinder finder;
  fast_float::parse_options number_options;
  bool parse_in_place;
#ifdef FIRETOWER_CSV_BLOCKS
  PlainReader plain_reader;
#endif
  std::vector<int32_t> field_head;    // Per field: its first output column, -1 where nobody asked.
  std::vector<uint8_t> field_strict;  // Per field: a column of it is not lenient.
  std::vector<int32_t> column_next;   // Per column: the next one of the same field, -1 at the last.

  Batch batch;
  std::vector<double> cells;        // batch.columns' storage: column c begins at c * stride.
  std::vector<double*> field_data;  // Per field: its first output column, null where nobody asked.
  std::vector<std::pair<size_t, size_t>> repeats;  // Columns of a field that has one already.
  size_t capacity = 0;
  size_t stride = 0;
  std::vector<uint64_t> missing;
  uint64_t rows = 0;
  uint64_t next_offset;
  uint64_t next_line;
  bool is_done;

  std::string pending;      // The beginning of an unfinished record, from next_offset on.
  size_t retry_size = 0;    // Size at which a large pending record is worth parsing again.
  bool skipping = false;    // Inside the overlong first line of a record given up; `bad` says why.
  bool skipped_cr = false;  // ... and its last byte so far was a CR.
  uint64_t skipped = 0;     // ... and so many bytes of it have been passed, the CR not counted.

  // What ParseRecord found: the record's end, its lines after the first, the fault if any (row,
  // byte offset and length are not filled in; line counts from the record's first, from 0), missing
  // cells.
  const char* record_end = nullptr;
  uint64_t record_lines = 0;
  BadRow bad;
  std::vector<int32_t> missing_columns;
};

// Reads the record at begin into the batch's next row. Looks at no more than max_record_bytes + 1
// bytes and the line end. kNeedMore: end came first, and final is false.
Reader::State::Outcome Reader::State::ParseRecord(const char* begin, const char* end, bool final) {
  const char quote = options.dialect.quote;
  const char delimiter = options.dialect.delimiter;
  const bool bounded = static_cast<uint64_t>(end - begin) > options.max_record_bytes;
  const char* limit = bounded ? begin + static_cast<ptrdiff_t>(options.max_record_bytes) + 1 : end;
  const size_t row = batch.offsets.size();
  if (row >= capacity) GrowColumns();

  bad = BadRow{};
  record_lines = 0;
  missing_columns.clear();
  const char* line_begin = begin;
  bool malformed =
      false;   // Too many fields or text after a quote: quotes end with the line from here on.
  BadRow cut;  // Where the first line end inside quotes is: the cell at fault if the record is
               // given up.
  const char* p = begin;
  int32_t field = 0;
  for (;;) {
    const char* const cell_begin = p;
    const char* const cell_line = line_begin;
    const uint64_t cell_lines = record_lines;
    const auto blame = [&](BadRow* place, BadRowReason reason) {
      place->reason = reason;
      place->line = cell_lines;
      place->field = field;
      place->character = static_cast<uint32_t>(cell_begin - cell_line + 1);
    };
    const int32_t column =
        field < options.field_count ? field_head[static_cast<size_t>(field)] : -1;
    std::string_view cell;
    bool stored = false;
    if (p != limit && *p == quote) {
      bool open = true;
      const char* q = p + 1;
      const char* const stop = malformed ? FindLineEnd(q, limit) : limit;
      while (q != stop) {
        q = static_cast<const char*>(std::memchr(q, quote, static_cast<size_t>(stop - q)));
        if (q == nullptr) {
          q = stop;
        } else if (q + 1 != stop && q[1] == quote) {
          q += 2;
        } else {
          open = false;
          break;
        }
      }
      for (const char* c = FindLineEnd(p + 1, q); c != q; c = FindLineEnd(c, q)) {
        if (cut.reason == BadRowReason::kNone) blame(&cut, BadRowReason::kOpenQuote);
        c += *c == '\r' && c + 1 != q && c[1] == '\n' ? 2 : 1;
        ++record_lines;
        line_begin = c;
      }
      if (open && !malformed) {
        if (!bounded && !final) return Outcome::kNeedMore;
        if (cut.reason == BadRowReason::kNone) blame(&cut, BadRowReason::kOpenQuote);
        bad = cut;
        return Outcome::kGiveUp;
      }
      cell = std::string_view(p + 1, static_cast<size_t>(q - p - 1));
      p = open ? q : q + 1;
      if (p != limit && *p != delimiter && !IsLineEnd(*p)) {
        if (!malformed) blame(&bad, BadRowReason::kTextAfterQuote);
        malformed = true;
        p = finder.Find(p, limit);
      }
    } else if (column >= 0 && parse_in_place) {
      double value = 0.0;
      const fast_float::from_chars_result result =
          fast_float::from_chars_advanced(p, limit, value, number_options);
      if (result.ec != std::errc::invalid_argument && result.ptr != limit &&
          (*result.ptr == delimiter || IsLineEnd(*result.ptr)) && value == value) {
        p = result.ptr;
        stored = true;
        for (int32_t c = column; c >= 0; c = column_next[static_cast<size_t>(c)]) {
          Column(static_cast<size_t>(c))[row] = value;
        }
      } else {
        p = finder.Find(p, limit);
        cell = std::string_view(cell_begin, static_cast<size_t>(p - cell_begin));
      }
    } else {
      p = finder.Find(p, limit);
      cell = std::string_view(cell_begin, static_cast<size_t>(p - cell_begin));
    }

    if (p == limit) {
      if (bounded) {
        bad = BadRow{};
        bad.reason = BadRowReason::kTooLong;
        return Outcome::kGiveUp;
      }
      if (!final) return Outcome::kNeedMore;
    }
    if (column >= 0 && !stored) {
      double value;
      const CellKind kind = ParseCell(cell, options.dialect.decimal, &value);
      for (int32_t c = column; c >= 0; c = column_next[static_cast<size_t>(c)]) {
        Column(static_cast<size_t>(c))[row] = value;
        if (kind == CellKind::kMissing) missing_columns.push_back(c);
      }
      if (kind == CellKind::kInvalid && bad.reason == BadRowReason::kNone &&
          field_strict[static_cast<size_t>(field)] != 0) {
        blame(&bad, BadRowReason::kNotANumber);
      }
    }
    if (p == limit || *p != delimiter) break;
    ++p;
    ++field;
    if (field == options.field_count && !malformed) {
      malformed = true;
      bad = BadRow{};
      bad.reason = BadRowReason::kFieldCount;
    }
  }
  if (p + 1 == end && *p == '\r' && !final) return Outcome::kNeedMore;
  if (field + 1 < options.field_count && !malformed) {
    bad = BadRow{};
    bad.reason = BadRowReason::kFieldCount;
  }
  if (bad.reason == BadRowReason::kFieldCount) bad.found_fields = static_cast<uint32_t>(field) + 1;
  record_end = p;
  return Outcome::kComplete;
}

#ifdef FIRETOWER_CSV_BLOCKS
// Reads records from p on for as long as each of their cells can be read by itself: every record
// has its fields, and quoted cells hold no quote and no line end. Returns where it stopped: the
// beginning of a record, of an empty line, or the end.
const char* Reader::State::ReadPlainRecords(const char* begin, const char* p, const char* end) {
  if (p - begin < kPlainBefore) return p;
  const char quote = options.dialect.quote;
  const char delimiter = options.dialect.delimiter;
  const size_t fields = field_data.size();
  const PlainReader plain = plain_reader;
  while (!is_done && batch.offsets.size() < capacity && p != end && !IsLineEnd(*p)) {
    const size_t row = batch.offsets.size();
    missing_columns.clear();
    const char* q = p;
    for (size_t field = 0; field < fields; ++field) {
      if (end - q < kPlainAfter + 3) return p;  // Two quotes and the byte after.
      const char closing = field + 1 < fields ? delimiter : '\n';
      double* const column = field_data[field];
      PlainNumber number;
      uint32_t length = 0;
      if (*q == quote) {
        q = ReadOddCell(q, end, field, row);
      } else if (column == nullptr) {
        q = finder.Find(q, end);
      } else if ((length = plain.Read(q, &number)) != 0 && q[length] == closing &&
                 ToDouble(number, column + row)) {
        q += length + 1;
        continue;
      } else {
        q = ReadOddCell(q, end, field, row);
      }
      if (q == nullptr || end - q < 2) return p;
      if (*q != closing) {
        if (*q != '\r' || closing != '\n') return p;
        if (q[1] == '\n') ++q;
      }
      ++q;
    }
    const size_t eol = q[-1] == '\n' && q[-2] == '\r' ? 2 : 1;
    const size_t length = static_cast<size_t>(q - p) - eol;
    if (length > options.max_record_bytes) return p;
    for (const auto& [from, to] : repeats) Column(to)[row] = Column(from)[row];
    for (const int32_t c : missing_columns) ++missing[static_cast<size_t>(c)];
    batch.offsets.push_back(next_offset);
    ++rows;
    Advance(length + eol, 1);
    p = q;
  }
  return p;
}

// Reads any other cell, the one at p, into the batch. Returns its end, a delimiter or a line end;
// null: the record is one for ParseRecord. REQUIRES: kPlainAfter + 3 bytes from p on.
const char* Reader::State::ReadOddCell(const char* p, const char* end, size_t field, size_t row) {
  const char quote = options.dialect.quote;
  const auto ends_at = [&](const char* place) {
    return *place == options.dialect.delimiter || IsLineEnd(*place);
  };
  double* const column = field_data[field];
  std::string_view cell;
  if (*p == quote) {
    PlainNumber number;
    if (column != nullptr) {
      const uint32_t length = plain_reader.Read(p + 1, &number);
      const char* const after = p + length + 2;
      if (length != 0 && after[-1] == quote && ends_at(after) && ToDouble(number, column + row)) {
        return after;
      }
    }
    const char* close = p + 1;
    while (close != end && *close != quote && !IsLineEnd(*close)) ++close;
    if (end - close < 2 || *close != quote || !ends_at(close + 1)) return nullptr;
    cell = std::string_view(p + 1, static_cast<size_t>(close - p - 1));
    p = close + 1;
  } else {
    const char* const cell_begin = p;
    p = finder.Find(p, end);
    if (p == end) return nullptr;
    cell = std::string_view(cell_begin, static_cast<size_t>(p - cell_begin));
  }
  if (column == nullptr) return p;
  const CellKind kind = ParseCell(cell, options.dialect.decimal, column + row);
  if (kind == CellKind::kInvalid && field_strict[field] != 0) return nullptr;
  if (kind == CellKind::kMissing) {
    for (int32_t c = field_head[field]; c >= 0; c = column_next[static_cast<size_t>(c)]) {
      missing_columns.push_back(c);
    }
  }
  return p;
}
#endif  // FIRETOWER_CSV_BLOCKS

// Makes the row at batch index offsets.size() part of the batch, good or bad.
void Reader::State::AddRow(size_t length) {
  const size_t row = batch.offsets.size();
  if (bad.reason == BadRowReason::kNone) {
    for (const int32_t c : missing_columns) ++missing[static_cast<size_t>(c)];
  } else {
    for (size_t c = 0; c < options.fields.size(); ++c) Column(c)[row] = kNaN;
    bad.row = rows;
    bad.line += next_line;
    bad.byte_offset = next_offset;
    bad.byte_length =
        static_cast<uint32_t>(std::min<uint64_t>(length, std::numeric_limits<uint32_t>::max()));
    batch.bad_rows.push_back(bad);
  }
  batch.offsets.push_back(next_offset);
  ++rows;
}

void Reader::State::Advance(size_t length, uint64_t lines) {
  next_offset += length;
  next_line += lines;
  is_done = next_offset >= options.end_offset;
}

// Reads the complete records at the beginning of text, which begins at next_offset. Returns how
// much of it is done with: all of it if final is true; else the rest begins an unfinished record.
size_t Reader::State::Consume(std::string_view text, bool final) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin;
  while (p != end && !is_done) {
#ifdef FIRETOWER_CSV_BLOCKS
    if (parse_in_place) {
      p = ReadPlainRecords(begin, p, end);
      if (p == end || is_done) break;
    }
#endif
    if (IsLineEnd(*p)) {
      if (*p == '\r' && p + 1 == end && !final) break;
      const size_t length = LineEndLength(text, static_cast<size_t>(p - begin));
      p += length;
      Advance(length, 1);
      continue;
    }
    const Outcome outcome = ParseRecord(p, end, final);
    if (outcome == Outcome::kNeedMore) break;
    const char* line_end = record_end;
    uint64_t lines = record_lines + 1;
    if (outcome == Outcome::kGiveUp) {
      line_end = FindLineEnd(p, end);
      lines = 1;
      if (line_end == end && !final) {
        skipping = true;
        skipped = static_cast<uint64_t>(end - p);
        return text.size();
      }
      if (line_end + 1 == end && *line_end == '\r' && !final) break;
    }
    const size_t length = static_cast<size_t>(line_end - p);
    const size_t eol = LineEndLength(text, static_cast<size_t>(line_end - begin));
    AddRow(length);
    Advance(length + eol, lines);
    p = line_end + eol;
  }
  return is_done ? text.size() : static_cast<size_t>(p - begin);
}

// Passes bytes up to the line end that a record given up ends with. Returns what follows it.
std::string_view Reader::State::FeedSkipped(std::string_view bytes) {
  if (!skipped_cr) {
    const char* end = bytes.data() + bytes.size();
    const char* line_end = FindLineEnd(bytes.data(), end);
    const size_t length = static_cast<size_t>(line_end - bytes.data());
    skipped += length;
    bytes.remove_prefix(length);
    if (bytes.empty()) return bytes;
    if (bytes.front() == '\r') {
      skipped_cr = true;
      bytes.remove_prefix(1);
      if (bytes.empty()) return bytes;
    }
  }
  const bool has_lf = bytes.front() == '\n';
  const size_t eol = (skipped_cr ? 1u : 0u) + (has_lf ? 1u : 0u);
  if (has_lf) bytes.remove_prefix(1);
  EmitGivenUp(eol);
  return bytes;
}

void Reader::State::EmitGivenUp(size_t eol) {
  if (batch.offsets.size() >= capacity) GrowColumns();
  AddRow(static_cast<size_t>(skipped));
  Advance(static_cast<size_t>(skipped) + eol, 1);
  skipping = false;
  skipped_cr = false;
  skipped = 0;
}

// Appends bytes to the unfinished record, piece by piece, until it is complete. Returns the bytes
// after it.
std::string_view Reader::State::FeedPending(std::string_view bytes) {
  while (!pending.empty() && !bytes.empty()) {
    // A piece ends after a line end (and the byte after it, which may be the LF of a CRLF). A large
    // record is parsed again only when it has grown by a quarter, so that many small pieces cost
    // linear time.
    const size_t line_end = bytes.find_first_of("\r\n");
    size_t piece = line_end == bytes.npos ? bytes.size() : std::min(bytes.size(), line_end + 2);
    const bool after_cr = pending.back() == '\r';
    if (after_cr) piece = 1;
    if (pending.size() >= kSmallRecord) {
      piece = std::min(bytes.size(), std::max(piece, pending.size() / 4));
    }
    pending.append(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    const bool worth = pending.size() < kSmallRecord ? after_cr || line_end != bytes.npos
                                                     : pending.size() >= retry_size;
    if (!worth && pending.size() <= options.max_record_bytes) continue;

    const size_t used = Consume(pending, /*final=*/false);
    if (is_done || skipping) {
      pending.clear();
      break;
    }
    const size_t rest = pending.size() - used;
    if (used > 0 && rest <= piece) {
      // What is left is of these bytes: read it where it stands.
      bytes = std::string_view(bytes.data() - rest, bytes.size() + rest);
      pending.clear();
    } else {
      pending.erase(0, used);
    }
    retry_size = rest + rest / 4;
  }
  return bytes;
}

void Reader::State::Feed(std::string_view bytes) {
  // What follows a given-up record can itself be unfinished, overlong or pending: go round until
  // all is read.
  while (!bytes.empty() && !is_done) {
    if (skipping) {
      bytes = FeedSkipped(bytes);
    } else if (!pending.empty()) {
      bytes = FeedPending(bytes);
    } else {
      const size_t used = Consume(bytes, /*final=*/false);
      if (!is_done && !skipping) {
        pending.assign(bytes.substr(used));
        retry_size = pending.size() + pending.size() / 4;
      }
      bytes = {};
    }
  }
  ShowColumns();
}

void Reader::State::Finish() {
  if (skipping) EmitGivenUp(skipped_cr ? 1 : 0);
  Consume(pending, /*final=*/true);
  pending.clear();
  ShowColumns();
}

void Reader::State::GrowColumns() {
  capacity = std::max<size_t>(16, 2 * capacity);
  // Columns a power of two apart would all fall on the same few lines of the cache.
  const size_t grown_stride = capacity + 24;
  std::vector<double> grown(options.fields.size() * grown_stride);
  for (size_t c = 0; c < options.fields.size(); ++c) {
    std::copy_n(Column(c), batch.offsets.size(), grown.data() + c * grown_stride);
  }
  cells.swap(grown);
  stride = grown_stride;
  for (size_t f = 0; f < field_data.size(); ++f) {
    if (field_head[f] >= 0) field_data[f] = Column(static_cast<size_t>(field_head[f]));
  }
}

// Gives the columns the length that the caller is to see.
void Reader::State::ShowColumns() {
  for (size_t c = 0; c < options.fields.size(); ++c) {
    batch.columns[c] = std::span<const double>(Column(c), batch.offsets.size());
  }
}

Reader::Reader(ReaderOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

void Reader::Feed(std::span<const uint8_t> bytes) {
  state_->Feed(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void Reader::Finish() { state_->Finish(); }

bool Reader::done() const { return state_->is_done; }

const Batch& Reader::batch() const { return state_->batch; }

void Reader::ClearBatch() {
  Batch& batch = state_->batch;
  batch.offsets.clear();
  state_->ShowColumns();
  batch.bad_rows.clear();
  batch.first_row = state_->rows;
}

uint64_t Reader::row_count() const { return state_->rows; }

uint64_t Reader::next_record_offset() const { return state_->next_offset; }

uint64_t Reader::next_line() const { return state_->next_line; }

std::span<const uint64_t> Reader::missing_counts() const { return state_->missing; }

size_t GuessRecordStart(std::span<const uint8_t> bytes, size_t from, bool complete) {
  if (from == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t line_end = text.find_first_of("\r\n", from - 1);
  if (line_end == text.npos) return text.size();
  if (line_end + 1 == text.size() && text[line_end] == '\r' && !complete) return text.size();
  return line_end + LineEndLength(text, line_end);
}

std::vector<std::string> SplitRecord(std::string_view record, const Dialect& dialect) {
  std::vector<CellSpan> spans;
  ScanRecord(record, 0, dialect, &spans);
  std::vector<std::string> cells;
  for (const CellSpan& span : spans) cells.push_back(CellText(record, span, dialect.quote));
  return cells;
}

}  // namespace firetower::csv
