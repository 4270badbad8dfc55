// Files and error lines, as every subcommand uses them.
#ifndef FIRETOWER_TOOLS_FIRETOWER_FILES_H_
#define FIRETOWER_TOOLS_FIRETOWER_FILES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::tools {

// The whole file ("-": standard input). Errors: kBadArgument naming the file and the system's reason.
Result<std::vector<uint8_t>> ReadFile(const std::string& path);
// Writes to a temporary file beside path and renames it ("-": standard output).
Status WriteFile(const std::string& path, std::string_view bytes);

// Prints "firetower: FILE:LINE:COLUMN: reason" to stderr, places left out where unknown, and returns the exit code for it.
int ReportError(const std::string& file, const Error& error);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_FILES_H_
