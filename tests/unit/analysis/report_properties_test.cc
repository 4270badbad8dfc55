// What must hold of reports whatever the data: the order of rows, how columns are shared out, how
// bytes come, which side is which, and whether counts were gathered at once or added up.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "../session/test_model.h"
#include "analysis/analysis.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "session/session.h"

namespace firetower::analysis {
namespace {

using session::Bytes;

constexpr std::string_view kBothTables =
    R"({"reference":{"from":"reference"},"current":{"from":"current"},"all":true})";

// Lines of amount (some missing), score (ties) and kind (text); moved: how far from the reference.
std::vector<std::string> Lines(size_t rows, double moved, uint64_t seed) {
  Random random(seed);
  std::vector<std::string> lines;
  for (size_t i = 0; i < rows; ++i) {
    char amount[40] = "";
    const double sum = random.Uniform() + random.Uniform() + random.Uniform() + random.Uniform();
    if (random.Below(20) > 0) std::snprintf(amount, sizeof amount, "%.4f", 8 * (sum + moved));
    const int grade = static_cast<int>(random.Below(6)) + (moved > 0 && random.Below(3) == 0);
    const char kind = "abc"[random.Below(moved > 0 ? 3 : 2)];
    lines.push_back(std::string(amount) + "," + std::to_string(grade) + "," + kind + "\n");
  }
  return lines;
}

std::string Csv(const std::vector<std::string>& lines) {
  std::string text = "amount,grade,kind\n";
  for (const std::string& line : lines) text += line;
  return text;
}

void Load(Analysis* analysis, Table which, std::string_view csv,
          std::vector<std::string> columns = {}, size_t pieces = SIZE_MAX) {
  ASSERT_TRUE(
      analysis
          ->BeginTable(which, Bytes(csv),
                       {.columns = std::move(columns), .complete = true, .hash = false, .name = {}})
          .ok());
  for (size_t i = 0; i < csv.size(); i += std::min(pieces, csv.size())) {
    ASSERT_TRUE(analysis->Feed(Bytes(csv.substr(i, pieces))).ok());
  }
  ASSERT_TRUE(analysis->FinishTable().ok());
}

std::string Measured(const Analysis& analysis, std::string_view request) {
  const Result<std::string> measured = analysis.MeasureJson(request);
  EXPECT_TRUE(measured.ok()) << measured.error().message;
  return measured.ok() ? *measured : std::string();
}

std::string Judged(const Analysis& analysis, const std::vector<std::string>& measured,
                   std::string_view request) {
  const std::vector<std::string_view> parts(measured.begin(), measured.end());
  const Result<std::string> report = analysis.JudgeJson(parts, request, "");
  EXPECT_TRUE(report.ok()) << report.error().message;
  return report.ok() ? *report : std::string();
}

std::string Report(std::string_view reference, std::string_view current,
                   std::string_view request = kBothTables) {
  Analysis analysis;
  Load(&analysis, Table::kReference, reference);
  Load(&analysis, Table::kCurrent, current);
  return Judged(analysis, {Measured(analysis, request)}, request);
}

json::value Parsed(std::string_view text) {
  const Result<json::value> value = ParseJson(text, ErrorCode::kDataInvalid, "document");
  EXPECT_TRUE(value.ok());
  return value.ok() ? *value : json::value();
}

json::object ColumnOf(std::string_view report, std::string_view name) {
  const json::value document = Parsed(report);
  for (const json::value& column : document.at("columns").as_array()) {
    if (column.at("name").as_string() == name) return column.as_object();
  }
  ADD_FAILURE() << "no column " << name;
  return {};
}

double NumberAt(const json::value& value, std::string_view key) {
  const json::value& number = value.at(key);
  return number.is_null() ? std::nan("") : number.to_number<double>();
}

TEST(ReportProperties, TheOrderOfTheRowsDoesNotMatter) {
  std::vector<std::string> reference = Lines(600, 0, 1), current = Lines(500, 0.3, 2);
  const std::string before = Report(Csv(reference), Csv(current));
  Random random(3);
  for (std::vector<std::string>* lines : {&reference, &current}) {
    for (size_t i = lines->size(); i > 1; --i) {
      std::swap((*lines)[i - 1], (*lines)[random.Below(static_cast<uint32_t>(i))]);
    }
  }
  EXPECT_EQ(Report(Csv(reference), Csv(current)), before);
}

// Workers share the columns of a file and one of them judges what all have measured.
TEST(ReportProperties, HowColumnsAreSharedOutDoesNotMatter) {
  const std::string reference = Csv(Lines(400, 0, 4)), current = Csv(Lines(400, 0.2, 5));
  const std::string whole = Report(reference, current);
  for (const std::vector<std::vector<std::string>>& shares :
       {std::vector<std::vector<std::string>>{{"amount"}, {"grade", "kind"}},
        {{"kind"}, {"grade"}, {"amount"}}}) {
    std::vector<std::string> measured;
    Analysis judge;
    for (size_t worker = 0; worker < shares.size(); ++worker) {
      Analysis own;
      Analysis* analysis = worker == 0 ? &judge : &own;
      Load(analysis, Table::kReference, reference, shares[worker]);
      Load(analysis, Table::kCurrent, current, shares[worker]);
      measured.push_back(Measured(*analysis, kBothTables));
    }
    const std::string report = Judged(judge, measured, kBothTables);
    // As one: the same columns, verdicts and figures. (Equal ones stand in the order given.)
    for (const std::string_view name : {"amount", "grade", "kind"}) {
      EXPECT_EQ(ColumnOf(report, name), ColumnOf(whole, name)) << name;
    }
    EXPECT_EQ(Parsed(report).at("overall"), Parsed(whole).at("overall"));
  }
}

TEST(ReportProperties, HowTheBytesComeDoesNotMatter) {
  const std::string reference = Csv(Lines(60, 0, 6)), current = Csv(Lines(50, 0.5, 7));
  const std::string whole = Report(reference, current);
  for (const size_t pieces : {size_t{1}, size_t{7}, size_t{100}}) {
    Analysis analysis;
    Load(&analysis, Table::kReference, reference, {}, pieces);
    Load(&analysis, Table::kCurrent, current, {}, pieces);
    EXPECT_EQ(Judged(analysis, {Measured(analysis, kBothTables)}, kBothTables), whole) << pieces;
  }
}

// Two windows of one file are what two files of those rows are.
TEST(ReportProperties, WindowsOfAFileAreFilesOfTheirOwn) {
  const std::vector<std::string> reference = Lines(300, 0, 8), current = Lines(200, 0.3, 9);
  std::vector<std::string> both = reference;
  both.insert(both.end(), current.begin(), current.end());
  Analysis analysis;
  Load(&analysis, Table::kCurrent, Csv(both));
  const std::string windows =
      R"({"reference":{"from":"current","rows":[0,300]},"current":{"from":"current","rows":[300,500]},"all":true})";
  const std::string one = Judged(analysis, {Measured(analysis, windows)}, windows);
  const std::string two = Report(Csv(reference), Csv(current));
  EXPECT_EQ(Parsed(one).at("columns"), Parsed(two).at("columns"));
}

TEST(ReportProperties, LeavingRowsOutIsNotHavingThem) {
  const std::vector<std::string> reference = Lines(300, 0, 10);
  std::vector<std::string> current = Lines(200, 0.3, 11);
  const std::string request =
      R"({"reference":{"from":"reference"},"current":{"from":"current"},"without":[0,5,199],"all":true})";
  const std::string without = Report(Csv(reference), Csv(current), request);
  for (const size_t row : {size_t{199}, size_t{5}, size_t{0}}) {
    current.erase(current.begin() + static_cast<std::ptrdiff_t>(row));
  }
  const std::string fewer = Report(Csv(reference), Csv(current));
  EXPECT_EQ(Parsed(without).at("columns"), Parsed(fewer).at("columns"));
}

TEST(ReportProperties, WhichSideIsTheReferenceMattersOnlyForTheDirection) {
  const std::string a = Csv(Lines(400, 0, 12)), b = Csv(Lines(300, 0.2, 13));
  const std::string forth = Report(a, b), back = Report(b, a);
  for (const std::string_view name : {"amount", "grade", "kind"}) {
    const json::object one = ColumnOf(forth, name), two = ColumnOf(back, name);
    EXPECT_EQ(one.at("outcome").at("statistic"), two.at("outcome").at("statistic")) << name;
    EXPECT_EQ(one.at("outcome").at("p_value"), two.at("outcome").at("p_value")) << name;
    EXPECT_EQ(one.at("missing").at("p_value"), two.at("missing").at("p_value")) << name;
    EXPECT_EQ(one.at("reference"), two.at("current")) << name;
    EXPECT_EQ(one.at("verdict"), two.at("verdict")) << name;
  }
  for (const std::string_view test : {"ks", "cvm", "ad", "mwu", "welch"}) {
    EXPECT_EQ(ColumnOf(forth, "amount").at("tests").at(test).at("p_value"),
              ColumnOf(back, "amount").at("tests").at(test).at("p_value"))
        << test;
  }
}

// Ranks decide: prices in cents, or as powers, have drifted just as far.
TEST(ReportProperties, RankTestsDoNotCareForTheScale) {
  Random random(14);
  std::string plain[2] = {"x,n\n", "x,n\n"}, risen[2] = {"x,n\n", "x,n\n"};
  for (const size_t side : {size_t{0}, size_t{1}}) {
    for (int i = 0; i < 300; ++i) {
      const auto x = static_cast<int>(random.Below(400)) - 200 + (side == 1 ? 30 : 0);
      plain[side] += std::to_string(x) + ",1\n";
      risen[side] += std::to_string(static_cast<int64_t>(x) * x * x + 7) + ",1\n";
    }
  }
  const json::object one = ColumnOf(Report(plain[0], plain[1]), "x");
  const json::object two = ColumnOf(Report(risen[0], risen[1]), "x");
  for (const std::string_view test : {"ks", "cvm", "ad", "mwu"}) {
    EXPECT_EQ(one.at("tests").at(test), two.at("tests").at(test)) << test;
  }
  EXPECT_EQ(one.at("effect"), two.at("effect"));
  EXPECT_EQ(one.at("verdict"), two.at("verdict"));
}

TEST(ReportProperties, ContributionsOfEveryColumnAddUp) {
  Analysis analysis;
  Load(&analysis, Table::kReference, Csv(Lines(500, 0, 15)));
  Load(&analysis, Table::kCurrent, Csv(Lines(450, 0.4, 16)));
  const std::string report = Judged(analysis, {Measured(analysis, kBothTables)}, kBothTables);
  for (const std::string_view name : {"amount", "grade", "kind"}) {
    const Result<std::string> column = analysis.ColumnJson(name, kBothTables);
    ASSERT_TRUE(column.ok());
    const json::value document = Parsed(*column);
    double sum = 0, reference = 0, current = 0;
    for (const json::value& bin : document.at("bins").as_array()) {
      if (!bin.at("contribution").is_null()) sum += NumberAt(bin, "contribution");
      reference += NumberAt(bin, "reference");
      current += NumberAt(bin, "current");
    }
    EXPECT_NEAR(sum, NumberAt(document, "total"), 1e-10) << name;
    EXPECT_EQ(reference, 500) << name;
    EXPECT_EQ(current, 450) << name;
    EXPECT_EQ(NumberAt(document, "total"), NumberAt(ColumnOf(report, name).at("distances"), "psi"))
        << name;
  }
}

// --- counts: summaries of parts, added up, against the model's profile

std::string SummaryOf(const std::vector<uint8_t>& model, const std::string& csv,
                      session::Session* session) {
  EXPECT_TRUE(session->LoadModel(model).ok());
  EXPECT_TRUE(session->InspectCsv(Bytes(csv), {.complete = true}).ok());
  EXPECT_TRUE(session->BeginRange({.begin = csv.find('\n') + 1, .line = 2}).ok());
  const size_t header = csv.find('\n') + 1;
  EXPECT_TRUE(session->Feed(Bytes(std::string_view(csv).substr(header))).ok());
  EXPECT_TRUE(session->FinishRange().ok());
  return session->summary()->Write();
}

TEST(ReportProperties, SummariesAddedUpAreTheSummaryOfAllRows) {
  const std::vector<uint8_t> model = *forest::WriteModel(session::TestModel());
  Random random(17);
  std::string head = "Time,V1,V2,Amount\n", parts[2];
  for (std::string& part : parts) {
    for (int i = 0; i < 400; ++i) {
      char line[100];
      std::snprintf(line, sizeof line, "%d,%.3f,%.3f,%.2f\n", i, 3 * random.Uniform() - 1,
                    4 * random.Uniform() - 2, 400 * random.Uniform());
      part += line;
    }
  }
  session::Session session;
  const std::string first = SummaryOf(model, head + parts[0], &session);
  const std::string second = SummaryOf(model, head + parts[1], &session);
  const std::string all = SummaryOf(model, head + parts[0] + parts[1], &session);
  monitor::Summary sum = *monitor::Summary::Read(first);
  ASSERT_TRUE(sum.Merge(*monitor::Summary::Read(second)).ok());
  const std::string merged = sum.Write();
  EXPECT_EQ(merged, all);

  const std::string counted = R"({"reference":{"from":"profile"},"current":{"from":"summary"}})";
  const std::string from_rows =
      R"({"reference":{"from":"profile"},"current":{"from":"current"},"columns":["V1","V2","Amount_scaled","Time_hour"]})";
  Analysis analysis;
  ASSERT_TRUE(analysis.LoadModel(model).ok());
  ASSERT_TRUE(analysis.SetSummary(Table::kCurrent, merged, "merged.json").ok());
  const std::string report = Judged(analysis, {Measured(analysis, counted)}, counted);
  Load(&analysis, Table::kCurrent, head + parts[0] + parts[1]);
  const std::string rows = Judged(analysis, {Measured(analysis, from_rows)}, from_rows);
  for (const std::string_view name : {"V1", "V2", "Amount_scaled", "Time_hour"}) {
    const json::object one = ColumnOf(report, name), two = ColumnOf(rows, name);
    EXPECT_EQ(one.at("outcome"), two.at("outcome")) << name;
    EXPECT_EQ(one.at("effect"), two.at("effect")) << name;
    EXPECT_EQ(one.at("distances").at("psi"), two.at("distances").at("psi")) << name;
    EXPECT_EQ(one.at("verdict"), two.at("verdict")) << name;
  }
}

}  // namespace
}  // namespace firetower::analysis
