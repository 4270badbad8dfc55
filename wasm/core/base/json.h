// JSON: Boost.JSON's values under the short name json, read and written here. The library's own
// parser reads about a fifth of 17-digit numbers one unit in the last place off (1.81), and with
// its writer it takes more room than all scoring does; neither is linked.
#ifndef FIRETOWER_CORE_BASE_JSON_H_
#define FIRETOWER_CORE_BASE_JSON_H_

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower {

namespace json = boost::json;

// Parses one JSON document (RFC 8259). A number without point and exponent is an int64 or, if it is
// only then exact, a uint64; any other the nearest float64. On failure the error has code, says
// "PLACE: not valid JSON: reason at byte N" and carries the byte offset. Nesting deeper than 32 is
// refused.
Result<json::value> ParseJson(std::string_view text, ErrorCode code, std::string_view place);

// The value as text without blanks; doubles in the fewest digits that read back the same, with a
// point or an exponent. REQUIRES, for valid JSON: doubles are finite, texts UTF-8.
std::string WriteJson(const json::value& value);

// Appends a text in quotes, escaped.
void AppendJsonText(std::string_view text, std::string* out);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_JSON_H_
