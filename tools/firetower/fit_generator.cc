// firetower fit-generator: a generator of demo traffic from labelled transactions.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "core/synth/generator.h"
#include "core/synth_fit/generator_fit.h"
#include "files.h"
#include "table.h"

namespace firetower::tools {
namespace {

struct FitGeneratorOptions {
  std::string data;
  std::string label;
  std::string weight;
  std::string time = "Time";
  std::string out;
  synth::FitOptions fit;
};

int RunFitGenerator(const FitGeneratorOptions& options) {
  const Result<std::vector<uint8_t>> bytes = ReadFile(options.data);
  if (!bytes.ok()) return ReportError(options.data, bytes.error());
  const Result<Table> table = ReadTable(*bytes, {.label = options.label, .weight = options.weight});
  if (!table.ok()) return ReportError(options.data, table.error());
  ReportSetAside(options.data, table->set_aside, table->records);

  synth::FitInput input;
  input.names = table->inputs;
  input.columns = table->spans();
  input.label_name = options.label;
  const auto time = std::find(input.names.begin(), input.names.end(), options.time);
  if (time == input.names.end()) {
    return ReportError(options.data, {.code = ErrorCode::kSchemaMismatch,
                                      .message = "there is no column \"" + options.time +
                                                 "\" for the time; name it with --time"});
  }
  input.time_column = static_cast<size_t>(time - input.names.begin());
  const std::vector<double> labels(table->labels.begin(), table->labels.end());
  input.labels = labels;
  input.weights = table->weights;

  synth::FitOptions fit = options.fit;
  fit.source["data_file"] = std::filesystem::path(options.data).filename().string();
  fit.source["data_sha256"] = table->sha256;
  fit.source["rows"] = labels.size();
  fit.source["positives"] = std::count(labels.begin(), labels.end(), 1.0);
  fit.source["trainer"] = std::string("firetower ") + FIRETOWER_VERSION;
  const Result<std::string> json = synth::FitGenerator(input, fit);
  if (!json.ok()) {
    Error error = json.error();
    if (error.row >= 0)
      error.row = static_cast<int64_t>(table->rows[static_cast<size_t>(error.row)]);
    return ReportError(options.data, error);
  }
  const Status written = WriteFile(options.out, *json);
  return written.ok() ? kExitOk : ReportError(options.out, written.error());
}

}  // namespace

void AddFitGenerator(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("fit-generator", "Fit a generator of demo traffic (aggregates only)");
  auto options = std::make_shared<FitGeneratorOptions>();
  command->add_option("--data", options->data, "Labelled CSV file, - for standard input")
      ->required();
  command->add_option("--label", options->label, "Column of the classes, 0 and 1")->required();
  command->add_option("--weight", options->weight, "Column of the rows' weights");
  command->add_option("--time", options->time, "Column of the seconds from the start")
      ->capture_default_str();
  command->add_option("--name", options->fit.name, "Name of the generator")->capture_default_str();
  command->add_option("--out", options->out, "generator.json to write, - for standard output")
      ->required();
  command->callback([options, exit_code] { *exit_code = RunFitGenerator(*options); });
}

}  // namespace firetower::tools
