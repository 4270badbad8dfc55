#include "analysis/table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "core/base/shortest.h"
#include "core/base/utf8.h"
#include "core/csv/number.h"
#include "core/csv/record.h"
#include "core/drift/tally.h"
#include "session/text.h"

namespace firetower::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Rows per call of pipeline and evaluator.
constexpr size_t kBlockRows = 4096;
// Characters of a text that tell it from others.
constexpr size_t kTextLength = 200;
// A record longer than this has no texts.
constexpr size_t kMaxTextRecordBytes = size_t{64} << 20;

bool Contains(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// As a summary counts: missing where the input has no value, also where the pipeline puts another
// in its place.
bool MissingInput(const features::Feature& feature, double input) {
  return std::isnan(input) || (feature.op == features::Op::kLog1p && input <= -1.0);
}

}  // namespace

const Column* TableData::Find(std::string_view column) const {
  for (const Column& candidate : columns)
    if (candidate.name == column) return &candidate;
  return nullptr;
}

std::string NumberText(double value) {
  std::string text;
  AppendShortest(value == 0.0 ? 0.0 : value, &text);
  return text;
}

Result<TablePlan> PlanTable(std::span<const uint8_t> head, const TableOptions& options,
                            const LoadedModel* model) {
  TablePlan plan;
  std::vector<std::string> inputs;
  csv::SniffOptions sniff;
  if (model != nullptr) {
    for (const features::InputColumn& input : model->model.pipeline.inputs())
      inputs.push_back(input.name);
    sniff.expected_columns = inputs;
    for (const std::string& name :
         {model->model.info.label_column, model->model.info.weight_column}) {
      if (!name.empty()) sniff.expected_columns.push_back(name);
    }
  }
  sniff.delimiter = options.delimiter;
  sniff.decimal = options.decimal;
  sniff.header = static_cast<csv::HeaderMode>(options.header);
  sniff.complete = options.complete;
  Result<csv::FileLayout> layout = csv::SniffLayout(head, sniff);
  if (!layout.ok() && model == nullptr && options.columns.size() == 1) {
    // A file of one column is told by that column's name only.
    sniff.expected_columns = options.columns;
    Result<csv::FileLayout> single = csv::SniffLayout(head, sniff);
    if (single.ok()) layout = std::move(single);
  }
  if (!layout.ok()) return layout.error();
  plan.layout = std::move(*layout);

  // Names as people may see them, each once.
  std::set<std::string> used;
  for (const std::string& raw : plan.layout.column_names) {
    const std::string name = session::Excerpt(raw, kTextLength);
    std::string unique = name;
    for (int number = 2; !used.insert(unique).second; ++number)
      unique = name + "_" + std::to_string(number);
    plan.file_names.push_back(unique);
  }

  if (model == nullptr) {
    plan.names = plan.file_names;
    return plan;
  }
  std::vector<std::string> optional;
  if (!model->model.info.label_column.empty()) optional = {model->model.info.label_column};
  csv::ColumnMatch match = csv::MatchColumns(plan.layout, inputs, optional);
  if (!match.missing.empty()) return csv::MissingColumnsError(plan.layout, match);
  plan.input_fields = std::move(match.required);
  if (!optional.empty()) plan.label_field = match.optional[0];
  for (const features::Feature& feature : model->model.pipeline.features())
    plan.names.push_back(feature.name);
  if (options.scores && !Contains(plan.names, kScoreColumn)) plan.names.emplace_back(kScoreColumn);
  for (const std::string& name : options.columns) {
    if (!Contains(plan.names, name) && Contains(plan.file_names, name)) plan.names.push_back(name);
  }
  return plan;
}

