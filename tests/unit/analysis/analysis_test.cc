#include "analysis/analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../session/test_model.h"
#include "analysis/json_number.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "session/session.h"

namespace firetower::analysis {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) { return session::Bytes(text); }

json::value Parsed(const Result<std::string>& text) {
  EXPECT_TRUE(text.ok()) << (text.ok() ? "" : text.error().message);
  if (!text.ok()) return nullptr;
  Result<json::value> value = ParseJson(*text, ErrorCode::kDataInvalid, "document");
  EXPECT_TRUE(value.ok());
  return value.ok() ? std::move(*value) : json::value(nullptr);
}

double Number(const json::value& value) {
  return value.is_number() ? value.to_number<double>() : std::nan("");
}

void Load(Table which, const std::string& csv, Analysis* analysis, size_t piece = 0,
          std::vector<std::string> columns = {}) {
  TableOptions options;
  options.name = "made up.csv";
  options.complete = true;
  options.columns = std::move(columns);
  ASSERT_TRUE(analysis->BeginTable(which, Bytes(csv), options).ok());
  for (size_t at = 0; at < csv.size();) {
    const size_t count = piece == 0 ? csv.size() : std::min(piece, csv.size() - at);
    ASSERT_TRUE(analysis->Feed(Bytes(csv).subspan(at, count)).ok());
    at += count;
  }
  ASSERT_TRUE(analysis->FinishTable().ok());
}

// Rows of numbers, texts and missing values; from `moved` on x is larger by 1 and "b" more often. A
// few rows are bad, one text comes late in a column of numbers, a cell holds a line end.
std::string MadeUp(size_t rows, size_t moved, uint64_t seed = 1) {
  Random random(seed);
  std::string csv = "x,y,kind,code,part\n";
  for (size_t i = 0; i < rows; ++i) {
    double x = 0;
    for (int k = 0; k < 12; ++k) x += random.Uniform();
    x += (i >= moved ? 1.0 : 0.0) - 6.0;
    const double share = i >= moved ? 0.8 : 0.3;
    csv += std::to_string(x) + ',';
    csv += (random.Below(20) == 0 ? "" : std::to_string(random.Below(7))) + std::string(",");
    csv += random.Uniform() < share ? "b," : "\"a \"\"quoted\"\"\nlabel\",";
    csv += i == 700 ? "late," : std::to_string(random.Below(3)) + ',';
    csv += std::to_string(i % 4);
    csv += i % 97 == 50 ? ",too many\n" : "\n";
  }
  return csv;
}

std::string Report(const Analysis& analysis, const std::string& request) {
  const Result<std::string> measured = analysis.MeasureJson(request);
  EXPECT_TRUE(measured.ok()) << (measured.ok() ? "" : measured.error().message);
  if (!measured.ok()) return {};
  const std::string_view documents[] = {*measured};
  const Result<std::string> report = analysis.JudgeJson(documents, request, "");
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
  return report.ok() ? *report : std::string();
}

const json::object& ColumnOf(const json::value& report, std::string_view name) {
  for (const json::value& column : report.at("columns").as_array()) {
    if (std::string_view(column.at("name").as_string()) == name) return column.as_object();
  }
  static const json::object kNone;
  ADD_FAILURE() << "no column " << name;
  return kNone;
}

const std::string kWindows =
    R"({"reference":{"from":"current","rows":[0,1000]},"current":{"from":"current","rows":[1000,2000]}})";

TEST(Analysis, AnyFragmentationGivesTheSameReport) {
  const std::string csv = MadeUp(2000, 1000);
  Analysis whole;
  Load(Table::kCurrent, csv, &whole);
  const std::string report = Report(whole, kWindows);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}}) {
    Analysis pieces;
    Load(Table::kCurrent, csv, &pieces, piece);
    EXPECT_EQ(Report(pieces, kWindows), report) << piece;
    EXPECT_EQ(*pieces.TableJson(Table::kCurrent), *whole.TableJson(Table::kCurrent));
  }
  const json::value table = Parsed(whole.TableJson(Table::kCurrent));
  EXPECT_EQ(Number(table.at("rows")), 2000);
  EXPECT_EQ(Number(table.at("aside")), 21);
  EXPECT_EQ(table.at("sha256").as_string(), Sha256Hex(Bytes(csv)));
  // `code` has one text, so that it is a column of texts.
  std::map<std::string, std::string> kinds;
  for (const json::value& column : table.at("columns").as_array())
    kinds[std::string(column.at("name").as_string())] = column.at("kind").as_string();
  EXPECT_EQ(kinds, (std::map<std::string, std::string>{{"x", "numeric"},
                                                       {"y", "numeric"},
                                                       {"kind", "categorical"},
                                                       {"code", "categorical"},
                                                       {"part", "numeric"}}));
}

