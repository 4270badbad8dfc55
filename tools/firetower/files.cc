#include "files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "commands.h"

namespace firetower::tools {
namespace {

struct Closer {
  void operator()(std::FILE* file) const {
    if (file != stdin && file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Closer>;

Error SystemError(std::string_view action, const std::string& reason = std::strerror(errno)) {
  return {.code = ErrorCode::kBadArgument, .message = std::string(action) + ": " + reason};
}

// What symbolic links lead to, also where nothing is there yet. REQUIRES: they do not go round.
std::filesystem::path Followed(std::filesystem::path path) {
  std::error_code error;
  while (std::filesystem::is_symlink(path, error)) {
    const std::filesystem::path next = std::filesystem::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / next;
  }
  return path;
}

}  // namespace

Result<std::vector<uint8_t>> ReadFile(const std::string& path) {
  File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return SystemError("cannot open");
  std::vector<uint8_t> bytes;
  size_t size = 0;
  for (;;) {
    bytes.resize(size + (size_t{1} << 20) + size / 2);
    const size_t got = std::fread(bytes.data() + size, 1, bytes.size() - size, file.get());
    size += got;
    if (got == 0) break;
  }
  if (std::ferror(file.get())) return SystemError("cannot read");
  bytes.resize(size);
  return bytes;
}

OutputFile::OutputFile(const std::string& path) {
  if (path == "-") {
    file_ = stdout;
    return;
  }
  std::error_code error;
  const std::filesystem::file_status found = std::filesystem::status(path, error);
  if (found.type() == std::filesystem::file_type::none) {
    status_ = SystemError("cannot write", error.message());
    return;
  }
  if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found)) {
    file_ = std::fopen(path.c_str(), "wb");
  } else {
    path_ = Followed(path).string();
    temporary_ = path_ + ".part";
    file_ = std::fopen(temporary_.c_str(), "wb");
  }
  if (file_ == nullptr) status_ = SystemError("cannot write");
}

OutputFile::~OutputFile() {
  if (file_ == nullptr || file_ == stdout) return;
  std::fclose(file_);
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

void OutputFile::Write(std::string_view bytes) {
  if (status_.ok() && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
    status_ = SystemError("cannot write");
  }
}

Status OutputFile::Close() {
  if (!status_.ok()) return status_;
  if (std::fflush(file_) != 0) return status_ = SystemError("cannot write");
  if (file_ == stdout) return status_;
  const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
  if (!closed || (!temporary_.empty() && std::rename(temporary_.c_str(), path_.c_str()) != 0)) {
    status_ = SystemError("cannot write");
    if (!temporary_.empty()) std::remove(temporary_.c_str());
  }
  return status_;
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  file.Write(bytes);
  return file.Close();
}

int CheckPlaces(std::initializer_list<Place> places, std::initializer_list<Place> read) {
  for (const Place* a = places.begin(); a != places.end(); ++a) {
    for (const Place* b = a + 1; b != places.end(); ++b) {
      if (a->path.empty() || a->path != b->path) continue;
      const std::string where = a->path == "-" ? "standard output" : a->path;
      std::fprintf(stderr, "firetower: %s and %s cannot both be written to %s\n", a->option.c_str(),
                   b->option.c_str(), where.c_str());
      return kExitUsage;
    }
    for (const Place& source : read) {
      std::error_code error;
      if (!std::filesystem::is_regular_file(a->path, error) ||
          !std::filesystem::equivalent(a->path, source.path, error)) {
        continue;
      }
      std::fprintf(stderr, "firetower: %s would replace the file that %s reads: %s\n",
                   a->option.c_str(), source.option.c_str(), source.path.c_str());
      return kExitUsage;
    }
  }
  return kExitOk;
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

int ReportModelError(const std::string& file, const Error& error) {
  ReportError(file, error);
  return kExitModelInvalid;
}

}  // namespace firetower::tools
