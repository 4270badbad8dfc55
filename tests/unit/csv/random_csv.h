// Random CSV texts made of the pieces that readers get wrong.
#ifndef FIRETOWER_TESTS_UNIT_CSV_RANDOM_CSV_H_
#define FIRETOWER_TESTS_UNIT_CSV_RANDOM_CSV_H_

#include <array>
#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/csv/dialect.h"

namespace firetower::csv {

// A text of about `pieces` tokens: cells, quotes, delimiters and line ends in no good order.
inline std::string RandomSoup(Random& random, const Dialect& dialect, uint32_t pieces) {
  static constexpr std::array<std::string_view, 28> kTokens = {
      "\"",   "\"",    "\"\"",   "\"a\"", "\"1", "1\"", "\n", "\n", "\r\n", "\r",
      "\n\n", "1",     "-2.5",   "3,5",   "x",   " ",   "",   "NA", "?",    "inf",
      "nan",  "1e400", "\"\r\n", "\"\r",  "+1",  "\t",  ";",  "|"};
  std::string text;
  for (uint32_t i = 0; i < pieces; ++i) {
    if (random.Below(3) == 0) {
      text += dialect.delimiter;
    } else {
      text += kTokens[random.Below(kTokens.size())];
    }
  }
  return text;
}

// Mostly well-formed records of `fields` fields: numbers, missing values, quoted texts with line
// ends, now and then a fault.
inline std::string RandomTable(Random& random, const Dialect& dialect, uint32_t rows,
                               uint32_t fields) {
  static constexpr std::array<std::string_view, 3> kLineEnds = {"\n", "\r\n", "\r"};
  const std::string_view line_end = kLineEnds[random.Below(3)];
  std::string text;
  for (uint32_t r = 0; r < rows; ++r) {
    const uint32_t fault = random.Below(40);
    const uint32_t count = fault == 0 ? fields + 1 : fault == 1 && fields > 1 ? fields - 1 : fields;
    for (uint32_t f = 0; f < count; ++f) {
      if (f > 0) text += dialect.delimiter;
      std::string number = std::to_string((random.Uniform() - 0.5) * 2000.0);
      if (const size_t point = number.find('.'); point != number.npos)
        number[point] = dialect.decimal;
      const bool quote = dialect.decimal == dialect.delimiter || random.Below(10) == 0;
      switch (random.Below(30)) {
        case 0:
          text += "NA";
          break;
        case 1:
          break;
        case 2:
          text += "\"two\nlines, \"\"quoted\"\"\"";
          break;
        case 3:
          text += fault == 2 ? "word" : "\"\r\n\"";
          break;
        case 4:
          text += fault < 4 ? "\"open" : "0";
          break;
        default:
          text += quote ? "\"" + number + "\"" : number;
      }
    }
    if (r + 1 < rows || random.Below(2) == 0) text += line_end;
    if (random.Below(20) == 0) text += line_end;
  }
  return text;
}

// Records as most files have them: numbers of any length and form, here and there quoted, missing
// or a text; rarely a fault. Cells lie at every place in a block of 16 or 32 bytes.
inline std::string RandomNumbers(Random& random, const Dialect& dialect, uint32_t rows,
                                 uint32_t fields) {
  static constexpr std::array<std::string_view, 3> kLineEnds = {"\n", "\r\n", "\r"};
  static constexpr std::array<std::string_view, 24> kOdd = {
      "",    "NA",     " 1",         "1 ",
      "+1",  "1e5",    "-2E-3",      "-",
      "-0",  "--1",    "1-2",        "1/2",
      "1:2", "inf",    "nan",        "0x1",
      "1\t", "\"\"",   "\"1\"\"2\"", "\"1\"2",
      "1\"", "\" 1\"", "\"a\n1\"",   "000000000000000000000000000000000000000000007"};
  const std::string_view line_end = kLineEnds[random.Below(3)];
  const uint32_t odd_share = random.Below(3) == 0 ? 8 : 200;
  std::string text;
  for (uint32_t r = 0; r < rows; ++r) {
    const uint32_t fault = random.Below(60);
    const uint32_t count = fault == 0 ? fields + 1 : fault == 1 && fields > 1 ? fields - 1 : fields;
    for (uint32_t f = 0; f < count; ++f) {
      if (f > 0) text += dialect.delimiter;
      if (random.Below(odd_share) == 0) {
        text += kOdd[random.Below(kOdd.size())];
        continue;
      }
      const bool quoted = random.Below(8) == 0;
      if (quoted) text += dialect.quote;
      if (random.Below(2) == 0) text += '-';
      const uint32_t digits = 1 + random.Below(random.Below(4) == 0 ? 28 : 19);
      const uint32_t before = random.Below(digits + 1);
      for (uint32_t d = 0; d < digits; ++d) {
        if (d == before) text += dialect.decimal;
        text += static_cast<char>('0' + (random.Below(4) == 0 ? 0 : random.Below(10)));
      }
      if (random.Below(300) == 0) text += dialect.decimal;
      if (quoted) text += dialect.quote;
    }
    if (r + 1 < rows || random.Below(2) == 0) text += line_end;
    if (random.Below(40) == 0) text += line_end;
  }
  return text;
}

}  // namespace firetower::csv

#endif  // FIRETOWER_TESTS_UNIT_CSV_RANDOM_CSV_H_
