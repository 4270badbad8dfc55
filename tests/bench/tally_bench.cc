// What a dragged window boundary costs: two windows of 284,807 rows x 31 columns that are sorted
// already; and what sorting 1,000,000 rows x 30 columns costs. Times are for all columns on one
// core.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/drift/tally.h"
#include "core/drift/two_sample.h"

namespace {

using firetower::Random;
using firetower::drift::SortedColumn;
using firetower::drift::Tally;
using firetower::drift::Windows;

constexpr size_t kDragRows = 284807;
constexpr size_t kDragColumns = 31;
constexpr size_t kSortRows = 1000000;
constexpr size_t kSortColumns = 30;

// As of card transactions: most columns have a distinct number in nearly every row, the last four
// have few (times in seconds, amounts in cents, hours, a class).
std::vector<double> ColumnOf(size_t rows, size_t which, size_t columns) {
  Random random(which + 1);
  std::vector<double> values(rows);
  for (size_t i = 0; i < rows; ++i) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.Uniform()));
    const double normal = radius * std::cos(2.0 * std::numbers::pi * random.Uniform());
    if (which + 4 < columns) {
      values[i] = normal;
    } else if (which + 4 == columns) {
      values[i] = std::floor(static_cast<double>(i) * 0.6);
    } else if (which + 3 == columns) {
      values[i] = std::floor(std::exp(3.0 + 1.5 * normal) * 100.0) / 100.0;
    } else if (which + 2 == columns) {
      values[i] = std::floor(24.0 * random.Uniform());
    } else {
      values[i] = random.Uniform() < 0.0017 ? 1.0 : 0.0;
    }
  }
  return values;
}

std::vector<SortedColumn> Sorted(size_t rows, size_t columns) {
  std::vector<SortedColumn> sorted;
  for (size_t c = 0; c < columns; ++c) {
    auto column = SortedColumn::Create(std::span<const double>(ColumnOf(rows, c, columns)));
    if (column.ok()) sorted.push_back(*std::move(column));
  }
  return sorted;
}

template <typename Statistics>
void Drag(benchmark::State& state, Statistics statistics) {
  const std::vector<SortedColumn> columns = Sorted(kDragRows, kDragColumns);
  Tally tally;
  size_t boundary = kDragRows / 4;
  double sum = 0.0;
  for (auto _ : state) {
    boundary = boundary < kDragRows / 2 ? boundary + 1000 : kDragRows / 4;
    for (const SortedColumn& column : columns) {
      column.Split({.reference = {0, boundary}, .current = {boundary, kDragRows}}, &tally);
      sum += statistics(tally);
    }
  }
  if (columns.size() != kDragColumns || !std::isfinite(sum)) state.SkipWithError("no answer");
}

void Split(benchmark::State& state) {
  Drag(state, [](const Tally& tally) { return static_cast<double>(tally.reference_rows); });
}
BENCHMARK(Split)->Unit(benchmark::kMillisecond);

void SplitKsMeanShift(benchmark::State& state) {
  Drag(state, [](const Tally& tally) {
    const auto ks = firetower::drift::KolmogorovSmirnov(tally);
    return ks.p_value + firetower::drift::KsEffect(tally).low +
           firetower::drift::StandardisedMeanDifference(tally).low;
  });
}
BENCHMARK(SplitKsMeanShift)->Unit(benchmark::kMillisecond);

void SplitEveryTest(benchmark::State& state) {
  Drag(state, [](const Tally& tally) {
    namespace drift = firetower::drift;
    return drift::KolmogorovSmirnov(tally).p_value + drift::CramerVonMises(tally).p_value +
           drift::AndersonDarling(tally).p_value + drift::MannWhitney(tally).p_value +
           drift::Welch(tally).p_value + drift::Wasserstein(tally) + drift::Energy(tally);
  });
}
BENCHMARK(SplitEveryTest)->Unit(benchmark::kMillisecond);

void CreateDoubles(benchmark::State& state) {
  std::vector<std::vector<double>> columns;
  for (size_t c = 0; c < kSortColumns; ++c) {
    columns.push_back(ColumnOf(kSortRows, c, kSortColumns));
  }
  for (auto _ : state) {
    for (const std::vector<double>& values : columns) {
      const auto column = SortedColumn::Create(std::span<const double>(values));
      if (!column.ok()) state.SkipWithError("not sorted");
    }
  }
}
BENCHMARK(CreateDoubles)->Unit(benchmark::kMillisecond);

void CreateFloats(benchmark::State& state) {
  std::vector<std::vector<float>> columns;
  for (size_t c = 0; c < kSortColumns; ++c) {
    const std::vector<double> values = ColumnOf(kSortRows, c, kSortColumns);
    columns.emplace_back(values.begin(), values.end());
  }
  for (auto _ : state) {
    for (const std::vector<float>& values : columns) {
      const auto column = SortedColumn::Create(std::span<const float>(values));
      if (!column.ok()) state.SkipWithError("not sorted");
    }
  }
}
BENCHMARK(CreateFloats)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
