#include "analysis/report_html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "analysis/report_svg.h"
#include "analysis/report_text.h"
#include "core/base/json.h"

namespace firetower::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// A category that stands for fewer rows could name a person.
constexpr double kFewestRowsOfName = 10;
constexpr size_t kMaxSectionBytes = 80'000;
// Rows of a list's table; fewer where the section would be too long.
constexpr std::array<size_t, 3> kTableRows = {40, 20, 8};
constexpr size_t kMaxInlineItems = 40;
constexpr size_t kMaxBars = 201;
constexpr size_t kMaxTrends = 6;
constexpr size_t kMaxTrendPoints = 1000;
constexpr size_t kMaxSentence = 2000;

constexpr std::string_view kHead =
    R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>Drift report</title>
<style>
:root { color-scheme: light dark; --ground: #ffffff; --panel: #f5f6f7; --ink: #191c20; --soft: #565d66; --line: #d8dce0; --edge: #7d858f; --accent: #0b5cad; --mark: #9a4a1f; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --panel: #1c2024; --ink: #e8eaed; --soft: #a3abb5; --line: #343a41; --edge: #7b848e; --accent: #7db8f5; --mark: #de9f58; } }
@page { size: A4 landscape; margin: 10mm; }
@media print { :root { color-scheme: light; --ground: #ffffff; --panel: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --edge: #777777; --accent: #0b5cad; --mark: #9a4a1f; } body { font-size: 9px; } .wide { overflow: visible; } section.column, tr, svg { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1320px; background: var(--ground); color: var(--ink); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1 { font-size: 22px; } h2 { font-size: 18px; margin: 32px 0 8px; border-top: 1px solid var(--line); padding-top: 16px; } h3 { font-size: 15px; margin: 24px 0 4px; } h4 { font-size: 14px; margin: 16px 0 4px; }
table { border-collapse: collapse; margin: 8px 0; } caption { text-align: left; color: var(--soft); padding: 4px 0; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); } thead th, td { overflow-wrap: normal; } tbody th { min-width: 7em; } td.n, th.n { text-align: right; } td.n { white-space: nowrap; } .tables { display: flex; flex-wrap: wrap; gap: 0 40px; align-items: flex-start; } .tables > div { max-width: 100%; } .column summary { cursor: pointer; color: var(--soft); margin: 8px 0; } .tables figure { width: 640px; max-width: 100%; } thead th { color: var(--soft); font-weight: 600; }
.wide { overflow-x: auto; } .sentence { font-size: 17px; padding: 12px; background: var(--panel); border-left: 4px solid var(--edge); } .moved { border-color: var(--mark); }
.soft { color: var(--soft); } .hash { font-family: ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; font-size: 12px; } .drifted { color: var(--mark); font-weight: 600; white-space: nowrap; } .assumption { padding: 8px 12px; border: 1px solid var(--edge); }
figure { margin: 8px 0; max-width: 760px; } figcaption { color: var(--soft); } svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; }
.r { fill: var(--line); stroke: var(--edge); } .c { fill: var(--accent); } .d { fill: var(--mark); } .a { stroke: var(--edge); } .l { fill: none; stroke: var(--accent); stroke-width: 1.5; } .b { stroke: var(--edge); stroke-width: 3; opacity: .5; } circle.p { fill: var(--accent); } circle.m { fill: var(--mark); } line.m { stroke: var(--mark); stroke-width: 1.5; } .w { stroke: var(--edge); }
</style>
</head>
<body>
<main>
)";

// --- reading a document

Error NotAReport(std::string_view place, std::string_view reason) {
  return {.code = ErrorCode::kDataInvalid,
          .message = "drift report: " + std::string(place) + ": " + std::string(reason)};
}

const json::value* Find(const json::value* value, std::string_view key) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const json::value* found = value->get_object().if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

double AsNumber(const json::value* value) {
  if (value == nullptr) return kNaN;
  if (value->is_double()) return value->get_double();
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_uint64()) return static_cast<double>(value->get_uint64());
  return kNaN;
}

double NumberOf(const json::value* value, std::string_view key) {
  return AsNumber(Find(value, key));
}

std::string_view TextOf(const json::value* value, std::string_view key) {
  const json::value* found = Find(value, key);
  if (found == nullptr || !found->is_string()) return {};
  const json::string& text = found->get_string();
  return {text.data(), text.size()};
}

