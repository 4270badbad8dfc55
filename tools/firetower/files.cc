#include "files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "commands.h"

namespace firetower::tools {
namespace {

struct Closer {
  void operator()(std::FILE* file) const {
    if (file != stdin && file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Closer>;

Error SystemError(const std::string& path, std::string_view action) {
  return {.code = ErrorCode::kBadArgument,
          .message = std::string(action) + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::vector<uint8_t>> ReadFile(const std::string& path) {
  File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return SystemError(path, "cannot open");
  std::vector<uint8_t> bytes;
  size_t size = 0;
  for (;;) {
    bytes.resize(size + (size_t{1} << 20) + size / 2);
    const size_t got = std::fread(bytes.data() + size, 1, bytes.size() - size, file.get());
    size += got;
    if (got == 0) break;
  }
  if (std::ferror(file.get())) return SystemError(path, "cannot read");
  bytes.resize(size);
  return bytes;
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  const std::string temporary = path == "-" ? path : path + ".part";
  File file(path == "-" ? stdout : std::fopen(temporary.c_str(), "wb"));
  if (!file) return SystemError(temporary, "cannot write");
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size() &&
                       std::fflush(file.get()) == 0;
  if (!written) return SystemError(temporary, "cannot write");
  file.reset();
  if (path != "-" && std::rename(temporary.c_str(), path.c_str()) != 0) {
    return SystemError(path, "cannot write");
  }
  return {};
}

int ReportError(const std::string& file, const Error& error) {
  std::string place = file;
  if (error.line >= 0) place += ":" + std::to_string(error.line);
  if (error.line >= 0 && error.column >= 0) place += ":" + std::to_string(error.column);
  std::fprintf(stderr, "firetower: %s: %s\n", place.c_str(), error.message.c_str());
  switch (error.code) {
    case ErrorCode::kModelInvalid:
      return kExitModelInvalid;
    case ErrorCode::kBadArgument:
      return kExitUsage;
    default:
      return kExitBadInput;
  }
}

}  // namespace firetower::tools
