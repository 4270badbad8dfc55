// A summary (core/monitor/summary.h) as `merge` and `inspect` show it.
#ifndef FIRETOWER_TOOLS_FIRETOWER_SUMMARY_REPORT_H_
#define FIRETOWER_TOOLS_FIRETOWER_SUMMARY_REPORT_H_

#include <string>

#include "core/base/json.h"
#include "core/monitor/summary.h"

namespace firetower::tools {

// A few lines for people.
std::string SummaryText(const monitor::Summary& summary);

// {"model": {"name", "version", "hash"}, "rows", "scored", "set_aside", "set_aside_because":
// {reason: rows}, "set_aside_by_input", "threshold", "flagged", "flagged_share": {"value", "low",
// "high"}, "average_probability", "risk_levels", "labelled": null or the confusion at the
// threshold, "first_time", "last_time": seconds of the data's clock or null, "features": [{"name",
// "below", "above", "missing", "infinite"}]}.
json::object SummaryReport(const monitor::Summary& summary);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_SUMMARY_REPORT_H_
