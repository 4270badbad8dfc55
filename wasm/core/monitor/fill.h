// Messages with values in them: Fill("{} is over {}", count, most). Internal to core/monitor/;
// {fmt} would be a tenth of the page's engine.
#ifndef FIRETOWER_CORE_MONITOR_FILL_H_
#define FIRETOWER_CORE_MONITOR_FILL_H_

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/shortest.h"

namespace firetower::monitor {

inline std::string AsText(std::string_view text) { return std::string(text); }
inline std::string AsText(double value) {
  std::string text;
  AppendShortest(value, &text);
  return text;
}
std::string AsText(std::integral auto value) { return std::to_string(value); }

inline std::string FillTexts(std::string_view pattern, std::initializer_list<std::string> texts) {
  std::string out;
  for (const std::string& text : texts) {
    const size_t place = pattern.find("{}");
    out += pattern.substr(0, place);
    out += text;
    pattern.remove_prefix(place + 2);
  }
  out += pattern;
  return out;
}

// The pattern with each "{}" replaced by a text, an integer or the shortest digits of a float64.
// REQUIRES: as many values as "{}".
template <typename... Values>
std::string Fill(std::string_view pattern, const Values&... values) {
  return FillTexts(pattern, {AsText(values)...});
}

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_FILL_H_
