#include "core/metrics/binary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Data {
  std::vector<double> scores;
  std::vector<double> labels;
  std::vector<double> weights;
};

ScoredLabels Scored(const Data& data) {
  Result<ScoredLabels> scored = ScoredLabels::Create(data.scores, data.labels, data.weights);
  EXPECT_TRUE(scored.ok());
  return *std::move(scored);
}

double WeightOf(const Data& data, size_t i) { return data.weights.empty() ? 1.0 : data.weights[i]; }

// levels: how many different scores there are; few give many ties.
Data RandomData(uint64_t seed, size_t rows, uint32_t levels, bool weighted) {
  Random random(seed);
  Data data;
  for (size_t i = 0; i < rows; ++i) {
    const bool positive = random.Uniform() < 0.3;
    const double score = 0.7 * random.Uniform() + (positive ? 0.3 * random.Uniform() : 0.0);
    data.scores.push_back(std::floor(score * levels) / levels);
    data.labels.push_back(positive ? 1.0 : 0.0);
    if (weighted) data.weights.push_back(0.1 + 10.0 * random.Uniform());
  }
  return data;
}

// A pair of one positive and one negative counts 1 when ranked right and 1/2 when tied.
double PairScore(double positive, double negative) {
  return positive > negative ? 1.0 : positive == negative ? 0.5 : 0.0;
}

double PairwiseAuc(const Data& data) {
  double right = 0.0;
  double all = 0.0;
  for (size_t i = 0; i < data.scores.size(); ++i) {
    for (size_t j = 0; j < data.scores.size(); ++j) {
      if (data.labels[i] != 1.0 || data.labels[j] != 0.0) continue;
      const double weight = WeightOf(data, i) * WeightOf(data, j);
      right += weight * PairScore(data.scores[i], data.scores[j]);
      all += weight;
    }
  }
  return right / all;
}

// Variance of the AUC from the placement of every row among all rows of the other class.
double PairwiseDeLongVariance(const Data& data) {
  const double auc = PairwiseAuc(data);
  double variance = 0.0;
  for (const double label : {1.0, 0.0}) {
    double own_weight = 0.0;
    double own_square = 0.0;
    double sum = 0.0;
    for (size_t i = 0; i < data.scores.size(); ++i) {
      if (data.labels[i] != label) continue;
      double right = 0.0;
      double others = 0.0;
      for (size_t j = 0; j < data.scores.size(); ++j) {
        if (data.labels[j] == label) continue;
        right += WeightOf(data, j) * (label == 1.0 ? PairScore(data.scores[i], data.scores[j])
                                                   : PairScore(data.scores[j], data.scores[i]));
        others += WeightOf(data, j);
      }
      const double weight = WeightOf(data, i);
      own_weight += weight;
      own_square += weight * weight;
      sum += weight * weight * (right / others - auc) * (right / others - auc);
    }
    const double effective = own_weight * own_weight / own_square;
    variance += sum / (own_weight * own_weight) * effective / (effective - 1.0);
  }
  return variance;
}

