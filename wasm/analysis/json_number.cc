#include "analysis/json_number.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/shortest.h"

namespace firetower::analysis {
namespace {

// The digits of AppendShortest with the point where ECMA-262's Number::toString puts it.
void AppendNumber(double value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  if (value < 0) *out += '-';
  std::string text;
  AppendShortest(std::fabs(value), &text);
  int exponent = 0;  // Of ten, of the point in `digits`.
  const size_t e = text.find('e');
  if (e != std::string::npos) {
    exponent = std::atoi(text.c_str() + e + 1);
    text.resize(e);
  }
  const size_t point = text.find('.');
  exponent += static_cast<int>(point == std::string::npos ? text.size() : point);
  std::string digits;
  for (const char c : text)
    if (c != '.') digits += c;
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) {
    *out += '0';
    return;
  }
  digits.erase(0, first);
  exponent -= static_cast<int>(first);
  digits.erase(digits.find_last_not_of('0') + 1);
  const int count = static_cast<int>(digits.size());
  if (count <= exponent && exponent <= 21) {
    *out += digits;
    out->append(static_cast<size_t>(exponent - count), '0');
  } else if (0 < exponent && exponent <= 21) {
    *out += digits.substr(0, static_cast<size_t>(exponent));
    *out += '.';
    *out += digits.substr(static_cast<size_t>(exponent));
  } else if (-6 < exponent && exponent <= 0) {
    *out += "0.";
    out->append(static_cast<size_t>(-exponent), '0');
    *out += digits;
  } else {
    *out += digits[0];
    if (count > 1) {
      *out += '.';
      *out += digits.substr(1);
    }
    *out += exponent > 0 ? "e+" : "e-";
    *out += std::to_string(std::abs(exponent - 1));
  }
}

void AppendText(std::string_view text, std::string* out) { AppendJsonText(text, out); }

}  // namespace

double Rounded(double value) {
  if (!std::isfinite(value) || value == 0.0) return value == 0.0 ? 0.0 : value;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.11e", value);
  return std::strtod(text.data(), nullptr);
}

json::value JsonNumber(double value) {
  return std::isfinite(value) ? json::value(Rounded(value)) : json::value(nullptr);
}

json::array JsonNumbers(std::span<const double> values) {
  json::array numbers;
  numbers.reserve(values.size());
  for (const double value : values) numbers.push_back(JsonNumber(value));
  return numbers;
}

json::value JsonCount(double value) {
  return std::isfinite(value) ? json::value(static_cast<int64_t>(value)) : json::value(nullptr);
}

// With a stack of its own: documents that come from elsewhere may be deep.
std::string WriteJson(const json::value& document) {
  std::string out;
  struct Open {
    const json::value* value;
    size_t next;
  };
  std::vector<Open> open;
  const auto begin = [&](const json::value& value) {
    switch (value.kind()) {
      case json::kind::null:
        out += "null";
        break;
      case json::kind::bool_:
        out += value.get_bool() ? "true" : "false";
        break;
      case json::kind::int64:
        out += std::to_string(value.get_int64());
        break;
      case json::kind::uint64:
        out += std::to_string(value.get_uint64());
        break;
      case json::kind::double_:
        AppendNumber(value.get_double(), &out);
        break;
      case json::kind::string:
        AppendText({value.get_string().data(), value.get_string().size()}, &out);
        break;
      case json::kind::array:
        out += '[';
        open.push_back({&value, 0});
        break;
      case json::kind::object:
        out += '{';
        open.push_back({&value, 0});
        break;
    }
  };
  begin(document);
  while (!open.empty()) {
    const json::value& value = *open.back().value;
    const size_t at = open.back().next++;
    if (const json::array* array = value.if_array()) {
      if (at == array->size()) {
        out += ']';
        open.pop_back();
        continue;
      }
      if (at > 0) out += ',';
      begin((*array)[at]);
      continue;
    }
    const json::object& object = value.get_object();
    if (at == object.size()) {
      out += '}';
      open.pop_back();
      continue;
    }
    if (at > 0) out += ',';
    const json::key_value_pair& member = *(object.begin() + static_cast<std::ptrdiff_t>(at));
    AppendText({member.key().data(), member.key().size()}, &out);
    out += ':';
    begin(member.value());
  }
  return out;
}

}  // namespace firetower::analysis
