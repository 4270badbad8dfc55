// firetower tune: grid search by cross-validation, then the best candidate fitted on all rows.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "core/train/grid_search.h"
#include "files.h"
#include "learning.h"
#include "progress.h"

namespace firetower::tools {
namespace {

struct TuneOptions {
  LearningOptions learning;
  std::string grid;
};

std::string ParametersText(const json::object& parameters) {
  std::string text;
  for (const auto& member : parameters) {
    if (!text.empty()) text += ", ";
    text += std::string(member.key()) + " ";
    text += member.value().is_double() ? fmt::format("{}", member.value().get_double())
                                       : json::serialize(member.value());
  }
  return text.empty() ? "as configured" : text;
}

std::string SearchText(const Grid& grid, const train::GridSearch& search) {
  std::vector<size_t> order(search.results.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto figure = [&](size_t i) {
    const train::CrossValidation& result = search.results[i];
    return grid.objective == train::Objective::kRocAuc ? result.auc.mean
                                                       : result.average_precision.mean;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return figure(a) > figure(b); });
  std::string text =
      fmt::format("{} candidates by {}, best first; mean of folds +- standard error\n",
                  order.size(), Name(grid.objective));
  text += fmt::format("  {:<18}{:<18}{}\n", "AUC", "average precision", "parameters");
  for (const size_t i : order) {
    const train::CrossValidation& result = search.results[i];
    text += fmt::format("  {:.4f} +- {:.4f}  {:.4f} +- {:.4f}  {}\n", result.auc.mean,
                        result.auc.standard_error, result.average_precision.mean,
                        result.average_precision.standard_error,
                        ParametersText(grid.candidates[i].parameters));
  }
  return text;
}

int RunTune(const TuneOptions& options) {
  Learning learning(options.learning);
  if (const int code = learning.Load(); code != kExitOk) return code;
  const Result<std::vector<uint8_t>> bytes = ReadFile(options.grid);
  if (!bytes.ok()) return ReportError(options.grid, bytes.error());
  const Result<Grid> grid = ParseGrid({reinterpret_cast<const char*>(bytes->data()), bytes->size()},
                                      learning.config().forest);
  if (!grid.ok()) return ReportError(options.grid, grid.error());
  std::vector<train::ForestOptions> candidates;
  for (const Candidate& candidate : grid->candidates) {
    if (const Status status =
            train::CheckOptions(candidate.options, learning.config().features.size());
        !status.ok()) {
      return ReportError(options.grid, InConfig("grid", status.error()));
    }
    candidates.push_back(candidate.options);
  }
  Result<train::GridSearch> search = [&] {
    ProgressBar bar("grid search", "trees", options.learning.progress);
    return train::SearchGrid(learning.data(), learning.folds(), candidates, grid->objective,
                             [&bar](int64_t done, int64_t total) {
                               bar.Update(done, total);
                               return true;
                             });
  }();
  if (!search.ok()) return ReportError(options.learning.data, search.error());

  const train::CrossValidation& best = search->results[search->best];
  json::object training;
  training["selected_by"] = Name(grid->objective);
  training["candidates"] = candidates.size();
  if (const int code = learning.FitAndWrite(candidates[search->best], &best, &training);
      code != kExitOk) {
    return code;
  }
  json::array tried;
  for (size_t i = 0; i < candidates.size(); ++i) {
    json::object entry;
    entry["parameters"] = grid->candidates[i].parameters;
    entry["cross_validation"] = CrossValidationJson(search->results[i]);
    tried.push_back(std::move(entry));
  }
  json::object report = std::move(training);
  report["set_aside"] = SetAsideJson(learning.table());
  report["best"] = search->best;
  report["tried"] = std::move(tried);
  std::string text = learning.Protocol() + "\n" + SearchText(*grid, *search);
  text += fmt::format("\nbest: {}\n{}", ParametersText(grid->candidates[search->best].parameters),
                      CrossValidationText(best));
  text += "  (as the best of several, a little optimistic)\n";
  text += fmt::format("\nmodel: {}, {} trees, {} nodes, {} bytes\n", options.learning.out,
                      report.at("trees").to_number<uint64_t>(),
                      report.at("nodes").to_number<uint64_t>(),
                      report.at("model_bytes").to_number<uint64_t>());
  return WriteReport(options.learning, report, text);
}

}  // namespace

void AddTune(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("tune", "Find the best settings by cross-validation and fit them");
  auto options = std::make_shared<TuneOptions>();
  options->learning.folds = 5;
  AddLearningOptions(command, &options->learning);
  command->add_option("--grid", options->grid, "Settings to try (JSON)")->required();
  command->add_option("--folds", options->learning.folds, "Folds")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command->callback([options, exit_code] { *exit_code = RunTune(*options); });
}

}  // namespace firetower::tools