bool IsTrue(const json::value* value, std::string_view key) {
  const json::value* found = Find(value, key);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::span<const json::value> Items(const json::value* value) {
  if (value == nullptr || !value->is_array()) return {};
  const json::array& array = value->get_array();
  return {array.data(), array.size()};
}

std::vector<double> NumbersOf(const json::value* value, std::string_view key) {
  std::vector<double> numbers;
  for (const json::value& item : Items(Find(value, key))) numbers.push_back(AsNumber(&item));
  return numbers;
}

// {value, low, high} and at most two keys more, as metrics::Interval is written.
bool IsInterval(const json::value& value) {
  if (!value.is_object()) return false;
  const json::object& object = value.get_object();
  return object.size() <= 5 && object.contains("value") && object.contains("low") &&
         object.contains("high");
}

std::string_view Known(std::string_view key,
                       std::span<const std::pair<std::string_view, std::string_view>> words) {
  for (const auto& [name, meaning] : words) {
    if (name == key) return meaning;
  }
  return {};
}

std::string TestName(std::string_view test) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames{
      {{"ks", "Kolmogorov-Smirnov"},
       {"cvm", "Cram\xC3\xA9r-von Mises"},
       {"ad", "Anderson-Darling"},
       {"mwu", "Mann-Whitney"},
       {"welch", "Welch t"},
       {"chi_square", "chi-square"},
       {"g", "G"},
       {"fisher", "Fisher, exact"},
       {"z", "Z of two shares"}}};
  const std::string_view known = Known(test, kNames);
  return known.empty() ? EscapedName(test) : std::string(known);
}

std::string ShortTestName(std::string_view test) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{
      {{"ks", "KS"}, {"cvm", "CvM"}, {"ad", "AD"}, {"mwu", "MWU"}, {"welch", "t"}}};
  const std::string_view known = Known(test, kNames);
  return known.empty() ? TestName(test) : std::string(known);
}

std::string EffectName(std::string_view effect) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{
      {{"ks_distance", "largest distance of the distribution functions"},
       {"auc_shift", "AUC of the column as a classifier, less 0.5"},
       {"mean_shift", "difference of means in the reference's standard deviations"},
       {"psi_excess", "PSI beyond its expectation without drift"},
       {"cramers_v", "Cram\xC3\xA9r's V, bias-corrected"}}};
  const std::string_view known = Known(effect, kNames);
  return known.empty() ? EscapedName(effect) : std::string(known);
}

// "average_precision": "average precision"; the names that are no words.
std::string KeyWords(std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 25> kNames{
      {{"auc", "AUC"},
       {"f1", "F1"},
       {"ece", "calibration error (ECE)"},
       {"brier", "Brier score"},
       {"pca", "principal components"},
       {"mahalanobis", "distance of the means (Mahalanobis, Hotelling)"},
       {"hotelling_t2", "Hotelling's T\xC2\xB2"},
       {"domain", "domain classifier"},
       {"mmd", "maximum mean discrepancy"},
       {"mmd2", "MMD\xC2\xB2"},
       {"p_value", "p"},
       {"psi", "PSI"},
       {"psi_expected", "PSI expected without drift"},
       {"psi_bound", "PSI exceeded without drift in 5 %"},
       {"kl", "Kullback-Leibler (nats)"},
       {"js", "Jensen-Shannon distance (base 2)"},
       {"hellinger", "Hellinger"},
       {"tv", "total variation"},
       {"linf", "L\xE2\x88\x9E"},
       {"wasserstein", "Wasserstein-1"},
       {"wasserstein_normalised", "Wasserstein-1, in the reference's spread"},
       {"per_10000", "per 10,000 rows"},
       {"mtbfa", "rows between false alarms"},
       {"k", "k"},
       {"share_matured", "share with a label by now"}}};
  const std::string_view known = Known(key, kNames);
  if (!known.empty()) return std::string(known);
  std::string words(key);
  std::replace(words.begin(), words.end(), '_', ' ');
  return EscapedName(words);
}

std::string IntervalText(double value, double low, double high) {
  std::string text = Number(value);
  if (std::isfinite(low) && std::isfinite(high)) {
    text += " <span class=\"soft\">[" + Number(low, 3) + ", " + Number(high, 3) + "]</span>";
  }
  return text;
}

std::string IntervalText(const json::value* interval) {
  return IntervalText(NumberOf(interval, "value"), NumberOf(interval, "low"),
                      NumberOf(interval, "high"));
}

bool IsWhole(double value) { return std::fabs(value) < 1e15 && value == std::floor(value); }

std::string NumberText(std::string_view key, double value) {
  if (key == "p_value" || key == "p_corrected") return PValue(value);
  return IsWhole(value) ? Count(value) : Number(value);
}

// A value within a line. depth: of objects and lists in it that are written out.
std::string InlineText(std::string_view key, const json::value& value, int depth) {
  if (value.is_null()) return std::string(kNothing);
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_number()) return NumberText(key, AsNumber(&value));
  if (value.is_string()) return EscapedName({value.get_string().data(), value.get_string().size()});
  if (IsInterval(value)) return IntervalText(&value);
  if (depth == 0) return "\xE2\x80\xA6";
  std::string text;
  size_t written = 0;
  if (value.is_object()) {
    for (const auto& entry : value.get_object()) {
      if (written == kMaxInlineItems) break;
      if (written++ > 0) text += "; ";
      text += KeyWords(entry.key()) + " " + InlineText(entry.key(), entry.value(), depth - 1);
    }
    return text;
  }
  const std::span<const json::value> items = Items(&value);
  for (const json::value& item : items.first(std::min(items.size(), kMaxInlineItems))) {
    if (written++ > 0) text += ", ";
    text += InlineText({}, item, depth - 1);
  }
  if (items.size() > kMaxInlineItems) {
    text += ", and " + Count(static_cast<double>(items.size() - kMaxInlineItems)) + " more";
  }
  return items.empty() ? "none" : text;
}

