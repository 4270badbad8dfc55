// firetower drift: whether data has moved against a model's profile, another file, a window of the
// same file or a summary; per column and overall. The facade is the page's: the same bytes.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/json_number.h"
#include "commands.h"
#include "core/base/json.h"
#include "core/csv/dialect.h"
#include "files.h"

namespace firetower::tools {
namespace {

using analysis::Analysis;
using analysis::JsonNumber;
using analysis::Table;

// As the page: rows of each side for all columns together; columns whose charts a report has.
constexpr size_t kMultivariateRows = 5000;
constexpr size_t kMostCharts = 12;
constexpr size_t kTrendWindows = 20;

struct DriftOptions {
  std::string model;
  std::string reference;
  std::string data;
  std::string reference_summary;
  std::string summary;
  std::vector<std::string> columns;
  std::string test;
  std::string categorical_test;
  std::string tests;
  std::string correction;
  std::optional<double> level;
  std::optional<double> effect_floor;
  std::optional<double> min_rows;
  std::optional<double> drift_share;
  std::optional<double> bins;
  std::string reference_rows;
  std::string current_rows;
  std::vector<double> without;
  bool multivariate = false;
  std::optional<double> seed;
  std::string report;
  bool json = false;
};

// "A..B": rows A to B, B left out.
CLI::Validator RowWindow() {
  return CLI::Validator(
      [](std::string& text) {
        const size_t dots = text.find("..");
        const auto digits = [](const std::string& part) {
          return !part.empty() && part.size() < 11 &&
                 part.find_first_not_of("0123456789") == std::string::npos;
        };
        if (dots != std::string::npos && digits(text.substr(0, dots)) &&
            digits(text.substr(dots + 2))) {
          return std::string();
        }
        return "\"" + text + "\" is not A..B, the first row and the one after the last";
      },
      "A..B");
}

json::value Window(const std::string& text) {
  if (text.empty()) return nullptr;
  const size_t dots = text.find("..");
  return json::array{std::stoull(text.substr(0, dots)), std::stoull(text.substr(dots + 2))};
}

// The request (web/js/engine/analysis/types.js) that the options stand for.
// rest: the rows of the data that are not the reference's.
json::object RequestOf(const DriftOptions& options, const json::value& rest) {
  json::object reference, current, request;
  const bool window_of_data = !options.reference_rows.empty() && options.reference.empty();
  reference["from"] = !options.reference_summary.empty() ? "summary"
                      : !options.reference.empty()       ? "reference"
                      : window_of_data                   ? "current"
                                                         : "profile";
  reference["rows"] = Window(options.reference_rows);
  current["from"] = options.summary.empty() ? "current" : "summary";
  current["rows"] = Window(options.current_rows);
  if (window_of_data && options.current_rows.empty()) current["rows"] = rest;
  request["reference"] = std::move(reference);
  request["current"] = std::move(current);
  if (!options.without.empty())
    request["without"] = json::array(options.without.begin(), options.without.end());
  if (!options.columns.empty()) {
    json::array names;
    for (const std::string& name : options.columns) names.push_back(json::value(name));
    request["columns"] = std::move(names);
  }
  for (const auto& [key, text] :
       {std::pair<std::string_view, const std::string&>{"test", options.test},
        {"categorical_test", options.categorical_test},
        {"correction", options.correction}}) {
    if (!text.empty()) request[key] = text;
  }
  if (options.tests == "all") request["all"] = true;
  for (const auto& [key, number] :
       {std::pair<std::string_view, std::optional<double>>{"level", options.level},
        {"effect_floor", options.effect_floor},
        {"min_rows", options.min_rows},
        {"drift_share", options.drift_share},
        {"bins", options.bins}}) {
    if (number) request[key] = *number;
  }
  return request;
}

Status ReadTable(Table which, const std::string& path, const DriftOptions& options,
                 Analysis* analysis) {
  const Result<std::vector<uint8_t>> bytes = ReadFile(path);
  if (!bytes.ok()) return bytes.error();
  analysis::TableOptions table;
  table.name = path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
  table.complete = bytes->size() <= csv::kSniffBytes;
  const std::span<const uint8_t> all(*bytes);
  const std::span<const uint8_t> head = all.first(std::min(all.size(), csv::kSniffBytes));
  // With a model, columns of the file that are none of its features can be asked for too.
  table.columns = options.columns;
  Status status = analysis->BeginTable(which, head, table);
  if (!status.ok() && status.error().code == ErrorCode::kNotCsv && options.columns.empty() &&
      !analysis->has_model() && status.error().message.find("one column") != std::string::npos) {
    return Error{.code = ErrorCode::kNotCsv,
                 .message = status.error().message +
                            " If it is a file of one column, name that one with --columns."};
  }
  if (status.ok()) status = analysis->Feed(all);
  if (status.ok()) status = analysis->FinishTable();
  return status;
}

// All columns together, as the page samples them.
Result<json::value> Multivariate(const json::object& request, const DriftOptions& options,
                                 const std::vector<std::string>& names, Analysis* analysis) {
  const std::string text = analysis::WriteJson(request);
  const auto seed = static_cast<uint64_t>(options.seed.value_or(1));
  const std::vector<double> reference =
      analysis->SampleRows(Table::kReference, text, kMultivariateRows, seed);
  const std::vector<double> current =
      analysis->SampleRows(Table::kCurrent, text, kMultivariateRows, seed);
  if (reference.empty() || current.empty()) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message =
                     "--multivariate needs rows on both sides: --reference CSV or "
                     "--reference-rows A..B, and --data CSV"};
  }
  const Table from = options.reference.empty() ? Table::kCurrent : Table::kReference;
  std::vector<std::string> kept;
  std::vector<double> matrix;
  for (const std::string& name : names) {
    const std::vector<double> before = analysis->Gather(from, name, reference);
    const std::vector<double> now = analysis->Gather(Table::kCurrent, name, current);
    if (name == "score" || before.size() != reference.size() || now.size() != current.size())
      continue;
    kept.push_back(name);
    matrix.insert(matrix.end(), before.begin(), before.end());
    matrix.insert(matrix.end(), now.begin(), now.end());
  }
  json::object settings;
  if (options.seed) settings["seed"] = *options.seed;
  json::object wanted;
  wanted["multivariate"] = std::move(settings);
  const Result<std::string> found =
      analysis->MultivariateJson(kept, matrix, reference.size() + current.size(), reference.size(),
                                 analysis::WriteJson(wanted));
  if (!found.ok()) return found.error();
  return ParseJson(*found, ErrorCode::kDataInvalid, "multivariate");
}