TEST(Analysis, TheReportSaysWhatMoved) {
  Analysis analysis;
  Load(Table::kCurrent, MadeUp(2000, 1000), &analysis);
  const json::value report = Parsed(Report(analysis, kWindows));
  EXPECT_EQ(report.at("overall").at("verdict").as_string(), "moved");
  EXPECT_EQ(Number(report.at("overall").at("judged")), 5);
  EXPECT_EQ(Number(report.at("overall").at("drifted")), 2);
  const std::string sentence(report.at("overall").at("sentence").as_string());
  EXPECT_EQ(sentence.find("The data has moved: 2 of 5 columns drifted, the worst is "), 0u)
      << sentence;

  // The largest distance of the distribution functions, looked for at every value.
  const std::span<const double> x = analysis.column(Table::kCurrent, "x");
  ASSERT_EQ(x.size(), 2000u);
  std::vector<double> before, now;
  for (size_t i = 0; i < x.size(); ++i) {
    if (!std::isnan(x[i])) (i < 1000 ? before : now).push_back(x[i]);
  }
  const auto share = [](const std::vector<double>& values, double at) {
    return static_cast<double>(std::count_if(values.begin(), values.end(),
                                             [&](double value) { return value <= at; })) /
           static_cast<double>(values.size());
  };
  double largest = 0.0, sum_before = 0.0, sum_now = 0.0;
  for (const double at : before)
    largest = std::max(largest, std::fabs(share(before, at) - share(now, at)));
  for (const double at : now)
    largest = std::max(largest, std::fabs(share(before, at) - share(now, at)));
  for (const double value : before) sum_before += value;
  for (const double value : now) sum_now += value;
  const json::object& column = ColumnOf(report, "x");
  EXPECT_NEAR(Number(column.at("outcome").at("statistic")), largest, 1e-11);
  EXPECT_NEAR(Number(column.at("effect").at("value")), largest, 1e-11);
  EXPECT_EQ(column.at("verdict").as_string(), "drifted");
  EXPECT_EQ(Number(column.at("reference").at("rows")), static_cast<double>(before.size()));
  EXPECT_NEAR(Number(column.at("current").at("mean")), sum_now / static_cast<double>(now.size()),
              1e-11);
  EXPECT_NEAR(Number(column.at("reference").at("mean")),
              sum_before / static_cast<double>(before.size()), 1e-11);
  // Rows set aside are not missing values.
  EXPECT_EQ(Number(column.at("reference").at("missing")), 0);
  EXPECT_EQ(ColumnOf(report, "part").at("verdict").as_string(), "stable");
  EXPECT_EQ(report.at("columns").as_array()[0].at("verdict").as_string(), "drifted");
}

TEST(Analysis, TwoThatShareTheColumnsSayWhatOneSays) {
  const std::string csv = MadeUp(1500, 700);
  const std::string request =
      R"({"reference":{"from":"reference"},"current":{"from":"current","rows":[600,1500]},"all":true,"correction":"Holm"})";
  const std::string other = MadeUp(800, 800, 2);
  Analysis one, first, second;
  Load(Table::kCurrent, csv, &one);
  Load(Table::kReference, other, &one);
  for (const auto& [analysis, columns] :
       {std::pair<Analysis*, std::vector<std::string>>{&first, {"y", "code"}},
        {&second, {"part", "x", "kind"}}}) {
    Load(Table::kReference, other, analysis, 0, columns);
    Load(Table::kCurrent, csv, analysis, 0, columns);
  }
  const Result<std::string> part = first.MeasureJson(request);
  const Result<std::string> rest = second.MeasureJson(request);
  ASSERT_TRUE(part.ok() && rest.ok());
  const std::string expected = Report(one, request);
  for (const auto& documents : {std::vector<std::string_view>{*part, *rest}, {*rest, *part}}) {
    const Result<std::string> report = second.JudgeJson(documents, request, "");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(*report, expected);
  }
}

