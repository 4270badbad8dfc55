// Numbers of documents: rounded to 12 significant digits, so that the last bit, in which the
// mathematical libraries of two machines may differ, does not change a document; and documents as
// text, byte for byte as JavaScript's JSON.stringify writes what JSON.parse has read from it.
//
//   json::object out;
//   out["p_value"] = JsonNumber(test.p_value);       // null where it is NaN or infinite
//   return WriteJson(out);
//
// Decisions are made on rounded values too (Rounded), so that they agree with what is shown.
// Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_JSON_NUMBER_H_
#define FIRETOWER_ANALYSIS_JSON_NUMBER_H_

#include <span>
#include <string>

#include "core/base/json.h"

namespace firetower::analysis {

// The nearest float64 to value's 12 significant digits; NaN and infinite ones as they are, -0 as 0.
double Rounded(double value);

// Rounded; null where value is NaN or infinite.
json::value JsonNumber(double value);
json::array JsonNumbers(std::span<const double> values);

// A whole number, exact to 2^53.
json::value JsonCount(double value);

// Without blanks, members in their order; numbers as JavaScript writes them ("0.05", "1e-7", "5").
// Numbers that are not finite become null. REQUIRES: texts are UTF-8, whole numbers are within
// 2^53.
std::string WriteJson(const json::value& document);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_JSON_NUMBER_H_