std::string Cell(std::string_view text, size_t width) {
  std::string cell(text);
  size_t characters = 0;
  for (const char c : cell)
    characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  if (characters < width) cell.append(width - characters, ' ');
  return cell + "  ";
}

double NumberOf(const json::value& object, std::string_view key) {
  const json::value& value = object.as_object().at(key);
  return value.is_number() ? value.to_number<double>() : std::nan("");
}

std::string TextOf(const json::value& object, std::string_view key) {
  return std::string(object.as_object().at(key).as_string());
}

std::string PText(double p, double below) {
  if (!std::isnan(p)) return fmt::format("{:.3g}", p);
  return std::isnan(below) ? "-" : fmt::format("< {:.3g}", below);
}

std::string SideText(const json::value& side) {
  std::string text = TextOf(side, "name");
  if (text.empty()) text = TextOf(side, "from");
  text += fmt::format(", {:.0f} rows", NumberOf(side, "rows"));
  const json::value& window = side.as_object().at("window");
  if (window.is_array()) {
    text += fmt::format(" ({} to {})", window.as_array()[0].to_number<uint64_t>(),
                        window.as_array()[1].to_number<uint64_t>() - 1);
  }
  if (NumberOf(side, "aside") > 0)
    text += fmt::format(", {:.0f} set aside", NumberOf(side, "aside"));
  return text;
}

