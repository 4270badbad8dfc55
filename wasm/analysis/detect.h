// Sequential detectors over a series, as documents: alarms, false alarms on the reference itself,
// scores against labelled drifts. Requests are JSON texts; numbers and texts are both taken as
// settings ("set": {"delta": 0.002, "mode": "up"}).
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_DETECT_H_
#define FIRETOWER_ANALYSIS_DETECT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace firetower::analysis {

// FalseAlarmsJson looks at no more rows, all shuffles together.
inline constexpr size_t kMostShuffledRows = 100'000'000;

// [{name, title, binary, source, parameters: [{name, low, high, default, choices, whole,
// meaning}]}]; low and high are null where there are choices, default is one of them then.
std::string DetectorsJson();

// request: {"detector": name, "set": {key: text|number}}. {detector, set, values: n, alarms:
// [index], warnings: [index], state: {said: "stable" | "warning" | "drift", name: number, ...}};
// set is every setting, state what the detector goes by after the last value. Errors: those of
// stream::MakeDetector; kDataInvalid with the index of a value that is not finite, or that is
// neither 0 nor 1 where the detector is binary. O(values) times what Update takes.
Result<std::string> DetectJson(std::string_view request, std::span<const double> values);

// The detector over shuffles of the reference, where nothing happens: false alarms per 10,000 rows
// with a 95 % interval: Garwood's, exact for a Poisson count, widened where the shuffles differ
// more than Poisson counts do. Every shuffle has a new detector, so that each learns from other
// rows; only the Bernoulli CUSUM, which knows its rate, goes on from one shuffle to the next. Its
// rate in control is the reference's where p0 is not set. request also has "seed" (0), "shuffles"
// (20; fewer where they would be over kMostShuffledRows rows). {detector, set, per_10000: {value,
// low, high}, alarms, rows, shuffles, run_length: rows per alarm | null, promised_run_length |
// null}. Errors: as DetectJson; kDataInvalid (no rows; no event to take p0 from).
Result<std::string> FalseAlarmsJson(std::string_view request, std::span<const double> reference);

// Alarms against labelled drifts. drifts: first row of each, rising. An alarm in [drift, drift +
// horizon] finds that drift and is no false one, however many there are; horizons may overlap, and
// an alarm finds every drift it is in time for. request: {"horizon": rows, "alarms": [index,
// rising], "rows": n, "every": rows from alarm to alarm of the always-firing dummy, default 1}.
// {rows, horizon, drifts: n, detector, always, never: {alarms, found, missed: share of the drifts,
// recall: 1 - missed, precision: share of the alarms that are no false ones, delay: {mean, median,
// max}: rows from a drift to the first alarm, of those found, false_alarms, false_alarm_rate: per
// 10,000 rows on which an alarm would be false, mtbfa: such rows per false alarm}}; null where
// nothing is to be divided by. Errors: kBadArgument (request), kDataInvalid (drifts).
Result<std::string> ScoreDetectorJson(std::string_view request, std::span<const double> drifts);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_DETECT_H_
