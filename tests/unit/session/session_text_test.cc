#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "session/record_window.h"
#include "session/text.h"
#include "test_model.h"

namespace firetower::session {
namespace {

TEST(ValidUtf8Test, KeepsWellFormedTextAndReplacesEveryOtherByte) {
  EXPECT_EQ(ValidUtf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\xA5"),
            "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\xA5");
  EXPECT_EQ(ValidUtf8("caf\xE9,\"x\""), "caf\xEF\xBF\xBD,\"x\"");                  // Latin-1
  EXPECT_EQ(ValidUtf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                    // overlong
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80x"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");  // surrogate
  EXPECT_EQ(ValidUtf8("\xF4\x90\x80\x80").size(), 12u);          // beyond U+10FFFF
  EXPECT_EQ(ValidUtf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut short
}

TEST(ExcerptTest, ShowsControlCharactersAndClips) {
  EXPECT_EQ(Excerpt(std::string_view("a\tb\n\0c\x7F", 7)),
            "a\xE2\x90\x89"
            "b\xE2\x90\x8A\xE2\x90\x80"
            "c\xE2\x90\xA1");
  EXPECT_EQ(Excerpt("abcdef", 3), "abc\xE2\x80\xA6");
  EXPECT_EQ(Excerpt("abc", 3), "abc");
  EXPECT_EQ(Excerpt("\xC3\xA9\xC3\xA9\xC3\xA9", 2), "\xC3\xA9\xC3\xA9\xE2\x80\xA6");
  EXPECT_EQ(Excerpt(std::string(100, 'x')).size(), 80u + 3u);
}

TEST(RecordWindowTest, GivesTheBytesOfAnyFragmentation) {
  const std::string text = "first,1\r\nsecond,2\n\nthird,3";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    RecordWindow window(100);
    uint64_t keep = 100;
    std::string read;
    for (size_t at = 0; at < text.size(); at += piece) {
      const std::string part = text.substr(at, piece);
      window.Feed(Bytes(part));
      const uint64_t fed = 100 + at + part.size();
      read += window.Bytes(keep, fed);
      EXPECT_EQ(window.Bytes(0, fed).substr(0, 1), text.substr(static_cast<size_t>(keep - 100), 1));
      keep = std::max(keep, fed - fed % 3);  // Some bytes stay for the next piece.
      read.resize(static_cast<size_t>(keep - 100));
      window.Keep(keep);
      EXPECT_EQ(window.kept_bytes(), fed - keep);
    }
    read += window.Bytes(keep, 100 + text.size());
    EXPECT_EQ(read, text);
  }
}

TEST(RecordWindowTest, RecordsComeWithoutTheirLineEnds) {
  RecordWindow window(0);
  const std::string text = "a,1\r\n\r\nb,\"x\n\"\n";
  window.Feed(Bytes(text));
  EXPECT_EQ(window.Record(0, 7), "a,1");
  EXPECT_EQ(window.Record(7, 14), "b,\"x\n\"");
  EXPECT_EQ(window.Record(14, 99), "");
  window.Keep(7);
  window.DropTail();
  EXPECT_EQ(window.Record(7, 14), "");
}

}  // namespace
}  // namespace firetower::session
