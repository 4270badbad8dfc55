// Numbers as files hold them, read by the whole reader, bit for bit against the C library's strtod:
// Some 700,000 cells, among them decimals as near to the point between two doubles as 19 digits can
// be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/csv/reader.h"

namespace firetower::csv {
namespace {

constexpr int kFields = 7;
constexpr uint64_t kMostDigits = 9'300'000'000'000'000'000u;

uint64_t Bits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// Collects cells and reads them as one text, now and then quoted, with either decimal sign.
class Sheet {
 public:
  ~Sheet() { Check(); }

  void Add(std::string cell) {
    cells_.push_back(std::move(cell));
    if (cells_.size() == 7000) Check();
  }

 private:
  void Check() {
    while (cells_.size() % kFields != 0) cells_.push_back("0");
    Read({.delimiter = ',', .decimal = '.'});
    Read({.delimiter = ';', .decimal = ','});
    cells_.clear();
  }

  void Read(const Dialect& dialect) {
    std::string text;
    for (size_t i = 0; i < cells_.size(); ++i) {
      std::string cell = cells_[i];
      std::replace(cell.begin(), cell.end(), '.', dialect.decimal);
      text += i % 11 == 0 ? '"' + cell + '"' : cell;
      text += (i + 1) % kFields == 0 ? '\n' : dialect.delimiter;
    }
    std::vector<int32_t> fields(kFields);
    std::iota(fields.begin(), fields.end(), 0);
    Reader reader({.dialect = dialect, .field_count = kFields, .fields = fields});
    reader.Feed(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
    const Batch& batch = reader.batch();
    ASSERT_EQ(batch.rows(), cells_.size() / kFields);
    ASSERT_TRUE(batch.bad_rows.empty());
    for (size_t i = 0; i < cells_.size(); ++i) {
      ASSERT_EQ(Bits(batch.columns[i % kFields][i / kFields]),
                Bits(std::strtod(cells_[i].c_str(), nullptr)))
          << cells_[i];
    }
  }

  std::vector<std::string> cells_;
};

// digits / 10^places, with zeros before it where it needs them.
std::string Decimal(uint64_t digits, size_t places) {
  std::string text = std::to_string(digits);
  if (places == 0) return text;
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  return text.insert(text.size() - places, 1, '.');
}

TEST(ReaderAgainstStrtod, WhatProgramsPrint) {
  Random random(1);
  Sheet sheet;
  for (int i = 0; i < 200000; ++i) {
    const double scale = random.Below(4) == 0 ? 1e-4 : random.Below(2) == 0 ? 1.0 : 1e5;
    char text[40];
    std::snprintf(text, sizeof(text), "%.*g", static_cast<int>(1 + random.Below(19)),
                  (random.Uniform() - 0.5) * scale);
    sheet.Add(text);
  }
}

TEST(ReaderAgainstStrtod, AnyDigits) {
  Random random(2);
  Sheet sheet;
  for (int i = 0; i < 200000; ++i) {
    std::string text = random.Below(2) == 0 ? "-" : "";
    text.append(random.Below(2) == 0 ? random.Below(20) : 0, '0');
    for (uint32_t n = 1 + random.Below(26); n > 0; --n) {
      text += static_cast<char>('0' + random.Below(10));
    }
    if (random.Below(4) != 0) {
      const uint32_t sign = text[0] == '-' ? 1 : 0;
      text.insert(sign + random.Below(static_cast<uint32_t>(text.size()) + 1 - sign), 1, '.');
    }
    sheet.Add(text);
  }
}

// Odd numbers of 54 bits, halved up to four times: exact ties, and one in the last digit up or
// down.
TEST(ReaderAgainstStrtod, Ties) {
  Random random(3);
  Sheet sheet;
  for (int i = 0; i < 20000; ++i) {
    uint64_t digits = (uint64_t{1} << 53) | (random.Next() >> 11) | 1;
    const size_t places = random.Below(5);
    for (size_t p = 0; p < places; ++p) digits *= 5;
    for (const uint64_t near : {digits - 1, digits, digits + 1}) {
      sheet.Add(Decimal(near, places));
      sheet.Add('-' + Decimal(near, places) + (places > 0 ? "00" : ""));
    }
  }
}

// The decimals of up to 19 digits next to the point between two doubles, on both sides.
TEST(ReaderAgainstStrtod, NextToTies) {
  Random random(4);
  Sheet sheet;
  for (int i = 0; i < 100000; ++i) {
    const uint64_t odd = (uint64_t{1} << 53) | (random.Next() >> 11) | 1;
    const uint32_t halvings = random.Below(117);
    const size_t places = random.Below(20);
    unsigned __int128 scaled = odd;
    for (size_t p = 0; p < places; ++p) scaled *= 10;
    scaled >>= halvings;
    if (scaled > kMostDigits) continue;
    sheet.Add(Decimal(static_cast<uint64_t>(scaled), places));
    sheet.Add('-' + Decimal(static_cast<uint64_t>(scaled) + 1, places));
  }
}

TEST(ReaderAgainstStrtod, PowersAndTheirNeighbours) {
  Sheet sheet;
  for (size_t places = 0; places <= 24; ++places) {
    for (uint64_t power = 1; power < kMostDigits / 10; power *= 10) {
      for (const uint64_t near : {power - 1, power, power + 1}) sheet.Add(Decimal(near, places));
    }
    for (int shift = 0; shift < 64; ++shift) {
      const uint64_t power = uint64_t{1} << shift;
      for (const uint64_t near : {power - 1, power, power + 1}) sheet.Add(Decimal(near, places));
    }
  }
  for (const char* text : {".5", "5.", "-.5", "-5.", "-0", "-0.0", "0.000000000000000000000",
                           "9223372036854775807", "9223372036854775808", "18446744073709551615",
                           "18446744073709551616", "9209999999999999999", "9219999999999999999",
                           "9220000000000000000", "99999999999999999999999999", "1e22", "-1E-7",
                           "123456789012345678901234", "0.123456789012345678901234"}) {
    sheet.Add(text);
  }
}

}  // namespace
}  // namespace firetower::csv