// --- tables

struct Cell {
  std::string text;
  bool number = true;
};

// A table with its header row; the first cell of a row names it.
class TableWriter {
 public:
  TableWriter(std::string_view caption, std::span<const Cell> heads) {
    text_ = "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"" +
            std::string(caption) + "\"><table><caption>" + std::string(caption) +
            "</caption><thead><tr>";
    for (const Cell& head : heads) {
      text_ += head.number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
      text_ += head.text + "</th>";
    }
    text_ += "</tr></thead><tbody>\n";
  }
  static std::string Row(std::span<const Cell> cells) {
    std::string row = "<tr>";
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i == 0) {
        row += "<th scope=\"row\">" + cells[i].text + "</th>";
      } else {
        row += (cells[i].number ? "<td class=\"n\">" : "<td>") + cells[i].text + "</td>";
      }
    }
    return row + "</tr>\n";
  }
  void Add(std::span<const Cell> cells) { text_ += Row(cells); }
  void Add(std::string_view row) { text_ += row; }
  std::string Finish() { return std::move(text_) + "</tbody></table></div>\n"; }

 private:
  std::string text_;
};

std::string Heading(int level, std::string_view escaped) {
  const std::string tag = "h" + std::to_string(level);
  return "<" + tag + ">" + std::string(escaped) + "</" + tag + ">\n";
}

std::string Figure(const std::string& svg, std::string_view caption) {
  if (svg.empty()) return {};
  return "<figure>" + svg + "<figcaption>" + std::string(caption) + "</figcaption></figure>\n";
}

std::string Paragraph(std::string_view kind, std::string_view escaped) {
  const std::string attribute = kind.empty() ? "" : " class=\"" + std::string(kind) + "\"";
  return "<p" + attribute + ">" + std::string(escaped) + "</p>\n";
}

// --- documents of any keys: figures, intervals, lists of records

// The table of a list of objects: their figures and texts, not what is nested in them. Long lists
// are thinned evenly to `most` rows.
std::string RecordsTable(std::string_view caption, std::span<const json::value> records,
                         size_t most) {
  std::vector<std::string> keys;
  for (const auto& entry : records[0].get_object()) {
    const json::value& value = entry.value();
    if ((value.is_object() && !IsInterval(value)) || keys.size() == kMaxInlineItems) continue;
    keys.emplace_back(entry.key());
  }
  if (keys.empty()) return {};
  const size_t step = (records.size() + most - 1) / most;
  std::string title(caption);
  if (step > 1) {
    title += " (one in " + std::to_string(step) + " of " +
             Count(static_cast<double>(records.size())) + ")";
  }
  std::vector<Cell> cells;
  for (const std::string& key : keys) cells.push_back({KeyWords(key)});
  TableWriter table(title, cells);
  for (size_t i = 0; i < records.size(); i += step) {
    cells.clear();
    for (const std::string& key : keys) {
      const json::value* value = Find(&records[i], key);
      cells.push_back({value == nullptr ? std::string(kNothing) : InlineText(key, *value, 2)});
    }
    table.Add(cells);
  }
  return table.Finish();
}

// A line over the records for every key that has an interval in them.
std::string RecordTrends(std::string_view caption, std::span<const json::value> records) {
  std::string text;
  size_t drawn = 0;
  for (const auto& entry : records[0].get_object()) {
    if (drawn == kMaxTrends) break;
    const std::string_view key = entry.key();
    std::vector<TrendPoint> points;
    bool intervals = false;
    for (const json::value& record : records.first(std::min(records.size(), kMaxTrendPoints))) {
      const json::value* value = Find(&record, key);
      const bool interval = value != nullptr && IsInterval(*value);
      intervals = intervals || interval;
      points.push_back({.value = interval ? NumberOf(value, "value") : kNaN,
                        .low = NumberOf(value, "low"),
                        .high = NumberOf(value, "high")});
    }
    if (!intervals) continue;
    const std::string what = KeyWords(key) + ", " + std::string(caption);
    text += Figure(TrendSvg(what, points), what);
    ++drawn;
  }
  return text;
}

