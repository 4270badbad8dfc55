// A job over a byte range of a CSV file: sniffing, the range's first record, and what becomes of
// each batch.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/csv/number.h"
#include "core/csv/record.h"
#include "core/csv/writer.h"
#include "session/session.h"
#include "session/state.h"
#include "session/text.h"

namespace firetower::session {
namespace {

Error NotReady(std::string message) {
  return {.code = ErrorCode::kNotReady, .message = std::move(message)};
}

json::array JsonTexts(std::span<const std::string> texts) {
  json::array array;
  for (const std::string& text : texts) array.push_back(json::value(ValidUtf8(text)));
  return array;
}

// The header record as it stands in the file, if its cells are the layout's names; otherwise (a
// preamble, a byte order mark in odd places) the names written anew.
std::string HeaderText(std::span<const uint8_t> head, const csv::FileLayout& layout) {
  if (!layout.has_header) return {};
  const size_t end = static_cast<size_t>(std::min<uint64_t>(layout.data_offset, head.size()));
  std::string_view text(reinterpret_cast<const char*>(head.data()), end);
  if (layout.has_bom && text.size() >= 3) text.remove_prefix(3);
  while (!text.empty() && (text.front() == '\n' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::vector<std::string> cells = csv::SplitRecord(text, layout.dialect);
  for (std::string& cell : cells) cell = ValidUtf8(cell);
  if (cells == layout.column_names) return std::string(text);
  std::string out;
  for (size_t i = 0; i < layout.column_names.size(); ++i) {
    if (i > 0) out += layout.dialect.delimiter;
    csv::AppendText(layout.column_names[i], layout.dialect, &out);
  }
  return out;
}

}  // namespace

Result<std::string> Session::InspectCsv(std::span<const uint8_t> head,
                                        const InspectOptions& options) {
  State& state = *state_;
  state.job.reset();
  state.file.reset();
  std::vector<std::string> required;
  std::vector<std::string> optional = {"", ""};
  if (state.loaded) {
    for (const features::InputColumn& input : state.loaded->model.pipeline.inputs())
      required.push_back(input.name);
    optional = {state.loaded->model.info.label_column, state.loaded->model.info.weight_column};
  }
  csv::SniffOptions sniff;
  sniff.expected_columns = required;
  for (const std::string& name : optional) {
    if (!name.empty()) sniff.expected_columns.push_back(name);
  }
  sniff.delimiter = options.delimiter;
  sniff.decimal = options.decimal;
  sniff.header = options.header;
  sniff.complete = options.complete;
  Result<csv::FileLayout> layout = csv::SniffLayout(head, sniff);
  if (!layout.ok()) return layout.error();

  InspectedFile file;
  // A name that the model does not have is asked for by nobody.
  std::vector<std::string> wanted;
  for (const std::string& name : optional) {
    if (!name.empty()) wanted.push_back(name);
  }
  file.match = csv::MatchColumns(*layout, required, wanted);
  std::vector<int32_t> places(2, -1);
  for (size_t i = 0, next = 0; i < 2; ++i) {
    if (!optional[i].empty()) places[i] = file.match.optional[next++];
  }
  file.match.optional = places;
  file.header_text = HeaderText(head, *layout);
  file.layout = std::move(*layout);
  state.file.emplace(std::move(file));

  const csv::FileLayout& found = state.file->layout;
  const csv::ColumnMatch& match = state.file->match;
  const auto name_of = [&](int32_t field) {
    return ValidUtf8(found.column_names[static_cast<size_t>(field)]);
  };
  json::array matched;
  for (size_t i = 0; i < required.size(); ++i) {
    if (match.required[i] < 0) continue;
    json::object pair;
    pair["input"] = required[i];
    pair["column"] = name_of(match.required[i]);
    matched.push_back(std::move(pair));
  }
  json::object report;
  report["delimiter"] = std::string(1, found.dialect.delimiter);
  report["decimal"] = std::string(1, found.dialect.decimal);
  report["header"] = found.has_header;
  report["bom"] = found.has_bom;
  report["lineEnding"] = found.line_ending;
  report["dataOffset"] = found.data_offset;
  report["dataLine"] = found.data_line;
  report["columns"] = JsonTexts(found.column_names);
  report["matched"] = std::move(matched);
  report["missing"] = JsonTexts(match.missing);
  report["extra"] = JsonTexts(match.extra);
  const std::array<const char*, 2> keys = {"label", "weight"};
  for (size_t i = 0; i < 2; ++i) {
    report[keys[i]] = places[i] < 0 ? json::value(nullptr) : json::value(name_of(places[i]));
  }
  return WriteJson(report);
}

const csv::FileLayout& Session::layout() const { return state_->file->layout; }

Status Session::BeginRange(const RangeOptions& options) {
  State& state = *state_;
  state.job.reset();
  state.results = {};
  if (!state.file) return NotReady("no file has been inspected");
  const csv::FileLayout& layout = state.file->layout;
  const csv::ColumnMatch& match = state.file->match;
  if (options.begin > options.end) {
    return Error{.code = ErrorCode::kBadArgument, .message = "the range ends before it begins"};
  }
  if (options.guess_start && options.begin == 0) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "there is no byte before the file's first"};
  }

