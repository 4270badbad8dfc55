#include "core/drift/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Counts = std::map<double, std::pair<uint32_t, uint32_t>>;

Counts CountsOf(const Tally& tally) {
  Counts counts;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    counts[tally.values[i]] = {tally.reference[i], tally.current[i]};
  }
  return counts;
}

// The same by looking at every row.
struct Plain {
  Counts counts;
  uint64_t reference_rows = 0, current_rows = 0, reference_missing = 0, current_missing = 0;
};

template <typename T>
Plain PlainOf(const std::vector<T>& values, const Windows& windows,
              const std::vector<uint8_t>& keep) {
  Plain plain;
  for (size_t row = 0; row < values.size(); ++row) {
    if (!keep.empty() && keep[row] == 0) continue;
    const bool reference = row >= windows.reference.begin && row < windows.reference.end;
    const bool current = row >= windows.current.begin && row < windows.current.end;
    if (!std::isfinite(values[row])) {
      plain.reference_missing += reference ? 1 : 0;
      plain.current_missing += current ? 1 : 0;
      continue;
    }
    plain.reference_rows += reference ? 1 : 0;
    plain.current_rows += current ? 1 : 0;
    if (!reference && !current) continue;
    auto& [a, c] = plain.counts[static_cast<double>(values[row]) + 0.0];
    a += reference ? 1 : 0;
    c += current ? 1 : 0;
  }
  return plain;
}

template <typename T>
void ExpectPlain(const std::vector<T>& values, const Windows& windows,
                 const std::vector<uint8_t>& keep, const SortedColumn& column, Tally* tally,
                 const std::string& what) {
  column.Split(windows, tally, keep);
  const Plain plain = PlainOf(values, windows, keep);
  EXPECT_EQ(CountsOf(*tally), plain.counts) << what;
  EXPECT_EQ(tally->values.size(), plain.counts.size()) << what;
  EXPECT_TRUE(std::is_sorted(tally->values.begin(), tally->values.end())) << what;
  EXPECT_EQ(tally->reference.size(), tally->values.size()) << what;
  EXPECT_EQ(tally->current.size(), tally->values.size()) << what;
  EXPECT_EQ(tally->reference_rows, plain.reference_rows) << what;
  EXPECT_EQ(tally->current_rows, plain.current_rows) << what;
  EXPECT_EQ(tally->reference_missing, plain.reference_missing) << what;
  EXPECT_EQ(tally->current_missing, plain.current_missing) << what;
}

TEST(Tally, CountsDistinctValuesOfTwoWindows) {
  const std::vector<double> values = {3, kNaN, -0.0, 3, 0.0, -1.5, kInfinity, 3};
  const Result<SortedColumn> column = SortedColumn::Create(std::span<const double>(values));
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->rows(), 8U);
  Tally tally;
  column->Split({.reference = {0, 5}, .current = {4, 8}}, &tally);
  EXPECT_EQ(tally.values, (std::vector<double>{-1.5, 0, 3}));
  EXPECT_FALSE(std::signbit(tally.values[1]));
  EXPECT_EQ(tally.reference, (std::vector<uint32_t>{0, 2, 2}));
  EXPECT_EQ(tally.current, (std::vector<uint32_t>{1, 1, 1}));  // Row 4 is on both sides.
  EXPECT_EQ(tally.reference_rows, 4U);
  EXPECT_EQ(tally.current_rows, 3U);
  EXPECT_EQ(tally.reference_missing, 1U);
  EXPECT_EQ(tally.current_missing, 1U);
}

