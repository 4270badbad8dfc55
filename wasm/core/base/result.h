// Errors as values. Every fallible function of core returns Result<T> (a value or an Error) or
// Status (nothing or an Error); nothing throws, prints or aborts on bad input.
//
//   Result<Model> model = ReadModel(bytes);
//   if (!model.ok()) return model.error();
//   Use(*model);
//
// Thread-safety: plain values, no shared state.
#ifndef FIRETOWER_CORE_BASE_RESULT_H_
#define FIRETOWER_CORE_BASE_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace firetower {

// Crosses to JavaScript and into exit codes: do not renumber.
enum class ErrorCode : int32_t {
  kOk = 0,
  kBadArgument = 1,
  kNotCsv = 2,
  kSchemaMismatch = 3,
  kBadRow = 4,
  kTooBig = 5,
  kOutOfMemory = 6,
  kModelInvalid = 7,
  kUnsupported = 8,
  kNotReady = 9,
  kGeneratorInvalid = 10,
  kDataInvalid = 11,
};
inline constexpr int32_t kErrorCodeCount = 12;

// The stable upper-case name of a code, as JavaScript sees it ("NOT_CSV"), and one sentence of what it means.
std::string_view Name(ErrorCode code);
std::string_view Message(ErrorCode code);

// What went wrong, and where. Absent places are -1. Lines and columns count from 1, rows and bytes from 0.
struct Error {
  ErrorCode code = ErrorCode::kOk;
  std::string message;
  int64_t row = -1;
  int64_t line = -1;
  int64_t column = -1;
  int64_t byte_offset = -1;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  // REQUIRES: ok().
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  // REQUIRES: !ok().
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return !error_.has_value(); }
  // REQUIRES: !ok().
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_RESULT_H_
