#include "core/train/cross_validation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/train/folds.h"
#include "core/train/grid_search.h"
#include "test_data.h"

namespace firetower::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Columns in float64, as a file gives them.
struct Table {
  TestData data;
  std::vector<std::vector<double>> columns;
  std::vector<std::span<const double>> spans;

  explicit Table(const TestDataOptions& options) : data(MakeData(options)) {
    columns.resize(data.feature_count);
    for (size_t f = 0; f < data.feature_count; ++f) {
      for (size_t i = 0; i < data.rows; ++i) {
        columns[f].push_back(static_cast<double>(data.at(f, i)));
      }
    }
  }
  TrainingData training() {
    spans.assign(columns.begin(), columns.end());
    TrainingData result;
    for (size_t f = 0; f < data.feature_count; ++f) {
      const std::string name = std::string("x").append(std::to_string(f));
      result.inputs.push_back({.name = name, .unit = ""});
      result.features.push_back({.name = name, .input = static_cast<int32_t>(f)});
    }
    result.features[0].op = features::Op::kStandardScale;
    result.columns = spans;
    result.labels = data.labels;
    result.weights = data.weights;
    return result;
  }
};

ForestOptions Options(int32_t trees) {
  ForestOptions options;
  options.n_estimators = trees;
  options.threads = 1;
  return options;
}

double ReferenceScore(const FittedModel& model, const std::vector<float>& features) {
  return forest::PredictRowReference(model.trained.forest, features) /
         static_cast<double>(model.trained.forest.tree_count());
}

TEST(CrossValidationTest, HeldOutRowsAreScoredByAModelFittedOnTheOthersOnly) {
  Table table({.rows = 120, .weighted = true});
  table.columns[0][4] = 1e6;  // Would move the scaling of every fold that sees it.
  const TrainingData data = table.training();
  std::vector<int32_t> fold_of_row;
  for (int32_t i = 0; i < 120; ++i) fold_of_row.push_back(i % 3);
  const ForestOptions options = Options(8);
  const Result<CrossValidation> result = CrossValidate(data, fold_of_row, options);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->folds.size(), 3u);
  for (int32_t fold = 0; fold < 3; ++fold) {
    std::vector<uint32_t> training;
    for (uint32_t i = 0; i < 120; ++i) {
      if (fold_of_row[i] != fold) training.push_back(i);
    }
    const Result<FittedModel> model = FitModel(data, training, options);
    ASSERT_TRUE(model.ok());
    double mean = 0.0;
    double total = 0.0;
    for (const uint32_t i : training) {
      mean += table.data.weights[i] * table.columns[0][i];
      total += table.data.weights[i];
    }
    EXPECT_NEAR(model->pipeline.features()[0].mean, mean / total, 1e-9 * std::abs(mean / total));
    for (size_t i = 0; i < 120; ++i) {
      if (fold_of_row[i] != fold) continue;
      std::vector<float> features(4);
      std::vector<int32_t> status(1);
      std::vector<int32_t> input(1);
      std::vector<std::span<const double>> row;
      for (const std::vector<double>& column : table.columns) row.push_back({&column[i], 1});
      model->pipeline.Transform(row, 1, 1, features, status, input);
      EXPECT_EQ(result->probabilities[i], ReferenceScore(*model, features)) << i;
    }
    EXPECT_EQ(result->folds[static_cast<size_t>(fold)].training_rows, 80u);
    EXPECT_EQ(result->folds[static_cast<size_t>(fold)].rows, 40u);
  }
}