// Figures of the object as one table, then its lists (of `most` rows at most) and the objects
// within it, level by level.
std::string DocumentText(int level, std::string_view caption, const json::value& document,
                         size_t most, int depth = 3) {
  std::string parts;
  std::vector<Cell> heads{{"figure", false}, {"value"}};
  TableWriter table(caption, heads);
  bool any = false;
  for (const auto& entry : document.get_object()) {
    if (entry.key() == "format" || entry.key() == "version") continue;  // Of the document.
    const std::string key = KeyWords(entry.key());
    const json::value& value = entry.value();
    const std::span<const json::value> items = Items(&value);
    const bool nested = value.is_object() && !IsInterval(value) && depth > 0;
    if (!items.empty() && std::all_of(items.begin(), items.end(),
                                      [](const json::value& item) { return item.is_object(); })) {
      parts += "<div>" + RecordTrends(key, items) + RecordsTable(key, items, most) + "</div>\n";
    } else if (nested && value.get_object().empty()) {
      continue;
    } else if (nested) {
      parts += "<div>" + Heading(level, key) +
               DocumentText(std::min(level + 1, 6), key, value, most, depth - 1) + "</div>\n";
    } else {
      const std::array<Cell, 2> cells{{{key, false}, {InlineText(entry.key(), value, 2)}}};
      table.Add(cells);
      any = true;
    }
  }
  const std::string figures = any ? "<div>" + table.Finish() + "</div>\n" : "";
  return "<div class=\"tables\">\n" + figures + parts + "</div>\n";
}

// A section of its own; one that is too long is left out and says so.
std::string Section(std::string_view title, std::string_view caption, const json::value* document,
                    const std::string& before) {
  if (document == nullptr || !document->is_object()) return {};
  std::string text;
  for (const size_t most : kTableRows) {
    text = DocumentText(3, caption, *document, most);
    if (text.size() <= kMaxSectionBytes) break;
  }
  if (text.size() > kMaxSectionBytes) {
    text = Paragraph("soft", "Too long for this page: see the JSON report.");
  }
  return "<section>\n" + Heading(2, title) + before + text + "</section>\n";
}

// --- columns

constexpr std::string_view kAtMost = "\xE2\x89\xA4 ";

std::string PText(const json::value* outcome) {
  const double below = NumberOf(outcome, "p_below");
  if (std::isfinite(below)) return "&lt; " + PValue(below);
  return PValue(NumberOf(outcome, "p_value"));
}

// Corrected for the number of columns; at most this where the p-value itself is a bound.
std::string CorrectedText(const json::value& column) {
  const std::string p = PValue(NumberOf(&column, "p_corrected"));
  return std::isfinite(NumberOf(Find(&column, "outcome"), "p_below")) ? std::string(kAtMost) + p
                                                                      : p;
}

std::string VerdictText(std::string_view verdict) {
  if (verdict != "drifted") return EscapedName(verdict);
  return "<span class=\"drifted\">\xE2\x96\xB2 drifted</span>";
}

std::string MissingText(const json::value* side) {
  const double rows = NumberOf(side, "rows"), missing = NumberOf(side, "missing");
  return rows + missing > 0 ? Percent(missing / (rows + missing)) : std::string(kNothing);
}

std::string ColumnRow(const json::value& column) {
  const json::value* reference = Find(&column, "reference");
  const json::value* current = Find(&column, "current");
  const json::value* outcome = Find(&column, "outcome");
  const json::value* distances = Find(&column, "distances");
  const json::value* missing = Find(&column, "missing");
  const std::array<Cell, 11> cells{
      {{EscapedName(TextOf(&column, "name")), false},
       {VerdictText(TextOf(&column, "verdict")), false},
       {IntervalText(Find(&column, "effect"))},
       {CorrectedText(column)},
       {PText(outcome)},
       {ShortTestName(TextOf(&column, "test")), false},
       {Number(NumberOf(outcome, "statistic"))},
       {Count(NumberOf(reference, "rows")) + " \xE2\x86\x92 " + Count(NumberOf(current, "rows"))},
       {MissingText(reference) + " \xE2\x86\x92 " + MissingText(current) +
        (TextOf(missing, "verdict") == "drifted" ? " " + VerdictText("drifted") : "")},
       {IntervalText(Find(&column, "mean_shift"))},
       {Number(NumberOf(distances, "psi"), 3) + " <span class=\"soft\">(" +
        Number(NumberOf(distances, "psi_expected"), 2) + ")</span>"}}};
  return TableWriter::Row(cells);
}

std::string SidesTable(const json::value& column) {
  const std::array<Cell, 3> heads{{{"", false}, {"reference"}, {"current"}}};
  TableWriter table("Both sides", heads);
  static constexpr std::array<std::string_view, 9> kKeys{
      "rows",   "missing",        "mean",   "standard_deviation", "minimum", "lower_quartile",
      "median", "upper_quartile", "maximum"};
  const json::value* reference = Find(&column, "reference");
  const json::value* current = Find(&column, "current");
  for (const std::string_view key : kKeys) {
    const double a = NumberOf(reference, key), b = NumberOf(current, key);
    if (std::isnan(a) && std::isnan(b)) continue;
    const bool rows = key == "rows" || key == "missing";
    const std::array<Cell, 3> cells{{{KeyWords(key), false},
                                     {rows ? Count(a) : Number(a, 5)},
                                     {rows ? Count(b) : Number(b, 5)}}};
    table.Add(cells);
  }
  return table.Finish();
}

