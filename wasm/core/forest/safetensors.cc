#include "core/forest/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <set>
#include <type_traits>

#include "core/base/json.h"
#include "core/forest/model.h"

namespace firetower::forest {
namespace {

struct DtypeText {
  std::string_view name;
  size_t bytes;
};
constexpr std::array<DtypeText, 6> kDtypes = {
    {{"U8", 1}, {"U16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4}, {"F64", 8}}};

constexpr size_t kLengthBytes = 8;  // Of the header length at the file's beginning.
constexpr std::string_view kMetadataKey = "__metadata__";

// Numbers are copied as they are in memory.
static_assert(std::endian::native == std::endian::little);

template <typename T>
void Append(std::span<const T> values, std::vector<uint8_t>* out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  out->insert(out->end(), bytes, bytes + values.size_bytes());
}

Error Invalid(std::string message, int64_t byte_offset = -1) {
  return {
      .code = ErrorCode::kModelInvalid, .message = std::move(message), .byte_offset = byte_offset};
}

Error InvalidTensor(std::string_view name, const std::string& reason) {
  return Invalid("tensor " + std::string(name) + ": " + reason);
}

bool ReadUnsigned(const json::value& value, uint64_t* out) {
  if (const auto* number = value.if_uint64()) {
    *out = *number;
    return true;
  }
  if (const auto* number = value.if_int64(); number != nullptr && *number >= 0) {
    *out = static_cast<uint64_t>(*number);
    return true;
  }
  return false;
}

std::string ShapeText(const std::vector<uint64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ",";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace

std::string_view Name(Dtype dtype) { return kDtypes[static_cast<size_t>(dtype)].name; }

size_t ByteSize(Dtype dtype) { return kDtypes[static_cast<size_t>(dtype)].bytes; }

template <typename T>
Dtype DtypeOf() {
  if constexpr (std::is_same_v<T, uint8_t>) return Dtype::kU8;
  if constexpr (std::is_same_v<T, uint16_t>) return Dtype::kU16;
  if constexpr (std::is_same_v<T, uint32_t>) return Dtype::kU32;
  if constexpr (std::is_same_v<T, int32_t>) return Dtype::kI32;
  if constexpr (std::is_same_v<T, float>) return Dtype::kF32;
  if constexpr (std::is_same_v<T, double>) return Dtype::kF64;
}

template <typename T>
void SafetensorsWriter::Add(std::string_view name, std::span<const T> values) {
  const size_t begin = data_.size();
  Append(values, &data_);
  tensors_ += ",\"" + std::string(name) + "\":{\"dtype\":\"" + std::string(Name(DtypeOf<T>())) +
              "\",\"shape\":[" + std::to_string(values.size()) + "],\"data_offsets\":[" +
              std::to_string(begin) + "," + std::to_string(data_.size()) + "]}";
}

std::vector<uint8_t> SafetensorsWriter::Finish(
    std::span<const std::pair<std::string, std::string>> metadata) const {
  std::string header = "{\"" + std::string(kMetadataKey) + "\":{";
  for (size_t i = 0; i < metadata.size(); ++i) {
    if (i > 0) header += ",";
    AppendJsonText(metadata[i].first, &header);
    header += ":";
    AppendJsonText(metadata[i].second, &header);
  }
  header += "}" + tensors_ + "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::vector<uint8_t> file;
  file.reserve(kLengthBytes + header.size() + data_.size());
  const uint64_t header_size = header.size();
  Append(std::span(&header_size, 1), &file);
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data_.begin(), data_.end());
  return file;
}

Result<SafetensorsFile> SafetensorsFile::Parse(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxModelBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "the file has " + std::to_string(bytes.size()) +
                            " bytes; the limit is " + std::to_string(kMaxModelBytes)};
  }
  if (bytes.size() < kLengthBytes) {
    return Invalid("byte 0: the file has " + std::to_string(bytes.size()) +
                       " bytes, too few for the 8 of the header length",
                   0);
  }
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), kLengthBytes);
  if (header_size > kMaxHeaderBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "byte 0: a header of " + std::to_string(header_size) +
                            " bytes is over the limit of " + std::to_string(kMaxHeaderBytes),
                 .byte_offset = 0};
  }
  if (header_size > bytes.size() - kLengthBytes) {
    return Invalid("byte 0: a header of " + std::to_string(header_size) +
                       " bytes goes past the end of the file (" + std::to_string(bytes.size()) +
                       " bytes)",
                   0);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data() + kLengthBytes),
                              static_cast<size_t>(header_size));
  if (text.empty() || text.front() != '{')
    return Invalid("byte 8: the header is no JSON object", 8);
  Result<json::value> parsed = ParseJson(text, ErrorCode::kModelInvalid, "header");
  if (!parsed.ok()) {
    Error error = parsed.error();
    error.byte_offset += static_cast<int64_t>(kLengthBytes);
    return error;
  }
  if (const auto key = FindDuplicateKey(text)) {
    return Invalid("header: \"" + *key + "\" is there twice");
  }

  SafetensorsFile file;
  file.data_offset_ = kLengthBytes + header_size;
  file.data_ = bytes.subspan(static_cast<size_t>(file.data_offset_));
  for (const auto& member : parsed->get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    const json::object* entry = member.value().if_object();
    if (entry == nullptr) return Invalid("header: \"" + std::string(name) + "\" is no object");
    if (name == kMetadataKey) {
      for (const auto& pair : *entry) {
        const json::string* value = pair.value().if_string();
        const std::string key(pair.key().data(), pair.key().size());
        if (value == nullptr) return Invalid("metadata " + key + ": is no string");
        file.metadata_.emplace_back(key, std::string(value->data(), value->size()));
      }
      continue;
    }
    Tensor tensor;
    tensor.name = name;
    const json::value* dtype = entry->if_contains("dtype");
    const json::string* dtype_name = dtype != nullptr ? dtype->if_string() : nullptr;
    if (dtype_name == nullptr) return InvalidTensor(name, "has no dtype");
    const std::string_view wanted(dtype_name->data(), dtype_name->size());
    const auto known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeText& text_of) {
      return text_of.name == wanted;
    });
    if (known == kDtypes.end()) {
      return InvalidTensor(name, "dtype " + std::string(wanted) + " is not used in model files");
    }
    tensor.dtype = static_cast<Dtype>(known - kDtypes.begin());

    const json::value* shape = entry->if_contains("shape");
    if (shape == nullptr || !shape->is_array()) return InvalidTensor(name, "has no shape");
    uint64_t elements = 1;
    for (const json::value& dimension : shape->get_array()) {
      uint64_t size = 0;
      if (!ReadUnsigned(dimension, &size))
        return InvalidTensor(name, "has a shape that is no list of sizes");
      tensor.shape.push_back(size);
      if (size != 0 && elements > kMaxModelBytes / size) {
        return InvalidTensor(name, "its shape is over the limit of a model file");
      }
      elements *= size;
    }
    const json::value* offsets = entry->if_contains("data_offsets");
    const json::array* pair = offsets != nullptr ? offsets->if_array() : nullptr;
    if (pair == nullptr || pair->size() != 2 || !ReadUnsigned((*pair)[0], &tensor.begin) ||
        !ReadUnsigned((*pair)[1], &tensor.end)) {
      return InvalidTensor(name, "has no data_offsets [begin, end]");
    }
    if (tensor.begin > tensor.end || tensor.end > file.data_.size()) {
      return InvalidTensor(name, "data_offsets [" + std::to_string(tensor.begin) + "," +
                                     std::to_string(tensor.end) + "] are outside the " +
                                     std::to_string(file.data_.size()) + " data bytes");
    }
    if (elements * ByteSize(tensor.dtype) != tensor.end - tensor.begin) {
      return InvalidTensor(name, "shape " + ShapeText(tensor.shape) + " of " + std::string(wanted) +
                                     " needs " + std::to_string(elements * ByteSize(tensor.dtype)) +
                                     " bytes, not " + std::to_string(tensor.end - tensor.begin));
    }
    file.tensors_.push_back(std::move(tensor));
  }
  if (Status status = file.CheckLayout(); !status.ok()) return status.error();
  return file;
}

