#include "analysis/analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "analysis/json_number.h"
#include "analysis/judge.h"
#include "analysis/multivariate.h"
#include "analysis/report_html.h"
#include "analysis/state.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "session/summary_layout.h"
#include "session/text.h"

namespace firetower::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::string_view, 7> kSections = {
    "multivariate", "performance", "estimate", "back_test", "detectors", "charts", "trends"};

Error NotReady(std::string message) {
  return {.code = ErrorCode::kNotReady, .message = std::move(message)};
}

// Numbers read from a document are not exact to the last bit.
void RoundNumbers(json::value* document) {
  std::vector<json::value*> open = {document};
  while (!open.empty()) {
    json::value* value = open.back();
    open.pop_back();
    if (value->is_double()) {
      *value = JsonNumber(value->get_double());
    } else if (json::array* array = value->if_array()) {
      for (json::value& element : *array) open.push_back(&element);
    } else if (json::object* object = value->if_object()) {
      for (json::key_value_pair& member : *object) open.push_back(&member.value());
    }
  }
}

// Rows that stand on both sides of a comparison within one file.
uint64_t SharedRows(const DriftSettings& settings, const json::object& sides) {
  const auto range = [&](const SideSettings& side, std::string_view which) {
    if (!side.whole) return std::pair(side.first, side.end);
    const json::value* rows = sides.at(which).as_object().if_contains("rows");
    const bool known = rows != nullptr && rows->is_number();
    return std::pair(uint64_t{0}, known ? rows->to_number<uint64_t>() : uint64_t{0});
  };
  if (settings.reference.from != From::kCurrent || settings.current.from != From::kCurrent)
    return 0;
  const auto [first, end] = range(settings.reference, "reference");
  const auto [current_first, current_end] = range(settings.current, "current");
  const uint64_t from = std::max(first, current_first);
  const uint64_t to = std::min(end, current_end);
  return to > from ? to - from : 0;
}

json::value ModelJson(const LoadedModel& model) {
  json::object out;
  out["name"] = model.model.info.name;
  out["version"] = model.model.info.version;
  out["sha256"] = model.hash;
  return out;
}

}  // namespace

Analysis::Analysis() : state_(std::make_unique<State>()) {}
Analysis::~Analysis() = default;

Status Analysis::LoadModel(std::span<const uint8_t> bytes) {
  Result<forest::Model> model = forest::ReadModel(bytes);
  if (!model.ok()) return model.error();
  State& state = *state_;
  for (const Table which : {Table::kReference, Table::kCurrent}) Clear(which);
  state.reader.reset();
  state.classifier.reset();
  state.model.emplace(LoadedModel{.model = std::move(*model), .hash = Sha256Hex(bytes)});
  state.layout = session::LayoutOf(state.model->model, state.model->hash);
  state.profile = session::ProfileCounts(state.model->model);
  return {};
}

bool Analysis::has_model() const { return state_->model.has_value(); }
const forest::Model* Analysis::model() const {
  return state_->model ? &state_->model->model : nullptr;
}

Result<std::string> Analysis::InspectJson(std::span<const uint8_t> head,
                                          const TableOptions& options) const {
  const Result<TablePlan> plan =
      PlanTable(head, options, state_->model ? &*state_->model : nullptr);
  if (!plan.ok()) return plan.error();
  json::array names;
  for (const std::string& name : plan->names) names.push_back(json::value(name));
  json::object out;
  out["columns"] = std::move(names);
  return WriteJson(out);
}

Status Analysis::BeginTable(Table which, std::span<const uint8_t> head,
                            const TableOptions& options) {
  State& state = *state_;
  state.reader.reset();
  Result<std::unique_ptr<TableReader>> reader =
      TableReader::Create(head, options, state.model ? &*state.model : nullptr);
  if (!reader.ok()) return reader.error();
  Clear(which);
  state.reader = std::move(*reader);
  state.reading = which;
  return {};
}

Status Analysis::Feed(std::span<const uint8_t> bytes) {
  if (!state_->reader) return NotReady("no file is being read");
  const Status status = state_->reader->Feed(bytes);
  if (!status.ok()) state_->reader.reset();
  return status;
}

Status Analysis::FinishTable() {
  State& state = *state_;
  if (!state.reader) return NotReady("no file is being read");
  Result<TableData> data = state.reader->Finish();
  state.reader.reset();
  if (!data.ok()) return data.error();
  if (data->rows == 0) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "the file has no rows"};
  }
  state.table(*state.reading) = std::move(*data);
  return {};
}

Status Analysis::SetTable(Table which, std::span<const std::string> names,
                          std::span<const double> columns, size_t rows) {
  if (columns.size() != names.size() * rows || rows == 0 || rows > drift::kMaxTallyRows) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = std::to_string(columns.size()) + " values for " + std::to_string(rows) +
                            " rows of " + std::to_string(names.size()) + " columns"};
  }
  Clear(which);
  TableData& data = state_->table(which);
  data.present = true;
  data.rows = rows;
  for (size_t c = 0; c < names.size(); ++c) {
    const std::span<const double> values = columns.subspan(c * rows, rows);
    data.names.push_back(names[c]);
    data.columns.push_back(
        {.name = names[c], .index = c, .values = {values.begin(), values.end()}});
  }
  return {};
}

