#include "core/forest/safetensors.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace firetower::forest {
namespace {

TEST(SafetensorsTest, WritesTheContainerByteByByte) {
  SafetensorsWriter writer;
  const std::vector<double> doubles = {1.0};
  const std::vector<uint16_t> shorts = {0x0102, 0xfffe};
  writer.Add<double>("d", doubles);
  writer.Add<uint16_t>("s", shorts);
  const std::pair<std::string, std::string> metadata[] = {{"k", "a\"b"}};
  const std::vector<uint8_t> file = writer.Finish(metadata);
  const std::string header =
      R"({"__metadata__":{"k":"a\"b"},"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)"
      R"("s":{"dtype":"U16","shape":[2],"data_offsets":[8,12]}})";
  const size_t padded = (header.size() + 7) / 8 * 8;
  ASSERT_EQ(file.size(), 8 + padded + 12);
  EXPECT_EQ(file[0], padded % 256);
  EXPECT_EQ(file[1], padded / 256);
  EXPECT_EQ(std::string(file.begin() + 8, file.begin() + 8 + static_cast<std::ptrdiff_t>(padded)),
            header + std::string(padded - header.size(), ' '));
  EXPECT_EQ(std::vector<uint8_t>(file.end() - 12, file.end()),
            (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x02, 0x01, 0xfe, 0xff}));
}

TEST(SafetensorsTest, ReadsBackEveryType) {
  SafetensorsWriter writer;
  const std::vector<double> f64 = {-0.0, std::numeric_limits<double>::denorm_min(), 1e308};
  const std::vector<float> f32 = {1.5f, -std::numeric_limits<float>::infinity()};
  const std::vector<int32_t> i32 = {-1, std::numeric_limits<int32_t>::min()};
  const std::vector<uint32_t> u32 = {0xffffffffu};
  const std::vector<uint16_t> u16 = {0xffff, 0};
  const std::vector<uint8_t> u8 = {};
  writer.Add<double>("f64", f64);
  writer.Add<float>("f32", f32);
  writer.Add<int32_t>("i32", i32);
  writer.Add<uint32_t>("u32", u32);
  writer.Add<uint16_t>("u16", u16);
  writer.Add<uint8_t>("u8", u8);
  const std::vector<uint8_t> bytes = writer.Finish({});
  const Result<SafetensorsFile> file = SafetensorsFile::Parse(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(*file->Read<double>("f64", 3), f64);
  EXPECT_EQ(*file->Read<float>("f32", 2), f32);
  EXPECT_EQ(*file->Read<int32_t>("i32", 2), i32);
  EXPECT_EQ(*file->Read<uint32_t>("u32", 1), u32);
  EXPECT_EQ(*file->Read<uint16_t>("u16", 2), u16);
  EXPECT_EQ(*file->Read<uint8_t>("u8", 0), u8);
  EXPECT_EQ(*file->Length("i32", Dtype::kI32), 2u);
  EXPECT_EQ(file->tensor_names().size(), 6u);
  EXPECT_FALSE(file->Has("other"));
  EXPECT_EQ(file->Read<float>("f32", 3).error().message, "tensor f32: shape [2] should be [3]");
  EXPECT_EQ(file->Read<float>("other", 3).error().message, "tensor other: is missing");
  EXPECT_EQ(bytes[static_cast<size_t>(file->ByteOffset("u16", 0))], 0xff);
}

TEST(SafetensorsTest, TensorsMayStandInAnyOrder) {
  const std::string header =
      R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  std::vector<uint8_t> bytes = {static_cast<uint8_t>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), {7, 8, 9});
  const Result<SafetensorsFile> file = SafetensorsFile::Parse(bytes);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(*file->Read<uint8_t>("a", 2), (std::vector<uint8_t>{7, 8}));
  EXPECT_EQ(*file->Read<uint8_t>("b", 1), std::vector<uint8_t>{9});
}

TEST(DuplicateKeyTest, LooksIntoEveryObject) {
  EXPECT_FALSE(FindDuplicateKey(R"({"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]})").has_value());
  EXPECT_EQ(FindDuplicateKey(R"({"a":1,"b":{"x":2,"y":3,"x":4}})"), "x");
  EXPECT_EQ(FindDuplicateKey(R"([{"a":1},{"b":"a","b":"a"}])"), "b");
  EXPECT_FALSE(FindDuplicateKey(R"({"a":"a","b":"a,\"b\":","c":"\\"})").has_value());
  EXPECT_EQ(FindDuplicateKey(R"({"a\u0062":1,"ab":2})"), "ab");
  EXPECT_FALSE(FindDuplicateKey(R"("text")").has_value());
  EXPECT_FALSE(FindDuplicateKey(R"({"":1,"a":2})").has_value());
  EXPECT_EQ(FindDuplicateKey(R"({"":1,"":2})"), "");
}

}  // namespace
}  // namespace firetower::forest
