// Validators of numbers on the command line.
#ifndef FIRETOWER_TOOLS_FIRETOWER_CHECKS_H_
#define FIRETOWER_TOOLS_FIRETOWER_CHECKS_H_

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <string>

namespace firetower::tools {

// A number between 0 and 1; not NaN.
inline CLI::Validator Probability() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0.0;
        const bool number = CLI::detail::lexical_cast(text, value);
        if (number && value >= 0.0 && value <= 1.0) return std::string();
        return "\"" + text + "\" is not a number between 0 and 1";
      },
      "0..1");
}

// Digits only, at most highest. For transform(), not check(): leading zeros, an octal number to
// CLI11, are taken off.
inline CLI::Validator WholeNumber(uint64_t highest) {
  return CLI::Validator(
      [highest](std::string& text) {
        uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end || value > highest) {
          return "\"" + text + "\" is not a whole number between 0 and " + std::to_string(highest);
        }
        text = std::to_string(value);
        return std::string();
      },
      "WHOLE");
}

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_CHECKS_H_
