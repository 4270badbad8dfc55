// Files and error lines, as every subcommand uses them.
#ifndef FIRETOWER_TOOLS_FIRETOWER_FILES_H_
#define FIRETOWER_TOOLS_FIRETOWER_FILES_H_

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::tools {

// The whole file ("-": standard input). Errors: kBadArgument with the system's reason.
Result<std::vector<uint8_t>> ReadFile(const std::string& path);

// A result on its way out; "-" is standard output. A regular file, or one that is not there yet,
// appears under its name only when it is complete; symbolic links are followed. Devices, pipes and
// the like are written to as they are.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();  // Takes an unfinished file away.
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // False once opening or writing has failed; what is written then is dropped.
  bool ok() const { return status_.ok(); }
  void Write(std::string_view bytes);
  // Errors (of opening and writing, too): kBadArgument with the system's reason.
  Status Close();

 private:
  std::string path_;
  std::string temporary_;  // Empty: written to as it is.
  std::FILE* file_ = nullptr;
  Status status_;
};

// All of a result at once. Errors: as OutputFile::Close.
Status WriteFile(const std::string& path, std::string_view bytes);

// A result by its option, "--out", and where it goes; empty: nowhere.
struct Place {
  std::string option;
  std::string path;
};

// kExitOk, or kExitUsage where two results go to the same place, or one would take the place of a
// file that is `read`, which it says on standard error.
int CheckPlaces(std::initializer_list<Place> places, std::initializer_list<Place> read = {});

// Prints "firetower: FILE:LINE:COLUMN: reason" to stderr, places left out where unknown, and
// returns the exit code for it.
int ReportError(const std::string& file, const Error& error);
// The same for any error of reading a model: always kExitModelInvalid.
int ReportModelError(const std::string& file, const Error& error);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_FILES_H_
