// firetower train: fits pipeline and forest on a labelled CSV file and writes the model.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "files.h"
#include "learning.h"
#include "progress.h"

namespace firetower::tools {
namespace {

std::string Summary(const Learning& learning, const json::object& training,
                    const std::optional<train::CrossValidation>& figures) {
  const auto number = [&](const char* key) { return training.at(key).to_number<double>(); };
  std::string text;
  if (figures) text += learning.Protocol() + "\n" + CrossValidationText(*figures) + "\n";
  text += fmt::format("rows         {} used, {} positive, {} set aside\n", number("rows"),
                      number("positives"), number("rows_set_aside"));
  text += fmt::format("forest       {} trees, {} nodes, fitted in {:.2f} s\n", number("trees"),
                      number("nodes"), number("fit_seconds"));
  if (const json::value* metrics = training.if_contains("metrics")) {
    if (const json::value* auc = metrics->get_object().if_contains("out_of_bag_auc")) {
      text +=
          fmt::format("out of bag   AUC {:.4f}, average precision {:.4f}\n",
                      auc->at("value").to_number<double>(),
                      metrics->at("out_of_bag_average_precision").at("value").to_number<double>());
    }
  }
  std::vector<std::pair<double, std::string>> important;
  for (const auto& member : training.at("importances").get_object()) {
    important.emplace_back(-member.value().to_number<double>(), std::string(member.key()));
  }
  std::sort(important.begin(), important.end());
  text += "matter most ";
  for (size_t i = 0; i < std::min<size_t>(5, important.size()); ++i) {
    text += fmt::format("{} {} {:.3f}", i > 0 ? "," : "", important[i].second, -important[i].first);
  }
  text +=
      fmt::format("\nmodel        {}, {} bytes\n", learning.options().out, number("model_bytes"));
  return text;
}

int RunTrain(const LearningOptions& options) {
  Learning learning(options);
  if (const int code = learning.Load(); code != kExitOk) return code;
  std::optional<train::CrossValidation> figures;
  if (!learning.folds().empty()) {
    ProgressBar bar("cross-validation", "trees", options.progress);
    train::ForestOptions forest = learning.config().forest;
    forest.progress = [&bar](int32_t done, int32_t total) {
      bar.Update(done, total);
      return true;
    };
    Result<train::CrossValidation> result =
        train::CrossValidate(learning.data(), learning.folds(), forest);
    if (!result.ok()) return ReportError(options.data, result.error());
    figures = *std::move(result);
  }
  json::object training;
  if (const int code =
          learning.FitAndWrite(learning.config().forest, figures ? &*figures : nullptr, &training);
      code != kExitOk) {
    return code;
  }
  const std::string text = Summary(learning, training, figures);
  json::object report = std::move(training);
  report["set_aside"] = SetAsideJson(learning.table());
  if (figures) report["cross_validation"] = CrossValidationJson(*figures);
  return WriteReport(options, report, text);
}

}  // namespace

void AddTrain(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("train", "Fit a model on a labelled CSV file");
  auto options = std::make_shared<LearningOptions>();
  AddLearningOptions(command, options.get());
  command
      ->add_option("--cross-validate", options->folds,
                   "Also judge by cross-validation with this many folds")
      ->check(CLI::Range(2, 1000));
  command->callback([options, exit_code] { *exit_code = RunTrain(*options); });
}

}  // namespace firetower::tools
