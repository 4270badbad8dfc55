// firetower evaluate: how well a model does on labelled rows, and how well it should do on rows
// without labels.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/performance.h"
#include "checks.h"
#include "commands.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"
#include "core/metrics/binary.h"
#include "evaluate_text.h"
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
  std::string amount;
  std::string time;
  std::string windows;
  std::optional<double> label_delay;
  std::optional<double> as_of;
  std::optional<double> budget;
  std::optional<double> cost_fp;
  std::string cost_fn;
  std::optional<double> cost_review;
  int32_t bins = 10;
  int32_t bootstrap = 500;
  uint64_t seed = 1;
  std::string compare;
  bool estimate = false;
  std::string reference;
  bool back_test = false;
  std::string calibration;
  std::string document;
  bool json = false;
};

Error Usage(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

int ReportUsage(const Error& error) {
  std::fprintf(stderr, "firetower: evaluate: %s\n", error.message.c_str());
  return kExitUsage;
}

// Scores the table's rows; those that the pipeline refuses get NaN, `refused` says why.
Result<std::vector<double>> Score(const forest::Model& model, const Table& table,
                                  std::vector<SetAside>* refused) {
  Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(model.forest);
  if (!compiled.ok()) return compiled.error();
  const size_t rows = table.labels.size();
  std::vector<float> features(model.pipeline.features().size() * rows);
  std::vector<int32_t> status(rows);
  std::vector<int32_t> inputs(rows);
  std::vector<std::span<const double>> columns;
  std::vector<int32_t> column_of;
  for (const features::InputColumn& input : model.pipeline.inputs()) {
    const auto found = std::find(table.inputs.begin(), table.inputs.end(), input.name);
    column_of.push_back(static_cast<int32_t>(found - table.inputs.begin()));
    columns.push_back(table.columns[static_cast<size_t>(column_of.back())]);
  }
  model.pipeline.Transform(columns, rows, rows, features, status, inputs);
  std::vector<double> scores(rows);
  compiled->PredictProba(features, rows, rows, scores);
  for (size_t i = 0; i < rows; ++i) {
    if (status[i] == 0) continue;
    scores[i] = std::nan("");
    inputs[i] = column_of[static_cast<size_t>(inputs[i])];
  }
  *refused = Refused(table, status, inputs);
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

struct Scored {
  Table table;
  std::vector<double> scores;
  std::vector<double> labels;  // NaN: not known.
  std::vector<double> second;  // Scores of the other model; empty without one.

  analysis::ScoredRows rows(const EvaluateOptions& options) const {
    analysis::ScoredRows rows = {.scores = scores, .labels = labels, .weights = table.weights};
    size_t next = 0;
    if (!options.amount.empty()) rows.amounts = table.numbers[next++];
    if (!options.time.empty()) rows.times = table.numbers[next];
    return rows;
  }
};

// Reads a file and scores its rows by one model or two. On failure prints the reason and returns
// its exit code.
int ReadAndScore(const std::string& file, const EvaluateOptions& options,
                 const forest::Model& model, const forest::Model* other, Scored* scored) {
  const Result<std::vector<uint8_t>> bytes = ReadFile(file);
  if (!bytes.ok()) return ReportError(file, bytes.error());
  TableOptions request = {.label = options.label,
                          .weight = options.weight,
                          .positive_class = model.info.positive_class,
                          .labels_may_be_missing = true};
  RequestInputs(model.pipeline.inputs(), model.pipeline.features(), &request);
  if (other != nullptr) {
    for (const features::InputColumn& input : other->pipeline.inputs()) {
      const auto& have = request.inputs;
      if (std::find(have.begin(), have.end(), input.name) != have.end()) continue;
      request.inputs.push_back(input.name);
      request.may_be_missing.push_back(1);  // The second model's own pipeline refuses.
    }
  }
  for (const std::string& column : {options.amount, options.time}) {
    if (!column.empty()) request.numbers.push_back(column);
  }
  Result<Table> table = ReadTable(*bytes, request);
  if (!table.ok()) return ReportError(file, table.error());
  scored->table = *std::move(table);
  const auto score = [&](const std::string& path, const forest::Model& by, bool first,
                         std::vector<double>* out) {
    std::vector<SetAside> refused;
    Result<std::vector<double>> scores = Score(by, scored->table, &refused);
    if (!scores.ok()) return ReportModelError(path, scores.error());
    if (first) AddSetAside(refused, &scored->table);
    *out = *std::move(scores);
    return kExitOk;
  };
  if (const int code = score(options.model, model, true, &scored->scores); code != kExitOk) {
    return code;
  }
  ReportSetAside(file, scored->table.set_aside, scored->table.records);
  ReportNegatives(file, options.label, scored->table);
  if (other != nullptr) {
    if (const int code = score(options.compare, *other, false, &scored->second); code != kExitOk) {
      return code;
    }
  }
  for (size_t i = 0; i < scored->table.labels.size(); ++i) {
    scored->labels.push_back(scored->table.label_known[i] != 0 ? scored->table.labels[i]
                                                               : std::nan(""));
  }
  return kExitOk;
}

Result<forest::Model> ReadModelFile(const std::string& path, bool* unreadable) {
  const Result<std::vector<uint8_t>> bytes = ReadFile(path);
  *unreadable = !bytes.ok();
  if (!bytes.ok()) return bytes.error();
  return forest::ReadModel(*bytes);
}

// "rows:5000", "time:86400", "count:10".
Result<json::object> WindowsJson(const std::string& text) {
  const size_t colon = text.find(':');
  double size = 0.0;
  const bool number = colon != std::string::npos &&
                      CLI::detail::lexical_cast(text.substr(colon + 1), size) && size > 0.0;
  if (!number)
    return Usage("--windows: \"" + text + "\" is not like rows:5000, time:86400, count:10");
  return json::object{{"kind", json::string(text.substr(0, colon))}, {"size", size}};
}

// What the facade is asked.
Result<json::object> RequestJson(const EvaluateOptions& options, double threshold) {
  json::object request;
  request["threshold"] = threshold;
  request["bins"] = options.bins;
  request["bootstrap"] = options.bootstrap;
  request["seed"] = options.seed;
  if (options.budget) request["budget"] = *options.budget;
  if (!options.windows.empty()) {
    Result<json::object> windows = WindowsJson(options.windows);
    if (!windows.ok()) return windows.error();
    request["windows"] = *std::move(windows);
  }
  if (options.label_delay || options.as_of) {
    if (options.time.empty()) return Usage("--label-delay and --as-of need --time");
    json::object maturity;
    maturity["delay"] = options.label_delay.value_or(0.0);
    if (options.as_of) maturity["as_of"] = *options.as_of;
    request["maturity"] = std::move(maturity);
  }
  if (options.cost_fp || !options.cost_fn.empty() || options.cost_review) {
    json::object cost;
    if (options.cost_fp) cost["false_positive"] = *options.cost_fp;
    if (options.cost_review) cost["review"] = *options.cost_review;
    double missed = 0.0;
    if (options.cost_fn == "amount") {
      if (options.amount.empty()) return Usage("--cost-fn amount needs --amount COLUMN");
      cost["amount"] = true;
    } else if (!options.cost_fn.empty()) {
      if (!CLI::detail::lexical_cast(options.cost_fn, missed)) {
        return Usage("--cost-fn: \"" + options.cost_fn + "\" is neither a number nor \"amount\"");
      }
      cost["false_negative"] = missed;
    }
    request["cost"] = std::move(cost);
  }
  return request;
}

// The facade's documents by name, as text.
using Documents = std::vector<std::pair<std::string, std::string>>;

// On failure prints the reason and returns its exit code.
int MakeDocuments(const EvaluateOptions& options, const forest::Model& model, const Scored& scored,
                  Documents* documents) {
  Result<json::object> request =
      RequestJson(options, options.threshold.value_or(model.info.threshold));
  if (!request.ok()) return ReportUsage(request.error());
  const auto add = [&](const char* name, const std::string& calibration, const auto& make) {
    (*request)["calibration"] = nullptr;
    if (!calibration.empty()) (*request)["calibration"] = json::string(calibration);
    const Result<std::string> made = make(json::serialize(*request));
    if (made.ok()) {
      documents->emplace_back(name, *made);
      return kExitOk;
    }
    Error error = made.error();
    if (error.row >= 0) {
      error.row = static_cast<int64_t>(scored.table.rows[static_cast<size_t>(error.row)]);
    }
    return error.code == ErrorCode::kBadArgument ? ReportUsage(error)
                                                 : ReportError(options.data, error);
  };
  const analysis::ScoredRows rows = scored.rows(options);
  if (!options.label.empty()) {
    const int code = add("performance", "", [&](const std::string& text) {
      return analysis::PerformanceReportJson(rows, text);
    });
    if (code != kExitOk) return code;
  }
  if (!options.compare.empty()) {
    const int code = add("comparison", "", [&](const std::string& text) {
      return analysis::ComparePerformanceJson(rows, scored.second, text);
    });
    if (code != kExitOk) return code;
  }
  if (options.estimate) {
    Scored reference;
    analysis::ScoredRows reference_rows;
    if (!options.reference.empty()) {
      const int code = ReadAndScore(options.reference, options, model, nullptr, &reference);
      if (code != kExitOk) return code;
      reference_rows = reference.rows(options);
    }
    const int code = add("estimate", options.calibration, [&](const std::string& text) {
      return analysis::EstimateJson(&model, reference_rows, rows, text);
    });
    if (code != kExitOk) return code;
  }
  if (options.back_test) {
    const int code = add("back_test", options.calibration, [&](const std::string& text) {
      return analysis::BackTestJson(&model, rows, text);
    });
    if (code != kExitOk) return code;
  }
  return kExitOk;
}

// How the options go together.
Status CheckOptions(const EvaluateOptions& options) {
  if (options.label.empty() && !options.estimate) {
    return Usage("--label is required, unless only --estimate is asked for");
  }
  if (options.label.empty() && (!options.compare.empty() || options.back_test)) {
    return Usage("--compare and --back-test need --label");
  }
  if (!options.reference.empty() && (!options.estimate || options.label.empty())) {
    return Usage("--reference goes with --estimate and --label, the column of its labels");
  }
  const std::string& calibration = options.calibration;
  if (!calibration.empty() && !options.estimate && !options.back_test) {
    return Usage("--calibration goes with --estimate or --back-test");
  }
  return {};
}

int RunEvaluate(const EvaluateOptions& options) {
  if (const Status status = CheckOptions(options); !status.ok()) return ReportUsage(status.error());
  bool unreadable = false;
  const Result<forest::Model> model = ReadModelFile(options.model, &unreadable);
  if (!model.ok()) {
    return unreadable ? ReportError(options.model, model.error())
                      : ReportModelError(options.model, model.error());
  }
  std::optional<forest::Model> other;
  if (!options.compare.empty()) {
    Result<forest::Model> read = ReadModelFile(options.compare, &unreadable);
    if (!read.ok()) {
      return unreadable ? ReportError(options.compare, read.error())
                        : ReportModelError(options.compare, read.error());
    }
    other = *std::move(read);
  }
  Scored rows;
  if (const int code =
          ReadAndScore(options.data, options, *model, other ? &*other : nullptr, &rows);
      code != kExitOk) {
    return code;
  }
  Documents documents;
  if (const int code = MakeDocuments(options, *model, rows, &documents); code != kExitOk) {
    return code;
  }
  if (!options.document.empty()) {
    for (const auto& [name, text] : documents) {
      if (name != options.document) continue;
      const Status printed = WriteFile("-", text + "\n");
      return printed.ok() ? kExitOk : ReportError("-", printed.error());
    }
    return ReportUsage(Usage("--document " + options.document + " is not asked for"));
  }

  json::object result;
  std::string text;
  if (!options.label.empty()) {
    const Result<metrics::ScoredLabels> scored =
        metrics::ScoredLabels::Create(rows.scores, rows.labels, rows.table.weights);
    if (!scored.ok()) return ReportError(options.data, scored.error());
    const Evaluation evaluation = {
        .model = *model,
        .options = options,
        .table = rows.table,
        .scored = *scored,
        .at = scored->At(options.threshold.value_or(model->info.threshold))};
    result = ToJson(evaluation);
    text = ToText(evaluation);
  } else {
    result["model"] = model->info.name + " " + model->info.version;
    result["data_file"] = std::filesystem::path(options.data).filename().string();
    result["data_sha256"] = rows.table.sha256;
    result["set_aside"] = SetAsideJson(rows.table);
    text = fmt::format("{} {} on {}\n", model->info.name, model->info.version, options.data);
  }
  if (other) result["compared_with"] = other->info.name + " " + other->info.version;
  for (const auto& [name, document] : documents) {
    // Our own text: it can be read.
    json::value value = *ParseJson(document, ErrorCode::kBadArgument, name);
    text += DocumentText(name, value.get_object());
    result[name] = std::move(value);
  }
  const Status printed = WriteFile("-", options.json ? PrettyJson(result) : text);
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
  command->add_option("--label", options->label,
                      "Column of the classes; a row with an empty cell is not matured yet");
  command->add_option("--weight", options->weight, "Column of the rows' weights");
  command
      ->add_option("--threshold", options->threshold,
                   "Flag from this probability on; default: the model's")
      ->check(Probability());
  command->add_option("--windows", options->windows,
                      "Also per window: rows:N, time:LENGTH (needs --time) or count:N");
  command->add_option("--time", options->time, "Column of the rows' times, numbers");
  command
      ->add_option("--label-delay", options->label_delay,
                   "Rows younger than this are not matured, whatever their label says")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--as-of", options->as_of, "Now, for --label-delay; default: the last time");
  command->add_option("--amount", options->amount, "Column of the money at stake");
  command
      ->add_option("--budget", options->budget,
                   "Alerts that can be looked at, in all and per window")
      ->check(CLI::PositiveNumber);
  command->add_option("--cost-fp", options->cost_fp, "Cost of a false alarm; default: 1")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--cost-fn", options->cost_fn,
                      "Cost of a missed positive, or \"amount\"; default: 10");
  command->add_option("--cost-review", options->cost_review, "Cost of looking at an alert")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--bins", options->bins, "Bins of the calibration curve")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command
      ->add_option("--bootstrap", options->bootstrap,
                   "Replicates for average precision's interval in \"performance\"")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of the bootstrap")
      ->transform(WholeNumber(uint64_t{1} << 53))
      ->capture_default_str();
  command->add_option("--compare", options->compare, "Another model on the same rows: paired test");
  command->add_flag("--estimate", options->estimate,
                    "Also what is to be expected without labels, from calibrated probabilities");
  command->add_option("--reference", options->reference,
                      "Labelled CSV file to calibrate on, for --estimate; default: as the model "
                      "was calibrated");
  command->add_flag("--back-test", options->back_test,
                    "Also what the estimate would have said of past windows");
  command
      ->add_option("--calibration", options->calibration,
                   "Which to estimate with: model, reference, earlier (windows; --back-test)")
      ->check(CLI::IsMember({"model", "reference", "earlier"}));
  command
      ->add_option("--document", options->document,
                   "Print only this one, as the page's engine writes it")
      ->check(CLI::IsMember({"performance", "comparison", "estimate", "back_test"}));
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, exit_code] { *exit_code = RunEvaluate(*options); });
}

}  // namespace firetower::tools