Status SafetensorsFile::CheckLayout() const {
  std::vector<const Tensor*> order;
  for (const Tensor& tensor : tensors_) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const Tensor* a, const Tensor* b) {
    return a->begin != b->begin ? a->begin < b->begin
                                : (a->end != b->end ? a->end < b->end : a->name < b->name);
  });
  uint64_t next = 0;
  for (const Tensor* tensor : order) {
    if (tensor->begin < next) {
      return InvalidTensor(tensor->name, "begins at data byte " + std::to_string(tensor->begin) +
                                             ", inside the tensor before it");
    }
    if (tensor->begin > next) {
      return InvalidTensor(tensor->name, "data bytes " + std::to_string(next) + ".." +
                                             std::to_string(tensor->begin) +
                                             " before it belong to no tensor");
    }
    next = tensor->end;
  }
  if (next != data_.size()) {
    const uint64_t end = data_offset_ + next;
    return Invalid("byte " + std::to_string(end) + ": " + std::to_string(data_.size() - next) +
                       " bytes after the last tensor",
                   static_cast<int64_t>(end));
  }
  return {};
}

const SafetensorsFile::Tensor* SafetensorsFile::Find(std::string_view name) const {
  for (const Tensor& tensor : tensors_) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<std::string_view> SafetensorsFile::Metadata(std::string_view key) const {
  for (const auto& [name, value] : metadata_) {
    if (name == key) return std::string_view(value);
  }
  return Invalid("header: there is no metadata \"" + std::string(key) + "\"");
}

bool SafetensorsFile::Has(std::string_view tensor) const { return Find(tensor) != nullptr; }

std::vector<std::string_view> SafetensorsFile::tensor_names() const {
  std::vector<std::string_view> names;
  for (const Tensor& tensor : tensors_) names.push_back(tensor.name);
  return names;
}

Result<size_t> SafetensorsFile::Length(std::string_view tensor, Dtype dtype) const {
  const Tensor* found = Find(tensor);
  if (found == nullptr) return InvalidTensor(tensor, "is missing");
  if (found->dtype != dtype) {
    return InvalidTensor(tensor, "dtype " + std::string(Name(found->dtype)) + " should be " +
                                     std::string(Name(dtype)));
  }
  if (found->shape.size() != 1) {
    return InvalidTensor(tensor, "shape " + ShapeText(found->shape) + " should have one dimension");
  }
  return static_cast<size_t>(found->shape[0]);
}

template <typename T>
Result<TensorView<T>> SafetensorsFile::View(std::string_view tensor, size_t length) const {
  const Result<size_t> found = Length(tensor, DtypeOf<T>());
  if (!found.ok()) return found.error();
  if (*found != length) {
    return InvalidTensor(tensor, "shape [" + std::to_string(*found) + "] should be [" +
                                     std::to_string(length) + "]");
  }
  return TensorView<T>(data_.data() + Find(tensor)->begin, length);
}

template <typename T>
Result<std::vector<T>> SafetensorsFile::Read(std::string_view tensor, size_t length) const {
  const Result<TensorView<T>> view = View<T>(tensor, length);
  if (!view.ok()) return view.error();
  return view->Copy();
}

int64_t SafetensorsFile::ByteOffset(std::string_view tensor, size_t index) const {
  const Tensor* found = Find(tensor);
  return static_cast<int64_t>(data_offset_ + found->begin + index * ByteSize(found->dtype));
}

std::optional<std::string> FindDuplicateKey(std::string_view text) {
  struct Level {
    bool is_object;
    bool expects_key;
    std::set<std::string> keys;
  };
  std::vector<Level> levels;
  for (size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '{':
      case '[':
        levels.push_back({text[i] == '{', text[i] == '{', {}});
        break;
      case '}':
      case ']':
        levels.pop_back();
        break;
      case ',':
        levels.back().expects_key = levels.back().is_object;
        break;
      case '"': {
        const size_t begin = i++;
        while (text[i] != '"') i += text[i] == '\\' ? 2u : 1u;
        if (levels.empty() || !levels.back().expects_key) break;
        levels.back().expects_key = false;
        // Decoded, for a name may be written in several ways.
        const Result<json::value> key =
            ParseJson(text.substr(begin, i + 1 - begin), ErrorCode::kModelInvalid, "key");
        if (!key.ok() || !key->is_string()) break;
        const json::string& name = key->get_string();
        const auto inserted = levels.back().keys.emplace(name.data(), name.size());
        if (!inserted.second) return *inserted.first;
        break;
      }
      default:
        break;
    }
  }
  return std::nullopt;
}

#define FIRETOWER_INSTANTIATE(T)                                                           \
  template Dtype DtypeOf<T>();                                                             \
  template void SafetensorsWriter::Add<T>(std::string_view, std::span<const T>);           \
  template Result<TensorView<T>> SafetensorsFile::View<T>(std::string_view, size_t) const; \
  template Result<std::vector<T>> SafetensorsFile::Read<T>(std::string_view, size_t) const;
FIRETOWER_INSTANTIATE(uint8_t)
FIRETOWER_INSTANTIATE(uint16_t)
FIRETOWER_INSTANTIATE(uint32_t)
FIRETOWER_INSTANTIATE(int32_t)
FIRETOWER_INSTANTIATE(float)
FIRETOWER_INSTANTIATE(double)
#undef FIRETOWER_INSTANTIATE

}  // namespace firetower::forest