std::string DistancesTable(const json::value* distances) {
  if (distances == nullptr || !distances->is_object() || distances->get_object().empty()) return {};
  const std::array<Cell, 2> heads{{{"distance", false}, {"value"}}};
  TableWriter table("Distances (PSI and Kullback-Leibler with half a row added to every bin)",
                    heads);
  for (const auto& entry : distances->get_object()) {
    const double value = AsNumber(&entry.value());
    if (std::isnan(value)) continue;  // Not worked out.
    const std::array<Cell, 2> cells{{{KeyWords(entry.key()), false}, {Number(value)}}};
    table.Add(cells);
  }
  return table.Finish();
}

std::string TestsTable(const json::value* tests) {
  if (tests == nullptr || !tests->is_object()) return {};
  const std::array<Cell, 4> heads{{{"test", false}, {"statistic"}, {"p"}, {"note", false}}};
  TableWriter table("Every test, not corrected", heads);
  for (const auto& entry : tests->get_object()) {
    const json::value* outcome = &entry.value();
    const std::array<Cell, 4> cells{{{TestName(entry.key()), false},
                                     {Number(NumberOf(outcome, "statistic"))},
                                     {PText(outcome)},
                                     {EscapedName(TextOf(outcome, "note")), false}}};
    table.Add(cells);
  }
  return table.Finish();
}

struct ChartBin {
  std::string name;  // Escaped.
  std::string label;
  double reference = 0;
  double current = 0;
  double contribution = 0;
};

// The bins of a column. Categories that stand for few rows are put together: their names are of
// those few.
std::vector<ChartBin> ChartBins(const json::value& chart) {
  std::vector<ChartBin> bins;
  ChartBin rare;
  rare.name = "rarer categories";
  size_t rare_count = 0;
  for (const json::value& bin : Items(Find(&chart, "bins"))) {
    ChartBin read;
    read.reference = NumberOf(&bin, "reference");
    read.current = NumberOf(&bin, "current");
    read.contribution = NumberOf(&bin, "contribution");
    const double low = NumberOf(&bin, "low"), high = NumberOf(&bin, "high");
    const json::value* category = Find(&bin, "category");
    if (IsTrue(&bin, "missing")) {
      read.name = "missing";
    } else if (category != nullptr) {
      if (!(read.reference + read.current >= kFewestRowsOfName)) {
        rare.reference += read.reference;
        rare.current += read.current;
        rare.contribution += read.contribution;
        ++rare_count;
        continue;
      }
      read.name = EscapedName(TextOf(&bin, "category"));
    } else if (std::isnan(low) && std::isnan(high)) {
      read.name = TextOf(&chart, "kind") == "categorical" ? "rarer categories" : "all values";
    } else if (std::isnan(low)) {
      read.name = "below " + Number(high, 5);
    } else if (std::isnan(high)) {
      read.name = Number(low, 5) + " and above";
    } else {
      read.name = Number(low, 5) + " to " + Number(high, 5);
      read.label = Number(low, 3);
    }
    bins.push_back(std::move(read));
  }
  if (rare_count > 0) bins.push_back(std::move(rare));
  if (bins.size() > kMaxBars) bins.resize(kMaxBars);
  // At most about eight labels stand beside each other.
  const size_t step = (bins.size() + 7) / 8;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (i % step != 0) bins[i].label.clear();
  }
  return bins;
}

// A drawing and the table of the same numbers.
struct ChartParts {
  std::string figure;
  std::string table;
};

ChartParts ChartText(const json::value* column, const json::value* chart) {
  if (chart == nullptr) return {};
  const std::vector<ChartBin> bins = ChartBins(*chart);
  if (bins.empty()) return {};
  double reference = 0, current = 0;
  for (const ChartBin& bin : bins) {
    if (std::isfinite(bin.reference)) reference += bin.reference;
    if (std::isfinite(bin.current)) current += bin.current;
  }
  const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
  const std::string score = KeyWords(TextOf(chart, "score"));
  std::vector<Bar> bars;
  const std::array<Cell, 6> heads{{{"bin", false},
                                   {"reference rows"},
                                   {"share"},
                                   {"current rows"},
                                   {"share"},
                                   {"part of the " + score}}};
  TableWriter table(
      "Bins and what each adds to the " + score + " of " + Number(NumberOf(chart, "total")), heads);
  for (const ChartBin& bin : bins) {
    const double a = share(bin.reference, reference), b = share(bin.current, current);
    bars.push_back(
        {.reference = a, .current = b, .contribution = bin.contribution, .label = bin.label});
    const std::array<Cell, 6> cells{{{bin.name, false},
                                     {Count(bin.reference)},
                                     {Percent(a)},
                                     {Count(bin.current)},
                                     {Percent(b)},
                                     {Number(bin.contribution, 3)}}};
    table.Add(cells);
  }
  const std::string name = EscapedName(TextOf(column, "name"));
  return {Figure(BarsSvg("Share of rows per bin of " + name +
                             ", reference beside current; the same numbers are in the table behind "
                             "the drawing",
                         bars),
                 "Share of rows per bin: wide grey bars the reference, narrow blue ones the "
                 "current; below, each bin's part of the " +
                     score + "."),
          table.Finish()};
}