Result<std::unique_ptr<TableReader>> TableReader::Create(std::span<const uint8_t> head,
                                                         const TableOptions& options,
                                                         LoadedModel* model) {
  Result<TablePlan> plan = PlanTable(head, options, model);
  if (!plan.ok()) return plan.error();
  for (const std::string& name : options.columns) {
    if (!Contains(plan->names, name)) {
      return Error{.code = ErrorCode::kSchemaMismatch,
                   .message = "the file has no column named \"" + session::Excerpt(name) + "\""};
    }
  }
  std::unique_ptr<TableReader> reader(new TableReader());
  reader->model_ = model;
  reader->options_ = options;
  reader->dialect_ = plan->layout.dialect;
  TableData& data = reader->data_;
  data.name = options.name;
  data.names = plan->names;

  csv::ReaderOptions reading;
  reading.dialect = plan->layout.dialect;
  reading.field_count = static_cast<int32_t>(plan->layout.column_names.size());
  reading.start_offset = plan->layout.data_offset;
  reading.start_line = plan->layout.data_line;
  reading.fields = plan->input_fields;
  reading.lenient.assign(reading.fields.size(), 0);

  size_t own = 0;  // Of data.names: the first that is a column of the file.
  if (model != nullptr) {
    const size_t feature_count = model->model.pipeline.features().size();
    reader->features_.assign(feature_count, -1);
    own = std::find(data.names.begin() + static_cast<std::ptrdiff_t>(feature_count),
                    data.names.end(), kScoreColumn) != data.names.end()
              ? feature_count + 1
              : feature_count;
  }
  for (size_t n = 0; n < data.names.size(); ++n) {
    const std::string& name = data.names[n];
    if (!options.columns.empty() && !Contains(options.columns, name)) continue;
    const size_t place = data.columns.size();
    data.columns.push_back({.name = name, .index = n});
    if (n < reader->features_.size()) {
      reader->features_[n] = static_cast<int32_t>(place);
    } else if (n < own) {
      reader->score_ = static_cast<int32_t>(place);
    } else {
      const auto field = std::find(plan->file_names.begin(), plan->file_names.end(), name);
      FileColumn column;
      column.column = place;
      column.read = reading.fields.size();
      column.field = static_cast<int32_t>(field - plan->file_names.begin());
      reading.fields.push_back(column.field);
      reading.lenient.push_back(1);
      reader->file_columns_.push_back(std::move(column));
    }
  }
  if (reader->score_ >= 0 && !model->compiled) {
    Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(model->model.forest);
    if (!compiled.ok()) return compiled.error();
    model->compiled.emplace(std::move(*compiled));
  }
  if (plan->label_field >= 0) {
    data.has_labels = true;
    reader->label_field_ = plan->label_field;
    reader->label_read_ = reading.fields.size();
    reader->text_label_ = csv::ParseCell(model->model.info.positive_class, '.',
                                         &reader->positive_) != csv::CellKind::kNumber;
    reading.fields.push_back(plan->label_field);
    reading.lenient.push_back(1);
  }
  reader->skip_ = plan->layout.data_offset;
  reader->window_ = session::RecordWindow(plan->layout.data_offset);
  reader->reader_.emplace(std::move(reading));
  return reader;
}

Status TableReader::Feed(std::span<const uint8_t> bytes) {
  if (options_.hash) hash_.Update(bytes);
  const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size()));
  skip_ -= skipped;
  bytes = bytes.subspan(skipped);
  if (bytes.empty()) return {};
  window_.Feed(bytes);
  reader_->Feed(bytes);
  TakeBatch();
  window_.Keep(reader_->next_record_offset());
  if (window_.kept_bytes() > kMaxTextRecordBytes) window_.DropTail();
  if (data_.rows > drift::kMaxTallyRows) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "more than " + std::to_string(drift::kMaxTallyRows) + " rows"};
  }
  return {};
}

Result<TableData> TableReader::Finish() {
  reader_->Finish();
  TakeBatch();
  if (options_.hash) data_.sha256 = hash_.Hex();
  if (data_.aside_rows == 0) data_.aside.clear();
  for (Column& column : data_.columns) {
    column.values.shrink_to_fit();
    column.codes.shrink_to_fit();
  }
  data_.present = true;
  return std::move(data_);
}

std::string_view TableReader::Record(size_t i) {
  const csv::Batch& batch = reader_->batch();
  const uint64_t end = i + 1 < batch.rows() ? batch.offsets[i + 1] : reader_->next_record_offset();
  return window_.Record(batch.offsets[i], end);
}

void TableReader::TakeBatch() {
  const csv::Batch& batch = reader_->batch();
  const size_t rows = batch.rows();
  if (rows == 0) return;
  std::vector<int32_t> status(rows, 0);
  for (const csv::BadRow& bad : batch.bad_rows)
    status[static_cast<size_t>(bad.row - batch.first_row)] = static_cast<int32_t>(bad.reason);
  if (model_ != nullptr) {
    std::vector<std::span<const double>> block(model_->model.pipeline.inputs().size());
    std::vector<int32_t> inputs(kBlockRows);
    const std::span<const features::Feature> features = model_->model.pipeline.features();
    block_.resize(features.size() * kBlockRows);
    scores_.resize(kBlockRows);
    for (size_t begin = 0; begin < rows; begin += kBlockRows) {
      const size_t count = std::min(kBlockRows, rows - begin);
      for (size_t c = 0; c < block.size(); ++c)
        block[c] = std::span<const double>(batch.columns[c]).subspan(begin, count);
      const std::span<int32_t> here = std::span(status).subspan(begin, count);
      model_->model.pipeline.Transform(block, count, kBlockRows, block_, here, inputs);
      if (score_ >= 0) {
        model_->compiled->PredictProba(block_, count, kBlockRows, scores_);
        std::vector<double>& values = data_.columns[static_cast<size_t>(score_)].values;
        for (size_t i = 0; i < count; ++i) values.push_back(here[i] == 0 ? scores_[i] : kNaN);
      }
      for (size_t f = 0; f < features.size(); ++f) {
        if (features_[f] < 0) continue;
        std::vector<double>& values = data_.columns[static_cast<size_t>(features_[f])].values;
        const std::span<const double> input = block[static_cast<size_t>(features[f].input)];
        for (size_t i = 0; i < count; ++i) {
          const bool missing = here[i] != 0 || MissingInput(features[f], input[i]);
          values.push_back(missing ? kNaN : static_cast<double>(block_[f * kBlockRows + i]));
        }
      }
    }
  }
  TakeFileColumns(status);
  if (label_field_ >= 0) TakeLabels();
  for (size_t i = 0; i < rows; ++i) {
    data_.offsets.push_back(static_cast<double>(batch.offsets[i]));
    data_.aside.push_back(status[i] != 0 ? 1 : 0);
    if (status[i] == 0) continue;
    ++data_.aside_rows;
    ++data_.reasons[status[i]];
  }
  data_.rows += rows;
  reader_->ClearBatch();
}

