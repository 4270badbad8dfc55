// What becomes of the rows of a job: the part that every row passes through. Those of a kScore job
// wait, as features, until a block is full: the forest is fastest on large blocks.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/csv/number.h"
#include "core/csv/record.h"
#include "session/session.h"
#include "session/state.h"
#include "session/summary_layout.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Rows of a block, unless there are so many features that it would be over kBlockBytes.
constexpr size_t kBlockRows = 16384;
constexpr size_t kLeastBlockRows = 1024;
constexpr size_t kBlockBytes = size_t{4} << 20;
// Columns a power of two apart would share cache lines.
constexpr size_t kStridePadding = 16;

// needle is in lower case already.
bool Contains(std::string_view text, std::string_view needle) {
  const auto found = std::search(text.begin(), text.end(), needle.begin(), needle.end(),
                                 [](char a, char b) { return LowerCase(a) == b; });
  return found != text.end() || needle.empty();
}

}  // namespace

Status Session::State::TakeBatch(uint64_t window_begin, uint64_t window_line) {
  const csv::Batch& batch = job->reader->batch();
  if (batch.rows() == 0) return {};
  const size_t before = results.row_offsets.size();
  results.row_offsets.resize(before + batch.rows());
  std::transform(batch.offsets.begin(), batch.offsets.end(),
                 results.row_offsets.begin() + static_cast<ptrdiff_t>(before),
                 [](uint64_t offset) { return static_cast<double>(offset); });
  switch (job->options.kind) {
    case JobKind::kScore:
      TakeScores(window_begin, window_line);
      break;
    case JobKind::kRows:
      TakeInputs();
      break;
    case JobKind::kColumn:
      results.column.insert(results.column.end(), batch.columns[0].begin(), batch.columns[0].end());
      break;
    case JobKind::kSearch:
      for (size_t i = 0; i < batch.rows(); ++i)
        results.matches.push_back(Contains(RecordText(i), job->needle) ? 1 : 0);
      break;
    case JobKind::kExport: {
      const Status status = TakeExport();
      if (!status.ok()) return status;
      break;
    }
  }
  results.rows += batch.rows();
  job->reader->ClearBatch();
  return {};
}

void Session::State::TakeScores(uint64_t window_begin, uint64_t window_line) {
  const csv::Batch& batch = job->reader->batch();
  const size_t rows = batch.rows();
  const size_t inputs = loaded->model.pipeline.inputs().size();
  results.statuses.assign(rows, 0);
  results.status_inputs.assign(rows, -1);
  TakeBadRows(0);
  if (job->has_label) TakeLabels(batch.columns[inputs]);
  std::vector<std::span<const double>> columns(inputs);
  for (size_t c = 0; c < inputs; ++c) columns[c] = batch.columns[c];
  TakeRowsToScore(columns);

  const std::span<const uint64_t> missing = job->reader->missing_counts();
  for (size_t c = 0; c < inputs; ++c) {
    if (missing[c] == std::exchange(job->missing[c], missing[c])) continue;
    uint64_t count = 0;
    for (size_t i = 0; i < rows; ++i)
      count += std::isnan(columns[c][i]) && results.statuses[i] == 0 ? 1u : 0u;
    results.missing_counts[c] += count;
  }
  if (job->has_weight) {
    for (const double weight : batch.columns[inputs + (job->has_label ? 1 : 0)]) {
      results.weights.push_back(std::isfinite(weight) && weight >= 0.0 ? weight : kNaN);
    }
  }
  ReportBadRows(window_begin, window_line);
}

void Session::State::TakeInputs() {
  const csv::Batch& batch = job->reader->batch();
  const size_t rows = batch.rows();
  const size_t inputs = results.row_columns.size();
  const size_t before = results.statuses.size();
  results.statuses.resize(before + rows, 0);
  results.status_inputs.resize(before + rows, -1);
  TakeBadRows(before);
  for (size_t c = 0; c < inputs; ++c) {
    results.row_columns[c].insert(results.row_columns[c].end(), batch.columns[c].begin(),
                                  batch.columns[c].end());
  }
  if (job->has_label) TakeLabels(batch.columns[inputs]);
}

void Session::State::TakeBadRows(size_t first) {
  const csv::Batch& batch = job->reader->batch();
  const std::vector<int32_t>& fields = file->match.required;
  for (const csv::BadRow& bad : batch.bad_rows) {
    const size_t row = first + static_cast<size_t>(bad.row - batch.first_row);
    results.statuses[row] = static_cast<int32_t>(bad.reason);
    const auto input = std::find(fields.begin(), fields.end(), bad.field);
    if (bad.field >= 0 && input != fields.end())
      results.status_inputs[row] = static_cast<int32_t>(input - fields.begin());
  }
}