TEST(Analysis, WithoutRowsIsAsIfTheyWereNotThere) {
  const std::string csv = MadeUp(900, 500);
  std::string left_out =
      R"({"reference":{"from":"reference"},"current":{"from":"current"},"without":[)";
  // The same rows, taken out of the text: records end where the next one begins.
  Analysis all;
  Load(Table::kCurrent, csv, &all);
  const std::span<const double> offsets = all.row_offsets(Table::kCurrent);
  std::string shorter = csv.substr(0, static_cast<size_t>(offsets[0]));
  for (size_t i = 0; i < offsets.size(); ++i) {
    const auto begin = static_cast<size_t>(offsets[i]);
    const size_t end = i + 1 < offsets.size() ? static_cast<size_t>(offsets[i + 1]) : csv.size();
    if (i % 3 == 2 || (i > 600 && i != 700)) {
      if (left_out.back() != '[') left_out += ',';
      left_out += std::to_string(i);
    } else {
      shorter += csv.substr(begin, end - begin);
    }
  }
  left_out += "]}";
  const std::string reference = MadeUp(400, 400, 3);
  Load(Table::kReference, reference, &all);
  Analysis fewer;
  Load(Table::kReference, reference, &fewer);
  Load(Table::kCurrent, shorter, &fewer);
  const json::value with = Parsed(Report(all, left_out));
  const json::value without =
      Parsed(Report(fewer, R"({"reference":{"from":"reference"},"current":{"from":"current"}})"));
  EXPECT_EQ(WriteJson(with.at("columns")), WriteJson(without.at("columns")));
}

TEST(Analysis, ContributionsAddUpAndRowsStandBehindTheBins) {
  const std::string csv = MadeUp(1600, 800);
  Analysis analysis;
  Load(Table::kCurrent, csv, &analysis);
  const std::string request =
      R"({"reference":{"from":"current","rows":[0,800]},"current":{"from":"current","rows":[800,1600]},"bins":13})";
  const json::value report = Parsed(Report(analysis, request));
  for (const std::string name : {"x", "y", "kind", "code", "part"}) {
    SCOPED_TRACE(name);
    const std::string text = *analysis.ColumnJson(name, request);
    const json::value column = Parsed(text);
    size_t place = 0;
    const json::object& measured = ColumnOf(report, name);
    double total = 0.0, reference = 0.0, current = 0.0;
    for (const json::value& bin : column.at("bins").as_array()) {
      RowQuery query;
      const bool missing = bin.at("missing").as_bool();
      if (missing) {
        query.kind = RowQuery::Kind::kMissing;
        EXPECT_EQ(Number(bin.at("reference")), Number(measured.at("reference").at("missing")));
      } else {
        total += Number(bin.at("contribution"));
        reference += Number(bin.at("reference"));
        current += Number(bin.at("current"));
        // To the last bit, which the JSON reader is not.
        for (const auto& [key, edge] : {std::pair<std::string, double*>{"\"low\":", &query.low},
                                        {"\"high\":", &query.high}}) {
          place = text.find(key, place) + key.size();
          if (text[place] != 'n') *edge = std::strtod(text.c_str() + place, nullptr);
        }
        if (bin.at("category").is_string()) {
          query.kind = RowQuery::Kind::kCategory;
          query.category = std::string(bin.at("category").as_string());
        } else if (column.at("kind").as_string() == "categorical") {
          continue;  // The rarer ones together.
        }
      }
      const json::value rows = Parsed(analysis.RowsJson(name, query, {}, 3, request));
      EXPECT_EQ(Number(rows.at("total")), Number(bin.at("current")));
      EXPECT_EQ(Number(rows.at("total")),
                static_cast<double>(analysis.RowNumbers(name, query, request)->size()));
      for (const json::value& row : rows.at("rows").as_array()) {
        EXPECT_GE(Number(row.at("row")), 800);
        const auto offset = static_cast<size_t>(Number(row.at("offset")));
        EXPECT_EQ(csv[offset - 1], '\n');
        if (name == "x") {
          EXPECT_NEAR(std::stod(csv.substr(offset)), Number(row.at("value")), 1e-9);
        }
      }
    }
    EXPECT_NEAR(total, Number(column.at("total")), 1e-10);
    EXPECT_NEAR(total, Number(measured.at("distances").at("psi")), 1e-10);
    EXPECT_EQ(reference, Number(measured.at("reference").at("rows")));
    EXPECT_EQ(current, Number(measured.at("current").at("rows")));
  }
  // By ratio where there are some.
  std::vector<double> ratios(1600, std::nan(""));
  ratios[900] = 2.0;
  ratios[1500] = 5.0;
  const json::value ranked = Parsed(analysis.RowsJson("part", {}, ratios, 3, request));
  EXPECT_EQ(Number(ranked.at("rows").as_array()[0].at("row")), 1500);
  EXPECT_EQ(Number(ranked.at("rows").as_array()[1].at("row")), 900);
  EXPECT_TRUE(ranked.at("rows").as_array()[2].at("ratio").is_null());
}