  Job job;
  job.options = options;
  csv::ReaderOptions reader;
  switch (options.kind) {
    case JobKind::kScore:
    case JobKind::kRows: {
      if (!state.loaded) return NotReady("no model is loaded");
      if (!match.missing.empty()) return csv::MissingColumnsError(layout, match);
      reader.fields = match.required;
      reader.lenient.assign(reader.fields.size(), 0);
      job.has_label = match.optional[0] >= 0;
      job.has_weight = match.optional[1] >= 0 && options.kind == JobKind::kScore;
      job.text_label = csv::ParseCell(state.loaded->model.info.positive_class, '.',
                                      &job.positive) != csv::CellKind::kNumber;
      const std::array<bool, 2> wanted = {job.has_label, job.has_weight};
      for (size_t i = 0; i < 2; ++i) {
        if (!wanted[i]) continue;
        reader.fields.push_back(match.optional[i]);
        reader.lenient.push_back(1);
      }
      state.results.missing_counts.assign(match.required.size(), 0);
      if (options.kind == JobKind::kScore) {
        state.results.summary = state.loaded->no_rows;
        state.block.Begin(state.loaded->model.pipeline.features().size());
        job.missing.assign(match.required.size(), 0);
      }
      state.results.row_columns.resize(match.required.size());
      break;
    }
    case JobKind::kColumn: {
      int32_t field = -1;
      for (size_t i = 0; i < layout.column_names.size() && field < 0; ++i) {
        if (ValidUtf8(layout.column_names[i]) == options.text) field = static_cast<int32_t>(i);
      }
      if (field < 0) {
        return Error{.code = ErrorCode::kSchemaMismatch,
                     .message = "the file has no column named \"" + Excerpt(options.text) + "\""};
      }
      reader.fields = {field};
      reader.lenient = {1};
      break;
    }
    case JobKind::kSearch:
      job.needle.resize(options.text.size());
      std::transform(options.text.begin(), options.text.end(), job.needle.begin(), LowerCase);
      break;
    case JobKind::kExport:
      if (!state.export_settings) return NotReady("no scores have been set for the export");
      state.output.clear();
      break;
    default:
      return Error{.code = ErrorCode::kBadArgument, .message = "there is no such job"};
  }
  reader.dialect = layout.dialect;
  reader.field_count = static_cast<int32_t>(layout.column_names.size());
  job.first_line = options.line == 0 ? 1 : options.line;
  if (options.guess_start) {
    job.before_offset = options.begin - 1;
    job.first_offset = options.begin;
  } else {
    job.first_offset = options.begin;
  }
  job.reader_options = std::move(reader);
  if (!options.guess_start) job.Start(options.begin);
  state.job.emplace(std::move(job));
  return {};
}

void Job::Start(uint64_t offset) {
  first_offset = offset;
  reader_options.start_offset = offset;
  reader_options.start_line = first_line;
  reader_options.end_offset = std::max(options.end, offset);
  window = RecordWindow(offset);
  reader.emplace(reader_options);
}

Status Session::Feed(std::span<const uint8_t> bytes) {
  State& state = *state_;
  if (!state.job || state.job->finished) return NotReady("no range is being read");
  Job& job = *state.job;
  if (done() || bytes.empty()) return {};
  std::vector<uint8_t> joined;
  if (!job.reader) {
    if (!job.before.empty()) {
      joined = std::move(job.before);
      joined.insert(joined.end(), bytes.begin(), bytes.end());
      bytes = joined;
    }
    const size_t start = csv::GuessRecordStart(bytes, 1, false);
    if (start >= bytes.size()) {
      // Only the last byte can still be (half of) a line end.
      job.before_offset += bytes.size() - 1;
      job.before = {bytes.back()};
      return {};
    }
    job.Start(job.before_offset + start);
    bytes = bytes.subspan(start);
  }
  const uint64_t begin = job.reader->next_record_offset();
  const uint64_t line = job.reader->next_line();
  job.window.Feed(bytes);
  job.reader->Feed(bytes);
  const Status status = state.TakeBatch(begin, line);
  if (!status.ok()) {
    state.job.reset();
    return status;
  }
  job.window.Keep(job.reader->next_record_offset());
  if (job.window.kept_bytes() > kMaxExportRecordBytes) {
    if (job.options.kind == JobKind::kExport || job.options.kind == JobKind::kSearch) {
      const Error error{.code = ErrorCode::kTooBig,
                        .message = "a record is longer than 64 MiB",
                        .byte_offset = static_cast<int64_t>(job.reader->next_record_offset())};
      state.job.reset();
      return error;
    }
    job.window.DropTail();
  }
  return {};
}

Status Session::FinishRange() {
  State& state = *state_;
  if (!state.job) return NotReady("no range is being read");
  Job& job = *state.job;
  if (job.finished) return {};
  if (!job.reader) job.Start(job.before_offset + job.before.size());
  if (!job.reader->done()) {
    const uint64_t begin = job.reader->next_record_offset();
    const uint64_t line = job.reader->next_line();
    job.reader->Finish();
    const Status status = state.TakeBatch(begin, line);
    if (!status.ok()) {
      state.job.reset();
      return status;
    }
  }
  job.finished = true;
  if (job.options.kind == JobKind::kScore) state.ScoreRowsOfBlock();
  if (job.options.kind == JobKind::kExport &&
      state.results.rows != state.export_settings->scores.size()) {
    return Error{
        .code = ErrorCode::kDataInvalid,
        .message = "the file has other rows than those that were scored; it has changed since"};
  }
  return {};
}

bool Session::done() const {
  return state_->job && state_->job->reader && state_->job->reader->done();
}

std::string_view Session::State::RecordText(size_t i) {
  const csv::Batch& batch = job->reader->batch();
  const uint64_t end =
      i + 1 < batch.rows() ? batch.offsets[i + 1] : job->reader->next_record_offset();
  return job->window.Record(batch.offsets[i], end);
}

void Session::State::ReportBadRows(uint64_t window_begin, uint64_t window_line) {
  const csv::Batch& batch = job->reader->batch();
  const size_t rows = batch.rows();
  // Bad rows of the reader and of the pipeline, in row order. The reader gives its rows' lines;
  // those of the others are counted.
  size_t read = 0;
  uint64_t counted_to = window_begin;
  uint64_t line = window_line;
  for (size_t i = 0; i < rows; ++i) {
    if (results.statuses[i] == 0) continue;
    ++results.bad_row_count;
    const uint64_t row = batch.first_row + i;
    const bool from_reader = read < batch.bad_rows.size() && batch.bad_rows[read].row == row;
    if (results.bad_rows.size() >= kMaxBadRowReports) {
      read += from_reader ? 1 : 0;
      continue;
    }
    if (from_reader) {
      AddBadRow(batch.bad_rows[read], RecordText(i));
      ++read;
      continue;
    }
    const uint64_t offset = batch.offsets[i];
    line += CountLineEnds(job->window.Bytes(counted_to, offset));
    counted_to = offset;
    const std::string_view record = RecordText(i);
    const csv::FileLayout& layout = file->layout;
    csv::BadRow bad;
    bad.row = row;
    bad.line = line;
    bad.field = file->match.required[static_cast<size_t>(results.status_inputs[i])];
    bad.byte_offset = offset;
    bad.byte_length = static_cast<uint32_t>(record.size());
    bad.reason = static_cast<csv::BadRowReason>(results.statuses[i]);
    std::vector<csv::CellSpan> cells;
    csv::ScanRecord(record, 0, layout.dialect, &cells);
    if (static_cast<size_t>(bad.field) < cells.size()) {
      const size_t place = cells[static_cast<size_t>(bad.field)].begin;
      const size_t line_end = record.substr(0, place).find_last_of("\r\n");
      bad.line += CountLineEnds(record.substr(0, place));
      bad.character =
          static_cast<uint32_t>(line_end == std::string_view::npos ? place + 1 : place - line_end);
    }
    AddBadRow(bad, record);
  }
}

ReadRows Session::TakeRows() {
  if (!state_->job || state_->job->options.kind != JobKind::kRows) return {};
  Results& results = state_->results;
  ReadRows read;
  read.rows = results.statuses.size();
  read.columns.reserve(read.rows * results.row_columns.size());
  for (std::vector<double>& column : results.row_columns) {
    read.columns.insert(read.columns.end(), column.begin(), column.end());
    column.clear();
  }
  read.labels = std::exchange(results.labels, {});
  read.offsets = std::exchange(results.row_offsets, {});
  read.statuses = std::exchange(results.statuses, {});
  read.status_inputs = std::exchange(results.status_inputs, {});
  return read;
}

void Session::State::AddBadRow(const csv::BadRow& bad, std::string_view record) {
  const csv::FileLayout& layout = file->layout;
  BadRowReport report;
  report.row = bad.row;
  report.line = bad.line;
  report.character = bad.character;
  report.byte_offset = bad.byte_offset;
  report.byte_length = bad.byte_length;
  report.reason = bad.reason;
  const auto field = static_cast<size_t>(std::max(bad.field, 0));
  if (bad.field >= 0 && field < layout.column_names.size())
    report.column = Excerpt(layout.column_names[field]);
  if (bad.reason == csv::BadRowReason::kFieldCount) {
    report.message = std::to_string(bad.found_fields) +
                     (bad.found_fields == 1 ? " field, " : " fields, ") +
                     std::to_string(layout.column_names.size()) + " expected";
  } else if (report.column.empty()) {
    report.message = csv::Message(bad.reason);
  } else {
    report.message = "column " + report.column + ": ";
    if (bad.reason != csv::BadRowReason::kMissingValue) {
      const std::vector<std::string> cells = csv::SplitRecord(record, layout.dialect);
      if (field < cells.size()) report.message += '"' + Excerpt(cells[field]) + "\" ";
    }
    report.message += csv::Message(bad.reason);
  }
  results.bad_rows.push_back(std::move(report));
}

std::string BadRowSentence(const BadRowReport& bad, uint64_t line) {
  return "line " + std::to_string(line) + (bad.column.empty() ? ": " : ", ") + bad.message;
}

uint64_t Session::CountLineEnds(std::string_view bytes) {
  uint64_t count = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      ++count;
    } else if (bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n')) {
      ++count;
    }
  }
  return count;
}

