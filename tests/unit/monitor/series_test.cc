#include "core/monitor/series.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "random_rows.h"

namespace firetower::monitor {
namespace {

using test::Pick;

SeriesPoint Sum(const Series& series) {
  SeriesPoint sum;
  for (const SeriesPoint& point : series.points()) {
    sum.scored += point.scored;
    sum.flagged += point.flagged;
    sum.score_sum += point.score_sum;
    for (size_t level = 0; level < sum.levels.size(); ++level) {
      sum.levels[level] += point.levels[level];
    }
  }
  return sum;
}

void ExpectSame(const SeriesPoint& a, const SeriesPoint& b) {
  EXPECT_EQ(a.scored, b.scored);
  EXPECT_EQ(a.flagged, b.flagged);
  EXPECT_EQ(a.score_sum, b.score_sum);
  EXPECT_EQ(a.levels, b.levels);
}

TEST(Series, ByHand) {
  Series series(2);
  series.Add(1000, {.scored = 1});
  series.Add(1249, {.scored = 2});
  ASSERT_EQ(series.points().size(), 1u);
  EXPECT_EQ(series.points()[0].begin_ms, 1000);
  EXPECT_EQ(series.points()[0].scored, 3u);
  series.Add(1250, {.scored = 4});
  EXPECT_EQ(series.points().size(), 2u);
  EXPECT_EQ(series.width_ms(), 250);
  // A third point: neighbours are joined until two are left.
  series.Add(1500, {.scored = 8, .flagged = 1, .score_sum = 5, .levels = {1, 2, 3, 4, 5}});
  EXPECT_EQ(series.width_ms(), 500);
  ASSERT_EQ(series.points().size(), 2u);
  EXPECT_EQ(series.points()[0].begin_ms, 1000);
  EXPECT_EQ(series.points()[0].scored, 7u);
  EXPECT_EQ(series.points()[1].begin_ms, 1500);
  EXPECT_EQ(series.points()[1].scored, 8u);
  EXPECT_EQ(series.points()[1].levels[4], 5u);
  // A clock that goes backwards counts in the newest point.
  series.Add(-100000, {.scored = 16});
  EXPECT_EQ(series.points()[1].scored, 24u);
  EXPECT_EQ(series.points().size(), 2u);
  series.Clear();
  EXPECT_EQ(series.points().size(), 0u);
  EXPECT_EQ(series.width_ms(), 250);
}

TEST(Series, NothingIsLostWhateverTheClockDoes) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const size_t max_points = 2 + Pick(&random, 60);
    Series series(max_points);
    SeriesPoint expected;
    int64_t now = static_cast<int64_t>(random.Next() % (uint64_t{1} << 41)) - (int64_t{1} << 40);
    for (int i = 0; i < 400; ++i) {
      switch (Pick(&random, 40)) {
        case 0:
          now -= static_cast<int64_t>(Pick(&random, 100000));
          break;
        case 1:
          if (now < (int64_t{1} << 50)) {
            now += static_cast<int64_t>(random.Next() % (uint64_t{1} << Pick(&random, 40)));
          }
          break;
        case 2:
          if (round % 5 == 0) now = std::numeric_limits<int64_t>::max();
          break;
        case 3:
          if (round % 5 == 1) now = std::numeric_limits<int64_t>::min() / 2;
          break;
        default:
          if (now < (int64_t{1} << 50)) now += static_cast<int64_t>(Pick(&random, 300));
      }
      const SeriesPoint counts{.scored = Pick(&random, 100),
                               .flagged = Pick(&random, 5),
                               .score_sum = random.Next() % (uint64_t{1} << 32),
                               .levels = {Pick(&random, 9), Pick(&random, 9), 1, 0, 2}};
      series.Add(now, counts);
      expected.scored += counts.scored;
      expected.flagged += counts.flagged;
      expected.score_sum += counts.score_sum;
      for (size_t l = 0; l < expected.levels.size(); ++l) expected.levels[l] += counts.levels[l];

      const std::span<const SeriesPoint> points = series.points();
      ASSERT_LE(points.size(), max_points);
      for (size_t k = 0; k < points.size(); ++k) {
        ASSERT_EQ(points[k].begin_ms % series.width_ms(), 0);
        if (k > 0) {
          ASSERT_GE(points[k].begin_ms - points[k - 1].begin_ms, series.width_ms());
        }
      }
    }
    ExpectSame(Sum(series), expected);
  }
}

TEST(Series, RowsStandWhereTheyArrived) {
  // With a clock that only goes on, each point holds the rows of exactly its stretch.
  Random random(12);
  for (int round = 0; round < 100; ++round) {
    Series series(2 + Pick(&random, 20));
    std::vector<int64_t> times;
    int64_t now = 1700000000000 + static_cast<int64_t>(Pick(&random, 1000));
    for (int i = 0; i < 300; ++i) {
      now += static_cast<int64_t>(Pick(&random, 400));
      times.push_back(now);
      series.Add(now, {.scored = 1});
    }
    for (const SeriesPoint& point : series.points()) {
      uint64_t rows = 0;
      for (const int64_t time : times) {
        rows += time >= point.begin_ms && time < point.begin_ms + series.width_ms() ? 1u : 0u;
      }
      EXPECT_EQ(point.scored, rows);
    }
    EXPECT_EQ(Sum(series).scored, times.size());
  }
}

TEST(Series, GoesOnFromWhatWasKept) {
  Random random(13);
  Series series(40);
  int64_t now = 1700000000000;
  for (int i = 0; i < 1000; ++i) series.Add(now += 333, {.scored = Pick(&random, 10)});
  const std::vector<SeriesPoint> kept(series.points().begin(), series.points().end());
  Series same(40);
  ASSERT_TRUE(same.Restore(series.width_ms(), kept));
  series.Add(now + 5000, {.scored = 3});
  same.Add(now + 5000, {.scored = 3});
  ASSERT_EQ(same.points().size(), series.points().size());
  for (size_t i = 0; i < same.points().size(); ++i) {
    EXPECT_EQ(same.points()[i].begin_ms, series.points()[i].begin_ms);
    ExpectSame(same.points()[i], series.points()[i]);
  }
  Series fewer(7);
  const uint64_t rows = Sum(same).scored;
  ASSERT_TRUE(fewer.Restore(same.width_ms(), same.points()));
  EXPECT_LE(fewer.points().size(), 7u);
  EXPECT_EQ(Sum(fewer).scored, rows);

  EXPECT_FALSE(fewer.Restore(300, {}));
  EXPECT_FALSE(fewer.Restore(0, {}));
  EXPECT_FALSE(fewer.Restore(-250, {}));
  const std::vector<SeriesPoint> crooked = {{.begin_ms = 100}};
  EXPECT_FALSE(fewer.Restore(250, crooked));
  const std::vector<SeriesPoint> falling = {{.begin_ms = 500}, {.begin_ms = 250}};
  EXPECT_FALSE(fewer.Restore(250, falling));
  const std::vector<SeriesPoint> far = {{.begin_ms = std::numeric_limits<int64_t>::min()}};
  EXPECT_FALSE(fewer.Restore(500, far));
  EXPECT_EQ(Sum(fewer).scored, rows);
}

}  // namespace
}  // namespace firetower::monitor
