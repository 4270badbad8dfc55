// firetower synth: demo traffic from a fitted generator, written as it is made.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "checks.h"
#include "commands.h"
#include "core/synth/generator.h"
#include "files.h"

namespace firetower::tools {
namespace {

constexpr uint64_t kRowsAtOnce = 4096;
constexpr uint64_t kMostRows = 1000000000;

struct SynthOptions {
  std::string generator;
  std::string out = "-";
  synth::StreamOptions stream;
};

int RunSynth(const SynthOptions& options) {
  Result<std::vector<uint8_t>> bytes = ReadFile(options.generator);
  if (!bytes.ok()) return ReportError(options.generator, bytes.error());
  Result<synth::Generator> generator =
      synth::Generator::FromJson({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!generator.ok()) return ReportError(options.generator, generator.error());

  synth::RowStream rows(*generator, options.stream);
  OutputFile out(options.out);
  std::string text;
  uint64_t got = 0;
  do {
    text.clear();
    got = rows.AppendCsv(kRowsAtOnce, &text);
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
  command->add_option("--out", options->out, "CSV file, - for standard output")
      ->capture_default_str();
  command->callback([options, exit_code] { *exit_code = RunSynth(*options); });
}

}  // namespace firetower::tools