TEST(Analysis, SmallCategoriesAreNotNamed) {
  std::string csv = "who,x\n";
  for (int i = 0; i < 400; ++i) {
    csv += i == 20 || i == 390 ? "a person," : i >= 200 && i % 5 == 0 ? "new," : "usual,";
    csv += std::to_string(i) + "\n";
  }
  Analysis analysis;
  Load(Table::kCurrent, csv, &analysis);
  const std::string request =
      R"({"reference":{"from":"current","rows":[0,200]},"current":{"from":"current","rows":[200,400]}})";
  const std::string report = Report(analysis, request);
  const std::string detail = *analysis.ColumnJson("who", request);
  EXPECT_EQ(report.find("a person"), std::string::npos);
  EXPECT_EQ(detail.find("a person"), std::string::npos);
  const json::value parsed = Parsed(report);
  const json::value& categories = ColumnOf(parsed, "who").at("categories");
  EXPECT_EQ(categories.at("added"), (json::array{"new"}));
  EXPECT_EQ(ColumnOf(parsed, "who").at("verdict").as_string(), "drifted");
}

TEST(Analysis, ValuesThatGoMissingAreTold) {
  std::string csv = "x,y\n";
  Random random(4);
  for (int i = 0; i < 1000; ++i) {
    csv += std::to_string(random.Below(1000)) + ',';
    csv += i >= 500 && i % 4 == 0 ? "\n" : std::to_string(random.Below(50)) + "\n";
  }
  Analysis analysis;
  Load(Table::kCurrent, csv, &analysis);
  const json::value report = Parsed(Report(
      analysis,
      R"({"reference":{"from":"current","rows":[0,500]},"current":{"from":"current","rows":[500,1000]}})"));
  const std::string sentence(report.at("overall").at("sentence").as_string());
  EXPECT_NE(sentence.find("missing values has changed in 1 column: y (0.0 % to 25.0 %)"),
            std::string::npos)
      << sentence;
  EXPECT_EQ(ColumnOf(report, "y").at("missing").at("verdict").as_string(), "drifted");
  EXPECT_EQ(ColumnOf(report, "y").at("verdict").as_string(), "stable");
}

TEST(Analysis, RowsOnBothSidesAreSaid) {
  Analysis analysis;
  Load(Table::kCurrent, MadeUp(300, 300), &analysis);
  const auto sentence = [&](const std::string& reference, const std::string& current) {
    const json::value report =
        Parsed(Report(analysis, R"({"reference":{"from":"current","rows":)" + reference +
                                    R"(},"current":{"from":"current","rows":)" + current + "}}"));
    return std::string(report.at("overall").at("sentence").as_string());
  };
  EXPECT_NE(sentence("[0,150]", "[100,300]").find("50 rows are on both sides"), std::string::npos);
  EXPECT_NE(sentence("[0,150]", "null").find("150 rows are on both sides"), std::string::npos);
  EXPECT_EQ(sentence("[0,150]", "[150,300]").find("both sides"), std::string::npos);
}

const std::string kFiles = R"({"reference":{"from":"reference"},"current":{"from":"current"}})";

std::string Sentence(const json::value& report) {
  return std::string(report.at("overall").at("sentence").as_string());
}

TEST(Analysis, ColumnsOfOneFileOnlyAreNamed) {
  std::string before = "a,b\n", now = "a,c\n";
  for (int i = 0; i < 100; ++i) {
    before += std::to_string(i) + ",1\n";
    now += std::to_string(i) + ",1\n";
  }
  Analysis analysis;
  Load(Table::kReference, before, &analysis);
  Load(Table::kCurrent, now, &analysis);
  EXPECT_EQ(Sentence(Parsed(Report(analysis, kFiles))),
            "The data has not moved: the column does not differ by more than chance. Only the "
            "reference has b. Only the current file has c.");
  const std::string one =
      R"({"reference":{"from":"reference"},"current":{"from":"current"},"columns":["a"]})";
  EXPECT_EQ(Sentence(Parsed(Report(analysis, one))),
            "The data has not moved: the column does not differ by more than chance.");
}

