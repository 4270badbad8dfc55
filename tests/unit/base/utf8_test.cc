#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace firetower {
namespace {

std::string Encoded(uint32_t code) {
  std::string text;
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
  return text;
}

// Every code point, encoded by the definition (RFC 3629, section 3): surrogates and what is beyond
// U+10FFFF are not well-formed.
TEST(Utf8Test, EveryCodePoint) {
  for (uint32_t code = 0; code < 0x120000; ++code) {
    const std::string text = Encoded(code);
    const bool valid = (code < 0xD800 || code > 0xDFFF) && code <= 0x10FFFF;
    ASSERT_EQ(Utf8Length(text), valid ? text.size() : 0u) << code;
  }
}

TEST(Utf8Test, BadBytesAreReplacedOneByOne) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(ValidUtf8(""), "");
  EXPECT_EQ(ValidUtf8("a\xC3\xA4z"), "a\xC3\xA4z");
  EXPECT_EQ(ValidUtf8("a\xC3"), "a" + bad);                         // Cut off.
  EXPECT_EQ(ValidUtf8("\x80y"), bad + "y");                         // A continuation alone.
  EXPECT_EQ(ValidUtf8("\xC0\xAF"), bad + bad);                      // Overlong.
  EXPECT_EQ(ValidUtf8("\xE0\x80\x80"), bad + bad + bad);            // Overlong.
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80"), bad + bad + bad);            // A surrogate.
  EXPECT_EQ(ValidUtf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // Beyond U+10FFFF.
  EXPECT_EQ(ValidUtf8("\xFF"), bad);
}

}  // namespace
}  // namespace firetower
