// firetower detect: a sequential detector over a column of a CSV file.
#define FMT_HEADER_ONLY
#include "analysis/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/json_number.h"
#include "checks.h"
#include "commands.h"
#include "core/base/json.h"
#include "core/csv/dialect.h"
#include "core/csv/reader.h"
#include "files.h"

namespace firetower::tools {
namespace {

struct DetectOptions {
  std::string data;
  std::string detector;
  std::vector<std::string> settings;
  std::string column;
  std::string drifts;
  std::optional<uint64_t> horizon;
  uint64_t every = 1;
  bool false_alarms = false;
  uint64_t shuffles = 20;
  uint64_t seed = 0;
  bool list = false;
  bool json = false;
};

Error Usage(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

// --- the column

// Where a record's field begins, in bytes from 1 of its line. Quoted line ends are left out of
// account: the place is then one in the text since the record's beginning.
int64_t PlaceOf(std::string_view record, size_t field, const csv::Dialect& dialect) {
  bool quoted = false;
  size_t at = 0;
  for (; at < record.size() && field > 0; ++at) {
    if (record[at] == dialect.quote) quoted = !quoted;
    if (record[at] == dialect.delimiter && !quoted) --field;
  }
  return static_cast<int64_t>(at) + 1;
}

// Physical lines that end before a byte.
int64_t LinesBefore(std::string_view text) {
  int64_t lines = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] == '\n' || (text[i] == '\r' && !crlf)) ++lines;
  }
  return lines;
}

// The layout of a file that should have the column. A file of one column is told by that column's
// name only: where it is not the one wanted, the error names the one there is.
Result<csv::FileLayout> LayoutOf(std::span<const uint8_t> bytes, const std::string& column) {
  const std::span<const uint8_t> head = bytes.first(std::min(bytes.size(), csv::kSniffBytes));
  const bool complete = bytes.size() <= csv::kSniffBytes;
  Result<csv::FileLayout> layout =
      csv::SniffLayout(head, {.expected_columns = {column}, .complete = complete});
  if (layout.ok() || layout.error().code != ErrorCode::kNotCsv) return layout;
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const std::string first(text.substr(0, text.find_first_of("\r\n")));
  Result<csv::FileLayout> single =
      csv::SniffLayout(head, {.expected_columns = {first}, .complete = complete});
  return single.ok() ? single : layout;
}

// A column's numbers, and where they stand.
struct ColumnOfFile {
  std::vector<double> values;  // Of the rows that have one, in the file's order.
  std::vector<uint64_t> rows;  // Theirs, from 0.
  std::vector<uint64_t> offsets;
  uint64_t records = 0;  // Rows with and without a value.
  csv::FileLayout layout;
  int32_t field = 0;

  // The error with line and column of the cell that value `index` is from.
  Error At(std::span<const uint8_t> bytes, size_t index, Error error) const {
    return AtRow(bytes, rows[index], std::move(error));
  }
  Error AtRow(std::span<const uint8_t> bytes, uint64_t row, Error error) const {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto begin = static_cast<size_t>(layout.data_offset);
    const auto record = static_cast<size_t>(offsets[static_cast<size_t>(row)]);
    error.row = static_cast<int64_t>(row);
    error.line =
        static_cast<int64_t>(layout.data_line) + LinesBefore(text.substr(begin, record - begin));
    error.column = PlaceOf(text.substr(record), static_cast<size_t>(field), layout.dialect);
    return error;
  }
};