Result<std::string> Analysis::TableJson(Table which) const {
  const TableData& data = state_->table(which);
  if (!data.present) return NotReady("there is no such table");
  json::object reasons;
  for (const auto& [reason, rows] : data.reasons) {
    reasons[csv::Message(static_cast<csv::BadRowReason>(reason))] = rows;
  }
  json::array columns;
  for (const Column& column : data.columns) {
    json::object entry;
    entry["name"] = column.name;
    entry["kind"] = column.text ? "categorical" : "numeric";
    columns.push_back(std::move(entry));
  }
  json::object out;
  out["rows"] = data.rows;
  out["aside"] = data.aside_rows;
  out["reasons"] = std::move(reasons);
  out["columns"] = std::move(columns);
  out["labels"] = data.has_labels;
  out["sha256"] = data.sha256.empty() ? json::value(nullptr) : json::value(data.sha256);
  return WriteJson(out);
}

void Analysis::Clear(Table which) {
  state_->table(which) = TableData();
  state_->pairs.clear();
}

std::span<const double> Analysis::row_offsets(Table which) const {
  return state_->table(which).offsets;
}
std::span<const double> Analysis::column(Table which, std::string_view name) const {
  const Column* column = state_->table(which).Find(name);
  return column == nullptr ? std::span<const double>() : std::span<const double>(column->values);
}
std::span<const double> Analysis::labels(Table which) const { return state_->table(which).labels; }

Status Analysis::SetSummary(Table which, std::string_view text, std::string_view name) {
  Result<monitor::Summary> summary = monitor::Summary::Read(text);
  if (!summary.ok()) return summary.error();
  State& state = *state_;
  // Counts can be compared if they are over the same edges: merging says what differs.
  if (state.model) {
    monitor::Summary own(state.layout);
    const Status same = own.Merge(*summary);
    if (!same.ok()) return same;
  } else {
    const std::optional<SummarySide>& other = state.summaries[which == Table::kReference ? 1 : 0];
    if (other) {
      monitor::Summary both(other->summary.shared_layout());
      const Status same = both.Merge(*summary);
      if (!same.ok()) return same;
    }
    state.layout = summary->shared_layout();
  }
  state.summaries[static_cast<size_t>(which)].emplace(
      SummarySide{std::move(*summary), session::Excerpt(name, 200)});
  return {};
}

Result<std::string> Analysis::MeasureJson(std::string_view request) const {
  const State& state = *state_;
  const Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  const Result<Rows> rows = state.RowsOf(*settings);
  if (!rows.ok()) return rows.error();
  const Result<std::vector<std::string>> wanted = state.Wanted(*settings);
  if (!wanted.ok()) return wanted.error();
  const std::vector<std::string> all = state.Comparable(*settings);
  const std::vector<uint8_t> keep = state.KeepOf(*settings);
  json::array columns;
  for (const std::string& name : *wanted) {
    Result<std::optional<json::object>> measured =
        state.MeasureColumn(name, *settings, *rows, keep);
    if (!measured.ok()) return measured.error();
    if (!*measured) continue;
    json::object column;
    column["name"] = name;
    column["index"] = std::find(all.begin(), all.end(), name) - all.begin();
    for (json::key_value_pair& member : **measured)
      column[member.key()] = std::move(member.value());
    columns.push_back(std::move(column));
  }
  json::object sides;
  sides["reference"] = state.SideOfReport(settings->reference, Table::kReference);
  sides["current"] = state.SideOfReport(settings->current, Table::kCurrent);
  json::object out;
  out["format"] = "firetower-drift-measured";
  out["columns"] = std::move(columns);
  out["sides"] = std::move(sides);
  return WriteJson(out);
}

