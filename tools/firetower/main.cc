// The command line: `firetower SUBCOMMAND`. Wiring only; see commands.h.
#include <string>
#include <vector>

#include "commands.h"

namespace {

// One line that names the word that is not known, if there is one, and where to look.
std::string UsageError(const CLI::App* app, const CLI::Error& error) {
  const std::vector<std::string> unknown = app->remaining(true);
  const std::string reason =
      unknown.empty() ? std::string(error.what()) : "\"" + unknown[0] + "\" is not known here";
  return "firetower: " + reason + "; --help lists what there is\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Fraud scoring and model monitoring: the engine of the page, on the command line."};
  app.set_version_flag("--version", std::string("firetower ") + FIRETOWER_VERSION);
  app.require_subcommand(1);
  app.failure_message(UsageError);
  int exit_code = firetower::tools::kExitOk;
  firetower::tools::AddTrain(app, &exit_code);
  firetower::tools::AddTune(app, &exit_code);
  firetower::tools::AddEvaluate(app, &exit_code);
  firetower::tools::AddDetect(app, &exit_code);
  firetower::tools::AddDrift(app, &exit_code);
  firetower::tools::AddScore(app, &exit_code);
  firetower::tools::AddMerge(app, &exit_code);
  firetower::tools::AddFitGenerator(app, &exit_code);
  firetower::tools::AddSynth(app, &exit_code);
  firetower::tools::AddInspect(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : firetower::tools::kExitUsage;
  }
  return exit_code;
}