// One text makes a column of numbers one of texts, which cannot be compared value by value: no
// verdict, and it is said why.
TEST(Analysis, ATextAmongNumbersIsSaid) {
  Random random(3);
  std::string before = "a,b\n", now = "a,b\n";
  for (int i = 0; i < 500; ++i) {
    before += std::to_string(random.Uniform()) + "," + std::to_string(i % 7) + "\n";
    now += (i == 77 ? "oops" : std::to_string(random.Uniform() + 1.0)) + "," +
           std::to_string(i % 7) + "\n";
  }
  Analysis analysis;
  Load(Table::kReference, before, &analysis);
  Load(Table::kCurrent, now, &analysis);
  const json::value report = Parsed(Report(analysis, kFiles));
  EXPECT_EQ(Sentence(report),
            "The data has not moved: the column does not differ by more than chance. 1 column has "
            "too few rows to say. 1 column of numbers has cells that are none: a.");
  const json::object& column = ColumnOf(report, "a");
  EXPECT_EQ(column.at("verdict").as_string(), "too few rows");
  EXPECT_TRUE(column.at("outcome").at("p_value").is_null());
  EXPECT_EQ(column.at("outcome").at("note").as_string(),
            "too few rows of each category: all of them together are one; compared as texts: 1 of "
            "1000 cells are no numbers");
}

TEST(Analysis, TheFurthestMovedColumnStandsFirst) {
  Random random(4);
  std::string before = "a,b\n", now = "a,b\n";
  for (int i = 0; i < 4000; ++i) {
    before += std::to_string(random.Uniform()) + "," + std::to_string(random.Uniform()) + "\n";
    now += std::to_string(random.Uniform() + 0.3) + "," + std::to_string(random.Uniform() - 0.9) +
           "\n";
  }
  Analysis analysis;
  Load(Table::kReference, before, &analysis);
  Load(Table::kCurrent, now, &analysis);
  for (const std::string test : {"ks", "mwu", "welch"}) {
    const json::value report = Parsed(Report(
        analysis, R"({"reference":{"from":"reference"},"current":{"from":"current"},"test":")" +
                      test + "\"}"));
    EXPECT_EQ(report.at("columns").at(0).at("name").as_string(), "b") << test;
    EXPECT_EQ(report.at("overall").at("worst").as_string(), "b") << test;
  }
}

TEST(Analysis, AFileOfOneColumnNeedsItsName) {
  Analysis analysis;
  TableOptions options;
  options.complete = true;
  const std::string csv = "a\n1\n2\n";
  EXPECT_EQ(analysis.BeginTable(Table::kCurrent, Bytes(csv), options).error().code,
            ErrorCode::kNotCsv);
  options.columns = {"b"};
  EXPECT_FALSE(analysis.BeginTable(Table::kCurrent, Bytes(csv), options).ok());
  Load(Table::kCurrent, csv, &analysis, 0, {"a"});
  EXPECT_EQ(analysis.column(Table::kCurrent, "a").size(), 2U);
}

TEST(Analysis, FewRowsAreNoVerdict) {
  Analysis analysis;
  Load(Table::kCurrent, MadeUp(60, 30), &analysis);
  const json::value report = Parsed(Report(
      analysis,
      R"({"reference":{"from":"current","rows":[0,40]},"current":{"from":"current","rows":[40,60]}})"));
  EXPECT_EQ(report.at("overall").at("verdict").as_string(), "too few rows");
  EXPECT_TRUE(report.at("overall").at("p_value").is_null());
  for (const json::value& column : report.at("columns").as_array())
    EXPECT_EQ(column.at("verdict").as_string(), "too few rows");
}

TEST(Analysis, ATrendTellsWhenItBegan) {
  Analysis analysis;
  Load(Table::kReference, MadeUp(600, 600, 5), &analysis);
  Load(Table::kCurrent, MadeUp(2000, 1200, 6), &analysis);
  const json::value trend = Parsed(analysis.TrendJson(
      "x", R"({"reference":{"from":"reference"},"current":{"from":"current"},"level":0.001})", 10));
  const json::array& windows = trend.at("windows").as_array();
  ASSERT_EQ(windows.size(), 10u);
  double next = 0;
  for (size_t w = 0; w < windows.size(); ++w) {
    EXPECT_EQ(Number(windows[w].at("first")), next);
    next = Number(windows[w].at("last")) + 1;
    EXPECT_EQ(windows[w].at("verdict").as_string() == "drifted", w >= 6) << w;
  }
  EXPECT_EQ(next, 2000);
}