// As a bound where it comes from one.
std::string OverallP(const json::object& document) {
  const double p = NumberOf(document.at("overall"), "p_value");
  for (const json::value& column : document.at("columns").as_array()) {
    const bool bound = !std::isnan(NumberOf(column.as_object().at("outcome"), "p_below"));
    if (bound && NumberOf(column, "p_corrected") == p) return "<= " + PText(p, std::nan(""));
  }
  return PText(p, std::nan(""));
}

std::string ToText(const json::value& report) {
  const json::object& document = report.as_object();
  const json::value& overall = document.at("overall");
  const json::value& settings = document.at("settings");
  std::string text = TextOf(overall, "sentence") + "\n\n";
  text += "reference  " + SideText(document.at("reference")) + "\n";
  text += "current    " + SideText(document.at("current")) + "\n";
  text +=
      fmt::format("corrected  {} at level {:g}; all columns together: p {}\n\n",
                  TextOf(settings, "correction"), NumberOf(settings, "level"), OverallP(document));
  size_t width = 6;
  for (const json::value& column : document.at("columns").as_array())
    width = std::max(width, std::min<size_t>(24, TextOf(column, "name").size()));
  text += Cell("column", width) + Cell("verdict", 19) + Cell("effect", 36) + Cell("p", 10) +
          Cell("corrected", 10) + "missing\n";
  for (const json::value& column : document.at("columns").as_array()) {
    const json::value& effect = column.as_object().at("effect");
    const json::value& outcome = column.as_object().at("outcome");
    const json::value& reference = column.as_object().at("reference");
    const json::value& current = column.as_object().at("current");
    const auto missing = [](const json::value& side) {
      const double count = NumberOf(side, "missing");
      const double rows = count + NumberOf(side, "rows");
      return rows > 0.0 ? fmt::format("{:.3g} %", 100.0 * count / rows) : std::string("-");
    };
    const double value = NumberOf(effect, "value");
    const std::string size =
        std::isnan(value) ? "-"
                          : fmt::format("{} {:.4f} [{:.4f}, {:.4f}]", TextOf(effect, "name"), value,
                                        NumberOf(effect, "low"), NumberOf(effect, "high"));
    const double p = NumberOf(outcome, "p_value");
    const double below = NumberOf(outcome, "p_below");
    text += Cell(TextOf(column, "name"), width) + Cell(TextOf(column, "verdict"), 19) +
            Cell(size, 36) + Cell(PText(p, below), 10) +
            Cell((std::isnan(p) && !std::isnan(below) ? "<= " : "") +
                     PText(NumberOf(column, "p_corrected"), std::nan("")),
                 10) +
            missing(reference) + " -> " + missing(current) + "\n";
  }
  return text;
}

// What a report's charts need: the columns that drifted, else the first ones.
Status AddCharts(const std::string& request, const json::value& report, bool trends,
                 const Analysis& analysis, json::object* sections) {
  json::object charts, lines;
  for (const json::value& column : report.as_object().at("columns").as_array()) {
    const std::string name = TextOf(column, "name");
    if (charts.size() >= kMostCharts) break;
    const Result<std::string> chart = analysis.ColumnJson(name, request);
    if (!chart.ok()) return chart.error();
    Result<json::value> parsed = ParseJson(*chart, ErrorCode::kDataInvalid, "chart");
    if (!parsed.ok()) return parsed.error();
    charts[name] = std::move(*parsed);
    if (!trends) continue;
    const Result<std::string> trend = analysis.TrendJson(name, request, kTrendWindows);
    if (!trend.ok()) return trend.error();
    Result<json::value> line = ParseJson(*trend, ErrorCode::kDataInvalid, "trend");
    if (!line.ok()) return line.error();
    lines[name] = std::move(*line);
  }
  (*sections)["charts"] = std::move(charts);
  if (trends) (*sections)["trends"] = std::move(lines);
  return {};
}

