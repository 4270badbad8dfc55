#include "core/base/json.h"

#include <fast_float/fast_float.h>

#include <boost/json/value_stack.hpp>
#include <cstdint>
#include <utility>

#include "core/base/shortest.h"
#include "core/base/utf8.h"

namespace firetower {
namespace {

constexpr size_t kMaxDepth = 32;
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads RFC 8259 into the library's value_stack.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { stack_.reset(); }

  // The whole text is one value. Else reason() and at() say what is wrong where.
  bool Run() {
    do {
      if (!BeginValue()) return false;
    } while (!EndValues());
    if (reason_ == nullptr && at_ < text_.size()) Fail("extra data");
    return reason_ == nullptr;
  }

  json::value Release() { return stack_.release(); }
  const char* reason() const { return reason_; }
  size_t at() const { return at_; }

 private:
  struct Level {
    bool is_object;
    size_t members;
  };

  bool Fail(const char* reason) {
    reason_ = at_ >= text_.size() ? "incomplete" : reason;
    return false;
  }

  // NUL, which no value may begin with or go on with, at the end.
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipBlanks() {
    while (Next() == ' ' || Next() == '\t' || Next() == '\r' || Next() == '\n') ++at_;
  }

  // Reads a scalar, or goes into lists and objects until there is one or the innermost is empty.
  bool BeginValue() {
    while (true) {
      SkipBlanks();
      const char c = Next();
      if (c != '{' && c != '[') {
        if (!Scalar()) return false;
        if (depth_ > 0) ++levels_[depth_ - 1].members;
        return true;
      }
      if (depth_ == kMaxDepth) return Fail("nested too deep");
      ++at_;
      levels_[depth_++] = {c == '{', 0};
      SkipBlanks();
      if (Next() == (c == '{' ? '}' : ']')) return true;
      if (c == '{' && !Key()) return false;
    }
  }

  // Closes what ends here. False: another value follows. True: all is read, or something is wrong.
  bool EndValues() {
    while (true) {
      SkipBlanks();
      if (depth_ == 0) return true;
      const Level level = levels_[depth_ - 1];
      if (Next() == ',') {
        ++at_;
        SkipBlanks();
        return level.is_object && !Key();
      }
      if (Next() != (level.is_object ? '}' : ']')) {
        Fail("neither a comma nor an end");
        return true;
      }
      ++at_;
      if (level.is_object) {
        stack_.push_object(level.members);
      } else {
        stack_.push_array(level.members);
      }
      --depth_;
      if (depth_ > 0) ++levels_[depth_ - 1].members;
    }
  }

  bool Key() {
    if (Next() != '"') return Fail("a name is expected");
    if (!Text()) return false;
    stack_.push_key(json::string_view(buffer_.data(), buffer_.size()));
    SkipBlanks();
    if (Next() != ':') return Fail("a colon is expected");
    ++at_;
    return true;
  }

  bool Scalar() {
    if (Next() == '"') {
      if (!Text()) return false;
      stack_.push_string(json::string_view(buffer_.data(), buffer_.size()));
      return true;
    }
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view word : {"true", "false", "null"}) {
      if (rest.substr(0, word.size()) != word) continue;
      at_ += word.size();
      if (word == "null") {
        stack_.push_null();
      } else {
        stack_.push_bool(word == "true");
      }
      return true;
    }
    return Number();
  }

  bool Digits() {
    const size_t begin = at_;
    while (IsDigit(Next())) ++at_;
    return at_ > begin || Fail("a digit is expected");
  }

  bool Number() {
    const size_t begin = at_;
    const bool negative = Next() == '-';
    if (negative) ++at_;
    if (!IsDigit(Next())) return Fail("no value begins like this");
    uint64_t whole = 0;
    bool fits = true;
    if (Next() == '0') {
      ++at_;
    } else {
      for (; IsDigit(Next()); ++at_) {
        const auto digit = static_cast<uint64_t>(Next() - '0');
        fits = fits && whole <= (UINT64_MAX - digit) / 10;
        whole = whole * 10 + digit;
      }
    }
    bool is_integer = fits && (!negative || whole <= uint64_t{1} << 63);
    if (Next() == '.') {
      is_integer = false;
      ++at_;
      if (!Digits()) return false;
    }
    if (Next() == 'e' || Next() == 'E') {
      is_integer = false;
      ++at_;
      if (Next() == '+' || Next() == '-') ++at_;
      if (!Digits()) return false;
    }
    if (!is_integer) {
      double value = 0.0;
      fast_float::from_chars(text_.data() + begin, text_.data() + at_, value);
      stack_.push_double(value);
    } else if (negative) {
      stack_.push_int64(static_cast<int64_t>(~whole + 1));
    } else if (whole <= static_cast<uint64_t>(INT64_MAX)) {
      stack_.push_int64(static_cast<int64_t>(whole));
    } else {
      stack_.push_uint64(whole);
    }
    return true;
  }