TEST(CrossValidationTest, FiguresAreThoseOfTheHeldOutRows) {
  Table table({.rows = 300, .weighted = true});
  const TrainingData data = table.training();
  const Result<std::vector<int32_t>> folds =
      StratifiedFolds(data.columns, data.labels, {.folds = 4});
  ASSERT_TRUE(folds.ok());
  const Result<CrossValidation> result = CrossValidate(data, *folds, Options(10));
  ASSERT_TRUE(result.ok());
  double sum = 0.0;
  double squares = 0.0;
  for (int32_t fold = 0; fold < 4; ++fold) {
    std::vector<double> scores;
    std::vector<double> labels;
    std::vector<double> weights;
    for (size_t i = 0; i < 300; ++i) {
      if ((*folds)[i] != fold) continue;
      scores.push_back(result->probabilities[i]);
      labels.push_back(data.labels[i]);
      weights.push_back(data.weights[i]);
    }
    const Result<metrics::ScoredLabels> scored =
        metrics::ScoredLabels::Create(scores, labels, weights);
    ASSERT_TRUE(scored.ok());
    const FoldFigures& figures = result->folds[static_cast<size_t>(fold)];
    EXPECT_EQ(figures.auc.value, metrics::RocAuc(*scored).value);
    EXPECT_EQ(figures.average_precision.low, metrics::AveragePrecision(*scored).low);
    EXPECT_EQ(figures.positives, scored->positives());
    sum += figures.auc.value;
    squares += figures.auc.value * figures.auc.value;
  }
  EXPECT_NEAR(result->auc.mean, sum / 4.0, 1e-12);
  const double variance = (squares - sum * sum / 4.0) / 3.0;
  EXPECT_NEAR(result->auc.standard_error, std::sqrt(variance / 4.0), 1e-9);
  const std::vector<double> labels(data.labels.begin(), data.labels.end());
  const Result<metrics::ScoredLabels> pooled =
      metrics::ScoredLabels::Create(result->probabilities, labels, data.weights);
  ASSERT_TRUE(pooled.ok());
  EXPECT_EQ(result->pooled_auc.value, metrics::RocAuc(*pooled).value);
  EXPECT_EQ(result->pooled_brier, metrics::BrierScore(*pooled));
  EXPECT_GT(result->pooled_auc.value, 0.7);
}

TEST(CrossValidationTest, NoiseLearntByHeartDoesNotPayEvenWithEveryRowTwice) {
  Table table({.rows = 300, .positive = 0.5, .shift = 0.0});
  for (std::vector<double>& column : table.columns) {
    column.resize(150);
    column.insert(column.end(), column.begin(), column.begin() + 150);
  }
  table.data.labels.resize(150);
  table.data.labels.insert(table.data.labels.end(), table.data.labels.begin(),
                           table.data.labels.begin() + 150);
  const TrainingData data = table.training();
  const Result<std::vector<int32_t>> folds =
      StratifiedFolds(data.columns, data.labels, {.folds = 5});
  ASSERT_TRUE(folds.ok());
  const Result<CrossValidation> result = CrossValidate(data, *folds, Options(40));
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->pooled_auc.value, 0.5, 0.15);  // Three standard errors of 150 different rows.
  // With duplicates apart the same forest seems to know everything.
  std::vector<int32_t> apart(300);
  for (size_t i = 0; i < 300; ++i) apart[i] = static_cast<int32_t>((i + i / 150) % 5);
  const Result<CrossValidation> leaking = CrossValidate(data, apart, Options(40));
  ASSERT_TRUE(leaking.ok());
  EXPECT_GT(leaking->pooled_auc.value, 0.95);
}

TEST(CrossValidationTest, RowsThatThePipelineSetsAsideAreLeftOut) {
  Table table({.rows = 90});
  table.columns[1][3] = kNaN;
  table.columns[1][50] = kNaN;
  const TrainingData data = table.training();
  const Result<FittedModel> model = FitModel(data, {}, Options(3));
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->rows.size(), 88u);
  EXPECT_EQ(std::count(model->rows.begin(), model->rows.end(), 3u), 0);
  EXPECT_EQ(model->features.size(), 88u * 4u);
  for (size_t k = 0; k < model->rows.size(); ++k) {
    EXPECT_EQ(model->features[88 + k], static_cast<float>(table.columns[1][model->rows[k]]));
  }
  const Result<std::vector<int32_t>> folds =
      StratifiedFolds(data.columns, data.labels, {.folds = 3});
  ASSERT_TRUE(folds.ok());
  const Result<CrossValidation> result = CrossValidate(data, *folds, Options(3));
  ASSERT_TRUE(result.ok());
  for (size_t i = 0; i < 90; ++i) {
    EXPECT_EQ(std::isnan(result->probabilities[i]), i == 3 || i == 50);
  }
}