// With a window of the data as the reference, what is looked at by default: the rows behind it, or
// those before it if it is the end; null: all (there are no others).
json::value RestOf(const DriftOptions& options, const Analysis& analysis) {
  const json::value window = Window(options.reference_rows);
  const size_t rows = analysis.row_offsets(Table::kCurrent).size();
  if (!window.is_array() || rows == 0) return nullptr;
  const auto first = window.as_array()[0].to_number<uint64_t>();
  const auto end = window.as_array()[1].to_number<uint64_t>();
  if (end < rows) return json::array{end, rows};
  return first > 0 ? json::value(json::array{0, first}) : json::value(nullptr);
}

int RunDrift(const DriftOptions& options) {
  const auto usage = [](std::string reason) {
    return ReportError("drift", {.code = ErrorCode::kBadArgument, .message = std::move(reason)});
  };
  if (options.data.empty() == options.summary.empty())
    return usage("give what to look at: --data CSV or --summary FILE");
  if (!options.reference.empty() && !options.reference_summary.empty())
    return usage("--reference and --reference-summary are both references: give one");
  if (options.model.empty() && options.reference.empty() && options.reference_summary.empty() &&
      options.reference_rows.empty()) {
    return usage(
        "give what to compare with: --model MODEL (its training profile), --reference CSV, "
        "--reference-summary FILE or --reference-rows A..B");
  }
  const int places =
      CheckPlaces({{"--report", options.report}, {"--json", options.json ? "-" : ""}},
                  {{"--model", options.model},
                   {"--data", options.data},
                   {"--summary", options.summary},
                   {"--reference", options.reference},
                   {"--reference-summary", options.reference_summary}});
  if (places != kExitOk) return places;

  Analysis analysis;
  if (!options.model.empty()) {
    const Result<std::vector<uint8_t>> bytes = ReadFile(options.model);
    if (!bytes.ok()) return ReportError(options.model, bytes.error());
    const Status loaded = analysis.LoadModel(*bytes);
    if (!loaded.ok()) return ReportModelError(options.model, loaded.error());
  }
  for (const auto& [which, path] :
       {std::pair<Table, const std::string&>{Table::kReference, options.reference},
        {Table::kCurrent, options.data}}) {
    if (path.empty()) continue;
    const Status read = ReadTable(which, path, options, &analysis);
    if (!read.ok()) return ReportError(path, read.error());
  }
  for (const auto& [which, path] :
       {std::pair<Table, const std::string&>{Table::kReference, options.reference_summary},
        {Table::kCurrent, options.summary}}) {
    if (path.empty()) continue;
    const Result<std::vector<uint8_t>> bytes = ReadFile(path);
    if (!bytes.ok()) return ReportError(path, bytes.error());
    const Status set = analysis.SetSummary(
        which, {reinterpret_cast<const char*>(bytes->data()), bytes->size()},
        path == "-" ? "standard input" : std::filesystem::path(path).filename().string());
    if (!set.ok()) return ReportError(path, set.error());
  }

  const std::string& subject = options.data.empty() ? options.summary : options.data;
  const json::object request = RequestOf(options, RestOf(options, analysis));
  const std::string text = analysis::WriteJson(request);
  const Result<std::string> measured = analysis.MeasureJson(text);
  if (!measured.ok()) {
    // A setting is nothing of the file's.
    return ReportError(measured.error().code == ErrorCode::kBadArgument ? "drift" : subject,
                       measured.error());
  }
  const std::string_view documents[] = {*measured};
  Result<std::string> report = analysis.JudgeJson(documents, text, "");
  if (!report.ok()) return ReportError(subject, report.error());
  Result<json::value> parsed = ParseJson(*report, ErrorCode::kDataInvalid, "report");
  if (!parsed.ok()) return ReportError(subject, parsed.error());

  json::object sections;
  if (options.multivariate) {
    // In the file's order, as the page has them.
    const Result<json::value> known = ParseJson(*measured, ErrorCode::kDataInvalid, "measured");
    if (!known.ok()) return ReportError(subject, known.error());
    std::vector<std::string> names;
    for (const json::value& column : known->as_object().at("columns").as_array())
      names.push_back(TextOf(column, "name"));
    Result<json::value> together = Multivariate(request, options, names, &analysis);
    if (!together.ok()) return ReportError(subject, together.error());
    sections["multivariate"] = std::move(*together);
  }
  if (!options.report.empty()) {
    const Status charts = AddCharts(text, *parsed, options.summary.empty(), analysis, &sections);
    if (!charts.ok()) return ReportError(subject, charts.error());
  }
  if (!sections.empty()) {
    report = analysis.JudgeJson(documents, text, analysis::WriteJson(sections));
    if (!report.ok()) return ReportError(subject, report.error());
  }
  if (!options.report.empty()) {
    const Result<std::string> html = analysis.ReportHtml(*report);
    if (!html.ok()) return ReportError(options.report, html.error());
    const Status written = WriteFile(options.report, *html);
    if (!written.ok()) return ReportError(options.report, written.error());
    if (options.report == "-") return kExitOk;
  }
  const Status printed = WriteFile("-", options.json ? *report + "\n" : ToText(*parsed));
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

}  // namespace

