#include "core/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace firetower {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) {
    return Error{.code = ErrorCode::kBadArgument, .message = "odd", .row = value};
  }
  return value / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = Half(4);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 2);
  const Result<int> bad = Half(3);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(bad.error().message, "odd");
  EXPECT_EQ(bad.error().row, 3);
  EXPECT_EQ(bad.error().line, -1);
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, OfAnErrorAsValueIsToldApart) {
  Result<std::string> text(std::string("text"));
  EXPECT_TRUE(text.ok());
  EXPECT_EQ(text->size(), 4u);
}

TEST(Status, IsOkByDefault) {
  EXPECT_TRUE(Status().ok());
  const Status bad = Error{.code = ErrorCode::kTooBig, .message = "m"};
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kTooBig);
}

TEST(ErrorCode, NamesAndMessagesAreAllThere) {
  std::set<std::string_view> names;
  for (int32_t i = 0; i < kErrorCodeCount; ++i) {
    const ErrorCode code = static_cast<ErrorCode>(i);
    names.insert(Name(code));
    EXPECT_EQ(Message(code).back(), '.');
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kErrorCodeCount));
  EXPECT_EQ(Name(ErrorCode::kNotCsv), "NOT_CSV");
  EXPECT_EQ(Name(ErrorCode::kSchemaMismatch), "SCHEMA_MISMATCH");
}

}  // namespace
}  // namespace firetower
