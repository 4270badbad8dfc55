// firetower synth: demo traffic from a fitted generator, written as it is made, and what goes wrong
// in it on purpose.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checks.h"
#include "commands.h"
#include "core/csv/number.h"
#include "core/csv/reader.h"
#include "core/csv/writer.h"
#include "core/synth/generator.h"
#include "core/synth/scenario.h"
#include "files.h"

namespace firetower::tools {
namespace {

constexpr uint64_t kRowsAtOnce = 4096;
constexpr uint64_t kMostRows = 1000000000;

struct SynthOptions {
  std::string generator;
  std::string out = "-";
  synth::StreamOptions stream;
  std::string scenario = "calm";
  uint64_t from = 0;  // Row at which the scenario begins.
};

// The generator's rows, with a scenario from a row on. Cells it does not change keep their text.
class ScenarioRows {
 public:
  ScenarioRows(const synth::Generator& generator, const synth::StreamOptions& options,
               synth::Scenario scenario, uint64_t from)
      : scenario_(scenario),
        from_(from),
        calm_(generator, options),
        changed_(generator, Changed(generator, options, scenario)) {
    calm_.AppendCsv(0, &header_);
    names_ = csv::SplitRecord(std::string_view(header_).substr(0, header_.size() - 1), {});
    names_.pop_back();  // The label.
    const auto time = std::find(names_.begin(), names_.end(), generator.time_column());
    time_ = static_cast<size_t>(time - names_.begin());
    std::string skipped;
    changed_.AppendCsv(0, &skipped);
  }

  std::string_view header() const { return header_; }

  // Appends up to max_rows further rows and returns how many.
  uint64_t AppendRows(uint64_t max_rows, std::string* out) {
    const bool calm = next_ < from_;
    if (calm) max_rows = std::min(max_rows, from_ - next_);
    text_.clear();
    uint64_t rows = changed_.AppendCsv(max_rows, &text_);
    if (calm) {
      text_.clear();
      rows = calm_.AppendCsv(max_rows, &text_);
    }
    Read(rows);
    if (calm) {
      if (rows > 0) last_time_ = columns_[time_ * rows + rows - 1];
      *out += text_;
    } else {
      Change(rows, next_ - from_, out);
    }
    next_ += rows;
    return rows;
  }

 private:
  static synth::StreamOptions Changed(const synth::Generator& generator,
                                      synth::StreamOptions options, synth::Scenario scenario) {
    const double usual =
        options.fraud_rate >= 0.0 ? options.fraud_rate : generator.positive_share();
    options.fraud_rate = synth::FraudRate(scenario, usual);
    return options;
  }

  // The rows of text_ as numbers and as cells.
  void Read(uint64_t rows) {
    const auto count = static_cast<size_t>(rows);
    columns_.assign(names_.size() * count, 0.0);
    labels_.assign(count, 0.0);
    cells_.clear();
    std::string_view rest = text_;
    for (size_t i = 0; i < count; ++i) {
      for (size_t c = 0; c <= names_.size(); ++c) {
        const size_t end = rest.find(c < names_.size() ? ',' : '\n');
        const std::string_view cell = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        cells_.push_back(cell);
        double* value = c < names_.size() ? &columns_[c * count + i] : &labels_[i];
        csv::ParseCell(c < names_.size() ? cell : cell.substr(1, cell.size() - 2), '.', value);
      }
    }
  }

  void Change(uint64_t rows, uint64_t since, std::string* out) {
    const auto count = static_cast<size_t>(rows);
    const std::vector<double> columns = columns_;
    const std::vector<double> labels = labels_;
    synth::Apply(scenario_, names_, count, since, columns_, labels_);
    for (size_t i = 0; i < count; ++i) {
      // The wave's rows stand at other times than the calm ones before it: time does not fall
      // there.
      double& time = columns_[time_ * count + i];
      last_time_ = time = std::max(time, last_time_);
      const size_t first = i * (names_.size() + 1);
      for (size_t c = 0; c < names_.size(); ++c) {
        const double value = columns_[c * count + i];
        if (value == columns[c * count + i]) {
          *out += cells_[first + c];
        } else {
          csv::AppendNumber(value, {}, out);
        }
        *out += ',';
      }
      const bool same = labels_[i] == labels[i];
      *out += same ? cells_[first + names_.size()] : labels_[i] == 1.0 ? "\"1\"" : "\"0\"";
      *out += '\n';
    }
  }

  synth::Scenario scenario_;
  uint64_t from_;
  synth::RowStream calm_;
  synth::RowStream changed_;  // From row 0 too: a row's text depends on its number.
  std::string header_;
  std::vector<std::string> names_;  // Without the label.
  size_t time_ = 0;
  uint64_t next_ = 0;
  double last_time_ = -std::numeric_limits<double>::infinity();
  std::string text_;
  std::vector<double> columns_;  // columns_[c * rows + i]
  std::vector<double> labels_;
  std::vector<std::string_view> cells_;
};

int RunSynth(const SynthOptions& options) {
  Result<std::vector<uint8_t>> bytes = ReadFile(options.generator);
  if (!bytes.ok()) return ReportError(options.generator, bytes.error());
  Result<synth::Generator> generator =
      synth::Generator::FromJson({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!generator.ok()) return ReportError(options.generator, generator.error());

  const Result<synth::Scenario> scenario = synth::ScenarioByName(options.scenario);
  if (!scenario.ok()) return ReportError("--scenario", scenario.error());

  synth::RowStream calm(*generator, options.stream);
  ScenarioRows changed(*generator, options.stream, *scenario, options.from);
  const bool is_calm = *scenario == synth::Scenario::kCalm;
  OutputFile out(options.out);
  if (!is_calm) out.Write(changed.header());
  std::string text;
  uint64_t got = 0;
  do {
    text.clear();
    got = is_calm ? calm.AppendCsv(kRowsAtOnce, &text) : changed.AppendRows(kRowsAtOnce, &text);
    out.Write(text);
  } while (got > 0 && out.ok());
  const Status written = out.Close();
  return written.ok() ? kExitOk : ReportError(options.out, written.error());
}

}  // namespace

void AddSynth(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("synth", "Make realistic transactions from a fitted generator");
  auto options = std::make_shared<SynthOptions>();
  command->add_option("--generator", options->generator, "generator.json")->required();
  command->add_option("--rows", options->stream.rows, "How many rows")
      ->required()
      ->transform(WholeNumber(kMostRows));
  command->add_option("--seed", options->stream.seed, "The same seed makes the same rows")
      ->transform(WholeNumber(std::numeric_limits<uint64_t>::max()))
      ->capture_default_str();
  command
      ->add_option("--fraud-rate", options->stream.fraud_rate,
                   "Share of frauds, 0 to 1 (default: the generator's own)")
      ->check(Probability());
  command
      ->add_option("--scenario", options->scenario,
                   "What goes wrong: calm, shift (V14 + 2), fraud_wave, cents (Amount x 100), "
                   "missing_column (V10), slow_drift (V12), label_flip")
      ->check(CLI::Validator(
          [](std::string& name) {
            const Result<synth::Scenario> found = synth::ScenarioByName(name);
            return found.ok() ? std::string() : found.error().message;
          },
          "NAME"))
      ->capture_default_str();
  command->add_option("--from", options->from, "Row, from 0, at which the scenario begins")
      ->transform(WholeNumber(kMostRows))
      ->capture_default_str();
  command->add_option("--out", options->out, "CSV file, - for standard output")
      ->capture_default_str();
  command->callback([options, exit_code] { *exit_code = RunSynth(*options); });
}

}  // namespace firetower::tools
