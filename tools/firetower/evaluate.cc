// firetower evaluate: how well a model does on labelled rows.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks.h"
#include "commands.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"
#include "core/metrics/binary.h"
#include "files.h"
#include "json_text.h"
#include "learning.h"
#include "table.h"

namespace firetower::tools {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string label;
  std::string weight;
  std::optional<double> threshold;
  bool json = false;
};

// Scores the table's rows; those that the pipeline refuses get NaN and are noted as set aside.
Result<std::vector<double>> Score(const forest::Model& model, Table* table) {
  Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(model.forest);
  if (!compiled.ok()) return compiled.error();
  const size_t rows = table->labels.size();
  std::vector<float> features(model.pipeline.features().size() * rows);
  std::vector<int32_t> status(rows);
  std::vector<int32_t> inputs(rows);
  const std::vector<std::span<const double>> columns = table->spans();
  model.pipeline.Transform(columns, rows, rows, features, status, inputs);
  std::vector<double> scores(rows);
  compiled->PredictProba(features, rows, rows, scores);
  for (size_t i = 0; i < rows; ++i) {
    if (status[i] != 0) scores[i] = std::nan("");
  }
  AddSetAside(Refused(*table, status, inputs), table);
  return scores;
}

struct Evaluation {
  const forest::Model& model;
  const EvaluateOptions& options;
  const Table& table;
  const metrics::ScoredLabels& scored;
  metrics::Confusion at;

  // The figures then say how well the model remembers, not how well it does.
  bool SeenInTraining() const {
    const json::value* sha256 = model.info.training.if_contains("data_sha256");
    return sha256 != nullptr && sha256->is_string() && sha256->get_string() == table.sha256;
  }
};

json::object ToJson(const Evaluation& e) {
  json::object confusion;
  confusion["true_positive"] = e.at.true_positive;
  confusion["false_positive"] = e.at.false_positive;
  confusion["true_negative"] = e.at.true_negative;
  confusion["false_negative"] = e.at.false_negative;
  json::object object;
  object["model"] = e.model.info.name + " " + e.model.info.version;
  object["data_file"] = std::filesystem::path(e.options.data).filename().string();
  object["data_sha256"] = e.table.sha256;
  object["seen_in_training"] = e.SeenInTraining();
  object["rows"] = e.scored.rows();
  object["positives"] = e.scored.positives();
  object["positive_weight"] = e.scored.positive_weight();
  object["negative_weight"] = e.scored.negative_weight();
  object["left_out"] = e.scored.left_out();
  object["set_aside"] = SetAsideJson(e.table);
  object["auc"] = IntervalJson(metrics::RocAuc(e.scored));
  object["average_precision"] = IntervalJson(metrics::AveragePrecision(e.scored));
  object["brier_score"] = FiniteOrNull(metrics::BrierScore(e.scored));
  object["log_loss"] = FiniteOrNull(metrics::LogLoss(e.scored));
  object["threshold"] = e.at.threshold;
  object["confusion"] = std::move(confusion);
  object["precision"] = IntervalJson(metrics::Precision(e.at));
  object["recall"] = IntervalJson(metrics::Recall(e.at));
  object["specificity"] = IntervalJson(metrics::Specificity(e.at));
  object["f1"] = FiniteOrNull(metrics::F1(e.at));
  return object;
}

std::string ToText(const Evaluation& e) {
  std::string text =
      fmt::format("{} {} on {}\n", e.model.info.name, e.model.info.version, e.options.data);
  text += fmt::format("rows               {}, {} of them positive", e.scored.rows(),
                      e.scored.positives());
  if (!e.options.weight.empty()) {
    text += fmt::format("; weight {:.6g}, {:.6g} positive",
                        e.scored.positive_weight() + e.scored.negative_weight(),
                        e.scored.positive_weight());
  }
  text += fmt::format("\nAUC                {}\n", IntervalText(metrics::RocAuc(e.scored)));
  text += fmt::format("average precision  {}\n", IntervalText(metrics::AveragePrecision(e.scored)));
  text += fmt::format("Brier score        {:.6g}\n", metrics::BrierScore(e.scored));
  text += fmt::format("log loss           {:.6g}\n", metrics::LogLoss(e.scored));
  text +=
      fmt::format("\nat threshold {}    {:>12}{:>12}\n", e.at.threshold, "flagged", "not flagged");
  text +=
      fmt::format("  positive       {:>14.6g}{:>12.6g}\n", e.at.true_positive, e.at.false_negative);
  text +=
      fmt::format("  negative       {:>14.6g}{:>12.6g}\n", e.at.false_positive, e.at.true_negative);
  text += fmt::format("precision          {}\n", IntervalText(metrics::Precision(e.at)));
  text += fmt::format("recall             {}\n", IntervalText(metrics::Recall(e.at)));
  text += fmt::format("specificity        {}\n", IntervalText(metrics::Specificity(e.at)));
  const double f1 = metrics::F1(e.at);
  text += fmt::format("F1                 {}\n",
                      std::isnan(f1) ? "not defined" : fmt::format("{:.4f}", f1));
  text += "In brackets: 95 % intervals.\n";
  if (e.SeenInTraining()) {
    text += "The model was trained on this very file: these figures are far too good.\n";
  }
  return text;
}

int RunEvaluate(const EvaluateOptions& options) {
  const Result<std::vector<uint8_t>> model_bytes = ReadFile(options.model);
  if (!model_bytes.ok()) return ReportError(options.model, model_bytes.error());
  const Result<forest::Model> model = forest::ReadModel(*model_bytes);
  if (!model.ok()) return ReportModelError(options.model, model.error());
  const Result<std::vector<uint8_t>> bytes = ReadFile(options.data);
  if (!bytes.ok()) return ReportError(options.data, bytes.error());

  TableOptions request = {.label = options.label,
                          .weight = options.weight,
                          .positive_class = model->info.positive_class};
  RequestInputs(model->pipeline.inputs(), model->pipeline.features(), &request);
  Result<Table> table = ReadTable(*bytes, request);
  if (!table.ok()) return ReportError(options.data, table.error());
  Result<std::vector<double>> scores = Score(*model, &*table);
  if (!scores.ok()) return ReportModelError(options.model, scores.error());
  ReportSetAside(options.data, table->set_aside, table->records);
  const std::vector<double> labels(table->labels.begin(), table->labels.end());
  const Result<metrics::ScoredLabels> scored =
      metrics::ScoredLabels::Create(*scores, labels, table->weights);
  if (!scored.ok()) return ReportError(options.data, scored.error());

  const Evaluation evaluation = {
      .model = *model,
      .options = options,
      .table = *table,
      .scored = *scored,
      .at = scored->At(options.threshold.value_or(model->info.threshold))};
  const Status printed =
      WriteFile("-", options.json ? PrettyJson(ToJson(evaluation)) : ToText(evaluation));
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

}  // namespace

void AddEvaluate(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("evaluate", "Measure a model on labelled rows it has not seen");
  auto options = std::make_shared<EvaluateOptions>();
  command->add_option("--model", options->model, "Model file")->required();
  command->add_option("--data", options->data, "Labelled CSV file, - for standard input")
      ->required();
  command->add_option("--label", options->label, "Column of the classes")->required();
  command->add_option("--weight", options->weight, "Column of the rows' weights");
  command
      ->add_option("--threshold", options->threshold,
                   "Flag from this probability on; default: the model's")
      ->check(Probability());
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, exit_code] { *exit_code = RunEvaluate(*options); });
}

}  // namespace firetower::tools