// The rule of the command line's training and evaluation: with the positive class 1, labels are 0
// and 1; with another number or a text, what is not equal to it is 0.
void Session::State::TakeLabels(std::span<const double> read) {
  if (!job->text_label) {
    const double positive = job->positive;
    for (const double label : read) {
      const bool usable = positive == 1.0 ? label == 0.0 || label == 1.0 : !std::isnan(label);
      results.labels.push_back(!usable ? kNaN : label == positive ? 1.0 : 0.0);
    }
    return;
  }
  const csv::Dialect& dialect = file->layout.dialect;
  const size_t field = static_cast<size_t>(file->match.optional[0]);
  std::vector<csv::CellSpan> cells;
  for (size_t i = 0; i < read.size(); ++i) {
    const std::string_view record = RecordText(i);
    csv::ScanRecord(record, 0, dialect, &cells);
    const std::string text =
        field < cells.size() ? csv::CellText(record, cells[field], dialect.quote) : std::string();
    const std::string_view label = csv::TrimBlanks(text);
    results.labels.push_back(label.empty()                                ? kNaN
                             : label == loaded->model.info.positive_class ? 1.0
                                                                          : 0.0);
  }
}

void ScoreBlock::Begin(size_t feature_count) {
  rows = 0;
  imputed.clear();
  if (capacity > 0) return;
  const size_t fitting = kBlockBytes / sizeof(float) / feature_count;
  capacity = std::clamp(fitting, kLeastBlockRows, kBlockRows);
  stride = capacity + kStridePadding;
  features.assign(feature_count * stride, 0.0f);
  statuses.assign(capacity, 0);
  status_inputs.assign(capacity, -1);
  times.assign(capacity, kNaN);
}

void Session::State::TakeRowsToScore(std::span<const std::span<const double>> columns) {
  const features::Pipeline& pipeline = loaded->model.pipeline;
  const int32_t time_input = TimeInput(pipeline);
  std::vector<std::span<const double>> part(columns.size());
  const size_t rows = results.statuses.size();
  for (size_t begin = 0; begin < rows;) {
    const size_t count = std::min(block.capacity - block.rows, rows - begin);
    for (size_t c = 0; c < columns.size(); ++c) part[c] = columns[c].subspan(begin, count);
    const auto statuses = std::span(results.statuses).subspan(begin, count);
    const auto inputs = std::span(results.status_inputs).subspan(begin, count);
    pipeline.Transform(part, count, block.stride, std::span(block.features).subspan(block.rows),
                       statuses, inputs);
    const auto at = static_cast<ptrdiff_t>(block.rows);
    std::copy(statuses.begin(), statuses.end(), block.statuses.begin() + at);
    std::copy(inputs.begin(), inputs.end(), block.status_inputs.begin() + at);
    if (time_input >= 0) {
      const std::span<const double> times = part[static_cast<size_t>(time_input)];
      std::copy(times.begin(), times.end(), block.times.begin() + at);
    }
    for (size_t f = 0; f < pipeline.features().size(); ++f) {
      if (pipeline.features()[f].missing != features::MissingPolicy::kImpute) continue;
      const std::span<const double> input = part[static_cast<size_t>(pipeline.features()[f].input)];
      for (size_t i = 0; i < count; ++i) {
        if (IsMissing(pipeline.features()[f], input[i]))
          block.imputed.push_back(static_cast<uint32_t>(f * block.stride + block.rows + i));
      }
    }
    block.rows += count;
    begin += count;
    if (block.rows == block.capacity) ScoreRowsOfBlock();
  }
}

void Session::State::ScoreRowsOfBlock() {
  const size_t rows = block.rows;
  if (rows == 0) return;
  const size_t before = results.probabilities.size();
  results.probabilities.resize(before + rows);
  const std::span<double> out = std::span(results.probabilities).subspan(before);
  loaded->compiled.PredictProba(block.features, rows, block.stride, out);
  for (size_t i = 0; i < rows; ++i) {
    if (block.statuses[i] != 0) out[i] = kNaN;
  }
  for (const uint32_t cell : block.imputed)
    block.features[cell] = std::numeric_limits<float>::quiet_NaN();
  monitor::SummaryBlock counted;
  counted.rows = rows;
  counted.features = block.features;
  counted.stride = block.stride;
  counted.probabilities = out;
  counted.statuses = std::span(block.statuses).first(rows);
  counted.status_inputs = std::span(block.status_inputs).first(rows);
  if (job->has_label) counted.labels = std::span(results.labels).subspan(before, rows);
  if (TimeInput(loaded->model.pipeline) >= 0) counted.times = std::span(block.times).first(rows);
  results.summary->Add(counted, 0, rows);
  block.imputed.clear();
  block.rows = 0;
}

}  // namespace firetower::session