// Errors: those of SniffLayout and MissingColumnsError; kDataInvalid without rows, and with line
// and column of a cell that is neither missing nor a finite number.
Result<ColumnOfFile> ReadColumn(std::span<const uint8_t> bytes, const std::string& column) {
  const std::vector<std::string> wanted = {column};
  const Result<csv::FileLayout> layout = LayoutOf(bytes, column);
  if (!layout.ok()) return layout.error();
  const csv::ColumnMatch match = csv::MatchColumns(*layout, wanted, {});
  if (!match.missing.empty()) return csv::MissingColumnsError(*layout, match);
  csv::Reader reader({.dialect = layout->dialect,
                      .field_count = static_cast<int32_t>(layout->column_names.size()),
                      .fields = match.required,
                      .start_offset = layout->data_offset,
                      .start_line = layout->data_line});
  reader.Feed(bytes.subspan(layout->data_offset));
  reader.Finish();
  const csv::Batch& batch = reader.batch();
  if (batch.rows() == 0)
    return Error{.code = ErrorCode::kDataInvalid, .message = "the file has no rows"};
  ColumnOfFile found;
  found.records = batch.rows();
  found.offsets.assign(batch.offsets.begin(), batch.offsets.end());
  found.layout = *layout;
  found.field = match.required[0];
  const std::span<const double> read = batch.columns[0];
  for (size_t i = 0; i < read.size(); ++i) {
    if (std::isfinite(read[i])) {
      found.values.push_back(read[i]);
      found.rows.push_back(i);
      continue;
    }
    Error error = {.code = ErrorCode::kDataInvalid, .message = column + " is infinite"};
    if (!batch.bad_rows.empty() && batch.bad_rows[0].row == i) {
      const csv::BadRow& bad = batch.bad_rows[0];
      error.row = static_cast<int64_t>(i);
      error.line = static_cast<int64_t>(bad.line);
      if (bad.character > 0) error.column = bad.character;
      error.message = bad.field < 0 ? "the row" : column;
      error.message += " " + std::string(csv::Message(bad.reason));
      return error;
    }
    if (!std::isnan(read[i])) return found.AtRow(bytes, i, std::move(error));
  }
  if (found.values.empty()) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "none of the " + std::to_string(found.records) +
                            " rows has a value of " + column};
  }
  return found;
}

// --- drifts

// Whole numbers, apart by commas, blanks or line ends. Errors: kDataInvalid with line and column.
Result<std::vector<double>> ReadRows(std::string_view text) {
  std::vector<double> rows;
  int64_t line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
    if (std::string_view(" \t\r\n,").find(text[i]) != std::string_view::npos) {
      ++i;
      continue;
    }
    uint64_t row = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data() + i, end, row);
    const bool whole =
        stop == end || std::string_view(" \t\r\n,").find(*stop) != std::string_view::npos;
    if (failed != std::errc() || !whole) {
      Error error = {.code = ErrorCode::kDataInvalid,
                     .message =
                         "is not a row number (whole numbers from 0 on, one per line or "
                         "apart by commas)"};
      error.line = line;
      error.column = static_cast<int64_t>(i - line_start) + 1;
      return error;
    }
    rows.push_back(static_cast<double>(row));
    i = static_cast<size_t>(stop - text.data());
  }
  return rows;
}

bool IsList(const std::string& drifts) {
  return drifts.find_first_not_of("0123456789,") == std::string::npos;
}

