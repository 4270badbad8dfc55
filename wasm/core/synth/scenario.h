// What goes wrong in demo traffic, on purpose: changes to rows that the generator drew.
//
//   Apply(Scenario::kShift, names, rows, since, columns, labels);
//
// Not for data that is real: nothing marks the rows as changed. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_SYNTH_SCENARIO_H_
#define FIRETOWER_CORE_SYNTH_SCENARIO_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::synth {

enum class Scenario : int32_t {  // do not renumber
  kCalm = 0,                     // "calm"
  kShift = 1,                    // "shift": V14 + 2
  kFraudWave =
      2,       // "fraud_wave": 20 times the share of positives (through StreamOptions::fraud_rate)
  kCents = 3,  // "cents": Amount x 100, as if the unit had changed
  kMissingColumn = 4,  // "missing_column": V10 without values
  kSlowDrift = 5,      // "slow_drift": V12 moves by 1 per 20,000 rows, at most 3
  kLabelFlip = 6,      // "label_flip": labels exchanged for 1 row in 5 (by the row's number)
};
inline constexpr int kScenarioCount = 7;
std::string_view Name(Scenario scenario);
Result<Scenario> ScenarioByName(std::string_view name);  // kBadArgument lists the names
// Share of positives of a generator's stream under the scenario.
double FraudRate(Scenario scenario, double usual);

// Changes rows in place. Rows are given as columns[c * rows + i] with the names of the columns;
// labels (0, 1, NaN: unknown) empty or one per row. since: rows since the scenario began, of row 0
// here: what happens to a row depends on its number since then and on nothing else, so batches may
// be cut anywhere. Columns a scenario needs and does not find are left alone; missing values stay
// missing. Does not allocate. REQUIRES: columns.size() == names.size() * rows.
void Apply(Scenario scenario, std::span<const std::string> names, size_t rows, uint64_t since,
           std::span<double> columns, std::span<double> labels);

}  // namespace firetower::synth

#endif  // FIRETOWER_CORE_SYNTH_SCENARIO_H_