uint64_t Session::first_record_offset() const {
  return state_->job ? state_->job->first_offset : 0;
}
uint64_t Session::next_record_offset() const {
  if (!state_->job) return 0;
  return state_->job->reader ? state_->job->reader->next_record_offset()
                             : state_->job->first_offset;
}
uint64_t Session::first_line() const { return state_->job ? state_->job->first_line : 0; }
uint64_t Session::next_line() const {
  if (!state_->job) return 0;
  return state_->job->reader ? state_->job->reader->next_line() : state_->job->first_line;
}
uint64_t Session::row_count() const { return state_->results.rows; }
std::span<const double> Session::row_offsets() const { return state_->results.row_offsets; }
std::span<const double> Session::probabilities() const { return state_->results.probabilities; }
std::span<const double> Session::labels() const { return state_->results.labels; }
std::span<const double> Session::weights() const { return state_->results.weights; }
std::span<const double> Session::column() const { return state_->results.column; }
std::span<const uint8_t> Session::matches() const { return state_->results.matches; }
uint64_t Session::bad_row_count() const { return state_->results.bad_row_count; }
std::span<const BadRowReport> Session::bad_rows() const { return state_->results.bad_rows; }
std::span<const uint64_t> Session::missing_counts() const { return state_->results.missing_counts; }

