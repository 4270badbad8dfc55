#include "json_text.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace firetower::tools {
namespace {

constexpr size_t kLineWidth = 100;

bool IsNested(const json::value& value) { return value.is_array() || value.is_object(); }

std::string ScalarText(const json::value& value) {
  return value.is_double() ? fmt::format("{}", value.get_double()) : json::serialize(value);
}

std::string KeyText(std::string_view key) { return json::serialize(json::value(key)) + ": "; }

// Empty: there is something nested in it.
std::string OnOneLine(const json::value& value) {
  std::string text;
  const auto add = [&text](std::string_view item) {
    if (!text.empty()) text += ", ";
    text += item;
  };
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      if (IsNested(item)) return {};
      add(ScalarText(item));
    }
    return fmt::format("[{}]", text);
  }
  for (const auto& member : value.get_object()) {
    if (IsNested(member.value())) return {};
    add(KeyText(member.key()) + ScalarText(member.value()));
  }
  return fmt::format("{{{}}}", text);
}

// Depth is that of a file we wrote ourselves or of one read with ParseJson, which limits it.
void Append(const json::value& value, size_t indent, size_t used, std::string* out) {
  if (!IsNested(value)) {
    *out += ScalarText(value);
    return;
  }
  const std::string line = OnOneLine(value);
  if (!line.empty() && used + line.size() <= kLineWidth) {
    *out += line;
    return;
  }
  const std::string inner(indent + 2, ' ');
  const char* separator = "\n";
  const auto begin_item = [&](const std::string& key) {
    *out += separator;
    separator = ",\n";
    *out += inner + key;
  };
  if (value.is_array()) {
    *out += '[';
    for (const json::value& item : value.get_array()) {
      begin_item("");
      Append(item, indent + 2, indent + 2, out);
    }
    out->append("\n").append(indent, ' ').append("]");
    return;
  }
  *out += '{';
  for (const auto& member : value.get_object()) {
    const std::string key = KeyText(member.key());
    begin_item(key);
    Append(member.value(), indent + 2, indent + 2 + key.size(), out);
  }
  out->append("\n").append(indent, ' ').append("}");
}

}  // namespace

std::string PrettyJson(const json::value& value) {
  std::string text;
  Append(value, 0, 0, &text);
  text += '\n';
  return text;
}

json::value FiniteOrNull(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::object IntervalJson(const metrics::Interval& interval) {
  json::object object;
  object["value"] = FiniteOrNull(interval.value);
  object["low"] = FiniteOrNull(interval.low);
  object["high"] = FiniteOrNull(interval.high);
  return object;
}

}  // namespace firetower::tools
