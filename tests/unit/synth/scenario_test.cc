#include "core/synth/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace firetower::synth {
namespace {

const std::vector<std::string> kNames = {"Time", "V10", "V12", "V13", "V14", "Amount"};

struct Rows {
  size_t count = 0;
  std::vector<double> columns;
  std::vector<double> labels;
  double& at(size_t column, size_t row) { return columns[column * count + row]; }
};

Rows SomeRows(size_t count) {
  Random random(count);
  Rows rows = {count, {}, {}};
  for (size_t i = 0; i < kNames.size() * count; ++i)
    rows.columns.push_back(10.0 * random.Uniform());
  for (size_t i = 0; i < count; ++i) rows.labels.push_back(random.Below(2));
  return rows;
}

void Change(Scenario scenario, uint64_t since, Rows* rows) {
  Apply(scenario, kNames, rows->count, since, rows->columns, rows->labels);
}

// Column index -> what the value of row i becomes; the other columns and the labels stay.
template <typename Function>
void ExpectOnly(Scenario scenario, size_t column, uint64_t since, size_t count, Function change) {
  Rows rows = SomeRows(count);
  Rows before = rows;
  Change(scenario, since, &rows);
  for (size_t c = 0; c < kNames.size(); ++c) {
    for (size_t i = 0; i < count; ++i) {
      const double expected = c == column ? change(before.at(c, i), i) : before.at(c, i);
      ASSERT_EQ(rows.at(c, i), expected) << Name(scenario) << " " << kNames[c] << " " << i;
    }
  }
  EXPECT_EQ(rows.labels, before.labels);
}

TEST(ScenarioTest, NamesReadBack) {
  for (int i = 0; i < kScenarioCount; ++i) {
    const Result<Scenario> found = ScenarioByName(Name(static_cast<Scenario>(i)));
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, static_cast<Scenario>(i));
  }
  EXPECT_EQ(Name(Scenario::kLabelFlip), "label_flip");
  const Result<Scenario> none = ScenarioByName("storm");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(none.error().message,
            "scenario: \"storm\" is none of calm, shift, fraud_wave, cents, missing_column, "
            "slow_drift, label_flip");
}

TEST(ScenarioTest, ShiftMovesV14ByTwo) {
  ExpectOnly(Scenario::kShift, 4, 0, 50, [](double value, size_t) { return value + 2.0; });
}

TEST(ScenarioTest, CentsMultipliesAmountByAHundred) {
  ExpectOnly(Scenario::kCents, 5, 7, 50, [](double value, size_t) { return value * 100.0; });
}

TEST(ScenarioTest, SlowDriftMovesV12ByOnePer20000RowsUpToThree) {
  for (const uint64_t since : {uint64_t{0}, uint64_t{19999}, uint64_t{59990}, uint64_t{1} << 40}) {
    ExpectOnly(Scenario::kSlowDrift, 2, since, 50, [&](double value, size_t i) {
      const double rows = static_cast<double>(since + i);
      return value + (rows >= 60000.0 ? 3.0 : rows / 20000.0);
    });
  }
}

TEST(ScenarioTest, MissingColumnTakesAwayV10) {
  Rows rows = SomeRows(30);
  Rows before = rows;
  Change(Scenario::kMissingColumn, 0, &rows);
  for (size_t c = 0; c < kNames.size(); ++c) {
    for (size_t i = 0; i < rows.count; ++i) {
      if (c == 1) {
        EXPECT_TRUE(std::isnan(rows.at(c, i)));
      } else {
        EXPECT_EQ(rows.at(c, i), before.at(c, i));
      }
    }
  }
}