ChartParts TrendText(std::string_view escaped_name, const json::value* trend) {
  std::vector<TrendPoint> points;
  size_t drifted = 0;
  for (const json::value& window : Items(Find(trend, "windows"))) {
    if (points.size() == kMaxTrendPoints) break;
    const bool marked = TextOf(&window, "verdict") == "drifted";
    drifted += marked ? 1 : 0;
    points.push_back(
        {.value = NumberOf(&window, "value"), .low = kNaN, .high = kNaN, .marked = marked});
  }
  if (points.empty()) return {};
  const std::string caption = "Distance of " + std::string(escaped_name) +
                              " to the reference over " +
                              Count(static_cast<double>(points.size())) + " windows; " +
                              Count(static_cast<double>(drifted)) + " of them drifted (dots).";
  const std::span<const json::value> windows = Items(Find(trend, "windows"));
  return {Figure(TrendSvg(caption, points), caption),
          windows[0].is_object() ? RecordsTable("Windows", windows, kTableRows[0]) : std::string()};
}

// New and missing categories: how many, and those names that stand for enough rows.
std::string CategoriesText(const json::value* categories, const json::value* chart) {
  if (categories == nullptr) return {};
  std::map<std::string, double, std::less<>> rows;
  for (const json::value& bin : Items(Find(chart, "bins"))) {
    rows[std::string(TextOf(&bin, "category"))] +=
        NumberOf(&bin, "reference") + NumberOf(&bin, "current");
  }
  std::string text;
  for (const std::string_view key : {std::string_view("added"), std::string_view("gone")}) {
    const std::span<const json::value> names = Items(Find(categories, key));
    std::string shown;
    size_t count = 0;
    for (const json::value& name : names) {
      if (!name.is_string() || count == kMaxInlineItems) continue;
      const std::string_view plain(name.get_string().data(), name.get_string().size());
      const auto found = rows.find(plain);
      if (found == rows.end() || !(found->second >= kFewestRowsOfName)) continue;
      shown += (count++ > 0 ? ", " : ": ") + EscapedName(plain);
    }
    const double rare = NumberOf(categories, key == "added" ? "rare_added" : "rare_gone");
    const double all = static_cast<double>(names.size()) + (rare > 0 ? rare : 0);
    if (all == 0) continue;
    text += Paragraph("", Count(all) +
                              (key == "added" ? " categories are in the current only"
                                              : " categories are in the reference only") +
                              shown + ".");
  }
  return text;
}

std::string ColumnSection(const json::value& column, const json::value* charts,
                          const json::value* trends) {
  const std::string_view plain_name = TextOf(&column, "name");
  const std::string name = EscapedName(plain_name);
  const json::value* chart = Find(charts, plain_name);
  const json::value* effect = Find(&column, "effect");
  const json::value* outcome = Find(&column, "outcome");
  std::string text = "<section class=\"column\">\n" + Heading(3, name);
  std::string sentence =
      VerdictText(TextOf(&column, "verdict")) + ": " + EffectName(TextOf(effect, "name")) + " " +
      IntervalText(effect) + ", matters from " + Number(NumberOf(effect, "floor"), 3) + " on; " +
      TestName(TextOf(&column, "test")) + (IsTrue(outcome, "exact") ? " (exact)" : "") + " p " +
      PText(outcome) + ", corrected for the number of columns " + CorrectedText(column) + ".";
  const std::string_view note = TextOf(outcome, "note");
  if (!note.empty()) sentence += " " + Escaped(note.substr(0, kMaxSentence));
  text += Paragraph("", sentence);
  const json::value* missing = Find(&column, "missing");
  if (missing != nullptr) {
    text += Paragraph(
        "soft", "Share of missing values: " + MissingText(Find(&column, "reference")) + " then " +
                    MissingText(Find(&column, "current")) + ", p " + PText(missing) + ".");
  }
  text += CategoriesText(Find(&column, "categories"), chart);
  const json::value* trend = Find(trends, plain_name);
  const ChartParts bins = ChartText(&column, chart), windows = TrendText(name, trend);
  text += bins.figure + windows.figure +
          "<details>\n<summary>The numbers</summary>\n<div class=\"tables\">\n" + bins.table +
          windows.table + SidesTable(column) + DistancesTable(Find(&column, "distances")) +
          TestsTable(Find(&column, "tests")) + "</div>\n</details>\n";
  return text + "</section>\n";
}

// --- the page's other parts

std::string HashText(std::string_view hash) {
  if (hash.empty()) return "not worked out";
  return "<span class=\"hash\">" + EscapedName(hash) + "</span>";
}

