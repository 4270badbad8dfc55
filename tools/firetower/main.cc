// The command line: `firetower SUBCOMMAND`. Wiring only; see commands.h.
#include <cstdio>

#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app{"Fraud scoring and model monitoring: the engine of the page, on the command line."};
  app.set_version_flag("--version", std::string("firetower ") + FIRETOWER_VERSION);
  app.require_subcommand(1);
  int exit_code = firetower::tools::kExitOk;
  firetower::tools::AddTrain(app, &exit_code);
  firetower::tools::AddTune(app, &exit_code);
  firetower::tools::AddEvaluate(app, &exit_code);
  firetower::tools::AddScore(app, &exit_code);
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