const monitor::Summary* Session::summary() const {
  return state_->results.summary ? &*state_->results.summary : nullptr;
}

Result<std::string> Session::MergeSummaries(
    std::span<const std::span<const uint64_t>> parts) const {
  if (!has_model()) return NotReady("no model is loaded");
  monitor::Summary merged = state_->loaded->no_rows;
  for (const std::span<const uint64_t> words : parts) {
    const Status status = merged.MergeWords(words);
    if (!status.ok()) return status.error();
  }
  return merged.Write();
}

std::string Session::BadRowsJson() const {
  json::array rows;
  rows.reserve(state_->results.bad_rows.size());
  for (const BadRowReport& bad : state_->results.bad_rows) {
    json::object entry;
    entry["row"] = bad.row;
    entry["line"] = bad.line;
    entry["column"] = bad.column.empty() ? json::value(nullptr) : json::value(bad.column);
    entry["character"] = bad.character;
    entry["offset"] = bad.byte_offset;
    entry["length"] = bad.byte_length;
    entry["reason"] = static_cast<int32_t>(bad.reason);
    entry["message"] = bad.message;
    rows.push_back(std::move(entry));
  }
  return WriteJson(rows);
}

std::string Session::MissingJson() const {
  json::object counts;
  if (state_->loaded) {
    const std::span<const features::InputColumn> inputs = state_->loaded->model.pipeline.inputs();
    for (size_t c = 0; c < state_->results.missing_counts.size(); ++c) {
      if (state_->results.missing_counts[c] > 0)
        counts[inputs[c].name] = state_->results.missing_counts[c];
    }
  }
  return WriteJson(counts);
}

}  // namespace firetower::session
