#include "core/monitor/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "random_rows.h"

namespace firetower::monitor {
namespace {

using namespace test;  // NOLINT: the helpers of this folder's tests.

std::shared_ptr<const SummaryLayout> OneFeature() {
  SummaryLayout layout;
  layout.model_name = "m";
  layout.threshold = 0.5;
  layout.risk_cuts = {0.05, 0.2, 0.5, 0.8};
  layout.inputs = {"x"};
  layout.features = {"x"};
  layout.edges = {{-1.0, 0.0, 1.0}};
  return std::make_shared<const SummaryLayout>(layout);
}

int64_t FloorTo(int64_t a, int64_t b) {
  int64_t q = a / b;
  while (q * b > a) --q;
  return q;
}

// The window as lists of rows, row by row, as windows.h says it.
class Oracle {
 public:
  explicit Oracle(const WindowOptions& options) : options_(options) {
    length_ = static_cast<int64_t>(std::round(options.seconds * 1000.0));
    pane_ = (length_ + kPanes - 1) / kPanes;
  }

  void Add(const Row& row) {
    all.push_back(row);
    switch (options_.kind) {
      case WindowKind::kSinceStart:
        return;
      case WindowKind::kRows:
        return;
      case WindowKind::kTime:
        return options_.tumbling ? AddTumbling(row) : AddSliding(row);
    }
  }

  std::vector<Row> Current() const {
    if (options_.kind == WindowKind::kSinceStart) return all;
    if (options_.kind == WindowKind::kRows) {
      const size_t n = all.size();
      const auto wanted = static_cast<size_t>(options_.rows);
      if (options_.tumbling) {
        const size_t whole = n / wanted;
        if (whole == 0) return all;
        return Slice((whole - 1) * wanted, whole * wanted);
      }
      const size_t pane = (wanted + kPanes - 1) / kPanes;
      return Slice(n < wanted ? 0 : (n - wanted) / pane * pane, n);
    }
    if (options_.tumbling) return complete ? last_ : filling_;
    std::vector<Row> rows;
    for (const auto& [index, row] : window_) {
      if (!latest_ || !index || (*index + 1) * pane_ > *latest_ - length_) rows.push_back(row);
    }
    return rows;
  }

  std::vector<Row> all;
  bool complete = false;  // Of time.
  uint64_t late = 0;
  uint64_t restarts = 0;

