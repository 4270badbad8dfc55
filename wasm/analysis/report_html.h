// A DriftReport as one HTML page: no script, no outside address, charts as SVG, aggregates only.
// Internal to analysis/.
#ifndef FIRETOWER_ANALYSIS_REPORT_HTML_H_
#define FIRETOWER_ANALYSIS_REPORT_HTML_H_

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::analysis {

inline constexpr size_t kMaxReportBytes = 1'000'000;  // Columns beyond that are left out, said so.

// Errors: kDataInvalid (not a DriftReport) with the place. Text is escaped.
Result<std::string> ReportHtmlOf(std::string_view report);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_REPORT_HTML_H_