TEST(BinaryTest, HandComputedCurveAndConfusion) {
  // Falling scores:      0.9(+) 0.8(-) 0.8(+) 0.4(-) 0.1(+)
  const Data data = {.scores = {0.1, 0.8, 0.4, 0.9, 0.8}, .labels = {1, 0, 0, 1, 1}, .weights = {}};
  const ScoredLabels scored = Scored(data);
  const std::vector<CurvePoint> curve = ThinCurve(scored, 4);
  ASSERT_EQ(curve.size(), 4u);
  EXPECT_EQ(curve[1].threshold, 0.8);
  EXPECT_EQ(curve[1].true_positive, 2.0);
  EXPECT_EQ(curve[1].false_positive, 1.0);
  EXPECT_EQ(scored.positives(), 3u);
  EXPECT_EQ(scored.rows(), 5u);
  // Pairs: 0.9 wins 2, 0.8 wins 1 and ties 1, 0.1 wins none: 3.5 of 6.
  EXPECT_DOUBLE_EQ(RocAuc(scored).value, 3.5 / 6.0);
  // Steps of recall at 0.9, 0.8 and 0.1 with precision 1, 2/3 and 3/5.
  EXPECT_DOUBLE_EQ(AveragePrecision(scored).value, (1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 3.0);

  const Confusion at = scored.At(0.8);
  EXPECT_EQ(at.true_positive, 2.0);
  EXPECT_EQ(at.false_positive, 1.0);
  EXPECT_EQ(at.true_negative, 1.0);
  EXPECT_EQ(at.false_negative, 1.0);
  EXPECT_DOUBLE_EQ(Precision(at).value, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(Recall(at).value, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(Specificity(at).value, 0.5);
  EXPECT_DOUBLE_EQ(F1(at), 2.0 / 3.0);
}

TEST(BinaryTest, ThresholdsOutsideTheScoresFlagAllOrNothing) {
  const ScoredLabels scored = Scored(RandomData(1, 50, 1000, true));
  EXPECT_EQ(scored.At(2.0).true_positive, 0.0);
  EXPECT_EQ(scored.At(2.0).false_positive, 0.0);
  EXPECT_EQ(scored.At(-1.0).true_positive, scored.positive_weight());
  EXPECT_EQ(scored.At(-1.0).true_negative, 0.0);
  EXPECT_TRUE(std::isnan(Precision(scored.At(2.0)).value));
}

TEST(BinaryTest, ConfusionEqualsCountingAtEveryThreshold) {
  const Data data = RandomData(2, 200, 20, true);
  const ScoredLabels scored = Scored(data);
  for (double threshold = -0.025; threshold <= 1.05; threshold += 0.025) {
    Confusion counted;
    for (size_t i = 0; i < data.scores.size(); ++i) {
      const bool flagged = data.scores[i] >= threshold;
      double& cell = data.labels[i] == 1.0
                         ? (flagged ? counted.true_positive : counted.false_negative)
                         : (flagged ? counted.false_positive : counted.true_negative);
      cell += data.weights[i];
    }
    const Confusion at = scored.At(threshold);
    EXPECT_NEAR(at.true_positive, counted.true_positive, 1e-9) << threshold;
    EXPECT_NEAR(at.false_positive, counted.false_positive, 1e-9) << threshold;
    EXPECT_NEAR(at.true_negative, counted.true_negative, 1e-9) << threshold;
    EXPECT_NEAR(at.false_negative, counted.false_negative, 1e-9) << threshold;
  }
}

TEST(BinaryTest, EqualsScikitLearn) {
  std::ifstream file(std::string(FIRETOWER_SOURCE_DIR) + "/tests/unit/metrics/oracle.json");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Result<json::value> document = ParseJson(text, ErrorCode::kDataInvalid, "oracle.json");
  ASSERT_TRUE(document.ok());
  const auto numbers = [](const json::value& array) {
    std::vector<double> values;
    for (const json::value& item : array.as_array()) values.push_back(item.to_number<double>());
    return values;
  };
  const double threshold = document->at("threshold").to_number<double>();
  for (const json::value& item : document->at("cases").as_array()) {
    SCOPED_TRACE(std::string(item.at("name").as_string()));
    const ScoredLabels scored = Scored({.scores = numbers(item.at("scores")),
                                        .labels = numbers(item.at("labels")),
                                        .weights = numbers(item.at("weights"))});
    const json::value& expected = item.at("expected");
    const auto near = [&](double value, const char* key) {
      const double other = expected.at(key).to_number<double>();
      EXPECT_NEAR(value, other, 1e-12 * std::max(1.0, std::abs(other))) << key;
    };
    near(RocAuc(scored).value, "roc_auc");
    near(AveragePrecision(scored).value, "average_precision");
    near(BrierScore(scored), "brier");
    near(LogLoss(scored), "log_loss");
    const Confusion at = scored.At(threshold);
    near(Precision(at).value, "precision");
    near(Recall(at).value, "recall");
    near(F1(at), "f1");
    const std::vector<double> counts = numbers(expected.at("confusion"));
    EXPECT_NEAR(at.true_positive, counts[0], 1e-9);
    EXPECT_NEAR(at.false_positive, counts[1], 1e-9);
    EXPECT_NEAR(at.true_negative, counts[2], 1e-9);
    EXPECT_NEAR(at.false_negative, counts[3], 1e-9);
  }
}

TEST(BinaryTest, AucAndStandardErrorEqualTheSumOverAllPairs) {
  for (const bool weighted : {false, true}) {
    for (const uint32_t levels : {3u, 10u, 1000000u}) {
      const Data data = RandomData(levels, 150, levels, weighted);
      const ScoredLabels scored = Scored(data);
      EXPECT_NEAR(RocAuc(scored).value, PairwiseAuc(data), 1e-12);
      const double variance = PairwiseDeLongVariance(data);
      EXPECT_NEAR(RocAucStandardError(scored), std::sqrt(variance), 1e-12);
    }
  }
}

TEST(BinaryTest, AucIntervalIsTheStandardErrorOnTheLogitScale) {
  const ScoredLabels scored = Scored(RandomData(5, 300, 1000, true));
  const Interval auc = RocAuc(scored);
  const double error = RocAucStandardError(scored);
  const auto logit = [](double p) { return std::log(p / (1.0 - p)); };
  const double half = 1.959963984540054 * error / (auc.value * (1.0 - auc.value));
  EXPECT_NEAR(logit(auc.high) - logit(auc.value), half, 1e-9);
  EXPECT_NEAR(logit(auc.value) - logit(auc.low), half, 1e-9);
}

TEST(BinaryTest, AucIntervalCoversTheTruth) {
  // Positive scores u^(1/3), negative u: P(positive > negative) = E[u^(1/3)] = 3/4.
  constexpr int kRepeats = 400;
  int covered = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    Random random(7, static_cast<uint64_t>(repeat));
    Data data;
    for (int i = 0; i < 120; ++i) {
      const bool positive = i % 4 == 0;
      const double u = random.Uniform();
      data.scores.push_back(positive ? std::cbrt(u) : u);
      data.labels.push_back(positive ? 1.0 : 0.0);
      data.weights.push_back(random.Below(2) == 0 ? 1.0 : 3.0);
    }
    const Interval auc = RocAuc(Scored(data));
    covered += auc.low <= 0.75 && 0.75 <= auc.high ? 1 : 0;
  }
  // 95 % of 400 is 380, with a standard deviation of 4.4.
  EXPECT_GE(covered, 362);
  EXPECT_LE(covered, 398);
}

TEST(BinaryTest, ScaleOfWeightsDoesNotMatter) {
  Data data = RandomData(6, 200, 50, true);
  const ScoredLabels before = Scored(data);
  for (double& weight : data.weights) weight *= 8.0;
  const ScoredLabels after = Scored(data);
  EXPECT_DOUBLE_EQ(RocAuc(before).value, RocAuc(after).value);
  EXPECT_DOUBLE_EQ(RocAuc(before).low, RocAuc(after).low);
  EXPECT_DOUBLE_EQ(AveragePrecision(before).high, AveragePrecision(after).high);
  EXPECT_DOUBLE_EQ(BrierScore(before), BrierScore(after));
}

TEST(BinaryTest, AveragePrecisionIntervalIsThatOfBoydEngAndPage) {
  // logit(AP) -+ z / sqrt(n AP (1 - AP)). 60 positives: 20 above 20 negatives and 40 below them.
  Data data;
  for (int i = 0; i < 80; ++i) {
    data.scores.push_back(i < 20 ? 0.9 : i < 40 ? 0.5 : 0.1);
    data.labels.push_back(i < 20 || i >= 40 ? 1.0 : 0.0);
  }
  const Interval ap = AveragePrecision(Scored(data));
  const double value = (20.0 + 40.0 * 60.0 / 80.0) / 60.0;
  EXPECT_NEAR(ap.value, value, 1e-12);
  const double half = 1.959963984540054 / std::sqrt(60.0 * value * (1.0 - value));
  const double center = std::log(value / (1.0 - value));
  EXPECT_NEAR(ap.low, 1.0 / (1.0 + std::exp(half - center)), 1e-12);
  EXPECT_NEAR(ap.high, 1.0 / (1.0 + std::exp(-half - center)), 1e-12);
}

TEST(BinaryTest, AveragePrecisionIntervalStaysNarrowCloseToOne) {
  // 400 positives, all but one above the only negative.
  Data data;
  for (int i = 0; i < 401; ++i) {
    data.scores.push_back(1.0 - i / 401.0);
    data.labels.push_back(i == 399 ? 0.0 : 1.0);
  }
  const Interval ap = AveragePrecision(Scored(data));
  const Interval wilson = WilsonInterval(400.0 * ap.value, 400.0);
  EXPECT_LT(ap.value, 1.0);
  EXPECT_EQ(ap.low, wilson.low);
  EXPECT_EQ(ap.high, wilson.high);
  EXPECT_GT(ap.low, 0.98);
}

TEST(BinaryTest, WilsonKnownValues) {
  // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
  const struct {
    double successes, trials, low, high;
  } cases[] = {{81, 263, 0.2553, 0.3662},
               {15, 148, 0.0624, 0.1605},
               {0, 20, 0.0, 0.1611},
               {1, 29, 0.0061, 0.1718}};
  for (const auto& item : cases) {
    const Interval interval = WilsonInterval(item.successes, item.trials);
    EXPECT_NEAR(interval.low, item.low, 5e-5);
    EXPECT_NEAR(interval.high, item.high, 5e-5);
  }
  EXPECT_EQ(WilsonInterval(5, 5).high, 1.0);
  EXPECT_TRUE(std::isnan(WilsonInterval(0, 0).value));
}

TEST(BinaryTest, PerfectSeparationKeepsAnHonestInterval) {
  const ScoredLabels scored =
      Scored({.scores = {0.1, 0.2, 0.3, 0.8, 0.9}, .labels = {0, 0, 0, 1, 1}, .weights = {}});
  const Interval auc = RocAuc(scored);
  EXPECT_EQ(auc.value, 1.0);
  EXPECT_EQ(auc.high, 1.0);
  EXPECT_LT(auc.low, 0.5);  // Two positives prove little.
  EXPECT_EQ(AveragePrecision(scored).value, 1.0);
  EXPECT_LT(AveragePrecision(scored).low, 0.5);
}

TEST(BinaryTest, UndefinedFiguresAreNaN) {
  const ScoredLabels none = Scored({});
  EXPECT_EQ(none.rows(), 0u);
  EXPECT_TRUE(ThinCurve(none, 10).empty());
  for (const double value : {RocAuc(none).value, AveragePrecision(none).value, BrierScore(none),
                             LogLoss(none), RocAucStandardError(none), F1(none.At(0.5))}) {
    EXPECT_TRUE(std::isnan(value));
  }
  const ScoredLabels negatives =
      Scored({.scores = {0.25, 0.5}, .labels = {0, 0}, .weights = {1, 3}});
  EXPECT_TRUE(std::isnan(RocAuc(negatives).value));
  EXPECT_TRUE(std::isnan(AveragePrecision(negatives).value));
  EXPECT_DOUBLE_EQ(BrierScore(negatives), (0.0625 + 3.0 * 0.25) / 4.0);
  const ScoredLabels positives = Scored({.scores = {0.25, 0.5}, .labels = {1, 1}, .weights = {}});
  EXPECT_TRUE(std::isnan(RocAuc(positives).value));
  EXPECT_EQ(AveragePrecision(positives).value, 1.0);
  // One positive: a value, but no spread to estimate an interval from.
  const ScoredLabels one = Scored({.scores = {0.2, 0.5, 0.7}, .labels = {0, 1, 0}, .weights = {}});
  EXPECT_EQ(RocAuc(one).value, 0.5);
  EXPECT_TRUE(std::isnan(RocAuc(one).low));
}

TEST(BinaryTest, RowsWithoutScoreOrLabelAreLeftOutAndCounted) {
  const Data whole = RandomData(8, 40, 100, true);
  Data holes = whole;
  holes.scores.insert(holes.scores.begin() + 3, kNaN);
  holes.labels.insert(holes.labels.begin() + 3, 1.0);
  holes.weights.insert(holes.weights.begin() + 3, 5.0);
  holes.scores.push_back(0.5);
  holes.labels.push_back(kNaN);
  holes.weights.push_back(5.0);
  const ScoredLabels scored = Scored(holes);
  EXPECT_EQ(scored.left_out(), 2u);
  EXPECT_EQ(scored.rows(), 40u);
  EXPECT_EQ(RocAuc(scored).value, RocAuc(Scored(whole)).value);
}

TEST(BinaryTest, RefusesWhatIsNotScoresAndLabels) {
  const auto create = [](std::vector<double> scores, std::vector<double> labels,
                         std::vector<double> weights) {
    Result<ScoredLabels> scored = ScoredLabels::Create(scores, labels, weights);
    EXPECT_FALSE(scored.ok());
    return scored.ok() ? Error{} : scored.error();
  };
  EXPECT_EQ(create({0.5}, {1, 0}, {}).code, ErrorCode::kBadArgument);
  EXPECT_EQ(create({0.5, 0.5}, {1, 0}, {1}).code, ErrorCode::kBadArgument);
  EXPECT_EQ(create({0.5, 0.5}, {1, 2}, {}).code, ErrorCode::kDataInvalid);
  EXPECT_EQ(create({0.5, 0.5}, {1, 2}, {}).row, 1);
  EXPECT_EQ(create({0.5, 1.5}, {1, 0}, {}).row, 1);
  EXPECT_EQ(create({-0.5, 0.5}, {1, 0}, {}).row, 0);
  EXPECT_EQ(create({0.5, 0.5}, {1, 0}, {1, -1}).row, 1);
  EXPECT_EQ(create({0.5, 0.5}, {1, 0}, {1, kNaN}).code, ErrorCode::kDataInvalid);
}

TEST(BinaryTest, ThinnedCurveStaysCloseToTheWholeOne) {
  const ScoredLabels scored = Scored(RandomData(9, 5000, 1000000, true));
  const std::vector<CurvePoint> whole = ThinCurve(scored, 100000);
  EXPECT_GT(whole.size(), 4900u);
  for (const size_t points : {2u, 50u, 400u}) {
    const std::vector<CurvePoint> thin = ThinCurve(scored, points);
    ASSERT_LE(thin.size(), points);
    EXPECT_GE(thin.size(), points * 4 / 5);
    EXPECT_EQ(thin.front().threshold, whole.front().threshold);
    EXPECT_EQ(thin.back().threshold, whole.back().threshold);
    if (points < 400) continue;
    size_t kept = 0;
    for (const CurvePoint& point : whole) {
      while (kept + 1 < thin.size() && thin[kept + 1].threshold >= point.threshold) ++kept;
      EXPECT_NEAR(point.true_positive, thin[kept].true_positive, 0.02 * scored.positive_weight());
      EXPECT_NEAR(point.false_positive, thin[kept].false_positive, 0.02 * scored.negative_weight());
      const auto precision = [](const CurvePoint& p) {
        return p.true_positive / (p.true_positive + p.false_positive);
      };
      EXPECT_NEAR(precision(point), precision(thin[kept]), 0.02);
    }
  }
  EXPECT_TRUE(ThinCurve(scored, 0).empty());
}

// Ranked rows that are read as often and in such pieces as is asked for.
class RowsInMemory : public RankedRows {
 public:
  // Leaves out what has no score or label.
  explicit RowsInMemory(const Data& data) {
    for (size_t i = 0; i < data.scores.size(); ++i) {
      if (!std::isnan(data.scores[i]) && !std::isnan(data.labels[i])) order_.push_back(i);
    }
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return data.scores[a] > data.scores[b]; });
    data_ = data;
  }

  size_t rows() const override { return order_.size(); }
  void Read(size_t first, std::span<double> scores, std::span<double> weights,
            std::span<uint8_t> labels) const override {
    ASSERT_EQ(scores.size(), weights.size());
    ASSERT_EQ(scores.size(), labels.size());
    ASSERT_LE(first + scores.size(), rows());
    for (size_t i = 0; i < scores.size(); ++i) {
      const size_t row = order_[first + i];
      scores[i] = data_.scores[row];
      weights[i] = WeightOf(data_, row);
      labels[i] = data_.labels[row] != 0.0;
    }
  }

 private:
  Data data_;
  std::vector<size_t> order_;
};

