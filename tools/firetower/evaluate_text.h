// The documents of performance analysis for people.
#ifndef FIRETOWER_TOOLS_FIRETOWER_EVALUATE_TEXT_H_
#define FIRETOWER_TOOLS_FIRETOWER_EVALUATE_TEXT_H_

#include <string>
#include <string_view>

#include "core/base/json.h"

namespace firetower::tools {

// name: performance, comparison, estimate or back_test. Begins with an empty line.
std::string DocumentText(std::string_view name, const json::object& document);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_EVALUATE_TEXT_H_