TEST(Tally, LeavesRowsOut) {
  const std::vector<double> values = {1, 2, 3, kNaN, 1, 2, kNaN};
  const std::vector<uint8_t> keep = {1, 0, 1, 0, 1, 0, 1};
  const Result<SortedColumn> column = SortedColumn::Create(std::span<const double>(values));
  ASSERT_TRUE(column.ok());
  Tally tally;
  column->Split({.reference = {0, 4}, .current = {4, 7}}, &tally, keep);
  EXPECT_EQ(tally.values, (std::vector<double>{1, 3}));
  EXPECT_EQ(tally.reference, (std::vector<uint32_t>{1, 1}));
  EXPECT_EQ(tally.current, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(tally.reference_missing, 0U);
  EXPECT_EQ(tally.current_missing, 1U);
}

TEST(Tally, NothingToCount) {
  const Result<SortedColumn> none = SortedColumn::Create(std::span<const double>());
  ASSERT_TRUE(none.ok());
  Tally tally;
  none->Split({}, &tally);
  EXPECT_TRUE(tally.values.empty());
  const std::vector<double> missing = {kNaN, -kInfinity, kNaN};
  const Tally both = TallyOf(missing, missing);
  EXPECT_TRUE(both.values.empty());
  EXPECT_EQ(both.reference_rows, 0U);
  EXPECT_EQ(both.reference_missing, 3U);
  EXPECT_EQ(both.current_missing, 3U);
}

TEST(Tally, TooManyRowsAreRefusedBeforeTheyAreRead) {
  const double value = 1.0;
  const Result<SortedColumn> column =
      SortedColumn::Create(std::span<const double>(&value, kMaxTallyRows + 1));
  ASSERT_FALSE(column.ok());
  EXPECT_EQ(column.error().code, ErrorCode::kTooBig);
}

// Columns whose keys are made in each of the ways there are: float32 numbers, numbers whose bits
// differ in 32 places at most, numbers that share their most significant bits in small and in large
// groups, in order and out of it.
std::vector<std::pair<std::string, std::vector<double>>> Columns(size_t rows) {
  std::vector<std::pair<std::string, std::vector<double>>> columns;
  Random random(3);
  const auto add = [&](const char* name, auto value_of) {
    std::vector<double> values(rows);
    for (size_t i = 0; i < rows; ++i) values[i] = value_of(i);
    columns.emplace_back(name, std::move(values));
  };
  const auto signed_uniform = [&] { return 2.0 * random.Uniform() - 1.0; };
  add("float32", [&](size_t) { return static_cast<double>(static_cast<float>(signed_uniform())); });
  add("wide", [&](size_t) { return signed_uniform() * std::pow(10.0, 300.0 * signed_uniform()); });
  add("uniform", [&](size_t) { return signed_uniform(); });
  add("few", [&](size_t) { return static_cast<double>(random.Below(4)) + 0.1; });
  add("constant", [](size_t) { return 0.1; });
  add("close", [&](size_t) { return 1.0 + random.Below(1000) * 0x1p-52; });
  add("close and one far",
      [&](size_t i) { return i == 5 ? -1e300 : 1.0 + random.Below(1000) * 0x1p-52; });
  add("close, falling, and one far",
      [&](size_t i) { return i == 5 ? 1e300 : 1.0 - static_cast<double>(i) * 0x1p-53; });
  add("pairs that are close", [&](size_t) {
    return static_cast<double>(random.Below(500)) * 1e-3 * (1.0 + random.Below(3) * 0x1p-50) - 0.2;
  });
  add("tiny", [&](size_t) { return signed_uniform() * 1e-310; });
  add("missing",
      [&](size_t i) { return i % 3 == 0 ? kNaN : (i % 7 == 0 ? -kInfinity : signed_uniform()); });
  add("large whole numbers",
      [](size_t i) { return 1.6e18 + 256.0 * static_cast<double>((i * 7919) % 1009); });
  return columns;
}

TEST(Tally, AnyWindowsOfAnyColumnAreWhatLookingAtEveryRowCounts) {
  constexpr size_t kRows = 3000;
  Random random(9);
  Tally tally;  // Used again and again, as while a boundary is dragged.
  for (const auto& [name, values] : Columns(kRows)) {
    const Result<SortedColumn> column = SortedColumn::Create(std::span<const double>(values));
    ASSERT_TRUE(column.ok());
    const auto range = [&] {
      const size_t a = random.Below(kRows + 1);
      const size_t b = random.Below(kRows + 1);
      return RowRange{.begin = std::min(a, b), .end = std::max(a, b)};
    };
    ExpectPlain(values, {.reference = {0, kRows}, .current = {0, kRows}}, {}, *column, &tally,
                name);
    for (int round = 0; round < 4; ++round) {
      const Windows windows = {.reference = range(), .current = range()};
      std::vector<uint8_t> keep;
      if (round % 2 == 1) {
        keep.resize(kRows);
        for (uint8_t& kept : keep) kept = static_cast<uint8_t>(random.Below(3));
      }
      ExpectPlain(values, windows, keep, *column, &tally, name + ", " + std::to_string(round));
    }
  }
}

TEST(Tally, FloatsAreTheDoublesTheyStandFor) {
  for (const auto& [name, values] : Columns(1000)) {
    std::vector<float> floats;
    std::vector<double> doubles;
    for (const double value : values) {
      const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
      floats.push_back(fits ? static_cast<float>(value) : std::numeric_limits<float>::quiet_NaN());
      doubles.push_back(static_cast<double>(floats.back()));
    }
    const Result<SortedColumn> of_floats = SortedColumn::Create(std::span<const float>(floats));
    const Result<SortedColumn> of_doubles = SortedColumn::Create(std::span<const double>(doubles));
    ASSERT_TRUE(of_floats.ok() && of_doubles.ok());
    const Windows windows = {.reference = {0, 600}, .current = {400, 1000}};
    Tally one;
    Tally two;
    of_floats->Split(windows, &one);
    of_doubles->Split(windows, &two);
    EXPECT_EQ(one.values, two.values) << name;
    EXPECT_EQ(one.reference, two.reference) << name;
    EXPECT_EQ(one.current, two.current) << name;
    EXPECT_EQ(one.reference_missing, two.reference_missing) << name;
  }
}

// Tallies of parts, added up value by value, are the tally of all rows.
TEST(Tally, MergingIsPooling) {
  for (const auto& [name, values] : Columns(2000)) {
    const std::span<const double> all(values);
    const auto reference = all.first(900);
    const auto current = all.subspan(900);
    Counts merged;
    for (const Tally& part : {TallyOf(reference.first(311), current.first(17)),
                              TallyOf(reference.subspan(311), current.subspan(17))}) {
      for (const auto& [value, counts] : CountsOf(part)) {
        merged[value].first += counts.first;
        merged[value].second += counts.second;
      }
    }
    EXPECT_EQ(CountsOf(TallyOf(reference, current)), merged) << name;
  }
}

}  // namespace
}  // namespace firetower::drift