uint32_t TableReader::CodeOf(std::string text, FileColumn* file_column) {
  Column& column = data_.columns[file_column->column];
  if (column.texts.size() >= kMaxTexts &&
      file_column->codes.find(text) == file_column->codes.end()) {
    text = kOtherTexts;
  }
  const auto [place, added] =
      file_column->codes.emplace(text, static_cast<uint32_t>(column.texts.size()));
  if (added) column.texts.push_back(std::move(text));
  return place->second;
}

void TableReader::BecomeText(FileColumn* file_column) {
  Column& column = data_.columns[file_column->column];
  column.text = true;
  column.codes.reserve(column.values.size());
  for (const double value : column.values) {
    column.codes.push_back(std::isnan(value) ? kNoText : CodeOf(NumberText(value), file_column));
  }
  column.values = {};
}

void TableReader::TakeFileColumns(std::span<const int32_t> status) {
  const csv::Batch& batch = reader_->batch();
  const size_t rows = batch.rows();
  std::vector<FileColumn*> texts;
  for (FileColumn& file_column : file_columns_) {
    Column& column = data_.columns[file_column.column];
    const std::span<const double> read = batch.columns[file_column.read];
    const uint64_t missing_before =
        std::exchange(file_column.missing, reader_->missing_counts()[file_column.read]);
    if (!column.text) {
      // What is neither a number nor missing in a good row is a text. Rows that the pipeline sets
      // aside are good to the reader.
      uint64_t without = 0;
      for (const double value : read) without += std::isnan(value) ? 1U : 0U;
      without -= std::min<uint64_t>(without, batch.bad_rows.size());
      if (without > file_column.missing - missing_before) BecomeText(&file_column);
    }
    if (column.text) {
      texts.push_back(&file_column);
    } else {
      for (size_t i = 0; i < rows; ++i) column.values.push_back(status[i] == 0 ? read[i] : kNaN);
    }
  }
  if (texts.empty()) return;
  std::vector<csv::CellSpan> cells;
  for (size_t i = 0; i < rows; ++i) {
    std::string_view record;
    if (status[i] == 0) {
      record = Record(i);
      csv::ScanRecord(record, 0, dialect_, &cells);
    }
    for (FileColumn* file_column : texts) {
      std::vector<uint32_t>& codes = data_.columns[file_column->column].codes;
      const auto field = static_cast<size_t>(file_column->field);
      if (status[i] != 0 || field >= cells.size()) {
        codes.push_back(kNoText);
        continue;
      }
      const std::string cell = csv::CellText(record, cells[field], dialect_.quote);
      double value = 0.0;
      const csv::CellKind kind = csv::ParseCell(cell, dialect_.decimal, &value);
      if (kind == csv::CellKind::kMissing) {
        codes.push_back(kNoText);
      } else {
        codes.push_back(CodeOf(kind == csv::CellKind::kNumber
                                   ? NumberText(value)
                                   : session::Excerpt(csv::TrimBlanks(cell), kTextLength),
                               file_column));
      }
    }
  }
}

// As session::Session::labels.
void TableReader::TakeLabels() {
  const csv::Batch& batch = reader_->batch();
  std::vector<csv::CellSpan> cells;
  for (size_t i = 0; i < batch.rows(); ++i) {
    const double label = batch.columns[label_read_][i];
    if (!text_label_) {
      const bool usable = positive_ == 1.0 ? label == 0.0 || label == 1.0 : !std::isnan(label);
      data_.labels.push_back(!usable ? kNaN : label == positive_ ? 1.0 : 0.0);
      continue;
    }
    const std::string_view record = Record(i);
    csv::ScanRecord(record, 0, dialect_, &cells);
    const auto field = static_cast<size_t>(label_field_);
    const std::string text =
        field < cells.size() ? csv::CellText(record, cells[field], dialect_.quote) : std::string();
    const std::string_view trimmed = csv::TrimBlanks(text);
    data_.labels.push_back(trimmed.empty()                                ? kNaN
                           : trimmed == model_->model.info.positive_class ? 1.0
                                                                          : 0.0);
  }
}

}  // namespace firetower::analysis