std::string ComparedTable(const json::value& report) {
  const std::array<Cell, 3> heads{{{"", false}, {"reference", false}, {"current", false}}};
  TableWriter table("What was compared", heads);
  const json::value* reference = Find(&report, "reference");
  const json::value* current = Find(&report, "current");
  const auto add = [&](std::string_view title, auto&& text) {
    const std::array<Cell, 3> cells{
        {{std::string(title), false}, {text(reference), false}, {text(current), false}}};
    table.Add(cells);
  };
  add("from", [](const json::value* side) {
    const std::string_view from = TextOf(side, "from");
    if (from == "profile") return std::string("the model's training profile");
    return from == "summary" ? std::string("a summary file") : std::string("a file's rows");
  });
  add("name", [](const json::value* side) { return EscapedName(TextOf(side, "name")); });
  add("rows", [](const json::value* side) { return Count(NumberOf(side, "rows")); });
  add("rows set aside", [](const json::value* side) { return Count(NumberOf(side, "aside")); });
  add("window (rows)", [](const json::value* side) {
    const std::span<const json::value> window = Items(Find(side, "window"));
    if (window.size() != 2) return std::string("all");
    return Count(AsNumber(&window[0])) + " to " + Count(AsNumber(&window[1]) - 1);
  });
  add("SHA-256", [](const json::value* side) { return HashText(TextOf(side, "sha256")); });
  return table.Finish();
}

std::string MadeWith(const json::value& report) {
  std::string text = "Firetower " + EscapedName(TextOf(&report, "engine_version"));
  const json::value* model = Find(&report, "model");
  if (model == nullptr) return Paragraph("soft", text + ", without a model.");
  text += ", model " + EscapedName(TextOf(model, "name")) + " " +
          EscapedName(TextOf(model, "version")) + ", SHA-256 " + HashText(TextOf(model, "sha256")) +
          ".";
  return Paragraph("soft", text);
}

// The smallest of the corrected ones.
std::string OverallP(const json::value& report) {
  const double p = NumberOf(Find(&report, "overall"), "p_value");
  for (const json::value& column : Items(Find(&report, "columns")))
    if (NumberOf(&column, "p_corrected") == p) return CorrectedText(column);
  return PValue(p);
}

std::string OverallText(const json::value& report) {
  const json::value* overall = Find(&report, "overall");
  const std::string_view verdict = TextOf(overall, "verdict");
  const std::string_view sentence = TextOf(overall, "sentence").substr(0, kMaxSentence);
  std::string text = Paragraph(verdict == "moved" ? "sentence moved" : "sentence",
                               Escaped(sentence.empty() ? verdict : sentence));
  text += Paragraph(
      "", "Verdict: " + EscapedName(verdict) + ". " + Count(NumberOf(overall, "drifted")) + " of " +
              Count(NumberOf(overall, "judged")) + " columns drifted (" +
              Percent(NumberOf(overall, "share")) + "), " + Count(NumberOf(overall, "small")) +
              " moved too little to matter; p of the test that no column has moved " +
              OverallP(report) +
              (IsTrue(overall, "widespread") ? "; the drift is widespread." : "."));
  return text;
}

// An estimate's assumption stands before its figures.
std::string EstimateSection(std::string_view title, const json::value* estimate) {
  const std::string_view assumption = TextOf(estimate, "assumption").substr(0, kMaxSentence);
  return Section(title, "Estimated performance", estimate,
                 assumption.empty()
                     ? std::string()
                     : Paragraph("assumption", "Assumption: " + Escaped(assumption)));
}

std::string DetectorsSection(const json::value* detectors) {
  if (detectors == nullptr) return {};
  std::string text;
  const double rows = NumberOf(detectors, "rows");
  for (const json::value& result : Items(Find(detectors, "results"))) {
    if (!result.is_object()) continue;
    const std::string name = KeyWords(TextOf(&result, "detector"));
    std::vector<double> alarms = NumbersOf(&result, "alarms");
    std::vector<double> warnings = NumbersOf(&result, "warnings");
    const std::string caption = name + ": " + Count(static_cast<double>(alarms.size())) +
                                " alarms in " + Count(rows) + " values";
    if (alarms.size() > kMaxTrendPoints) alarms.resize(kMaxTrendPoints);
    if (warnings.size() > kMaxTrendPoints) warnings.resize(kMaxTrendPoints);
    text += Heading(3, name) + Figure(AlarmsSvg(caption, rows, alarms, warnings), caption) +
            DocumentText(4, name, result, kTableRows[1]);
    if (text.size() > kMaxSectionBytes) {
      text += Paragraph("soft", "Further detectors are in the JSON report.");
      break;
    }
  }
  if (text.empty()) return {};
  const std::string series = EscapedName(TextOf(detectors, "series"));
  return "<section>\n" + Heading(2, "Detectors") + Paragraph("", "Series: " + series + ".") + text +
         "</section>\n";
}

std::string SettingsSection(const json::value* settings) {
  return Section("Settings", "Settings of this comparison", settings, {});
}

constexpr std::string_view kReading =
    "<section>\n<h2>How to read this</h2>\n<p>A column has drifted where its p-value, corrected "
    "for the number of columns, is below the level and its effect reaches the floor. Too small to "
    "matter: the difference is there, the effect is below the floor. Too few rows: nothing can be "
    "said. Intervals are 95 %. Names of categories that stand for fewer than 10 rows are not "
    "shown. This page holds counts and figures only, no row of the data, and loads "
    "nothing.</p>\n</section>\n";

