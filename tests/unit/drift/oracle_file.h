// oracle.json, for the tests of this folder.
#ifndef FIRETOWER_TESTS_UNIT_DRIFT_ORACLE_FILE_H_
#define FIRETOWER_TESTS_UNIT_DRIFT_ORACLE_FILE_H_

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace firetower::drift {

inline json::value OracleFile() {
  std::ifstream file(FIRETOWER_SOURCE_DIR "/tests/unit/drift/oracle.json", std::ios::binary);
  EXPECT_TRUE(file);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Result<json::value> document = ParseJson(text, ErrorCode::kDataInvalid, "oracle.json");
  EXPECT_TRUE(document.ok());
  return *std::move(document);
}

inline double Number(const json::value& value) { return value.to_number<double>(); }

inline std::vector<double> Numbers(const json::value& value) {
  std::vector<double> numbers;
  for (const json::value& number : value.as_array()) numbers.push_back(Number(number));
  return numbers;
}

// Relative 1e-10, and absolute 1e-14 near 0.
inline void ExpectClose(double actual, double expected, const std::string& what) {
  EXPECT_NEAR(actual, expected, 1e-10 * std::fabs(expected) + 1e-14) << what;
}

}  // namespace firetower::drift

#endif  // FIRETOWER_TESTS_UNIT_DRIFT_ORACLE_FILE_H_
