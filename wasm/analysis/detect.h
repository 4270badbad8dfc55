// Sequential detectors over a series, as documents: alarms, false alarms on the reference itself,
// scores against labelled drifts.
#ifndef FIRETOWER_ANALYSIS_DETECT_H_
#define FIRETOWER_ANALYSIS_DETECT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::analysis {

// [{name, title, binary, source, parameters: [{name, low, high, default, choices, whole,
// meaning}]}]
std::string DetectorsJson();
// request: {"detector": name, "set": {key: text|number}}. {detector, set, alarms: [index],
// warnings: [index], values: n}. Errors: those of stream::MakeDetector; kDataInvalid with the index
// of a value that is not finite.
Result<std::string> DetectJson(std::string_view request, std::span<const double> values);
// The detector over shuffles of the reference, where nothing happens: false alarms per 10,000 rows
// with a 95 % interval (Garwood's, exact for a Poisson count). request also has "seed", "shuffles"
// (default 20). {per_10000: {value, low, high}, alarms, rows, run_length, promised_run_length |
// null}
Result<std::string> FalseAlarmsJson(std::string_view request, std::span<const double> reference);
// Alarms against labelled drifts, with an always-fire and a never-fire dummy beside: {detector:
// {precision, recall, delay: {mean, median, max}, false_alarm_rate, mtbfa, missed}, always: {...},
// never: {...}}. drifts: first row of each, rising; an alarm within [drift, drift + horizon] finds
// it. request:
// {"horizon": rows, "alarms": [...], "rows": n, "every": alarms of the always-firing dummy, rows
// apart}.
Result<std::string> ScoreDetectorJson(std::string_view request, std::span<const double> drifts);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_DETECT_H_