 private:
  std::vector<Row> Slice(size_t begin, size_t end) const {
    return {all.begin() + static_cast<std::ptrdiff_t>(begin),
            all.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  static std::optional<int64_t> TimeOf(const Row& row) {
    if (!std::isfinite(row.time) || std::fabs(row.time) > kMaxTimeSeconds) return std::nullopt;
    return static_cast<int64_t>(std::round(row.time * 1000.0));
  }
  // True: the row is late and no restart comes of it.
  bool Late(bool is_late) {
    if (!is_late) {
      run_ = 0;
      return false;
    }
    if (++run_ < kLateRestart) {
      ++late;
      return true;
    }
    run_ = 0;
    ++restarts;
    window_.clear();
    filling_.clear();
    last_.clear();
    complete = false;
    latest_.reset();
    earliest_.reset();
    return false;
  }
  void AddSliding(const Row& row) {
    const std::optional<int64_t> time = TimeOf(row);
    if (!time) {
      std::optional<int64_t> newest;
      if (latest_) newest = FloorTo(*latest_, pane_);
      window_.emplace_back(newest, row);
      return;
    }
    const int64_t index = FloorTo(*time, pane_);
    if (Late(latest_ && (index + 1) * pane_ <= *latest_ - length_)) return;
    if (!latest_) {
      for (auto& [untimed, unused] : window_) untimed = index;
    }
    latest_ = latest_ ? std::max(*latest_, *time) : *time;
    // What has gone does not come back, whatever restarts follow.
    std::erase_if(window_, [&](const auto& entry) {
      return (*entry.first + 1) * pane_ <= *latest_ - length_;
    });
    window_.emplace_back(index, row);
    earliest_ = earliest_ ? std::min(*earliest_, *time) : *time;
    complete = *latest_ - *earliest_ >= length_;
  }
  void AddTumbling(const Row& row) {
    const std::optional<int64_t> time = TimeOf(row);
    if (time) {
      const int64_t index = FloorTo(*time, length_);
      if (Late(latest_ && index < FloorTo(*latest_, length_))) return;
      const int64_t now = latest_ ? FloorTo(*latest_, length_) : index;
      if (index > now) {
        last_ = index == now + 1 ? filling_ : std::vector<Row>();
        filling_.clear();
        complete = true;
      }
      latest_ = latest_ ? std::max(*latest_, *time) : *time;
    }
    filling_.push_back(row);
  }

  WindowOptions options_;
  int64_t length_ = 0;
  int64_t pane_ = 0;
  std::vector<std::pair<std::optional<int64_t>, Row>> window_;
  std::vector<Row> filling_, last_;
  std::optional<int64_t> earliest_, latest_;
  uint64_t run_ = 0;
};

// A clock that mostly goes on and does everything that clocks do.
class Clock {
 public:
  Clock(Random* random, bool wild) : random_(random), wild_(wild) {}
  double Next() {
    now_ += 2.0 * random_->Uniform();
    switch (Pick(random_, wild_ ? 200 : 40)) {
      case 0:
        return kNaN;
      case 1:
        return now_ - 20.0 * random_->Uniform();  // Out of order.
      case 2:
        return std::floor(now_);  // Duplicates.
      case 3:
        return Pick(random_, 2) == 0 ? kInfinity : -kInfinity;
      case 4:
        if (wild_) now_ -= 5000.0 * random_->Uniform();  // Set back.
        return now_;
      case 5:
        if (wild_) now_ += 5000.0 * random_->Uniform();  // A gap.
        return now_;
      case 6:
        return wild_ && Pick(random_, 3) == 0 ? 1e9 * random_->Uniform() : now_;  // One far away.
      case 7:
        return wild_ && Pick(random_, 5) == 0 ? 8e12 : now_;
      case 8:
        return 1e200;
      default:
        return now_;
    }
  }

 private:
  Random* random_;
  bool wild_;
  double now_ = -1000.0;
};

std::vector<Row> Stream(uint64_t seed, size_t count, bool wild) {
  Random random(seed, 1);
  Clock clock(&random, wild);
  const auto layout = OneFeature();
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) {
    rows.push_back(RandomRow(&random, *layout));
    rows.back().time = clock.Next();
    // Times of a grid meet the panes' edges.
    const double grid[] = {0.0, 1.0, 5.0};
    const double steps = grid[seed % 3];
    if (steps > 0.0) rows.back().time = std::floor(rows.back().time * steps) / steps;
  }
  return rows;
}

// Adds how many rows were late and how often the window began anew to the last two.
void Compare(const WindowOptions& options, const std::vector<Row>& rows, uint64_t seed,
             uint64_t* late, uint64_t* restarts) {
  const auto layout = OneFeature();
  Random random(seed, 2);
  Windows windows(layout, options);
  Oracle oracle(options);
  uint64_t generation = windows.generation();
  std::string shown = windows.current().Write();
  for (size_t first = 0; first < rows.size();) {
    const size_t count =
        std::min(1 + Pick(&random, Pick(&random, 4) == 0 ? 400 : 6), rows.size() - first);
    const std::span<const Row> batch = std::span(rows).subspan(first, count);
    first += count;
    const Columns columns(batch);
    windows.Add(columns.block());
    for (const Row& row : batch) oracle.Add(row);
    // Counting slowly takes long: not after every batch.
    if (first < rows.size() && Pick(&random, 2) != 0) continue;
    const std::vector<Row> current = oracle.Current();
    ASSERT_EQ(windows.current().Write(), CountSlowly(layout, current).Write())
        << "after row " << first << " of stream " << seed;
    ASSERT_EQ(windows.late(), oracle.late);
    ASSERT_EQ(windows.restarts(), oracle.restarts);
    ASSERT_GE(windows.generation(), generation);
    generation = windows.generation();
    if (options.kind == WindowKind::kRows) {
      const size_t n = oracle.all.size();
      ASSERT_EQ(windows.complete(), n >= options.rows);
      if (n >= options.rows && !options.tumbling) {
        ASSERT_GE(current.size(), options.rows);
        ASSERT_LE(current.size(), options.rows + options.rows / kPanes);
      }
    }
    if (options.kind == WindowKind::kTime) {
      ASSERT_EQ(windows.complete(), oracle.complete);
    }
  }
  EXPECT_EQ(windows.overall().Write(), CountSlowly(layout, rows).Write());
  EXPECT_GT(generation, 0u);
  EXPECT_EQ(windows.uncounted(), 0u);
  *late += windows.late();
  *restarts += windows.restarts();
}

TEST(Windows, OfRows) {
  uint64_t late = 0;
  uint64_t restarts = 0;
  uint64_t seed = 0;
  for (const uint64_t rows : {1u, 7u, 50u, 51u, 99u, 500u, 1234u, 100000u}) {
    for (const bool tumbling : {false, true}) {
      const WindowOptions options{.kind = WindowKind::kRows, .tumbling = tumbling, .rows = rows};
      ++seed;
      Compare(options, Stream(seed, 3000, true), seed, &late, &restarts);
    }
  }
  EXPECT_EQ(late + restarts, 0u);
}

TEST(Windows, OfTime) {
  uint64_t late = 0;
  uint64_t restarts = 0;
  uint64_t seed = 100;
  for (const double seconds : {0.001, 0.07, 10.0, 61.5, 77.701, 600.0, 1009.001, 100000.0}) {
    for (const bool tumbling : {false, true}) {
      for (const bool wild : {false, true}) {
        const WindowOptions options{
            .kind = WindowKind::kTime, .tumbling = tumbling, .seconds = seconds};
        ++seed;
        Compare(options, Stream(seed, 4000, wild), seed, &late, &restarts);
      }
    }
  }
  // The streams did what they are for.
  EXPECT_GT(late, 5000u);
  EXPECT_GT(restarts, 5u);
}

TEST(Windows, SinceTheStart) {
  uint64_t late = 0;
  uint64_t restarts = 0;
  Compare({.kind = WindowKind::kSinceStart}, Stream(5, 2000, true), 5, &late, &restarts);
  EXPECT_EQ(late + restarts, 0u);
}

std::vector<Row> RowsAt(const std::vector<double>& times) {
  std::vector<Row> rows;
  for (const double time : times) {
    rows.push_back({.features = {0.5f}, .probability = 0.25, .time = time});
  }
  return rows;
}
void AddRows(const std::vector<Row>& rows, Windows* windows) {
  const Columns columns(rows);
  windows->Add(columns.block());
}

TEST(Windows, AClockSetBackBeginsTheWindowAnew) {
  Windows windows(OneFeature(), {.kind = WindowKind::kTime, .seconds = 100});
  AddRows(RowsAt({1000, 1001, 1002}), &windows);
  AddRows(RowsAt(std::vector<double>(999, 10.0)), &windows);
  EXPECT_EQ(windows.late(), 999u);
  EXPECT_EQ(windows.current().rows(), 3u);
  // A row without a time between late ones changes nothing; one on time does.
  AddRows(RowsAt({kNaN}), &windows);
  EXPECT_EQ(windows.current().rows(), 4u);
  AddRows(RowsAt({1003}), &windows);
  AddRows(RowsAt(std::vector<double>(999, 10.0)), &windows);
  EXPECT_EQ(windows.restarts(), 0u);
  EXPECT_EQ(windows.current().rows(), 5u);
  AddRows(RowsAt({kNaN, 11.0, 12.0}), &windows);
  EXPECT_EQ(windows.restarts(), 1u);
  EXPECT_EQ(windows.late(), 1998u);
  EXPECT_EQ(windows.current().rows(), 2u);
  EXPECT_EQ(windows.current().first_time_ms, 11000);
  EXPECT_EQ(windows.overall().rows(), 2006u);
}

TEST(Windows, AJumpAheadEmptiesTheWindow) {
  Windows windows(OneFeature(), {.kind = WindowKind::kTime, .seconds = 100});
  AddRows(RowsAt({0, 50, 99}), &windows);
  EXPECT_FALSE(windows.complete());
  AddRows(RowsAt({1e9}), &windows);
  EXPECT_TRUE(windows.complete());
  EXPECT_EQ(windows.current().rows(), 1u);
  EXPECT_EQ(windows.current().first_time_ms, 1000000000000);
  EXPECT_EQ(windows.restarts(), 0u);
}

TEST(Windows, APaneGoesWhenItsEndIsTheWindowsBegin) {
  Windows windows(OneFeature(), {.kind = WindowKind::kTime, .seconds = 10});
  AddRows(RowsAt({89.8, 90.0, 99.999}), &windows);  // Panes of 0.2 s.
  EXPECT_EQ(windows.current().rows(), 3u);
  AddRows(RowsAt({100.0}), &windows);
  EXPECT_EQ(windows.current().rows(), 3u);
  EXPECT_EQ(windows.current().first_time_ms, 90000);
  AddRows(RowsAt({89.999}), &windows);
  EXPECT_EQ(windows.late(), 1u);
  AddRows(RowsAt({90.0}), &windows);
  EXPECT_EQ(windows.late(), 1u);
  EXPECT_EQ(windows.current().rows(), 4u);
}

TEST(Windows, RowsOfOnePaneMoveTheWindowToo) {
  // 10.01 s are 50 panes of 201 ms: the first one's end falls out in the middle of the 51st.
  Windows windows(OneFeature(), {.kind = WindowKind::kTime, .seconds = 10.01});
  AddRows(RowsAt({0.1, 10.1}), &windows);
  EXPECT_EQ(windows.current().rows(), 2u);
  AddRows(RowsAt({10.1, 10.22}), &windows);
  EXPECT_EQ(windows.current().rows(), 3u);
  EXPECT_EQ(windows.current().first_time_ms, 10100);

  // The earliest row need not be the first.
  windows.Reset({.kind = WindowKind::kTime, .seconds = 10});
  AddRows(RowsAt({100.1, 100.0, 109.99}), &windows);
  EXPECT_FALSE(windows.complete());
  AddRows(RowsAt({110.0}), &windows);
  EXPECT_TRUE(windows.complete());
}

TEST(Windows, TumblingWindowsOfTimeShowTheLastComplete) {
  Windows windows(OneFeature(), {.kind = WindowKind::kTime, .tumbling = true, .seconds = 10});
  AddRows(RowsAt({kNaN, 3, 9.999}), &windows);
  EXPECT_FALSE(windows.complete());
  EXPECT_EQ(windows.current().rows(), 3u);
  AddRows(RowsAt({10}), &windows);
  EXPECT_TRUE(windows.complete());
  EXPECT_EQ(windows.current().rows(), 3u);
  AddRows(RowsAt({11, 20}), &windows);
  EXPECT_EQ(windows.current().rows(), 2u);
  AddRows(RowsAt({19}), &windows);
  EXPECT_EQ(windows.late(), 1u);
  AddRows(RowsAt({55}), &windows);
  EXPECT_EQ(windows.current().rows(), 0u);  // Nothing came from 40 to 50.
  EXPECT_TRUE(windows.complete());
}

TEST(Windows, AnotherWindowStartsEmptyAndOverallStays) {
  const auto layout = OneFeature();
  const std::vector<Row> rows = Stream(9, 500, false);
  Windows windows(layout, {.rows = 100});
  AddRows(rows, &windows);
  const uint64_t generation = windows.generation();
  windows.Reset({.kind = WindowKind::kTime, .seconds = 50});
  EXPECT_EQ(windows.current().rows(), 0u);
  EXPECT_EQ(windows.overall().rows(), 500u);
  EXPECT_GT(windows.generation(), generation);
  AddRows(rows, &windows);
  Oracle oracle({.kind = WindowKind::kTime, .seconds = 50});
  for (const Row& row : rows) oracle.Add(row);
  EXPECT_EQ(windows.current().Write(), CountSlowly(layout, oracle.Current()).Write());
}

TEST(Windows, OverallGoesOnFromASummary) {
  const auto layout = OneFeature();
  const Summary kept = SummaryOf(layout, Stream(10, 300, false));
  Windows windows(layout, {.rows = 100});
  AddRows(RowsAt({1, 2}), &windows);
  ASSERT_TRUE(windows.Restore(kept).ok());
  EXPECT_EQ(windows.overall().Write(), kept.Write());
  EXPECT_EQ(windows.current().rows(), 0u);
  AddRows(RowsAt({1}), &windows);
  ASSERT_TRUE(windows.MergeOverall(kept).ok());
  EXPECT_EQ(windows.overall().rows(), 601u);
  EXPECT_EQ(windows.current().rows(), 1u);
  const std::string before = windows.overall().Write();
  const Summary other(MakeLayout(1));
  EXPECT_FALSE(windows.Restore(other).ok());
  EXPECT_FALSE(windows.MergeOverall(other).ok());
  EXPECT_EQ(windows.overall().Write(), before);
}

TEST(Windows, GoOnWhenOverallIsFull) {
  const auto layout = OneFeature();
  Summary full = SummaryOf(layout, RowsAt({1}));
  for (int i = 0; i < 31; ++i) ASSERT_TRUE(full.Merge(full).ok());
  Windows windows(layout, {.rows = 10});
  ASSERT_TRUE(windows.Restore(full).ok());
  AddRows(RowsAt({1, 2, 3}), &windows);
  EXPECT_EQ(windows.uncounted(), 3u);
  EXPECT_EQ(windows.current().rows(), 3u);
  EXPECT_EQ(windows.overall().rows(), kMaxSummaryRows);
}

TEST(Windows, OptionsAreChecked) {
  EXPECT_TRUE(CheckWindow({}).ok());
  EXPECT_TRUE(CheckWindow({.kind = WindowKind::kSinceStart, .rows = 0, .seconds = kNaN}).ok());
  EXPECT_TRUE(CheckWindow({.rows = 1 << 24}).ok());
  EXPECT_FALSE(CheckWindow({.rows = (1 << 24) + 1}).ok());
  EXPECT_FALSE(CheckWindow({.rows = 0}).ok());
  for (const double seconds : {0.0, 0.0009, -1.0, 1.1e9, kNaN, kInfinity}) {
    const Status status = CheckWindow({.kind = WindowKind::kTime, .seconds = seconds});
    ASSERT_FALSE(status.ok()) << seconds;
    EXPECT_EQ(status.error().code, ErrorCode::kBadArgument);
  }
  EXPECT_FALSE(CheckWindow({.kind = static_cast<WindowKind>(3)}).ok());
}

}  // namespace
}  // namespace firetower::monitor