// The option's value itself where it is a list, else the file's text.
Result<std::vector<double>> ReadDrifts(const std::string& list) {
  if (IsList(list)) return ReadRows(list);
  const Result<std::vector<uint8_t>> bytes = ReadFile(list);
  if (!bytes.ok()) return bytes.error();
  return ReadRows({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

// --- requests and what comes back

Result<json::object> RequestOf(const DetectOptions& options) {
  json::object set;
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return Usage("--set: \"" + setting + "\" is not of the form key=value");
    }
    const std::string key = setting.substr(0, equals);
    if (set.contains(key)) {
      return Usage(options.detector + ": " + key + ": is set twice");
    }
    set[key] = setting.substr(equals + 1);
  }
  json::object request;
  request["detector"] = options.detector;
  request["set"] = std::move(set);
  request["shuffles"] = options.shuffles;
  request["seed"] = options.seed;
  return request;
}

json::value Parsed(const std::string& document) {
  Result<json::value> value = ParseJson(document, ErrorCode::kDataInvalid, "document");
  return value.ok() ? *std::move(value) : json::value();
}

std::string NumberText(const json::value& value) {
  return value.is_null() ? "-" : fmt::format("{:.4g}", value.to_number<double>());
}

std::string ScoreText(const json::object& score) {
  std::string text =
      fmt::format("{:<10}{:>8}{:>11}{:>9}{:>12}{:>12}{:>16}{:>14}\n", "", "alarms", "precision",
                  "recall", "mean delay", "max delay", "false/10,000", "rows/false");
  for (const char* who : {"detector", "always", "never"}) {
    const json::object& line = score.at(who).get_object();
    const json::object& delay = line.at("delay").get_object();
    text += fmt::format("{:<10}{:>8}{:>11}{:>9}{:>12}{:>12}{:>16}{:>14}\n", who,
                        NumberText(line.at("alarms")), NumberText(line.at("precision")),
                        NumberText(line.at("recall")), NumberText(delay.at("mean")),
                        NumberText(delay.at("max")), NumberText(line.at("false_alarm_rate")),
                        NumberText(line.at("mtbfa")));
  }
  return text + fmt::format(
                    "{} drifts; an alarm up to {} rows after one finds it. \"always\" fires at "
                    "every row it may, \"never\" not at all.\n",
                    NumberText(score.at("drifts")), NumberText(score.at("horizon")));
}

std::string FalseAlarmText(const json::object& found) {
  const json::object& per = found.at("per_10000").get_object();
  const json::value* p0 = found.at("set").get_object().if_contains("p0");
  std::string text = fmt::format(
      "on shuffled rows{}: {} false alarms per 10,000 rows ({} to {}), {} in {} rows\n",
      p0 == nullptr ? "" : fmt::format(", p0 {}", NumberText(*p0)), NumberText(per.at("value")),
      NumberText(per.at("low")), NumberText(per.at("high")), NumberText(found.at("alarms")),
      found.at("rows").to_number<uint64_t>());
  if (!found.at("promised_run_length").is_null()) {
    text +=
        fmt::format("rows per false alarm: {}, promised {}\n", NumberText(found.at("run_length")),
                    NumberText(found.at("promised_run_length")));
  }
  return text;
}

std::string ListText() {
  std::string text;
  const json::value detectors = Parsed(analysis::DetectorsJson());
  for (const json::value& detector : detectors.get_array()) {
    const json::object& kind = detector.get_object();
    text += fmt::format("{}: {}, {}, {}\n", kind.at("name").as_string().c_str(),
                        kind.at("title").as_string().c_str(), kind.at("source").as_string().c_str(),
                        kind.at("binary").as_bool() ? "watches 0 and 1" : "watches numbers");
    for (const json::value& entry : kind.at("parameters").get_array()) {
      const json::object& parameter = entry.get_object();
      const bool number = parameter.at("choices").as_string().empty();
      const std::string range = number ? fmt::format("{} .. {}", NumberText(parameter.at("low")),
                                                     NumberText(parameter.at("high")))
                                       : std::string(parameter.at("choices").as_string().c_str());
      const std::string standard = number ? NumberText(parameter.at("default"))
                                          : parameter.at("default").as_string().c_str();
      text += fmt::format("  {:<20} {:<18} {:<9} {}\n", parameter.at("name").as_string().c_str(),
                          range, standard, parameter.at("meaning").as_string().c_str());
    }
  }
  return text;
}

int Print(const std::string& text) {
  const Status printed = WriteFile("-", text);
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

// Detectors and settings are the command line's matter, values the file's.
int ReportDetectError(const DetectOptions& options, const Error& error) {
  return ReportError(error.code == ErrorCode::kBadArgument ? "detect" : options.data, error);
}

int RunDetect(const DetectOptions& options) {
  if (options.list) return Print(options.json ? analysis::DetectorsJson() + "\n" : ListText());
  Result<json::object> request = RequestOf(options);
  if (!request.ok()) return ReportDetectError(options, request.error());
  const std::string text = analysis::WriteJson(*request);
  const Result<std::string> checked = analysis::DetectJson(text, {});
  if (!checked.ok()) return ReportDetectError(options, checked.error());
  if (options.drifts.empty() != !options.horizon.has_value()) {
    return ReportDetectError(options, Usage("--drifts and --horizon go together"));
  }

  const Result<std::vector<uint8_t>> bytes = ReadFile(options.data);
  if (!bytes.ok()) return ReportError(options.data, bytes.error());
  const Result<ColumnOfFile> column = ReadColumn(*bytes, options.column);
  if (!column.ok()) return ReportError(options.data, column.error());
  const std::vector<double>& values = column->values;
  const Result<std::string> detected = analysis::DetectJson(text, values);
  if (!detected.ok()) {
    Error error = detected.error();
    if (error.row >= 0) {
      error.message = options.column + error.message.substr(error.message.find(": ") + 1);
      error = column->At(*bytes, static_cast<size_t>(error.row), std::move(error));
    }
    return ReportDetectError(options, error);
  }
  json::object document = Parsed(*detected).get_object();
  const uint64_t missing = column->records - values.size();
  if (missing > 0) {
    std::fprintf(stderr, "firetower: %s: %llu of %llu rows have no %s: passed over\n",
                 options.data.c_str(), static_cast<unsigned long long>(missing),
                 static_cast<unsigned long long>(column->records), options.column.c_str());
    document["missing"] = missing;
    for (const char* kind : {"alarms", "warnings"}) {
      for (json::value& index : document[kind].get_array())
        index = column->rows[index.to_number<size_t>()];
    }
  }
  std::string lines;
  for (const json::value& alarm : document["alarms"].get_array()) {
    lines += std::to_string(alarm.to_number<uint64_t>()) + "\n";
  }
  const bool silent = lines.empty() && !options.json;

  if (!options.drifts.empty()) {
    const std::string place = IsList(options.drifts) ? "detect" : options.drifts;
    const Result<std::vector<double>> drifts = ReadDrifts(options.drifts);
    if (!drifts.ok()) return ReportError(place, drifts.error());
    json::object score;
    score["horizon"] = *options.horizon;
    score["rows"] = column->records;
    score["every"] = options.every;
    score["alarms"] = document["alarms"];
    const Result<std::string> scored =
        analysis::ScoreDetectorJson(analysis::WriteJson(score), *drifts);
    if (!scored.ok()) return ReportError(place, scored.error());
    document["score"] = Parsed(*scored);
    lines += ScoreText(document["score"].get_object());
  }
  if (options.false_alarms) {
    const Result<std::string> found = analysis::FalseAlarmsJson(text, values);
    if (!found.ok()) return ReportDetectError(options, found.error());
    document["false_alarms"] = Parsed(*found);
    lines += FalseAlarmText(document["false_alarms"].get_object());
  }
  if (silent) {
    std::fprintf(stderr, "firetower: %s: no alarm in %zu rows\n", options.data.c_str(),
                 values.size());
  }
  return Print(options.json ? analysis::WriteJson(document) + "\n" : lines);
}

}  // namespace

void AddDetect(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand(
      "detect", "Run a sequential detector over a column and print the rows of its alarms");
  auto options = std::make_shared<DetectOptions>();
  CLI::Option* list = command->add_flag("--list", options->list, "All detectors and settings");
  command->add_option("csv", options->data, "CSV file, - for standard input")->excludes(list);
  command->add_option("--detector", options->detector, "adwin, ddm, ...; --list has them")
      ->excludes(list);
  command
      ->add_option("--set", options->settings,
                   "key=value, may be given again; semantics=river for river's alarms")
      ->type_size(1)
      ->allow_extra_args(false);
  command
      ->add_option("--column", options->column,
                   "Column to watch; rows without a value are passed over")
      ->excludes(list);
  command->add_option("--drifts", options->drifts,
                      "Score the alarms: first rows of the drifts, 1000,2000 or a file of them");
  command
      ->add_option("--horizon", options->horizon, "Rows after a drift in which an alarm finds it")
      ->transform(WholeNumber(uint64_t{1} << 53));
  command
      ->add_option("--every", options->every, "Rows between the alarms of the always-firing dummy")
      ->transform(WholeNumber(uint64_t{1} << 53))
      ->capture_default_str();
  command->add_flag("--false-alarms", options->false_alarms,
                    "Count false alarms on shuffles of the column");
  command->add_option("--shuffles", options->shuffles, "How many")
      ->transform(WholeNumber(1000000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the shuffles")
      ->transform(WholeNumber(uint64_t{1} << 53))
      ->capture_default_str();
  command->add_flag("--json", options->json, "As JSON: alarms, warnings, state, scores");
  command->callback([options, exit_code] {
    for (const auto& [name, value] :
         {std::pair("--detector", &options->detector), std::pair("--column", &options->column),
          std::pair("CSV", &options->data)}) {
      if (!options->list && value->empty()) throw CLI::RequiredError(name);
    }
    *exit_code = RunDetect(*options);
  });
}

}  // namespace firetower::tools