  // A text in quotes, decoded into buffer_.
  bool Text() {
    buffer_.clear();
    ++at_;
    while (true) {
      const char c = Next();
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a text");
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      const size_t length = Utf8Length(text_.substr(at_));
      if (length == 0) return Fail("a text is not UTF-8");
      buffer_.append(text_.substr(at_, length));
      at_ += length;
    }
  }

  bool Escape() {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    ++at_;
    const size_t known = kEscapes.find(Next());
    if (known != std::string_view::npos) {
      buffer_ += kMeanings[known];
      ++at_;
      return true;
    }
    uint32_t code = 0;
    if (!Unit(&code)) return false;
    if (code >= 0xd800 && code < 0xe000) {
      uint32_t low = 0;
      if (code >= 0xdc00 || Next() != '\\') return Fail("half a surrogate pair");
      ++at_;
      if (!Unit(&low)) return false;
      if (low < 0xdc00 || low >= 0xe000) return Fail("half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    const auto tail = [&](int shift) {
      buffer_ += static_cast<char>(0x80 | ((code >> shift) & 0x3f));
    };
    if (code < 0x80) {
      buffer_ += static_cast<char>(code);
    } else if (code < 0x800) {
      buffer_ += static_cast<char>(0xc0 | (code >> 6));
      tail(0);
    } else if (code < 0x10000) {
      buffer_ += static_cast<char>(0xe0 | (code >> 12));
      tail(6);
      tail(0);
    } else {
      buffer_ += static_cast<char>(0xf0 | (code >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
    return true;
  }

  // What stands behind the backslash: u and four hexadecimal digits.
  bool Unit(uint32_t* code) {
    if (Next() != 'u') return Fail("an unknown escape");
    ++at_;
    *code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char lower = static_cast<char>(Next() | 0x20);
      const size_t digit = kHexDigits.find(IsDigit(Next()) ? Next() : lower);
      if (digit == std::string_view::npos) return Fail("an unknown escape");
      *code = *code * 16 + static_cast<uint32_t>(digit);
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  const char* reason_ = nullptr;
  size_t depth_ = 0;
  Level levels_[kMaxDepth];
  std::string buffer_;
  json::value_stack stack_;
};

void AppendDouble(double value, std::string* out) {
  const size_t begin = out->size();
  AppendShortest(value, out);
  if (out->find_first_of(".en", begin) == std::string::npos) *out += ".0";
}

// Calls itself for members: a value nests as deep as it was built, or as the parser lets it.
void AppendValue(const json::value& value, std::string* out) {
  switch (value.kind()) {
    case json::kind::null:
      *out += "null";
      break;
    case json::kind::bool_:
      *out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      *out += std::to_string(value.get_int64());
      break;
    case json::kind::uint64:
      *out += std::to_string(value.get_uint64());
      break;
    case json::kind::double_:
      AppendDouble(value.get_double(), out);
      break;
    case json::kind::string: {
      const json::string& text = value.get_string();
      AppendJsonText({text.data(), text.size()}, out);
      break;
    }
    case json::kind::array: {
      char before = '[';
      for (const json::value& item : value.get_array()) {
        *out += std::exchange(before, ',');
        AppendValue(item, out);
      }
      *out += value.get_array().empty() ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char before = '{';
      for (const auto& member : value.get_object()) {
        *out += std::exchange(before, ',');
        AppendJsonText({member.key().data(), member.key().size()}, out);
        *out += ':';
        AppendValue(member.value(), out);
      }
      *out += value.get_object().empty() ? "{}" : "}";
      break;
    }
  }
}

}  // namespace

Result<json::value> ParseJson(std::string_view text, ErrorCode code, std::string_view place) {
  Parser parser(text);
  if (parser.Run()) return parser.Release();
  return Error{.code = code,
               .message = std::string(place) + ": not valid JSON: " + parser.reason() +
                          " at byte " + std::to_string(parser.at()),
               .byte_offset = static_cast<int64_t>(parser.at())};
}

std::string WriteJson(const json::value& value) {
  std::string text;
  AppendValue(value, &text);
  return text;
}

void AppendJsonText(std::string_view text, std::string* out) {
  constexpr std::string_view kShort = "\b\t\n\f\r\"\\";
  constexpr std::string_view kLetters = "btnfr\"\\";
  *out += '"';
  for (const char c : text) {
    const size_t known = kShort.find(c);
    if (known != std::string_view::npos) {
      *out += '\\';
      *out += kLetters[known];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      *out += "\\u00";
      *out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      *out += kHexDigits[static_cast<unsigned char>(c) & 0xf];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

}  // namespace firetower