void AddDrift(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("drift", "Say whether data has moved, and which columns");
  auto options = std::make_shared<DriftOptions>();
  command->add_option("--model", options->model,
                      "Model file: its features are compared, with its training profile unless "
                      "there is another reference");
  command->add_option("--reference", options->reference, "CSV file to compare with");
  command->add_option("--reference-summary", options->reference_summary,
                      "Summary (models/SUMMARY.md) to compare with");
  command->add_option("--data", options->data, "CSV file to look at, - for standard input");
  command->add_option("--summary", options->summary, "Summary to look at");
  command
      ->add_option("--reference-rows", options->reference_rows,
                   "Rows A to B (left out) of the reference; without --reference of the data")
      ->check(RowWindow());
  command
      ->add_option("--current-rows", options->current_rows,
                   "Rows A to B (left out) of the data; default: all, or those behind a reference "
                   "that is a window of it")
      ->check(RowWindow());
  command->add_option("--without", options->without, "Rows of the data to leave out: 3,17,...")
      ->delimiter(',');
  command->add_option("--columns", options->columns, "Columns to compare: a,b,...; default: all")
      ->delimiter(',');
  command->add_option("--test", options->test,
                      "Of numbers: ks (default), cvm, ad, mwu, welch, chi_square or g; of counts "
                      "(a profile, a summary) chi_square (default), g or ks");
  command->add_option("--categorical-test", options->categorical_test,
                      "Of texts: chi_square (default), g, fisher or z");
  command->add_option("--tests", options->tests, "all: every test and distance of every column")
      ->check(CLI::IsMember({"all"}));
  command->add_option("--correction", options->correction,
                      "For the number of columns: BH (default), BY, Holm, Bonferroni or none");
  command->add_option("--level", options->level, "Error rate; default: 0.05");
  command->add_option("--effect-floor", options->effect_floor,
                      "Smaller effects do not matter; default: by test");
  command->add_option("--min-rows", options->min_rows,
                      "Least rows of a side; default: 30, of counts 200");
  command->add_option("--drift-share", options->drift_share,
                      "Share of the columns from which drift is widespread; default: 0.5");
  command->add_option("--bins", options->bins, "Of the reference's quantiles; default: 10");
  command->add_flag("--multivariate", options->multivariate,
                    "All columns together: PCA, Hotelling's T2, a domain classifier, MMD");
  command->add_option("--seed", options->seed, "Of --multivariate; default: 1");
  command->add_option("--report", options->report, "Report to write, one HTML file");
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, exit_code] { *exit_code = RunDrift(*options); });
}

}  // namespace firetower::tools
