#include "analysis/report_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/base/utf8.h"

namespace firetower::analysis {
namespace {

// Numbers that fit: %.*f of more than this is no figure for people.
constexpr double kLargest = 1e15;

std::string Printed(const char* format, int precision, double value) {
  char buffer[400];
  const int length = std::snprintf(buffer, sizeof buffer, format, precision, value);
  if (length < 0 || static_cast<size_t>(length) >= sizeof buffer) return std::string(kNothing);
  return std::string(buffer, static_cast<size_t>(length));
}

void TrimZeros(std::string* digits) {
  if (digits->find('.') == std::string::npos) return;
  while (digits->back() == '0') digits->pop_back();
  if (digits->back() == '.') digits->pop_back();
}

// Thousands apart in the digits before the point; a minus sign that is one.
std::string Dressed(std::string_view plain) {
  const bool negative = !plain.empty() && plain.front() == '-';
  if (negative) plain.remove_prefix(1);
  const size_t point = std::min(plain.find('.'), plain.size());
  std::string text;
  for (size_t i = 0; i < point; ++i) {
    if (i > 0 && (point - i) % 3 == 0) text += ',';
    text += plain[i];
  }
  text += plain.substr(point);
  if (negative && text.find_first_of("123456789") != std::string::npos) {
    text.insert(0, kMinus);
  }
  return text;
}

// Characters that XML forbids or that turn the text around them.
bool IsForbidden(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) {
    return byte(0) == 0x7F || (byte(0) < 0x20 && byte(0) != '\t' && byte(0) != '\n');
  }
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;  // U+0080..U+009F
  if (character.size() != 3) return false;
  if (byte(0) == 0xEF && byte(1) == 0xBF) return byte(2) >= 0xBE;  // U+FFFE, U+FFFF
  if (byte(0) != 0xE2) return false;
  if (byte(1) == 0x80)
    return (byte(2) >= 0xAA && byte(2) <= 0xAE) || byte(2) == 0x8E || byte(2) == 0x8F;
  return byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;  // U+2066..U+2069
}

std::string EscapedUpTo(std::string_view text, size_t characters) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0, count = 0; i < text.size(); ++count) {
    if (count == characters) {
      out += "\xE2\x80\xA6";
      break;
    }
    const size_t length = Utf8Length(text.substr(i));
    const std::string_view character = text.substr(i, length == 0 ? 1 : length);
    i += character.size();
    if (length == 0 || IsForbidden(character)) {
      out += kReplacementCharacter;
      continue;
    }
    switch (character.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += character;
    }
  }
  return out;
}

}  // namespace

std::string Escaped(std::string_view text) { return EscapedUpTo(text, text.size()); }

std::string EscapedName(std::string_view text) { return EscapedUpTo(text, kMaxNameCharacters); }

std::string Count(double value) {
  if (!(std::fabs(value) < kLargest)) return Number(value);
  return Dressed(Printed("%.*f", 0, value));
}

std::string Number(double value, int digits) {
  if (!std::isfinite(value)) return std::string(kNothing);
  const std::string scientific = Printed("%.*e", digits - 1, value);
  const size_t e = scientific.find('e');
  const int exponent = std::atoi(scientific.c_str() + e + 1);
  if (value != 0 && (exponent < -4 || exponent >= 15)) {
    std::string mantissa = scientific.substr(0, e);
    TrimZeros(&mantissa);
    return Dressed(mantissa) + "e" + std::to_string(exponent);
  }
  const int decimals = value == 0 ? 0 : digits - 1 - exponent;
  std::string plain = Printed("%.*f", decimals > 0 ? decimals : 0, value);
  TrimZeros(&plain);
  return Dressed(plain);
}

std::string Percent(double share) {
  if (!std::isfinite(share)) return std::string(kNothing);
  return Number(100 * share, 3) + " %";
}

std::string PValue(double p) {
  if (!std::isfinite(p)) return std::string(kNothing);
  return p == 0 ? "&lt; 1e-300" : Number(p, 2);
}

std::string Place(double value) {
  if (!(std::fabs(value) < 1e6)) value = 0;
  std::string text = Printed("%.*f", 2, value);
  TrimZeros(&text);
  return text == "-0" ? "0" : text;
}

}  // namespace firetower::analysis
