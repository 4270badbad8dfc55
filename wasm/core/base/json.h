// Boost.JSON, as core uses it: boost::json under the short name json, parsed with error codes, never
// exceptions. The library's implementation is compiled once, in json.cc, with the compiler's default
// exception setting (it does not compile without); no exception can leave it through these calls.
#ifndef FIRETOWER_CORE_BASE_JSON_H_
#define FIRETOWER_CORE_BASE_JSON_H_

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower {

namespace json = boost::json;

// Parses one JSON document. On failure the error has code, says "PLACE: reason at byte N" and carries the byte offset.
// Nesting deeper than 32 is refused.
Result<json::value> ParseJson(std::string_view text, ErrorCode code, std::string_view place);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_JSON_H_
