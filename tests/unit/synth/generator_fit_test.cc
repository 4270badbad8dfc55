#include "core/synth_fit/generator_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/synth/generator.h"
#include "core/synth/normal.h"

namespace firetower::synth {
namespace {

// Rows made here: Time over two hours, X and Y normal with correlation 0.7 (genuine) or -0.5 around
// 4 (frauds), Amount a quarter each of 0, 1.50, 9.99 and uniform cents up to 100. Genuine rows of
// odd index weigh 3.
struct Made {
  std::vector<std::vector<double>> columns = std::vector<std::vector<double>>(4);
  std::vector<double> labels;
  std::vector<double> weights;

  FitInput Input() const {
    FitInput input;
    input.names = {"Time", "X", "Y", "Amount"};
    for (const std::vector<double>& column : columns) input.columns.emplace_back(column);
    input.label_name = "Class";
    input.labels = labels;
    input.weights = weights;
    return input;
  }
};

Made MakeRows(size_t genuine, size_t frauds) {
  Made made;
  Random random(99);
  for (size_t i = 0; i < genuine + frauds; ++i) {
    const bool fraud = i >= genuine;
    const double correlation = fraud ? -0.5 : 0.7;
    const double e = NormalQuantile(random.Uniform() * 0.999998 + 1e-6);
    const double f = NormalQuantile(random.Uniform() * 0.999998 + 1e-6);
    made.columns[0].push_back(std::floor(7200.0 * random.Uniform()));
    made.columns[1].push_back(e + (fraud ? 4.0 : 0.0));
    made.columns[2].push_back(correlation * e + std::sqrt(1.0 - correlation * correlation) * f);
    const double amounts[] = {0.0, 1.5, 9.99, std::floor(random.Uniform() * 10000.0) / 100.0};
    made.columns[3].push_back(amounts[random.Below(4)]);
    made.labels.push_back(fraud ? 1.0 : 0.0);
    made.weights.push_back(!fraud && i % 2 == 1 ? 3.0 : 1.0);
  }
  return made;
}

// Columns of generated rows of one label.
std::vector<std::vector<double>> Generated(const std::string& json, uint64_t rows,
                                           double fraud_rate) {
  const Result<Generator> generator = Generator::FromJson(json);
  std::vector<std::vector<double>> columns(4);
  EXPECT_TRUE(generator.ok()) << (generator.ok() ? "" : generator.error().message);
  if (!generator.ok()) return columns;
  RowStream stream(*generator, {.rows = rows, .seed = 1, .fraud_rate = fraud_rate});
  std::string text;
  stream.AppendCsv(rows, &text);
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string cell;
    for (std::vector<double>& column : columns) {
      std::getline(cells, cell, ',');
      column.push_back(std::stod(cell));
    }
  }
  return columns;
}

// Largest distance of the two distribution functions, the second one weighted.
double KolmogorovDistance(std::vector<double> a, const std::vector<double>& b,
                          const std::vector<double>& weights) {
  std::sort(a.begin(), a.end());
  std::vector<std::pair<double, double>> rows;
  double total = 0.0;
  for (size_t i = 0; i < b.size(); ++i) {
    rows.emplace_back(b[i], weights[i]);
    total += weights[i];
  }
  std::sort(rows.begin(), rows.end());
  double below = 0.0;
  double largest = 0.0;
  size_t at = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    // Just before and at each distinct value of b.
    if (i == 0 || rows[i].first != rows[i - 1].first) {
      while (at < a.size() && a[at] < rows[i].first) ++at;
      largest = std::max(
          largest,
          std::fabs(static_cast<double>(at) / static_cast<double>(a.size()) - below / total));
    }
    below += rows[i].second;
    if (i + 1 == rows.size() || rows[i + 1].first != rows[i].first) {
      while (at < a.size() && a[at] <= rows[i].first) ++at;
      largest = std::max(
          largest,
          std::fabs(static_cast<double>(at) / static_cast<double>(a.size()) - below / total));
    }
  }
  return largest;
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0.0;
  double mean_b = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  double aa = 0.0;
  double ab = 0.0;
  double bb = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

std::string Fitted(const Made& made, const FitOptions& options = {}) {
  const Result<std::string> json = FitGenerator(made.Input(), options);
  EXPECT_TRUE(json.ok()) << (json.ok() ? "" : json.error().message);
  return json.ok() ? *json : "";
}

TEST(GeneratorFitTest, GeneratedGenuineRowsFollowTheWeightedData) {
  const Made made = MakeRows(12000, 400);
  const std::string json = Fitted(made);
  const std::vector<std::vector<double>> rows = Generated(json, 30000, 0.0);
  for (size_t c = 0; c < 4; ++c) {
    const std::vector<double> real(made.columns[c].begin(), made.columns[c].begin() + 12000);
    EXPECT_LE(KolmogorovDistance(rows[c], real, made.weights), 0.015) << c;
  }
  EXPECT_NEAR(Correlation(rows[1], rows[2]), 0.7, 0.03);
}

TEST(GeneratorFitTest, GeneratedFraudsFollowTheFrauds) {
  const Made made = MakeRows(12000, 400);
  const std::string json = Fitted(made);
  const std::vector<std::vector<double>> rows = Generated(json, 30000, 1.0);
  const std::vector<double> ones(400, 1.0);
  for (size_t c = 1; c < 4; ++c) {
    const std::vector<double> real(made.columns[c].begin() + 12000, made.columns[c].end());
    EXPECT_LE(KolmogorovDistance(rows[c], real, ones), 0.06) << c;
  }
  EXPECT_NEAR(Correlation(rows[1], rows[2]), -0.5, 0.12);
}

TEST(GeneratorFitTest, WritesAmountsInCentsAndOthersInFull) {
  const std::string json = Fitted(MakeRows(2000, 200));
  EXPECT_NE(json.find("{\"name\":\"Time\",\"kind\":\"time\"}"), std::string::npos);
  EXPECT_NE(json.find("{\"name\":\"X\",\"kind\":\"number\",\"decimals\":12,\"unit\":5}"),
            std::string::npos);
  EXPECT_NE(json.find("{\"name\":\"Amount\",\"kind\":\"number\",\"decimals\":2,\"unit\":2}"),
            std::string::npos);
  const std::vector<std::vector<double>> rows = Generated(json, 2000, -1.0);
  for (double amount : rows[3]) EXPECT_GE(amount, 0.0);
}

// The largest and smallest values, which belong to one row each, must not be found in the document,
// nor be reached.
TEST(GeneratorFitTest, HidesTheExtremes) {
  Made made = MakeRows(4000, 200);
  made.columns[1][17] = 1234.56789;
  made.columns[2][18] = -987.65432;
  const std::string json = Fitted(made);
  EXPECT_EQ(json.find("123456789"), std::string::npos);
  EXPECT_EQ(json.find("98765432"), std::string::npos);
}

// With two components' borders apart, no cell is made of fewer rows than asked: n / rows cells at
// most.
TEST(GeneratorFitTest, CellsHoldTheRowsAskedFor) {
  const Made made = MakeRows(400, 100);
  Made equal = made;
  std::fill(equal.weights.begin(), equal.weights.end(), 1.0);
  FitOptions options;
  options.far_genuine_share = 0.0;
  options.near_fraud_share = 0.0;
  options.genuine_cell_rows = 40;
  options.fraud_cell_rows = 50;
  const std::string json = Fitted(equal, options);
  std::vector<size_t> knots;
  for (size_t at = json.find("\"z\":["); at != std::string::npos;
       at = json.find("\"z\":[", at + 1)) {
    const std::string list = json.substr(at, json.find(']', at) - at);
    knots.push_back(1 + static_cast<size_t>(std::count(list.begin(), list.end(), ',')));
  }
  ASSERT_EQ(knots.size(), 2u);
  EXPECT_LE(knots[0], 400u / 40u + 2u);
  EXPECT_LE(knots[1], 100u / 50u + 2u);
}

TEST(GeneratorFitTest, NearlyDependentColumnsAreRegularised) {
  Made made = MakeRows(2000, 200);
  made.columns[2] = made.columns[1];                               // Singular.
  std::fill(made.columns[3].begin(), made.columns[3].end(), 7.0);  // Constant.
  const std::vector<std::vector<double>> rows = Generated(Fitted(made), 3000, 0.0);
  EXPECT_GT(Correlation(rows[1], rows[2]), 0.95);
  for (double amount : rows[3]) EXPECT_EQ(amount, 7.0);
}

TEST(GeneratorFitTest, LeavesOutIncompleteAndWeightlessRows) {
  Made made = MakeRows(2000, 200);
  const std::string before = Fitted(made);
  for (size_t c = 0; c < 4; ++c) {
    made.columns[c].push_back(c == 1 ? std::numeric_limits<double>::quiet_NaN() : 3.0);
    made.columns[c].push_back(50.0);
  }
  made.labels.insert(made.labels.end(), {0.0, 1.0});
  made.weights.insert(made.weights.end(), {1.0, 0.0});
  EXPECT_EQ(Fitted(made), before);
}

TEST(GeneratorFitTest, RefusesBadInputAndSaysWhere) {
  const auto message = [](const Made& made, const FitOptions& options = {}) {
    const Result<std::string> json = FitGenerator(made.Input(), options);
    return json.ok() ? std::string() : json.error().message;
  };
  Made made = MakeRows(300, 200);
  made.labels[5] = 2.0;
  EXPECT_EQ(message(made), "a label is not 0 or 1 in row 5");
  made = MakeRows(300, 200);
  made.weights[6] = -1.0;
  EXPECT_EQ(message(made), "a weight is negative or not finite in row 6");
  made = MakeRows(300, 200);
  made.columns[2][7] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message(made), "Y is infinite in row 7");
  made = MakeRows(300, 200);
  made.columns[0][8] = -1.0;
  EXPECT_EQ(message(made), "the time is negative in row 8");
  EXPECT_EQ(message(MakeRows(2000, 200), {.near_fraud_share = 0.7}), "shares must be 0 .. 0.5");
  EXPECT_EQ(message(MakeRows(2000, 200), {.fraud_cell_rows = 1}),
            "a quantile cell needs at least 2 rows");
  EXPECT_EQ(message(MakeRows(2000, 30)),
            "label 1 has too few complete rows: each of its components needs 16");
  EXPECT_EQ(message(MakeRows(2000, 0)),
            "label 1 has too few complete rows: each of its components needs 16");
}

}  // namespace
}  // namespace firetower::synth
