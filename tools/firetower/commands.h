// The subcommands of `firetower`, one source file each. Every function adds its subcommand to the app; the subcommand's
// callback does the work and sets *exit_code (kExit... below).
#ifndef FIRETOWER_TOOLS_FIRETOWER_COMMANDS_H_
#define FIRETOWER_TOOLS_FIRETOWER_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace firetower::tools {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadInput = 3;
inline constexpr int kExitModelInvalid = 4;

void AddTrain(CLI::App& app, int* exit_code);
void AddTune(CLI::App& app, int* exit_code);
void AddEvaluate(CLI::App& app, int* exit_code);
void AddDetect(CLI::App& app, int* exit_code);
void AddDrift(CLI::App& app, int* exit_code);
void AddScore(CLI::App& app, int* exit_code);
void AddMerge(CLI::App& app, int* exit_code);
void AddInspect(CLI::App& app, int* exit_code);
void AddSynth(CLI::App& app, int* exit_code);
void AddFitGenerator(CLI::App& app, int* exit_code);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_COMMANDS_H_