Result<std::string> Analysis::JudgeJson(std::span<const std::string_view> measured,
                                        std::string_view request, std::string_view sections) const {
  const Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  const auto bad = [](std::string reason) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "measured columns: " + std::move(reason)};
  };
  std::vector<json::object> columns;
  json::object sides;
  for (const std::string_view text : measured) {
    Result<json::value> parsed = ParseJson(text, ErrorCode::kDataInvalid, "measured columns");
    if (!parsed.ok()) return parsed.error();
    RoundNumbers(&*parsed);
    json::object* document = parsed->if_object();
    json::value* given = document == nullptr ? nullptr : document->if_contains("columns");
    json::value* given_sides = document == nullptr ? nullptr : document->if_contains("sides");
    if (given == nullptr || !given->is_array() || given_sides == nullptr ||
        !given_sides->is_object()) {
      return bad("the document has no columns or no sides");
    }
    for (json::value& column : given->get_array()) {
      if (!column.is_object()) return bad("a column is no object");
      columns.push_back(std::move(column.get_object()));
    }
    for (const std::string_view which : {"reference", "current"}) {
      json::value* side = given_sides->get_object().if_contains(which);
      if (side == nullptr || !side->is_object()) return bad("a side is missing");
      // Only one of the workers works out the hash of a file.
      json::value* known = sides.if_contains(which);
      if (known == nullptr) {
        sides[which] = std::move(*side);
      } else if (known->get_object()["sha256"].is_null()) {
        known->get_object()["sha256"] = std::move(side->get_object()["sha256"]);
      }
    }
  }
  if (columns.empty()) return bad("there are none");
  Result<Judgement> judgement = Judge(std::move(columns), *settings);
  if (!judgement.ok()) return judgement.error();
  const uint64_t shared = SharedRows(*settings, sides);
  if (shared > 0) {
    std::string sentence(judgement->overall["sentence"].as_string());
    sentence += shared == 1 ? " 1 row is" : " " + std::to_string(shared) + " rows are";
    judgement->overall["sentence"] = sentence + " on both sides, which hides drift.";
  }
  const std::array<std::vector<std::string>, 2> apart = state_->Apart(*settings);
  for (size_t side = 0; side < 2; ++side) {
    if (apart[side].empty()) continue;
    std::string sentence(judgement->overall["sentence"].as_string());
    sentence += " Only the " + std::string(side == 0 ? "reference" : "current file") + " has " +
                Listed(apart[side]) + ".";
    judgement->overall["sentence"] = sentence;
  }

  json::object report;
  report["format"] = "firetower-drift";
  report["version"] = 1;
  report["engine_version"] = FIRETOWER_VERSION;
  report["model"] = state_->model ? ModelJson(*state_->model) : json::value(nullptr);
  report["reference"] = std::move(sides["reference"]);
  report["current"] = std::move(sides["current"]);
  report["settings"] = SettingsJson(*settings);
  report["overall"] = std::move(judgement->overall);
  report["columns"] = std::move(judgement->columns);
  if (!sections.empty()) {
    Result<json::value> parsed = ParseJson(sections, ErrorCode::kBadArgument, "sections");
    if (!parsed.ok()) return parsed.error();
    if (!parsed->is_object()) {
      return Error{.code = ErrorCode::kBadArgument, .message = "sections is not an object"};
    }
    RoundNumbers(&*parsed);
    for (json::key_value_pair& member : parsed->get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::find(kSections.begin(), kSections.end(), key) == kSections.end()) {
        return Error{.code = ErrorCode::kBadArgument,
                     .message = "a report has no section \"" + session::Excerpt(key) + "\""};
      }
      report[key] = std::move(member.value());
    }
  }
  return WriteJson(report);
}

std::vector<double> Analysis::SampleRows(Table which, std::string_view request, size_t max_rows,
                                         uint64_t seed) const {
  const State& state = *state_;
  const Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return {};
  const SideSettings& side = which == Table::kReference ? settings->reference : settings->current;
  const Result<Rows> rows = state.RowsOf(*settings);
  if (!rows.ok() || !side.table()) return {};
  const drift::RowRange range = which == Table::kReference ? rows->reference : rows->current;
  const size_t before = side.from == From::kReference ? 0 : state.table(Table::kReference).rows;
  const std::vector<uint8_t> keep = state.KeepOf(*settings);
  size_t left = 0;
  for (size_t i = range.begin; i < range.end; ++i)
    left += keep.empty() || keep[before + i] != 0 ? 1U : 0U;
  size_t wanted = std::min(left, max_rows);
  // Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): rising.
  Random random(seed, which == Table::kReference ? 0 : 1);
  std::vector<double> sample;
  sample.reserve(wanted);
  for (size_t i = range.begin; i < range.end && wanted > 0; ++i) {
    if (!keep.empty() && keep[before + i] == 0) continue;
    if (random.Below(static_cast<uint32_t>(left)) < wanted) {
      sample.push_back(static_cast<double>(i));
      --wanted;
    }
    --left;
  }
  return sample;
}

std::vector<double> Analysis::Gather(Table which, std::string_view name,
                                     std::span<const double> rows) const {
  const Column* column = state_->table(which).Find(name);
  std::vector<double> values;
  if (column == nullptr || column->text) return values;
  values.reserve(rows.size());
  for (const double row : rows) {
    const bool here = row >= 0.0 && row < static_cast<double>(column->values.size());
    values.push_back(here ? column->values[static_cast<size_t>(row)] : kNaN);
  }
  return values;
}

Result<std::string> Analysis::MultivariateJson(std::span<const std::string> names,
                                               std::span<const double> matrix, size_t rows,
                                               size_t reference_rows, std::string_view request) {
  Result<MultivariateResult> result = Multivariate(names, matrix, rows, reference_rows, request);
  if (!result.ok()) return result.error();
  state_->classifier = std::move(result->classifier);
  return std::move(result->json);
}

std::vector<double> Analysis::DensityRatios(std::span<const double> matrix, size_t rows) const {
  std::vector<double> ratios(rows, kNaN);
  if (!state_->classifier || matrix.size() != state_->classifier->feature_count() * rows)
    return ratios;
  state_->classifier->DensityRatios(DomainFeatures(matrix), rows, ratios);
  return ratios;
}

Result<std::string> Analysis::ReportHtml(std::string_view report) const {
  return ReportHtmlOf(report);
}

}  // namespace firetower::analysis
