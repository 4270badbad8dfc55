// One column measured: the part of a ColumnVerdict that needs no other column. Internal to
// analysis/. Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_MEASURE_H_
#define FIRETOWER_ANALYSIS_MEASURE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/settings.h"
#include "core/base/json.h"
#include "core/drift/categorical.h"
#include "core/drift/tally.h"

namespace firetower::analysis {

// Categories with fewer rows on both sides together are not named: they could be a person.
inline constexpr double kFewestRowsOfName = 10;
// The finest p-values that are stated: of rows, and of counts.
inline constexpr double kFinestOfRows = 1e-300;
inline constexpr double kFinestOfCounts = 1e-12;

// Both sides as counts over the same bins: bin b is edges[b] <= x < edges[b+1], what is beyond is
// in the first and last.
struct BinnedSides {
  std::vector<double> edges;
  std::vector<double> reference;
  std::vector<double> current;
  double reference_missing = 0;
  double current_missing = 0;
};

json::object MeasureNumbers(const drift::Tally& tally, const DriftSettings& settings);
json::object MeasureCounts(const BinnedSides& sides, const DriftSettings& settings);
json::object MeasureTexts(const drift::Categories& categories, const DriftSettings& settings);

// The bins a column's distances and chart are of: quantiles of the reference. Empty: no rows there.
BinnedSides BinsOf(const drift::Tally& tally, size_t bins);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_MEASURE_H_
