#include "core/train/grid_search.h"

#include <algorithm>
#include <utility>

namespace firetower::train {

Result<GridSearch> SearchGrid(const TrainingData& data, std::span<const int32_t> fold_of_row,
                              std::span<const ForestOptions> candidates, Objective objective,
                              const std::function<bool(int64_t done, int64_t total)>& progress) {
  if (candidates.empty()) {
    return Error{.code = ErrorCode::kBadArgument, .message = "the grid has no candidate"};
  }
  // Wrong options are refused before hours are spent on those before them.
  for (const ForestOptions& candidate : candidates) {
    if (Status status = CheckOptions(candidate, data.features.size()); !status.ok()) {
      return status.error();
    }
  }
  const int64_t folds =
      fold_of_row.empty() ? 0 : *std::max_element(fold_of_row.begin(), fold_of_row.end()) + 1;
  int64_t total = 0;
  for (const ForestOptions& candidate : candidates) total += folds * candidate.n_estimators;

  GridSearch search;
  int64_t before = 0;
  for (const ForestOptions& candidate : candidates) {
    ForestOptions options = candidate;
    options.progress = nullptr;
    if (progress) {
      options.progress = [&progress, before, total](int32_t done, int32_t) {
        return progress(before + done, total);
      };
    }
    Result<CrossValidation> result = CrossValidate(data, fold_of_row, options);
    if (!result.ok()) return result.error();
    search.results.push_back(*std::move(result));
    before += folds * candidate.n_estimators;
  }
  const auto figure = [objective](const CrossValidation& result) {
    return objective == Objective::kRocAuc ? result.auc.mean : result.average_precision.mean;
  };
  for (size_t i = 1; i < search.results.size(); ++i) {
    if (figure(search.results[i]) > figure(search.results[search.best])) search.best = i;
  }
  return search;
}

}  // namespace firetower::train