TEST(CrossValidationTest, RefusesFoldsThatAreNone) {
  Table table({.rows = 60});
  const TrainingData data = table.training();
  const auto code = [&](std::vector<int32_t> folds) {
    const Result<CrossValidation> result = CrossValidate(data, folds, Options(1));
    return result.ok() ? ErrorCode::kOk : result.error().code;
  };
  std::vector<int32_t> folds(60, 0);
  EXPECT_EQ(code(folds), ErrorCode::kBadArgument);  // One fold.
  folds[0] = 2;
  EXPECT_EQ(code(folds), ErrorCode::kBadArgument);  // Fold 1 is empty.
  folds[0] = -1;
  EXPECT_EQ(code(folds), ErrorCode::kBadArgument);
  EXPECT_EQ(code(std::vector<int32_t>(59, 0)), ErrorCode::kBadArgument);
  EXPECT_EQ(code({}), ErrorCode::kBadArgument);
}

TEST(GridSearchTest, TheBestMeanOfFoldsWins) {
  Table table({.rows = 300, .positive = 0.3, .shift = 0.8});
  const TrainingData data = table.training();
  const Result<std::vector<int32_t>> folds =
      StratifiedFolds(data.columns, data.labels, {.folds = 3});
  ASSERT_TRUE(folds.ok());
  std::vector<ForestOptions> candidates;
  for (const int32_t depth : {1, 4, 0}) {
    for (const int32_t leaf : {1, 10}) {
      candidates.push_back(Options(12));
      candidates.back().max_depth = depth;
      candidates.back().min_samples_leaf = leaf;
    }
  }
  for (const Objective objective : {Objective::kAveragePrecision, Objective::kRocAuc}) {
    int64_t last = 0;
    const Result<GridSearch> search =
        SearchGrid(data, *folds, candidates, objective, [&](int64_t done, int64_t total) {
          EXPECT_EQ(total, 6 * 3 * 12);
          EXPECT_GE(done, last);
          last = done;
          return true;
        });
    ASSERT_TRUE(search.ok());
    EXPECT_EQ(last, 6 * 3 * 12);
    ASSERT_EQ(search->results.size(), 6u);
    const auto figure = [&](size_t i) {
      return objective == Objective::kRocAuc ? search->results[i].auc.mean
                                             : search->results[i].average_precision.mean;
    };
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_LE(figure(i), figure(search->best));
      const Result<CrossValidation> alone = CrossValidate(data, *folds, candidates[i]);
      ASSERT_TRUE(alone.ok());
      EXPECT_EQ(alone->pooled_auc.value, search->results[i].pooled_auc.value);
    }
    EXPECT_GT(figure(search->best), figure(0)) << "stumps are not the best";
  }
}

TEST(GridSearchTest, RefusesBadCandidatesBeforeAnyWork) {
  Table table({.rows = 60});
  const TrainingData data = table.training();
  const std::vector<int32_t> folds(60, 0);
  std::vector<ForestOptions> candidates = {Options(5), Options(0)};
  bool worked = false;
  const auto progress = [&](int64_t, int64_t) { return worked = true; };
  EXPECT_FALSE(SearchGrid(data, folds, candidates, Objective::kRocAuc, progress).ok());
  EXPECT_FALSE(worked);
  EXPECT_FALSE(SearchGrid(data, folds, {}, Objective::kRocAuc, progress).ok());
}

TEST(GridSearchTest, CanBeCancelled) {
  Table table({.rows = 60});
  const TrainingData data = table.training();
  const Result<std::vector<int32_t>> folds =
      StratifiedFolds(data.columns, data.labels, {.folds = 2});
  ASSERT_TRUE(folds.ok());
  const std::vector<ForestOptions> candidates = {Options(5), Options(5)};
  const Result<GridSearch> search = SearchGrid(data, *folds, candidates, Objective::kRocAuc,
                                               [](int64_t done, int64_t) { return done < 7; });
  ASSERT_FALSE(search.ok());
  EXPECT_EQ(search.error().code, ErrorCode::kNotReady);
}

}  // namespace
}  // namespace firetower::train
