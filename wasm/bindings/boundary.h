// What the page's modules have in common at their boundary: the reply of a fallible function and
// the buffer that JavaScript writes to. Thread-safety: a module has one thread.
#ifndef FIRETOWER_BINDINGS_BOUNDARY_H_
#define FIRETOWER_BINDINGS_BOUNDARY_H_

#include <emscripten/bind.h>
#include <emscripten/heap.h>
#include <emscripten/val.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace firetower::bindings {

// What every fallible function returns. text: the JSON of a function that gives some.
struct Reply {
  std::string code = "OK";
  std::string message;
  double row = -1;
  double line = -1;
  double column = -1;
  double byteOffset = -1;
  std::string text;
};

inline Reply ToReply(const Error& error) {
  return {.code = std::string(Name(error.code)),
          .message = error.message,
          .row = static_cast<double>(error.row),
          .line = static_cast<double>(error.line),
          .column = static_cast<double>(error.column),
          .byteOffset = static_cast<double>(error.byte_offset)};
}
inline Reply ToReply(const Status& status) {
  return status.ok() ? Reply{} : ToReply(status.error());
}
inline Reply ToReply(Result<std::string> result) {
  if (!result.ok()) return ToReply(result.error());
  Reply reply;
  reply.text = std::move(*result);
  return reply;
}

inline void BindReply() {
  emscripten::value_object<Reply>("Reply")
      .field("code", &Reply::code)
      .field("message", &Reply::message)
      .field("row", &Reply::row)
      .field("line", &Reply::line)
      .field("column", &Reply::column)
      .field("byteOffset", &Reply::byteOffset)
      .field("text", &Reply::text);
}

template <typename T>
emscripten::val View(std::span<const T> values) {
  return emscripten::val(emscripten::typed_memory_view(values.size(), values.data()));
}

// A count from JavaScript, which has only float64.
inline uint64_t ToCount(double value) {
  return value >= 0 && value < 9007199254740992.0 ? static_cast<uint64_t>(value) : UINT64_MAX;
}

// The ingest buffer stays; a larger one is made for a call that needs it and dropped by the next
// that does not.
class InputBuffer {
 public:
  // Bytes for JavaScript to write to, 8-byte aligned; empty if there is no memory for so many.
  emscripten::val Make(uint32_t bytes) {
    large_.reset();
    size_ = kIngestBytes;
    if (bytes > kIngestBytes) {
      const size_t numbers = (size_t{bytes} + sizeof(double) - 1) / sizeof(double);
      large_.reset(static_cast<double*>(std::malloc(numbers * sizeof(double))));
      if (!large_) return View(std::span<const uint8_t>(bytes_of(ingest_.get()), size_t{0}));
      size_ = numbers * sizeof(double);
    }
    return View(std::span<const uint8_t>(bytes_of(data()), bytes));
  }

  // The first n bytes (doubles) of it; fewer where it is smaller.
  std::span<const uint8_t> Bytes(size_t n) const { return {bytes_of(data()), std::min(n, size_)}; }
  std::span<const double> Numbers(size_t n) const {
    return {data(), std::min(n, size_ / sizeof(double))};
  }
  std::string_view Text(size_t n) const {
    const std::span<const uint8_t> bytes = Bytes(n);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  size_t size() const { return size_; }
  double* data() const { return large_ ? large_.get() : ingest_.get(); }

 private:
  static constexpr size_t kIngestBytes = size_t{4} << 20;
  struct Free {
    void operator()(double* memory) const { std::free(memory); }
  };
  static const uint8_t* bytes_of(const double* data) {
    return reinterpret_cast<const uint8_t*>(data);
  }

  std::unique_ptr<double[]> ingest_ = std::make_unique<double[]>(kIngestBytes / sizeof(double));
  std::unique_ptr<double, Free> large_;  // By malloc: without exceptions new (std::nothrow) aborts.
  size_t size_ = kIngestBytes;
};

}  // namespace firetower::bindings

#endif  // FIRETOWER_BINDINGS_BOUNDARY_H_