Status Check(const json::value& report) {
  if (!report.is_object()) return NotAReport("document", "is not an object");
  if (TextOf(&report, "format") != "firetower-drift") {
    return NotAReport("format", "is not \"firetower-drift\"");
  }
  if (NumberOf(&report, "version") != 1) return NotAReport("version", "is not 1");
  for (const std::string_view key : {std::string_view("reference"), std::string_view("current"),
                                     std::string_view("settings"), std::string_view("overall")}) {
    const json::value* part = Find(&report, key);
    if (part == nullptr || !part->is_object()) return NotAReport(key, "is not an object");
  }
  const json::value* columns = Find(&report, "columns");
  if (columns == nullptr || !columns->is_array()) return NotAReport("columns", "is not a list");
  size_t i = 0;
  for (const json::value& column : Items(columns)) {
    const std::string place = "columns[" + std::to_string(i++) + "]";
    if (!column.is_object()) return NotAReport(place, "is not an object");
    const json::value* name = Find(&column, "name");
    if (name == nullptr || !name->is_string()) return NotAReport(place + ".name", "is not a text");
    const std::string_view verdict = TextOf(&column, "verdict");
    if (verdict != "drifted" && verdict != "too small to matter" && verdict != "stable" &&
        verdict != "too few rows") {
      return NotAReport(place + ".verdict", "is no verdict");
    }
  }
  return {};
}

std::string LeftOut(size_t left, size_t all, std::string_view what) {
  return Paragraph("soft", Count(static_cast<double>(left)) + " of " +
                               Count(static_cast<double>(all)) + " columns are left out " +
                               std::string(what) +
                               ", as this page would be too large; they are in the JSON report.");
}

}  // namespace

Result<std::string> ReportHtmlOf(std::string_view report_text) {
  const Result<json::value> parsed =
      ParseJson(report_text, ErrorCode::kDataInvalid, "drift report");
  if (!parsed.ok()) return parsed.error();
  const json::value& report = *parsed;
  if (Status status = Check(report); !status.ok()) return status.error();

  std::string page(kHead);
  page +=
      Heading(1, "Drift report") + OverallText(report) + ComparedTable(report) + MadeWith(report);
  const std::string tail =
      Section("All columns together", "All columns together", Find(&report, "multivariate"), {}) +
      Section("Performance with labels", "Performance", Find(&report, "performance"), {}) +
      EstimateSection("Performance without labels (estimate)", Find(&report, "estimate")) +
      EstimateSection("How far off the estimate was", Find(&report, "back_test")) +
      DetectorsSection(Find(&report, "detectors")) + SettingsSection(Find(&report, "settings")) +
      std::string(kReading) + "</main>\n</body>\n</html>\n";

  const std::span<const json::value> columns = Items(Find(&report, "columns"));
  const json::value* charts = Find(&report, "charts");
  const json::value* trends = Find(&report, "trends");
  // What is left for columns: three fifths for their table, the rest for the drifted ones in
  // detail.
  constexpr size_t kMargin = 4000;
  const size_t used = page.size() + tail.size() + kMargin;
  const size_t room = used < kMaxReportBytes ? kMaxReportBytes - used : 0;
  const std::array<Cell, 11> heads{{{"column", false},
                                    {"verdict", false},
                                    {"effect [95 %]"},
                                    {"p corrected"},
                                    {"p"},
                                    {"test", false},
                                    {"statistic"},
                                    {"rows"},
                                    {"missing"},
                                    {"mean shift (\xCF\x83) [95 %]"},
                                    {"PSI (expected without drift)"}}};
  TableWriter table("Columns, drifted ones first", heads);
  size_t table_bytes = 0, rows = 0;
  for (; rows < columns.size(); ++rows) {
    const std::string row = ColumnRow(columns[rows]);
    if (table_bytes + row.size() > room / 5 * 3) break;
    table_bytes += row.size();
    table.Add(row);
  }
  page += "<section>\n" + Heading(2, "Columns") + table.Finish();
  if (rows < columns.size()) page += LeftOut(columns.size() - rows, columns.size(), "of the table");
  page += "</section>\n";

  std::string details;
  size_t left_out = 0, wanted = 0;
  for (const json::value& column : columns) {
    const bool drifted = TextOf(&column, "verdict") == "drifted";
    if (!drifted && TextOf(Find(&column, "missing"), "verdict") != "drifted" &&
        Find(charts, TextOf(&column, "name")) == nullptr)
      continue;
    ++wanted;
    const std::string section = left_out > 0 ? "" : ColumnSection(column, charts, trends);
    if (left_out > 0 || table_bytes + details.size() + section.size() > room) {
      ++left_out;
      continue;
    }
    details += section;
  }
  if (wanted > 0) {
    page += Heading(2, "Column by column") + details;
    if (left_out > 0) page += LeftOut(left_out, wanted, "here");
  }
  return page + tail;
}

}  // namespace firetower::analysis
