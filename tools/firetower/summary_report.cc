#include "summary_report.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <limits>
#include <map>

#include "core/csv/reader.h"
#include "core/forest/model.h"
#include "core/metrics/binary.h"
#include "json_text.h"

namespace firetower::tools {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string ReasonText(size_t reason) {
  const std::string_view text = csv::Message(static_cast<csv::BadRowReason>(reason));
  return text.empty() ? "other" : std::string(text);
}

metrics::Interval FlaggedShare(const monitor::Summary& summary) {
  if (summary.scored == 0) return {.value = kNaN, .low = kNaN, .high = kNaN};
  return metrics::WilsonInterval(static_cast<double>(summary.flagged),
                                 static_cast<double>(summary.scored));
}

// By the score bins: the threshold is an edge of one.
metrics::Confusion ConfusionOf(const monitor::Summary& summary) {
  metrics::Confusion confusion;
  confusion.threshold = summary.layout().threshold;
  for (size_t bin = 0; bin < summary.scores.size(); ++bin) {
    const bool flagged = summary.score_edges()[bin] >= confusion.threshold;
    const auto positives = static_cast<double>(summary.positives[bin]);
    const auto negatives = static_cast<double>(summary.negatives[bin]);
    (flagged ? confusion.true_positive : confusion.false_negative) += positives;
    (flagged ? confusion.false_positive : confusion.true_negative) += negatives;
  }
  return confusion;
}

bool HasLabels(const metrics::Confusion& c) {
  return c.true_positive + c.false_positive + c.true_negative + c.false_negative > 0;
}

uint64_t Total(const std::map<int32_t, uint64_t>& buckets) {
  uint64_t total = 0;
  for (const auto& [bucket, count] : buckets) total += count;
  return total;
}

double Seconds(int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000.0; }

std::string Percent(double share) { return fmt::format("{:.4g} %", 100.0 * share); }

}  // namespace

std::string SummaryText(const monitor::Summary& summary) {
  const monitor::SummaryLayout& layout = summary.layout();
  std::string text = fmt::format("summary of {} rows scored with {} {}\n", summary.rows(),
                                 layout.model_name, layout.model_version);
  text += fmt::format("model file  {}\n", layout.model_hash);
  if (summary.first_time_ms <= summary.last_time_ms) {
    text += fmt::format("times       {} s to {} s\n", Seconds(summary.first_time_ms),
                        Seconds(summary.last_time_ms));
  }
  text += fmt::format("set aside   {}\n", summary.aside);
  for (size_t reason = 0; reason < summary.reasons.size(); ++reason) {
    if (summary.reasons[reason] == 0) continue;
    text += fmt::format("            {} {}\n", summary.reasons[reason], ReasonText(reason));
  }
  if (summary.scored == 0) return text;
  const metrics::Interval share = FlaggedShare(summary);
  text +=
      fmt::format("flagged     {} at {} or more: {} ({} to {})\n", summary.flagged,
                  layout.threshold, Percent(share.value), Percent(share.low), Percent(share.high));
  text += fmt::format("average     {:.6g}\n", summary.average_probability());
  for (size_t level = summary.levels.size(); level-- > 0;) {
    text += fmt::format("  {:<9} {}\n", forest::Name(static_cast<forest::RiskLevel>(level)),
                        summary.levels[level]);
  }
  const metrics::Confusion confusion = ConfusionOf(summary);
  if (HasLabels(confusion)) {
    text +=
        fmt::format("labelled    {} positives, {} of them flagged; {} negatives, {} flagged\n",
                    confusion.true_positive + confusion.false_negative, confusion.true_positive,
                    confusion.false_positive + confusion.true_negative, confusion.false_positive);
  }
  for (size_t f = 0; f < summary.features.size(); ++f) {
    const monitor::FeatureCounts& counts = summary.features[f];
    const uint64_t below = Total(counts.below) + counts.negative_infinite;
    const uint64_t above = Total(counts.above) + counts.positive_infinite;
    if (below + above + counts.missing == 0) continue;
    text += fmt::format("{}: {} below and {} above the reference, {} missing\n", layout.features[f],
                        below, above, counts.missing);
  }
  return text;
}

json::object SummaryReport(const monitor::Summary& summary) {
  const monitor::SummaryLayout& layout = summary.layout();
  json::object because;
  for (size_t reason = 0; reason < summary.reasons.size(); ++reason) {
    if (summary.reasons[reason] > 0) because[ReasonText(reason)] = summary.reasons[reason];
  }
  json::object by_input;
  for (size_t c = 0; c < summary.invalid.size(); ++c) {
    if (summary.invalid[c] > 0) by_input[layout.inputs[c]] = summary.invalid[c];
  }
  json::object levels;
  for (size_t level = summary.levels.size(); level-- > 0;) {
    levels[forest::Name(static_cast<forest::RiskLevel>(level))] = summary.levels[level];
  }
  json::value labelled = nullptr;
  const metrics::Confusion confusion = ConfusionOf(summary);
  if (HasLabels(confusion)) {
    labelled = json::object{{"true_positive", static_cast<uint64_t>(confusion.true_positive)},
                            {"false_positive", static_cast<uint64_t>(confusion.false_positive)},
                            {"true_negative", static_cast<uint64_t>(confusion.true_negative)},
                            {"false_negative", static_cast<uint64_t>(confusion.false_negative)},
                            {"precision", IntervalJson(metrics::Precision(confusion))},
                            {"recall", IntervalJson(metrics::Recall(confusion))}};
  }
  json::array features;
  for (size_t f = 0; f < summary.features.size(); ++f) {
    const monitor::FeatureCounts& counts = summary.features[f];
    features.push_back(
        json::object{{"name", layout.features[f]},
                     {"below", Total(counts.below)},
                     {"above", Total(counts.above)},
                     {"missing", counts.missing},
                     {"infinite", counts.negative_infinite + counts.positive_infinite}});
  }
  const bool timed = summary.first_time_ms <= summary.last_time_ms;
  json::object report;
  report["model"] = json::object{
      {"name", layout.model_name}, {"version", layout.model_version}, {"hash", layout.model_hash}};
  report["rows"] = summary.rows();
  report["scored"] = summary.scored;
  report["set_aside"] = summary.aside;
  report["set_aside_because"] = std::move(because);
  report["set_aside_by_input"] = std::move(by_input);
  report["threshold"] = layout.threshold;
  report["flagged"] = summary.flagged;
  report["flagged_share"] = IntervalJson(FlaggedShare(summary));
  report["average_probability"] = FiniteOrNull(summary.average_probability());
  report["risk_levels"] = std::move(levels);
  report["labelled"] = std::move(labelled);
  report["first_time"] = timed ? json::value(Seconds(summary.first_time_ms)) : json::value(nullptr);
  report["last_time"] = timed ? json::value(Seconds(summary.last_time_ms)) : json::value(nullptr);
  report["features"] = std::move(features);
  return report;
}

}  // namespace firetower::tools
