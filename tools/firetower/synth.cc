// firetower synth: demo traffic from a fitted generator, written as it is made.
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "commands.h"
#include "core/synth/generator.h"
#include "files.h"

namespace firetower::tools {
namespace {

constexpr uint64_t kRowsAtOnce = 4096;

struct SynthOptions {
  std::string generator;
  std::string out = "-";
  synth::StreamOptions stream;
};

// Writes header and rows. Error: the system's reason.
Status WriteRows(const synth::Generator& generator, const SynthOptions& options, std::FILE* file) {
  synth::RowStream rows(generator, options.stream);
  std::string text;
  uint64_t got = 0;
  do {
    text.clear();
    got = rows.AppendCsv(kRowsAtOnce, &text);
    if (std::fwrite(text.data(), 1, text.size(), file) != text.size()) {
      return Error{.code = ErrorCode::kBadArgument, .message = std::strerror(errno)};
    }
  } while (got > 0);
  if (std::fflush(file) != 0) {
    return Error{.code = ErrorCode::kBadArgument, .message = std::strerror(errno)};
  }
  return {};
}

int RunSynth(const SynthOptions& options) {
  Result<std::vector<uint8_t>> bytes = ReadFile(options.generator);
  if (!bytes.ok()) return ReportError(options.generator, bytes.error());
  Result<synth::Generator> generator =
      synth::Generator::FromJson({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!generator.ok()) return ReportError(options.generator, generator.error());

  // To a temporary file beside the one asked for, renamed when it is complete.
  const bool to_stdout = options.out == "-";
  const std::string temporary = to_stdout ? options.out : options.out + ".part";
  std::FILE* file = to_stdout ? stdout : std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) {
    return ReportError(temporary,
                       {.code = ErrorCode::kBadArgument, .message = std::strerror(errno)});
  }
  Status written = WriteRows(*generator, options, file);
  if (!to_stdout) {
    const bool closed = std::fclose(file) == 0;
    if (written.ok() && (!closed || std::rename(temporary.c_str(), options.out.c_str()) != 0)) {
      written = Error{.code = ErrorCode::kBadArgument, .message = std::strerror(errno)};
    }
    if (!written.ok()) std::remove(temporary.c_str());
  }
  return written.ok() ? kExitOk : ReportError(options.out, written.error());
}

}  // namespace

void AddSynth(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("synth", "Make realistic transactions from a fitted generator");
  auto options = std::make_shared<SynthOptions>();
  command->add_option("--generator", options->generator, "generator.json")->required();
  command->add_option("--rows", options->stream.rows, "How many rows")->required();
  command->add_option("--seed", options->stream.seed, "The same seed makes the same rows")
      ->capture_default_str();
  command
      ->add_option("--fraud-rate", options->stream.fraud_rate,
                   "Share of frauds, 0 to 1 (default: the generator's own)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--out", options->out, "CSV file, - for standard output")
      ->capture_default_str();
  command->callback([options, exit_code] { *exit_code = RunSynth(*options); });
}

}  // namespace firetower::tools