// --- with a model

std::string ModelCsv(size_t rows) {
  std::string csv = "Time,V1,V2,Amount,Class,merchant\n";
  Random random(8);
  for (size_t i = 0; i < rows; ++i) {
    csv += std::to_string(i * 60) + ',' + std::to_string(4.0 * random.Uniform() - 2.5) + ',';
    csv += i % 11 == 0 ? "," : std::to_string(3.0 * random.Uniform() - 1.0) + ',';
    csv += i % 90 == 7 ? "abc," : std::to_string(random.Below(500)) + ',';
    csv += std::to_string(i % 2) + (i % 3 == 0 ? ",shop\n" : ",other\n");
  }
  return csv;
}

std::vector<uint8_t> ModelBytes() { return *forest::WriteModel(session::TestModel()); }

TEST(Analysis, FeaturesScoresAndLabelsAreTheSessions) {
  const std::string csv = ModelCsv(500);
  Analysis analysis;
  ASSERT_TRUE(analysis.LoadModel(ModelBytes()).ok());
  Load(Table::kCurrent, csv, &analysis, 100,
       {"V1", "V2", "Amount_scaled", "Time_hour", "score", "merchant"});
  session::Session session;
  ASSERT_TRUE(session.LoadModel(ModelBytes()).ok());
  ASSERT_TRUE(session.InspectCsv(Bytes(csv), {.complete = true}).ok());
  ASSERT_TRUE(session.BeginRange({.begin = session.layout().data_offset}).ok());
  ASSERT_TRUE(
      session.Feed(Bytes(csv).subspan(static_cast<size_t>(session.layout().data_offset))).ok());
  ASSERT_TRUE(session.FinishRange().ok());
  const std::span<const double> scores = analysis.column(Table::kCurrent, "score");
  ASSERT_EQ(scores.size(), session.probabilities().size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const double expected = session.probabilities()[i];
    EXPECT_TRUE(scores[i] == expected || (std::isnan(scores[i]) && std::isnan(expected))) << i;
    const double label = session.labels()[i];
    EXPECT_TRUE(analysis.labels(Table::kCurrent)[i] == label ||
                (std::isnan(label) && std::isnan(analysis.labels(Table::kCurrent)[i])));
    EXPECT_EQ(analysis.row_offsets(Table::kCurrent)[i], session.row_offsets()[i]);
  }
  EXPECT_EQ(Number(Parsed(analysis.TableJson(Table::kCurrent)).at("aside")),
            static_cast<double>(session.bad_row_count()));
  // A substitute for a missing value is none of the data's.
  EXPECT_TRUE(std::isnan(analysis.column(Table::kCurrent, "V2")[0]));
}

TEST(Analysis, ASummaryIsComparedAsItsRowsAre) {
  const std::string csv = ModelCsv(3000);
  session::Session session;
  ASSERT_TRUE(session.LoadModel(ModelBytes()).ok());
  ASSERT_TRUE(session.InspectCsv(Bytes(csv), {.complete = true}).ok());
  ASSERT_TRUE(session.BeginRange({.begin = session.layout().data_offset}).ok());
  ASSERT_TRUE(
      session.Feed(Bytes(csv).subspan(static_cast<size_t>(session.layout().data_offset))).ok());
  ASSERT_TRUE(session.FinishRange().ok());
  Analysis analysis;
  ASSERT_TRUE(analysis.LoadModel(ModelBytes()).ok());
  Load(Table::kCurrent, csv, &analysis);
  ASSERT_TRUE(analysis.SetSummary(Table::kCurrent, session.summary()->Write(), "s.json").ok());
  for (const std::string test : {"chi_square", "g", "ks"}) {
    const auto request = [&](const std::string& from) {
      return R"({"reference":{"from":"profile"},"current":{"from":")" + from +
             R"("},"all":true,"min_rows":30,"test":")" + test + "\"}";
    };
    const json::value rows = Parsed(Report(analysis, request("current")));
    const json::value counts = Parsed(Report(analysis, request("summary")));
    EXPECT_EQ(WriteJson(rows.at("columns")), WriteJson(counts.at("columns")));
    const json::object& v1 = ColumnOf(rows, "V1");
    EXPECT_EQ(v1.at("test").as_string(), test);
    // The profile's weights are scaled to the rows it was trained on.
    EXPECT_NEAR(Number(v1.at("reference").at("rows")), 100.0, 1e-9);
  }
  // Finer p-values than counts allow are refused.
  const json::value report = Parsed(Report(
      analysis, R"({"reference":{"from":"profile"},"current":{"from":"current"},"min_rows":30})"));
  EXPECT_EQ(report.at("settings").at("test").as_string(), "chi_square");
  const json::object& hours = ColumnOf(report, "Time_hour");
  EXPECT_TRUE(hours.at("outcome").at("p_value").is_null());
  EXPECT_EQ(Number(hours.at("outcome").at("p_below")), 1e-12);
  EXPECT_EQ(hours.at("verdict").as_string(), "drifted");
  const json::value column = Parsed(analysis.ColumnJson(
      "Time_hour", R"({"reference":{"from":"profile"},"current":{"from":"current"}})"));
  double total = 0;
  for (const json::value& bin : column.at("bins").as_array()) {
    if (!bin.at("missing").as_bool()) total += Number(bin.at("contribution"));
  }
  EXPECT_NEAR(total, Number(hours.at("distances").at("psi")), 1e-10);
}

