#include "core/train/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "core/base/random.h"

namespace firetower::train {
namespace {

struct Rows {
  std::vector<std::vector<double>> columns;
  std::vector<uint8_t> labels;

  std::vector<std::span<const double>> spans() const { return {columns.begin(), columns.end()}; }
};

Rows MakeRows(size_t count, double positive, uint32_t levels) {
  Random random(4);
  Rows rows;
  rows.columns.resize(2);
  for (size_t i = 0; i < count; ++i) {
    for (std::vector<double>& column : rows.columns) column.push_back(random.Below(levels));
    rows.labels.push_back(random.Uniform() < positive ? 1 : 0);
  }
  return rows;
}

std::vector<int32_t> Folds(const Rows& rows, int32_t folds, uint64_t seed) {
  Result<std::vector<int32_t>> result =
      StratifiedFolds(rows.spans(), rows.labels, {.folds = folds, .seed = seed});
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? *std::move(result) : std::vector<int32_t>();
}

TEST(FoldsTest, EveryFoldHasItsShareOfBothClasses) {
  const Rows rows = MakeRows(1003, 0.05, 1u << 30);
  const size_t positives =
      static_cast<size_t>(std::count(rows.labels.begin(), rows.labels.end(), 1));
  for (const int32_t folds : {2, 5, 10}) {
    const std::vector<int32_t> fold_of_row = Folds(rows, folds, 1);
    std::vector<size_t> count[2];
    count[0].resize(static_cast<size_t>(folds));
    count[1].resize(static_cast<size_t>(folds));
    for (size_t i = 0; i < rows.labels.size(); ++i) {
      ASSERT_GE(fold_of_row[i], 0);
      ASSERT_LT(fold_of_row[i], folds);
      ++count[rows.labels[i]][static_cast<size_t>(fold_of_row[i])];
    }
    for (size_t fold = 0; fold < static_cast<size_t>(folds); ++fold) {
      EXPECT_LE(count[1][fold], positives / static_cast<size_t>(folds) + 1);
      EXPECT_GE(count[1][fold], positives / static_cast<size_t>(folds));
      EXPECT_LE(count[0][fold], (1003 - positives) / static_cast<size_t>(folds) + 1);
      EXPECT_GE(count[0][fold], (1003 - positives) / static_cast<size_t>(folds));
    }
  }
}

TEST(FoldsTest, LikeRowsStayTogether) {
  Rows rows = MakeRows(2000, 0.2, 20);  // 400 different rows.
  rows.columns[0][5] = rows.columns[0][6] = std::numeric_limits<double>::quiet_NaN();
  rows.columns[1][6] = rows.columns[1][5];
  const std::vector<int32_t> fold_of_row = Folds(rows, 5, 2);
  EXPECT_EQ(fold_of_row[5], fold_of_row[6]);
  std::map<std::pair<double, double>, int32_t> fold_of_value;
  std::vector<size_t> sizes(5, 0);
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    ++sizes[static_cast<size_t>(fold_of_row[i])];
    if (i == 5 || i == 6) continue;
    const auto [found, added] =
        fold_of_value.try_emplace({rows.columns[0][i], rows.columns[1][i]}, fold_of_row[i]);
    EXPECT_EQ(found->second, fold_of_row[i]) << i;
  }
  for (const size_t size : sizes) EXPECT_NEAR(static_cast<double>(size), 400.0, 40.0);
}

TEST(FoldsTest, SeedsShuffle) {
  const Rows rows = MakeRows(300, 0.3, 1u << 30);
  EXPECT_EQ(Folds(rows, 5, 7), Folds(rows, 5, 7));
  EXPECT_NE(Folds(rows, 5, 7), Folds(rows, 5, 8));
  // Neighbours are not dealt out in turn: as good as no row shares its fold with the one five rows
  // on by rule.
  const std::vector<int32_t> fold_of_row = Folds(rows, 5, 7);
  int same = 0;
  for (size_t i = 0; i + 5 < 300; ++i) same += fold_of_row[i] == fold_of_row[i + 5] ? 1 : 0;
  EXPECT_NEAR(same, 59, 30);  // A fifth of 295, standard deviation 7.
}

TEST(FoldsTest, RefusesWhatCannotBeSplit) {
  const Rows rows = MakeRows(100, 0.3, 1u << 30);
  const auto error = [](const Rows& from, int32_t folds) {
    const Result<std::vector<int32_t>> result =
        StratifiedFolds(from.spans(), from.labels, {.folds = folds});
    EXPECT_FALSE(result.ok());
    return result.ok() ? ErrorCode::kOk : result.error().code;
  };
  EXPECT_EQ(error(rows, 1), ErrorCode::kBadArgument);
  EXPECT_EQ(error(rows, 60), ErrorCode::kDataInvalid);
  Rows alike = rows;
  for (std::vector<double>& column : alike.columns) column.assign(100, 1.0);
  EXPECT_EQ(error(alike, 2), ErrorCode::kDataInvalid);
  Rows uneven = rows;
  uneven.columns[1].pop_back();
  EXPECT_EQ(error(uneven, 2), ErrorCode::kBadArgument);
}

}  // namespace
}  // namespace firetower::train