// The figures as they are defined, of all rows at once.
struct AllAtOnce {
  std::vector<double> scores, weights;
  std::vector<uint8_t> labels;
  std::vector<CurvePoint> curve;
  double positive = 0.0, negative = 0.0;
  double positive_square = 0.0, negative_square = 0.0;

  explicit AllAtOnce(const Data& data) {
    const RowsInMemory ranked(data);
    scores.resize(ranked.rows());
    weights.resize(ranked.rows());
    labels.resize(ranked.rows());
    ranked.Read(0, scores, weights, labels);
    for (size_t i = 0; i < scores.size(); ++i) {
      (labels[i] != 0 ? positive : negative) += weights[i];
      (labels[i] != 0 ? positive_square : negative_square) += weights[i] * weights[i];
      if (i + 1 == scores.size() || scores[i + 1] != scores[i]) {
        curve.push_back(
            {.threshold = scores[i], .true_positive = positive, .false_positive = negative});
      }
    }
  }

  double Auc() const {
    double area = 0.0;
    CurvePoint before;
    for (const CurvePoint& point : curve) {
      area += (point.false_positive - before.false_positive) * 0.5 *
              (point.true_positive + before.true_positive);
      before = point;
    }
    return area / (positive * negative);
  }

  double StandardError() const {
    const double auc = Auc();
    double positive_sum = 0.0;
    double negative_sum = 0.0;
    size_t row = 0;
    CurvePoint before;
    for (const CurvePoint& point : curve) {
      for (; row < scores.size() && scores[row] == point.threshold; ++row) {
        const double placement =
            labels[row] != 0 ? 1.0 - 0.5 * (before.false_positive + point.false_positive) / negative
                             : 0.5 * (before.true_positive + point.true_positive) / positive;
        const double off = weights[row] * (placement - auc);
        (labels[row] != 0 ? positive_sum : negative_sum) += off * off;
      }
      before = point;
    }
    const auto variance = [](double sum, double weight, double square) {
      const double effective = weight * weight / square;
      return effective > 1.0 ? sum / (weight * weight) * effective / (effective - 1.0) : kNaN;
    };
    return std::sqrt(variance(positive_sum, positive, positive_square) +
                     variance(negative_sum, negative, negative_square));
  }