TEST(Analysis, RequestsThatMakeNoSenseAreRefused) {
  Analysis analysis;
  Load(Table::kCurrent, MadeUp(100, 50), &analysis);
  const std::pair<std::string, ErrorCode> cases[] = {
      {"", ErrorCode::kBadArgument},
      {"[]", ErrorCode::kBadArgument},
      {R"({"level":0.05})", ErrorCode::kNotReady},  // No reference file.
      {R"({"reference":{"from":"profile"}})", ErrorCode::kNotReady},
      {R"({"reference":{"from":"summary"}})", ErrorCode::kNotReady},
      {R"({"reference":{"from":"current","rows":[0,101]}})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current","rows":[5,5]}})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current","rows":[-1,5]}})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"test":"t"})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"levle":0.1})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"level":2})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"columns":["nobody"]})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"columns":[]})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"without":[100]})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"correction":"FDR"})", ErrorCode::kBadArgument},
      {R"({"reference":{"from":"current"},"bins":1})", ErrorCode::kBadArgument},
  };
  for (const auto& [request, code] : cases) {
    const Result<std::string> measured = analysis.MeasureJson(request);
    ASSERT_FALSE(measured.ok()) << request;
    EXPECT_EQ(measured.error().code, code) << request << ": " << measured.error().message;
    EXPECT_TRUE(analysis.SampleRows(Table::kCurrent, request, 10, 1).empty() ||
                request.find("columns") != std::string::npos);
  }
  EXPECT_FALSE(analysis.JudgeJson({}, "{}", "").ok());
  const std::string_view documents[] = {
      "{\"columns\":[{}],\"sides\":{\"reference\":{},\"current\":{}}}"};
  EXPECT_FALSE(analysis.JudgeJson(documents, "{}", "").ok());
}

TEST(Analysis, SamplesAreOfTheRowsThatCount) {
  Analysis analysis;
  Load(Table::kCurrent, MadeUp(500, 250), &analysis);
  const std::string request =
      R"({"reference":{"from":"current","rows":[0,200]},"current":{"from":"current","rows":[200,500]},"without":[300,301]})";
  const std::vector<double> all = analysis.SampleRows(Table::kCurrent, request, 1000, 1);
  // 300 rows, two left out, three too long (244, 341, 438 are set aside).
  EXPECT_EQ(all.size(), 295u);
  const std::vector<double> some = analysis.SampleRows(Table::kCurrent, request, 50, 1);
  ASSERT_EQ(some.size(), 50u);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end()));
  EXPECT_NE(some, analysis.SampleRows(Table::kCurrent, request, 50, 2));
  EXPECT_EQ(some, analysis.SampleRows(Table::kCurrent, request, 50, 1));
  const std::vector<double> values = analysis.Gather(Table::kCurrent, "x", some);
  for (size_t i = 0; i < some.size(); ++i)
    EXPECT_EQ(values[i], analysis.column(Table::kCurrent, "x")[static_cast<size_t>(some[i])]);
}

}  // namespace
}  // namespace firetower::analysis
