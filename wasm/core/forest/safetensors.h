// The safetensors container: named little-endian arrays with a JSON header. Knows nothing of
// forests; model.cc does. The alignment of the input does not matter; the host is little-endian.
//
//   SafetensorsWriter writer;
//   writer.Add("threshold", thresholds);
//   std::vector<uint8_t> file = writer.Finish({{"firetower", document}});
//
//   Result<SafetensorsFile> file = SafetensorsFile::Parse(bytes);
//   Result<std::vector<float>> thresholds = file->Read<float>("threshold", 100);
//
// Thread-safety: one writer per thread; a parsed file is read-only. Source: the format's
// description at https://github.com/huggingface/safetensors (README, "Format"), version 0.4.
#ifndef FIRETOWER_CORE_FOREST_SAFETENSORS_H_
#define FIRETOWER_CORE_FOREST_SAFETENSORS_H_

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace firetower::forest {

// In files by name: "U8", "U16", "U32", "I32", "F32", "F64".
enum class Dtype : int32_t { kU8, kU16, kU32, kI32, kF32, kF64 };
std::string_view Name(Dtype dtype);
size_t ByteSize(Dtype dtype);

// The dtype that stands for T: uint8_t, uint16_t, uint32_t, int32_t, float or double.
template <typename T>
Dtype DtypeOf();

// The values of a tensor where they lie in the file, at any address.
template <typename T>
class TensorView {
 public:
  TensorView() = default;
  TensorView(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  size_t size() const { return size_; }
  T operator[](size_t i) const {
    T value;
    std::memcpy(&value, bytes_ + i * sizeof(T), sizeof(T));
    return value;
  }
  std::vector<T> Copy() const {
    std::vector<T> values(size_);
    if (size_ > 0) std::memcpy(values.data(), bytes_, size_ * sizeof(T));
    return values;
  }

 private:
  const uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

class SafetensorsWriter {
 public:
  // Appends a tensor of one dimension. REQUIRES: name is plain ASCII without quotes and not used
  // before; tensors come with element sizes that do not rise, so that each is aligned.
  template <typename T>
  void Add(std::string_view name, std::span<const T> values);

  // The file: header length, header (filled with blanks to a multiple of 8), data. metadata: string
  // pairs.
  std::vector<uint8_t> Finish(std::span<const std::pair<std::string, std::string>> metadata) const;

 private:
  std::string tensors_;  // Header entries so far, each with a leading comma.
  std::vector<uint8_t> data_;
};

class SafetensorsFile {
 public:
  // Checks header and layout: every byte after the header belongs to exactly one tensor. Keeps
  // views of bytes, which must outlive the file. Errors: kModelInvalid with the place, kTooBig.
  static Result<SafetensorsFile> Parse(std::span<const uint8_t> bytes);

  // The metadata string under key. Errors: kModelInvalid (absent).
  Result<std::string_view> Metadata(std::string_view key) const;
  bool Has(std::string_view tensor) const;
  std::vector<std::string_view> tensor_names() const;  // In header order.

  // Number of elements of a tensor of one dimension. Errors: kModelInvalid (absent, another rank or
  // dtype).
  Result<size_t> Length(std::string_view tensor, Dtype dtype) const;

  // The tensor's values. Errors: kModelInvalid (as Length, or another length). Read allocates
  // length elements.
  template <typename T>
  Result<TensorView<T>> View(std::string_view tensor, size_t length) const;
  template <typename T>
  Result<std::vector<T>> Read(std::string_view tensor, size_t length) const;

  // Byte offset in the file of element `index` of a tensor. REQUIRES: Has(tensor).
  int64_t ByteOffset(std::string_view tensor, size_t index) const;

 private:
  struct Tensor {
    std::string name;
    Dtype dtype = Dtype::kU8;
    std::vector<uint64_t> shape;
    uint64_t begin = 0;  // Relative to the first data byte.
    uint64_t end = 0;
  };
  const Tensor* Find(std::string_view name) const;
  Status CheckLayout() const;

  std::vector<Tensor> tensors_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::span<const uint8_t> data_;
  uint64_t data_offset_ = 0;
};

// Finds a member that an object of the JSON text has twice; nothing if there is none. REQUIRES:
// text is valid JSON.
std::optional<std::string> FindDuplicateKey(std::string_view text);

}  // namespace firetower::forest

#endif  // FIRETOWER_CORE_FOREST_SAFETENSORS_H_