  double MeanPrecision() const {
    double sum = 0.0;
    double before = 0.0;
    for (const CurvePoint& point : curve) {
      const double step = point.true_positive - before;
      if (step > 0.0) {
        sum += step * point.true_positive / (point.true_positive + point.false_positive);
      }
      before = point.true_positive;
    }
    return std::min(1.0, sum / positive);
  }

  double Brier() const {
    double sum = 0.0;
    double total = 0.0;
    for (size_t i = 0; i < scores.size(); ++i) {
      const double off = scores[i] - labels[i];
      sum += weights[i] * off * off;
      total += weights[i];
    }
    return sum / total;
  }

  // By halving of the radius: a point is kept when it is farther than that from the one before.
  std::vector<CurvePoint> Thin(size_t most) const {
    if (curve.size() <= most) return curve;
    const auto precision = [](const CurvePoint& p) {
      const double flagged = p.true_positive + p.false_positive;
      return flagged > 0.0 ? p.true_positive / flagged : 1.0;
    };
    double low = 0.0;
    double high = 1.0;
    std::vector<CurvePoint> best;
    for (int step = -1; step < 40; ++step) {
      const double radius = step < 0 ? 1.0 : 0.5 * (low + high);
      std::vector<CurvePoint> kept = {curve.front()};
      for (size_t i = 1; i + 1 < curve.size(); ++i) {
        const CurvePoint& a = curve[i];
        const CurvePoint& b = kept.back();
        if (std::max({std::abs(a.true_positive - b.true_positive) / positive,
                      std::abs(a.false_positive - b.false_positive) / negative,
                      std::abs(precision(a) - precision(b))}) > radius) {
          kept.push_back(a);
        }
      }
      kept.push_back(curve.back());
      if (kept.size() <= most) {
        high = radius;
        best = kept;
      } else {
        low = radius;
      }
    }
    return best;
  }
};