TEST(ScenarioTest, LabelFlipExchangesOneLabelInFive) {
  Rows rows = SomeRows(1000);
  const Rows before = rows;
  Change(Scenario::kLabelFlip, 3, &rows);
  EXPECT_EQ(rows.columns, before.columns);
  size_t flipped = 0;
  for (size_t i = 0; i < rows.count; ++i) {
    const bool changed = rows.labels[i] != before.labels[i];
    EXPECT_EQ(changed, (3 + i) % 5 == 0) << i;
    EXPECT_TRUE(rows.labels[i] == 0.0 || rows.labels[i] == 1.0);
    flipped += changed ? 1 : 0;
  }
  EXPECT_EQ(flipped, 200u);
}

TEST(ScenarioTest, LabelsThatAreNotKnownStayUnknown) {
  Rows rows = SomeRows(10);
  rows.labels.assign(10, std::numeric_limits<double>::quiet_NaN());
  Change(Scenario::kLabelFlip, 0, &rows);
  for (const double label : rows.labels) EXPECT_TRUE(std::isnan(label));
}

TEST(ScenarioTest, CalmAndFraudWaveChangeNoRow) {
  for (const Scenario scenario : {Scenario::kCalm, Scenario::kFraudWave}) {
    Rows rows = SomeRows(20);
    const Rows before = rows;
    Change(scenario, 0, &rows);
    EXPECT_EQ(rows.columns, before.columns);
    EXPECT_EQ(rows.labels, before.labels);
  }
}

TEST(ScenarioTest, AFraudWaveHasTwentyTimesTheFrauds) {
  EXPECT_DOUBLE_EQ(FraudRate(Scenario::kFraudWave, 0.0017), 0.034);
  EXPECT_EQ(FraudRate(Scenario::kFraudWave, 0.2), 1.0);
  for (int i = 0; i < kScenarioCount; ++i) {
    if (static_cast<Scenario>(i) == Scenario::kFraudWave) continue;
    EXPECT_EQ(FraudRate(static_cast<Scenario>(i), 0.0017), 0.0017);
  }
}

// Whatever the batches, a row becomes the same; missing values stay missing.
TEST(ScenarioTest, BatchesMayBeCutAnywhere) {
  for (int s = 0; s < kScenarioCount; ++s) {
    const auto scenario = static_cast<Scenario>(s);
    constexpr size_t kCount = 137;
    constexpr uint64_t kSince = 59900;
    Rows whole = SomeRows(kCount);
    for (size_t i = 0; i < kCount; i += 10) whole.at(2, i) = std::nan("");
    Rows original = whole;
    Change(scenario, kSince, &whole);
    Random random(static_cast<uint64_t>(s));
    for (size_t begin = 0; begin < kCount;) {
      const size_t count = std::min<size_t>(kCount - begin, 1 + random.Below(20));
      Rows part = {count, std::vector<double>(kNames.size() * count), {}};
      for (size_t c = 0; c < kNames.size(); ++c) {
        for (size_t i = 0; i < count; ++i) part.at(c, i) = original.at(c, begin + i);
      }
      part.labels.assign(original.labels.begin() + static_cast<std::ptrdiff_t>(begin),
                         original.labels.begin() + static_cast<std::ptrdiff_t>(begin + count));
      Change(scenario, kSince + begin, &part);
      for (size_t i = 0; i < count; ++i) {
        for (size_t c = 0; c < kNames.size(); ++c) {
          const double a = part.at(c, i);
          const double b = whole.at(c, begin + i);
          EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b)));
        }
        EXPECT_EQ(part.labels[i], whole.labels[begin + i]);
      }
      begin += count;
    }
  }
}

TEST(ScenarioTest, ColumnsThatAreNotThereAreLeftAlone) {
  const std::vector<std::string> names = {"Time", "V1"};
  for (int s = 0; s < kScenarioCount; ++s) {
    std::vector<double> columns = {1.0, 2.0, 3.0, 4.0};
    Apply(static_cast<Scenario>(s), names, 2, 0, columns, {});
    EXPECT_EQ(columns, (std::vector<double>{1.0, 2.0, 3.0, 4.0}));
  }
}

}  // namespace
}  // namespace firetower::synth
