#include "analysis/report_html.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace firetower::analysis {
namespace {

// What is wrong with the markup as XML: tags that do not pair, attributes without quotes, bare
// ampersands and angle brackets, characters XML forbids. Empty: nothing.
std::string MarkupFault(std::string_view page) {
  std::vector<std::string> open;
  const std::string_view kDoctype = "<!DOCTYPE html>\n";
  if (page.substr(0, kDoctype.size()) != kDoctype) return "no doctype";
  for (size_t i = kDoctype.size(); i < page.size(); ++i) {
    const auto here = [&] { return " at byte " + std::to_string(i); };
    const char c = page[i];
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') return "control" + here();
    if (c == '>') return "stray >" + here();
    if (c == '&') {
      const std::string_view rest = page.substr(i);
      bool known = false;
      for (const std::string_view reference : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
        known = known || rest.substr(0, reference.size()) == reference;
      }
      if (!known) return "bare &" + here();
    }
    if (c != '<') continue;
    size_t end = i + 1;
    for (bool quoted = false; end < page.size() && (quoted || page[end] != '>'); ++end) {
      if (page[end] == '"') quoted = !quoted;
      if (page[end] == '<') return "< in a tag" + here();
    }
    if (end >= page.size()) return "tag without end" + here();
    const std::string_view tag = page.substr(i + 1, end - i - 1);
    i = end;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "unexpected end" + here();
      open.pop_back();
      continue;
    }
    const std::string name(tag.substr(0, tag.find_first_of(" /")));
    for (size_t equals = tag.find("="); equals != std::string_view::npos;) {
      if (equals + 1 >= tag.size() || tag[equals + 1] != '"') return "unquoted" + here();
      const size_t close = tag.find('"', equals + 2);
      if (close == std::string_view::npos) return "open quote" + here();
      equals = tag.find('=', close);
    }
    if (tag.back() == '/') continue;
    if (name == "style") {  // Raw text in HTML: no tag may be in it.
      const size_t close = page.find("</style>", i);
      if (close == std::string_view::npos) return "style" + here();
      i = close - 1;
    }
    open.push_back(name);
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

json::object Outcome(double statistic, json::value p) {
  return {{"statistic", statistic},
          {"p_value", std::move(p)},
          {"p_below", nullptr},
          {"exact", false},
          {"note", ""}};
}

json::object Side(int rows, int missing) {
  return {{"rows", rows},         {"missing", missing},     {"mean", 0.25},
          {"minimum", -4.5},      {"maximum", 5.25},        {"median", 0.2},
          {"lower_quartile", -1}, {"upper_quartile", 1.25}, {"standard_deviation", 1.5}};
}

json::object Column(std::string_view name, std::string_view verdict) {
  return {
      {"name", name},
      {"kind", "numeric"},
      {"test", "ks"},
      {"outcome", Outcome(0.31, 1.25e-30)},
      {"p_corrected", 2.5e-29},
      {"effect",
       {{"name", "ks_distance"}, {"value", 0.31}, {"low", 0.29}, {"high", 0.33}, {"floor", 0.05}}},
      {"mean_shift", {{"value", -0.62}, {"low", -0.66}, {"high", -0.58}}},
      {"verdict", verdict},
      {"reference", Side(142000, 0)},
      {"current", Side(142807, 12)},
      {"missing", Outcome(1.5, 0.25)},
      {"distances", {{"psi", 0.34}, {"psi_expected", 1e-4}, {"hellinger", nullptr}}},
      {"tests", nullptr},
      {"categories", nullptr}};
}

json::object Chart(std::string_view name, int bins) {
  json::array list;
  for (int b = 0; b < bins; ++b) {
    list.push_back({{"low", b == 0 ? json::value(nullptr) : json::value(b)},
                    {"high", b == bins - 1 ? json::value(nullptr) : json::value(b + 1)},
                    {"category", nullptr},
                    {"missing", false},
                    {"reference", 1000},
                    {"current", 500 + 100 * b},
                    {"contribution", 0.034}});
  }
  return {{"name", name}, {"kind", "numeric"}, {"score", "psi"}, {"total", 0.34}, {"bins", list}};
}

json::object Report(json::array columns) {
  return {{"format", "firetower-drift"},
          {"version", 1},
          {"engine_version", "0.1.0"},
          {"model", {{"name", "rf"}, {"version", "1.0"}, {"sha256", std::string(64, 'b')}}},
          {"reference",
           {{"from", "profile"},
            {"name", "rf 1.0"},
            {"sha256", nullptr},
            {"rows", 142000},
            {"aside", 0},
            {"window", nullptr}}},
          {"current",
           {{"from", "current"},
            {"name", "may.csv"},
            {"sha256", std::string(64, 'c')},
            {"rows", 142819},
            {"aside", 3},
            {"window", {1000, 143819}}}},
          {"settings", {{"level", 0.05}, {"correction", "BH"}, {"columns", nullptr}}},
          {"overall",
           {{"verdict", "moved"},
            {"sentence", "The data has moved."},
            {"judged", 2},
            {"drifted", 1},
            {"small", 0},
            {"share", 0.5},
            {"p_value", 1e-28},
            {"widespread", true},
            {"worst", "V14"}}},
          {"columns", std::move(columns)}};
}

std::string HtmlOf(const json::object& report) {
  const Result<std::string> html = ReportHtmlOf(json::serialize(report));
  EXPECT_TRUE(html.ok());
  return html.ok() ? *html : std::string();
}

bool Holds(std::string_view page, std::string_view text) {
  return page.find(text) != std::string_view::npos;
}

size_t Times(std::string_view page, std::string_view text) {
  size_t times = 0;
  for (size_t i = page.find(text); i != std::string_view::npos; i = page.find(text, i + 1)) ++times;
  return times;
}

TEST(ReportHtml, ShowsWhatWasComparedAndFound) {
  json::object report = Report({Column("V14", "drifted"), Column("V3", "stable")});
  report["charts"] = json::object{{"V14", Chart("V14", 10)}};
  report["trends"] = json::object{
      {"V14",
       {{"windows",
         json::array{{{"first", 0}, {"last", 99}, {"value", 0.125}, {"verdict", "stable"}},
                     {{"first", 100}, {"last", 199}, {"value", 0.5}, {"verdict", "drifted"}}}}}}};
  const std::string page = HtmlOf(report);
  EXPECT_EQ(MarkupFault(page), "");
  for (const std::string_view text : {"The data has moved.", "V14", "V3", "142,807", "may.csv",
                                      "1,000 to 143,818", "2.5e-29", "[0.29, 0.33]",
                                      "\xE2\x88\x92"
                                      "0.62",
                                      "Firetower 0.1.0", "correction", "BH", "<svg", "0.34"}) {
    EXPECT_TRUE(Holds(page, text)) << text;
  }
  EXPECT_TRUE(Holds(page, std::string(64, 'b')) && Holds(page, std::string(64, 'c')));
  EXPECT_EQ(Times(page, "<svg"), 2u);
  EXPECT_EQ(Times(page, "class=\"d\""), 10u);  // Ten bins contribute.
  EXPECT_EQ(Times(page, "<circle class=\"m\""), 1u);
  EXPECT_EQ(page, HtmlOf(report));
}

TEST(ReportHtml, LoadsNothingAndRunsNothing) {
  json::object report = Report({Column("V14", "drifted")});
  report["charts"] = json::object{{"V14", Chart("V14", 3)}};
  const std::string page = HtmlOf(report);
  for (const std::string_view text : {"<script", "http:", "https:", "//", "<link", "<img", "url(",
                                      "@import", "<a ", "style=\"", " onload", " onclick"}) {
    EXPECT_FALSE(Holds(page, text)) << text;
  }
  EXPECT_TRUE(Holds(page, "default-src 'none'"));
  EXPECT_TRUE(Holds(page, "prefers-color-scheme: dark"));
  EXPECT_TRUE(Holds(page, "@media print"));
}

TEST(ReportHtml, TextIsTextWhereverItStands) {
  const std::vector<std::string> hostile = {"</title><script>alert(1)</script>",
                                            "\" onload=\"alert(1)",
                                            "a'b&c<d>e",
                                            "]]><!--",
                                            "\xE2\x80\xAE"
                                            "evil",
                                            std::string("nul\x01\x1B\x7F", 6),
                                            "\xEF\xBF\xBF"};
  for (const std::string& text : hostile) {
    json::object column = Column(text, "drifted");
    column["kind"] = "categorical";
    column["test"] = text;
    column["effect"].as_object()["name"] = text;
    column["outcome"].as_object()["note"] = text;
    column["categories"] =
        json::object{{"added", json::array{json::string(text)}}, {"gone", json::array{}}};
    column["tests"] = json::object{{text, Outcome(1, 0.5)}};
    json::object report = Report({column});
    report["engine_version"] = text;
    report["model"] = json::object{{"name", text}, {"version", text}, {"sha256", text}};
    report["current"].as_object()["name"] = text;
    report["overall"].as_object()["sentence"] = text;
    report["settings"] = json::object{{text, text}};
    report["multivariate"] = json::object{{text, json::array{json::object{{text, text}}}}};
    report["performance"] = json::object{{text, json::object{{text, text}}}};
    report["estimate"] = json::object{{"assumption", text}};
    report["detectors"] = json::object{
        {"series", text},
        {"rows", 10},
        {"results", json::array{json::object{{"detector", text}, {"alarms", json::array{1}}}}}};
    json::object chart = Chart(text, 1);
    chart["kind"] = "categorical";
    chart["score"] = text;
    chart["bins"].as_array()[0].as_object()["category"] = text;
    report["charts"] = json::object{{text, chart}};
    const std::string page = HtmlOf(report);
    EXPECT_EQ(MarkupFault(page), "") << text;
    EXPECT_FALSE(Holds(page, "<script")) << text;
    EXPECT_FALSE(Holds(page, text)) << text;  // All of these need escaping.
  }
}

// A text column may hold what is one person's: a name stands on the page only for many rows.
TEST(ReportHtml, CategoriesOfFewRowsHaveNoName) {
  json::object column = Column("payee", "drifted");
  column["kind"] = "categorical";
  column["categories"] = json::object{{"added", json::array{"Jane Doe", "grocer", "John Roe"}},
                                      {"gone", json::array{}},
                                      {"rare_added", 2}};
  json::array bins;
  const auto add = [&](std::string_view name, int reference, int current) {
    bins.push_back({{"low", nullptr},
                    {"high", nullptr},
                    {"category", name},
                    {"missing", false},
                    {"reference", reference},
                    {"current", current},
                    {"contribution", 0.125}});
  };
  add("Jane Doe", 0, 1);
  add("grocer", 0, 4000);
  add("John Roe", 4, 5);
  add("baker", 900, 100);
  json::object chart = Chart("payee", 1);
  chart["kind"] = "categorical";
  chart["bins"] = bins;
  json::object report = Report({column});
  report["charts"] = json::object{{"payee", chart}};
  const std::string page = HtmlOf(report);
  EXPECT_TRUE(Holds(page, "5 categories are in the current only: grocer."));
  EXPECT_TRUE(Holds(page, "baker"));
  EXPECT_FALSE(Holds(page, "Jane") || Holds(page, "John"));
  EXPECT_TRUE(Holds(page, "rarer categories</th><td class=\"n\">4</td>"));  // 0 + 4 rows,
  EXPECT_TRUE(Holds(page, "<td class=\"n\">6</td>"));                       // 1 + 5 rows,
  EXPECT_TRUE(Holds(page, "0.25</td>"));                                    // and both parts.
}

TEST(ReportHtml, StaysBelowItsSizeAndSaysWhatItLeavesOut) {
  json::array columns;
  json::object charts, trends;
  json::array windows;
  for (int w = 0; w < 300; ++w) {
    windows.push_back({{"first", w}, {"last", w}, {"value", 0.001 * w}, {"verdict", "drifted"}});
  }
  for (int c = 0; c < 500; ++c) {
    const std::string name = std::string(200, '&') + std::to_string(c);
    columns.push_back(Column(name, "drifted"));
    charts[name] = Chart(name, 200);
    trends[name] = json::object{{"windows", windows}};
  }
  json::object report = Report(columns);
  report["charts"] = std::move(charts);
  report["trends"] = std::move(trends);
  json::array many;
  for (int i = 0; i < 100000; ++i) many.push_back(i);
  report["settings"] = json::object{{"without", many}};
  json::object wide;
  for (int i = 0; i < 5000; ++i) wide["figure_" + std::to_string(i)] = 0.5;
  report["performance"] = wide;
  report["detectors"] =
      json::object{{"series", "s"},
                   {"rows", 1e5},
                   {"results", json::array{json::object{{"detector", "adwin"}, {"alarms", many}}}}};
  const std::string page = HtmlOf(report);
  EXPECT_LT(page.size(), kMaxReportBytes);
  EXPECT_GT(page.size(), kMaxReportBytes / 2);
  EXPECT_EQ(MarkupFault(page), "");
  EXPECT_TRUE(Holds(page, "of 500 columns are left out"));
  EXPECT_TRUE(Holds(page, "Too long for this page"));
  EXPECT_TRUE(Holds(page, "and 99,960 more"));
}

// 500 columns of ordinary names: every one of them is in the table.
TEST(ReportHtml, FiveHundredColumnsFitTheTable) {
  json::array columns;
  for (int c = 0; c < 500; ++c) columns.push_back(Column("c" + std::to_string(c), "drifted"));
  const std::string page = HtmlOf(Report(columns));
  EXPECT_LT(page.size(), kMaxReportBytes);
  EXPECT_TRUE(Holds(page, "<th scope=\"row\">c499</th>"));
  EXPECT_FALSE(Holds(page, "are left out of the table"));
}

TEST(ReportHtml, FiguresThatAreNotKnown) {
  json::object column = Column("V1", "too few rows");
  column["outcome"] = json::object{{"statistic", nullptr},
                                   {"p_value", nullptr},
                                   {"p_below", 0.001},
                                   {"exact", false},
                                   {"note", "The finest that can be stated."}};
  column["p_corrected"] = nullptr;
  column["effect"] = nullptr;
  json::object bare{{"name", "V2"}, {"verdict", "stable"}};
  json::object report = Report({column, bare});
  report["model"] = nullptr;
  report["overall"] = json::object{{"verdict", "too few rows"}};
  const std::string page = HtmlOf(report);
  EXPECT_EQ(MarkupFault(page), "");
  EXPECT_TRUE(Holds(page, "&lt; 0.001"));
  EXPECT_TRUE(Holds(page, "without a model"));
  EXPECT_FALSE(Holds(page, "nan") || Holds(page, "inf"));
}

TEST(ReportHtml, TheAssumptionStandsBesideTheEstimate) {
  json::object report = Report({});
  report["estimate"] = json::object{
      {"assumption", "Scores mean what they meant."},
      {"auc", {{"value", 0.91}, {"low", 0.88}, {"high", 0.94}}},
      {"windows",
       json::array{{{"first", 0}, {"auc", {{"value", 0.9}, {"low", 0.8}, {"high", 0.95}}}},
                   {{"first", 10}, {"auc", {{"value", 0.8}, {"low", 0.7}, {"high", 0.9}}}}}}};
  const std::string page = HtmlOf(report);
  const size_t assumption = page.find("Assumption: Scores mean what they meant.");
  EXPECT_LT(assumption, page.find("0.91 <span class=\"soft\">[0.88, 0.94]"));
  EXPECT_EQ(Times(page, "<svg"), 1u);
}

TEST(ReportHtml, WhatIsNoReportIsRefusedWithThePlace) {
  const auto refused = [](std::string_view text) {
    const Result<std::string> html = ReportHtmlOf(text);
    if (html.ok()) return std::string("taken");
    EXPECT_EQ(html.error().code, ErrorCode::kDataInvalid);
    return html.error().message;
  };
  EXPECT_TRUE(Holds(refused(""), "not valid JSON"));
  EXPECT_EQ(refused("[]"), "drift report: document: is not an object");
  EXPECT_EQ(refused("{}"), "drift report: format: is not \"firetower-drift\"");
  json::object report = Report({Column("V1", "stable")});
  report["version"] = 2;
  EXPECT_EQ(refused(json::serialize(report)), "drift report: version: is not 1");
  report["version"] = 1;
  report["columns"].as_array().push_back(Column("V2", "fine"));
  EXPECT_EQ(refused(json::serialize(report)), "drift report: columns[1].verdict: is no verdict");
  report["columns"].as_array()[1].as_object()["name"] = 5;
  EXPECT_EQ(refused(json::serialize(report)), "drift report: columns[1].name: is not a text");
  report["overall"] = nullptr;
  EXPECT_EQ(refused(json::serialize(report)), "drift report: overall: is not an object");
}

}  // namespace
}  // namespace firetower::analysis