uint64_t Bits(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

std::vector<uint64_t> Bits(std::span<const CurvePoint> curve) {
  std::vector<uint64_t> bits;
  for (const CurvePoint& point : curve) {
    for (const double value : {point.threshold, point.true_positive, point.false_positive}) {
      bits.push_back(Bits(value));
    }
  }
  return bits;
}

TEST(BinaryTest, BlocksOfAnySizeGiveTheBytesOfAllRowsAtOnce) {
  for (const bool weighted : {false, true}) {
    for (const uint32_t levels : {1u, 3u, 40u, 1000000u}) {
      SCOPED_TRACE((weighted ? "weighted, " : "") + std::to_string(levels));
      Data data = RandomData(10 + levels, 700, levels, weighted);
      Random random(levels);
      for (size_t i = 0; i < data.scores.size(); ++i) {
        if (random.Below(20) == 0) data.scores[i] = kNaN;
        if (random.Below(20) == 0) data.labels[i] = kNaN;
        if (random.Below(5) == 0) data.scores[i] = random.Below(2) == 0 ? 0.0 : -0.0;
        if (weighted && random.Below(10) == 0) data.weights[i] = 0.0;
      }
      const AllAtOnce whole(data);
      const ScoredLabels sorted = Scored(data);
      const size_t sizes[] = {1, 2, 7, 64, whole.scores.size() - 1, whole.scores.size(), 5000};
      for (const size_t block_rows : sizes) {
        SCOPED_TRACE(block_rows);
        const Ranking ranking(std::make_unique<RowsInMemory>(data), block_rows);
        EXPECT_EQ(ranking.rows(), whole.scores.size());
        EXPECT_EQ(Bits(ranking.positive_weight()), Bits(whole.positive));
        EXPECT_EQ(Bits(ranking.negative_weight()), Bits(whole.negative));
        EXPECT_EQ(Bits(RocAuc(ranking).value), Bits(whole.Auc()));
        EXPECT_EQ(Bits(RocAucStandardError(ranking)), Bits(whole.StandardError()));
        EXPECT_EQ(Bits(RocAuc(ranking).low), Bits(RocAuc(sorted).low));
        EXPECT_EQ(Bits(AveragePrecision(ranking).value), Bits(whole.MeanPrecision()));
        EXPECT_EQ(Bits(AveragePrecision(ranking).low), Bits(AveragePrecision(sorted).low));
        EXPECT_EQ(Bits(BrierScore(ranking)), Bits(whole.Brier()));
        EXPECT_EQ(Bits(LogLoss(ranking)), Bits(LogLoss(sorted)));
        for (const size_t most : {2u, 3u, 20u, 150u, 1000u}) {
          EXPECT_EQ(Bits(ThinCurve(ranking, most)), Bits(whole.Thin(most))) << most;
        }
        for (size_t i = 0; i < whole.curve.size(); i += 1 + whole.curve.size() / 50) {
          const CurvePoint& point = whole.curve[i];
          for (const double above : {0.0, 1e-9}) {
            const CurvePoint& expected = above == 0.0 ? point
                                         : i > 0      ? whole.curve[i - 1]
                                                      : CurvePoint{};
            const Confusion at = ranking.At(point.threshold + above);
            EXPECT_EQ(Bits(at.true_positive), Bits(expected.true_positive));
            EXPECT_EQ(Bits(at.false_positive), Bits(expected.false_positive));
            EXPECT_EQ(Bits(at.true_negative), Bits(whole.negative - expected.false_positive));
            EXPECT_EQ(Bits(at.false_negative), Bits(whole.positive - expected.true_positive));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace firetower::metrics
