// JSON for people: indented, numbers with the shortest digits that read back to the same float64.
#ifndef FIRETOWER_TOOLS_FIRETOWER_JSON_TEXT_H_
#define FIRETOWER_TOOLS_FIRETOWER_JSON_TEXT_H_

#include <string>

#include "core/base/json.h"
#include "core/metrics/binary.h"

namespace firetower::tools {

// With a line end. Arrays and objects without nested ones stand on one line where they fit into 100
// columns.
std::string PrettyJson(const json::value& value);

// null where the number is not finite, as JSON has no word for it.
json::value FiniteOrNull(double value);

// {"value", "low", "high"}.
json::object IntervalJson(const metrics::Interval& interval);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_JSON_TEXT_H_
