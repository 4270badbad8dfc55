// What all columns' measurements say together: correction, verdicts, the sentence. Internal to
// analysis/. Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_JUDGE_H_
#define FIRETOWER_ANALYSIS_JUDGE_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/settings.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace firetower::analysis {

// A share of missing values that changes by less does not matter.
inline constexpr double kMissingFloor = 0.01;

// "1 column", "3 columns"
std::string Columns(size_t count);
// "a, b, c, d, e and 4 more"
std::string Listed(std::span<const std::string> names);

struct Judgement {
  json::object overall;
  json::array columns;
};
// columns: of DriftMeasured documents, in any order, each once. Errors: kDataInvalid with the
// place.
Result<Judgement> Judge(std::vector<json::object> columns, const DriftSettings& settings);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_JUDGE_H_
