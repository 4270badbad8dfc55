// What the monitor shows: ticks, the statistics document, one column, recent rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/base/utf8.h"
#include "core/csv/reader.h"
#include "core/metrics/binary.h"
#include "core/monitor/prediction_log.h"
#include "session/live.h"
#include "session/live_state.h"
#include "session/summary_layout.h"
#include "session/text.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Predictions and alert episodes that a tick carries.
constexpr size_t kTickPredictions = 25;
constexpr size_t kTickEpisodes = 100;
// Charts are worked out anew at most this often.
constexpr int64_t kChartsMs = 500;
constexpr size_t kHistogramBins = 50;
// The first rows' scores are cut into about this many bins of equally many rows.
constexpr uint64_t kScoreGroups = 20;

double Count(uint64_t count) { return static_cast<double>(count); }
double Ratio(double part, double whole) { return whole > 0.0 ? part / whole : kNaN; }

// Six digits after the point: a chart shows no more, and the text stays short.
double Short(double value) { return std::round(value * 1e6) / 1e6; }

json::value Interval(double successes, double trials) {
  json::object object;
  const metrics::Interval interval = trials > 0.0 ? metrics::WilsonInterval(successes, trials)
                                                  : metrics::Interval{kNaN, kNaN, kNaN};
  object["value"] = JsonNumber(interval.value);
  object["low"] = JsonNumber(interval.low);
  object["high"] = JsonNumber(interval.high);
  return object;
}

struct LabelCounts {
  double true_positive = 0;
  double false_positive = 0;
  double true_negative = 0;
  double false_negative = 0;
  double rows() const { return true_positive + false_positive + true_negative + false_negative; }
};

// threshold is one of the score edges.
LabelCounts CountLabels(const monitor::Summary& summary, std::span<const double> edges,
                        double threshold) {
  LabelCounts counts;
  for (size_t bin = 0; bin < summary.positives.size(); ++bin) {
    const bool flagged = edges[bin] >= threshold;
    (flagged ? counts.true_positive : counts.false_negative) += Count(summary.positives[bin]);
    (flagged ? counts.false_positive : counts.true_negative) += Count(summary.negatives[bin]);
  }
  return counts;
}

// Share of missing cells of the features of scored rows; 0 without rows.
double MissingRate(const monitor::Summary& summary) {
  uint64_t missing = 0;
  for (const monitor::FeatureCounts& feature : summary.features) missing += feature.missing;
  const double cells = Count(summary.scored) * static_cast<double>(summary.features.size());
  return cells > 0.0 ? Count(missing) / cells : 0.0;
}

double AsideRate(const monitor::Summary& summary) {
  return summary.rows() > 0 ? Count(summary.aside) / Count(summary.rows()) : 0.0;
}

json::value Seconds(int64_t ms, const monitor::Summary& summary) {
  if (summary.first_time_ms > summary.last_time_ms) return nullptr;
  return static_cast<double>(ms) / 1000.0;
}

// Where a value stands among the bins: bin + share of its width; beyond the edges in mean widths.
double PlaceInBins(std::span<const double> edges, double value) {
  const double bins = static_cast<double>(edges.size() - 1);
  const double width = (edges.back() - edges.front()) / bins;
  if (value < edges.front()) return (value - edges.front()) / width;
  if (value >= edges.back()) return bins + (value - edges.back()) / width;
  const auto above = std::upper_bound(edges.begin(), edges.end(), value);
  const auto bin = static_cast<size_t>(above - edges.begin()) - 1;
  return static_cast<double>(bin) + (value - edges[bin]) / (edges[bin + 1] - edges[bin]);
}

// Shares of the counts without their last element (missing rows).
json::array Shares(std::span<const double> counts) {
  const std::span<const double> bins = counts.first(counts.size() - 1);
  double sum = 0.0;
  for (const double count : bins) sum += count;
  json::array shares;
  for (const double count : bins) shares.push_back(Short(sum > 0.0 ? count / sum : 0.0));
  return shares;
}

}  // namespace

const monitor::Summary& Live::State::SummaryOf(monitor::Scope scope) const {
  return scope == monitor::Scope::kWindow ? windows.current() : windows.overall();
}

uint64_t Live::State::Flagged(const monitor::Summary& summary) const {
  return summary.FlaggedAt(settings.threshold);
}

ScopeDrift Live::State::DriftOf(const monitor::Summary& summary) const {
  ScopeDrift found;
  const double rows = Count(summary.scored);
  found.enough = rows >= drift::kMinRows;
  if (found.enough && first_scored >= kLearningRows) {
    // The scores of the first rows, in bins of about equally many of them.
    std::vector<double> reference;
    std::vector<double> current;
    uint64_t expected = 0;
    uint64_t seen = 0;
    for (size_t bin = 0; bin < first_scores.size(); ++bin) {
      expected += first_scores[bin];
      seen += summary.scores[bin];
      if (expected < kLearningRows / kScoreGroups && bin + 1 < first_scores.size()) continue;
      reference.push_back(Count(expected));
      current.push_back(Count(seen));
      expected = 0;
      seen = 0;
    }
    found.score_psi = drift::CompareCounts(reference, current).psi;
  }
  if (reference_counts.empty()) return found;
  std::vector<double> p_values;
  for (size_t f = 0; f < reference_counts.size(); ++f) {
    found.columns.push_back(
        drift::CompareCounts(reference_counts[f], CountsOf(summary.features[f])));
    p_values.push_back(found.enough ? found.columns.back().p_value : kNaN);
  }
  found.corrected = drift::Correct(p_values, drift::Correction::kBenjaminiHochberg);
  for (size_t f = 0; f < found.columns.size(); ++f) {
    found.verdicts.push_back(drift::Judge(found.columns[f], rows, found.corrected[f],
                                          settings.drift_level, settings.drift_floor));
    found.drifted += found.verdicts.back() == drift::Verdict::kDrifted ? 1u : 0u;
  }
  return found;
}

json::object Live::State::ColumnDriftJson(const monitor::Summary& summary, const ScopeDrift& found,
                                          size_t feature) const {
  const bool known = found.enough && !found.columns.empty();
  const drift::BinnedDrift none{.psi = kNaN, .psi_noise = kNaN, .p_value = kNaN};
  const drift::BinnedDrift& column = known ? found.columns[feature] : none;
  const std::vector<double>* reference =
      reference_counts.empty() ? nullptr : &reference_counts[feature];
  double reference_rows = 0.0;
  if (reference != nullptr)
    for (const double count : *reference) reference_rows += count;
  json::object entry;
  entry["name"] = pipeline().features()[feature].name;
  entry["verdict"] =
      drift::Name(found.columns.empty() ? drift::Verdict::kTooFewRows : found.verdicts[feature]);
  entry["psi"] = JsonNumber(Short(column.psi));
  entry["psi_noise"] = JsonNumber(Short(column.psi_noise));
  entry["p"] = JsonNumber(column.p_value);
  entry["p_corrected"] = JsonNumber(known ? found.corrected[feature] : kNaN);
  const double missing = Count(summary.features[feature].missing);
  const double share = Ratio(missing, Count(summary.scored));
  entry["missing_rate"] = std::isnan(share) ? 0.0 : Short(share);
  entry["reference_missing_rate"] =
      reference_rows > 0.0 ? Short(reference->back() / reference_rows) : 0.0;
  return entry;
}

json::object Live::State::ScopeJson(const monitor::Summary& summary,
                                    const ScopeDrift& found) const {
  const double scored = Count(summary.scored);
  const uint64_t flagged = Flagged(summary);
  json::object out;
  out["rows"] = summary.scored;
  out["aside"] = summary.aside;
  out["flagged"] = flagged;
  out["fraud_rate"] = Interval(Count(flagged), scored);
  out["average_probability"] = JsonNumber(summary.average_probability());
  out["high_risk_count"] = summary.levels[3] + summary.levels[4];
  json::array levels;
  for (const uint64_t level : summary.levels) levels.push_back(level);
  out["levels"] = std::move(levels);
  out["missing_rate"] = MissingRate(summary);
  out["aside_rate"] = AsideRate(summary);
  out["first_time"] = Seconds(summary.first_time_ms, summary);
  out["last_time"] = Seconds(summary.last_time_ms, summary);
  const LabelCounts labels = CountLabels(summary, score_edges, settings.threshold);
  if (labels.rows() > 0.0) {
    json::object labelled;
    labelled["rows"] = labels.rows();
    labelled["positives"] = labels.true_positive + labels.false_negative;
    labelled["true_positive"] = labels.true_positive;
    labelled["false_positive"] = labels.false_positive;
    labelled["true_negative"] = labels.true_negative;
    labelled["false_negative"] = labels.false_negative;
    labelled["precision"] =
        Interval(labels.true_positive, labels.true_positive + labels.false_positive);
    labelled["recall"] =
        Interval(labels.true_positive, labels.true_positive + labels.false_negative);
    out["labelled"] = std::move(labelled);
  } else {
    out["labelled"] = nullptr;
  }
  out["drifted_columns"] =
      found.enough && !found.columns.empty() ? json::value(found.drifted) : json::value(nullptr);
  out["score_psi"] = JsonNumber(found.score_psi);
  return out;
}

double Live::State::Statistic(const std::string& name, monitor::Scope scope) const {
  const monitor::Summary& summary = SummaryOf(scope);
  const ScopeDrift& found = scope == monitor::Scope::kWindow ? window_drift : overall_drift;
  const double scored = Count(summary.scored);
  const double high_risk = Count(summary.levels[3] + summary.levels[4]);
  if (name == "fraud_rate") return Ratio(Count(Flagged(summary)), scored);
  if (name == "average_probability") return summary.average_probability();
  if (name == "high_risk_count") return high_risk;
  if (name == "high_risk_rate") return Ratio(high_risk, scored);
  if (name == "aside_rate") return summary.rows() > 0 ? AsideRate(summary) : kNaN;
  if (name == "missing_rate") return scored > 0.0 ? MissingRate(summary) : kNaN;
  if (name == "rows") return Count(summary.rows());
  if (name == "throughput") return Throughput();
  if (name == "malformed") return Count(malformed);
  if (name == "latency_p50_us") return latency.Quantile(0.5);
  if (name == "latency_p99_us") return latency.Quantile(0.99);
  if (name == "delay_p99_ms") return delay.Quantile(0.99);
  if (name == "score_psi") return found.score_psi;
  if (name == "drifted_columns")
    return found.enough && !found.columns.empty() ? Count(found.drifted) : kNaN;
  if (name == "detector_alarms") {
    return Count(scope == monitor::Scope::kOverall ? detector.alarms
                                                   : detector.AlarmsWithin(summary.scored));
  }
  if (name == "detector_sum") return detector.cusum ? detector.cusum->sum() : kNaN;
  if (name == "precision" || name == "recall") {
    const LabelCounts labels = CountLabels(summary, score_edges, settings.threshold);
    return Ratio(
        labels.true_positive,
        labels.true_positive + (name == "recall" ? labels.false_negative : labels.false_positive));
  }
  const size_t point = name.find('.');
  if (point == std::string::npos) return kNaN;
  const std::string_view family = std::string_view(name).substr(0, point);
  const std::string_view of = std::string_view(name).substr(point + 1);
  if (family == "level") {
    for (size_t l = 0; l < summary.levels.size(); ++l) {
      if (forest::Name(static_cast<forest::RiskLevel>(l)) == of)
        return Ratio(Count(summary.levels[l]), scored);
    }
    return kNaN;
  }
  for (size_t f = 0; f < pipeline().features().size(); ++f) {
    if (pipeline().features()[f].name != of) continue;
    if (family == "missing") return Ratio(Count(summary.features[f].missing), scored);
    return found.enough && !found.columns.empty() ? found.columns[f].psi : kNaN;
  }
  return kNaN;
}

double Live::State::Throughput() const {
  if (arrivals.empty()) return 0.0;
  const int64_t now = latest_ms;
  uint64_t rows = 0;
  for (const auto& [at, count] : arrivals) rows += at > now - kThroughputMs ? count : 0;
  const int64_t span = std::clamp<int64_t>(now - since_ms, 250, kThroughputMs);
  return Count(rows) * 1000.0 / static_cast<double>(span);
}

json::object Live::State::RecentJson(size_t back) const {
  const RecentRing::Row& row = recent.row(back);
  json::object entry;
  entry["sequence"] = row.sequence;
  entry["timestamp"] = row.timestamp_ms;
  entry["row"] = JsonNumber(row.source_row);
  entry["reference"] = ValidUtf8(row.reference);
  entry["time"] = JsonNumber(row.time);
  entry["probability"] = JsonNumber(row.probability);
  std::string message;
  if (row.status == 0) {
    entry["risk_level"] = forest::Name(forest::LevelOf(loaded.model.info, row.probability));
  } else {
    entry["risk_level"] = nullptr;
    if (row.status_input >= 0) {
      message = "column ";
      message += pipeline().inputs()[static_cast<size_t>(row.status_input)].name;
      message += ": ";
    }
    message += csv::Message(static_cast<csv::BadRowReason>(row.status));
  }
  entry["message"] = message;
  return entry;
}

void Live::State::UpdateCharts(int64_t now_ms) {
  if (!stale || (generation > 0 && now_ms - kChartsMs < charts_ms && now_ms >= charts_ms)) return;
  stale = false;
  charts_ms = now_ms;
  ++generation;
  const monitor::Summary& window = windows.current();
  window_drift = DriftOf(window);
  overall_drift = &window == &windows.overall() ? window_drift : DriftOf(windows.overall());

  json::object shown;
  shown["width_ms"] = series.width_ms();
  json::array begin_ms, scored, fraud_rate, average;
  std::array<json::array, monitor::kLevels> levels;
  for (const monitor::SeriesPoint& point : series.points()) {
    if (point.scored == 0) continue;
    const double rows = Count(point.scored);
    begin_ms.push_back(point.begin_ms);
    scored.push_back(point.scored);
    fraud_rate.push_back(Short(Count(point.flagged) / rows));
    average.push_back(Short(Count(point.score_sum) / monitor::kScoreUnit / rows));
    for (size_t l = 0; l < levels.size(); ++l)
      levels[l].push_back(Short(Count(point.levels[l]) / rows));
  }
  shown["begin_ms"] = std::move(begin_ms);
  shown["scored"] = std::move(scored);
  shown["fraud_rate"] = std::move(fraud_rate);
  shown["average_probability"] = std::move(average);
  json::array level_series;
  for (json::array& level : levels) level_series.push_back(std::move(level));
  shown["levels"] = std::move(level_series);
  charts = ",\"series\":" + WriteJson(shown);

  std::vector<size_t> order(pipeline().features().size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (!window_drift.columns.empty() && window_drift.enough) {
    const auto beyond_noise = [&](size_t f) {
      const drift::BinnedDrift& column = window_drift.columns[f];
      return column.psi - column.psi_noise;
    };
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const bool a_drifted = window_drift.verdicts[a] == drift::Verdict::kDrifted;
      const bool b_drifted = window_drift.verdicts[b] == drift::Verdict::kDrifted;
      if (a_drifted != b_drifted) return a_drifted;
      if (beyond_noise(a) != beyond_noise(b)) return beyond_noise(a) > beyond_noise(b);
      return a < b;
    });
  }
  json::array columns;
  for (const size_t f : order) columns.push_back(ColumnDriftJson(window, window_drift, f));
  charts += ",\"columns\":" + WriteJson(columns);

  std::array<double, kHistogramBins> now{};
  std::array<double, kHistogramBins> before{};
  for (size_t bin = 0; bin + 1 < score_edges.size(); ++bin) {
    // The edges are multiples of 1/1000 and a few others: none is just below a multiple of 1/50.
    const auto place = static_cast<size_t>(score_edges[bin] * Count(kHistogramBins) + 1e-9);
    now[std::min(place, kHistogramBins - 1)] += Count(window.scores[bin]);
    before[std::min(place, kHistogramBins - 1)] += Count(first_scores[bin]);
  }
  json::object histogram;
  json::array edges, reference, shares;
  for (size_t bin = 0; bin <= kHistogramBins; ++bin)
    edges.push_back(Count(bin) / Count(kHistogramBins));
  for (size_t bin = 0; bin < kHistogramBins; ++bin) {
    shares.push_back(window.scored == 0 ? 0.0 : Short(now[bin] / Count(window.scored)));
    reference.push_back(Short(before[bin] / Count(std::max<uint64_t>(first_scored, 1))));
  }
  histogram["edges"] = std::move(edges);
  histogram["reference"] =
      first_scored < kLearningRows ? json::value(nullptr) : json::value(std::move(reference));
  histogram["window"] = std::move(shares);
  charts += ",\"histogram\":" + WriteJson(histogram);
}

std::string Live::TickJson(int64_t now_ms, uint64_t since_generation) {
  State& state = *state_;
  state.latest_ms = std::max(state.latest_ms, now_ms);
  state.UpdateCharts(now_ms);
  const monitor::Summary& window = state.windows.current();
  const std::vector<uint64_t> began = state.alerts.Evaluate(
      now_ms,
      [&](const std::string& name, monitor::Scope scope) { return state.Statistic(name, scope); },
      [&](monitor::Scope scope) { return state.SummaryOf(scope).rows(); });

  json::object tick;
  tick["now"] = now_ms;
  tick["total"] = state.total;
  tick["threshold"] = state.settings.threshold;
  tick["window"] = state.ScopeJson(window, state.window_drift);
  tick["overall"] = state.ScopeJson(state.windows.overall(), state.overall_drift);
  json::object window_state;
  window_state["complete"] = state.windows.complete();
  window_state["late"] = state.windows.late();
  window_state["restarts"] = state.windows.restarts();
  tick["window_state"] = std::move(window_state);
  tick["throughput"] = std::round(state.Throughput() * 10.0) / 10.0;
  json::object latency;
  latency["p50"] = JsonNumber(state.latency.Quantile(0.5));
  latency["p99"] = JsonNumber(state.latency.Quantile(0.99));
  tick["latency"] = std::move(latency);
  json::object delay;
  delay["p50"] = JsonNumber(state.delay.Quantile(0.5));
  delay["p99"] = JsonNumber(state.delay.Quantile(0.99));
  tick["delay"] = std::move(delay);
  tick["malformed"] = state.malformed;
  json::array malformed;
  for (const auto& [reason, sample] : state.malformed_last) {
    json::object entry;
    entry["reason"] = reason;
    entry["sample"] = sample;
    malformed.push_back(std::move(entry));
  }
  tick["malformed_last"] = std::move(malformed);
  const RateDetector& detector = state.detector;
  json::object watched;
  watched["rate"] = JsonNumber(detector.rate);
  watched["sum"] = detector.cusum ? detector.cusum->sum() : 0.0;
  watched["threshold"] = detector.threshold;
  watched["alarms"] = detector.alarms;
  watched["learning"] = detector.cusum ? uint64_t{0} : kLearningRows - detector.learnt_rows;
  tick["detector"] = std::move(watched);
  json::array recent;
  for (size_t back = 0; back < std::min(kTickPredictions, state.recent.size()); ++back)
    recent.push_back(state.RecentJson(back));
  tick["recent"] = std::move(recent);
  tick["generation"] = state.generation;

  std::string text = WriteJson(tick);
  text.pop_back();
  text += ",\"alerts\":";
  std::string alerts = state.alerts.StateJson(kTickEpisodes);
  alerts.pop_back();
  text += alerts;
  json::array numbers;
  for (const uint64_t number : began) numbers.push_back(number);
  text += ",\"began\":" + WriteJson(numbers) + "}";
  if (since_generation != state.generation) text += state.charts;
  text += '}';
  return text;
}

std::string Live::StatsJson() const {
  const State& state = *state_;
  const forest::ModelInfo& info = state.loaded.model.info;
  const monitor::Summary& overall = state.windows.overall();
  json::object out;
  out["total_predictions"] = overall.scored;
  out["fraud_rate"] = JsonNumber(Ratio(Count(state.Flagged(overall)), Count(overall.scored)));
  out["avg_probability"] = JsonNumber(overall.average_probability());
  out["high_risk_count"] = overall.levels[3] + overall.levels[4];
  const json::value* performance = info.training.if_contains("metrics");
  out["model_performance"] = performance != nullptr ? *performance : json::value(json::object());
  json::array recent;
  for (size_t back = 0; back < state.recent.size() && recent.size() < kRecentPredictions; ++back) {
    const RecentRing::Row& row = state.recent.row(back);
    if (row.status != 0) continue;
    json::object entry;
    entry["prediction"] = row.probability >= state.settings.threshold ? 1 : 0;
    entry["probability"] = row.probability;
    entry["risk_level"] = forest::Name(forest::LevelOf(info, row.probability));
    entry["confidence"] = std::max(row.probability, 1.0 - row.probability);
    entry["timestamp"] = monitor::IsoTime(row.timestamp_ms);
    entry["model_version"] = info.version;
    entry["row"] = JsonNumber(row.source_row);
    entry["reference"] = ValidUtf8(row.reference);
    recent.push_back(std::move(entry));
  }
  out["recent_predictions"] = std::move(recent);
  json::object levels;
  for (size_t l = 0; l < overall.levels.size(); ++l)
    levels[forest::Name(static_cast<forest::RiskLevel>(l))] = overall.levels[l];
  out["risk_levels"] = std::move(levels);
  out["rows_set_aside"] = overall.aside;
  out["malformed"] = state.malformed;
  out["threshold"] = state.settings.threshold;
  out["model_version"] = info.version;
  out["since"] =
      state.since_ms < 0 ? json::value(nullptr) : json::value(monitor::IsoTime(state.since_ms));
  return WriteJson(out);
}

namespace {

Result<size_t> FeatureByName(const features::Pipeline& pipeline, std::string_view name) {
  for (size_t f = 0; f < pipeline.features().size(); ++f)
    if (pipeline.features()[f].name == name) return f;
  return Error{.code = ErrorCode::kBadArgument,
               .message = "the model has no feature named \"" + Excerpt(name) + "\""};
}

}  // namespace

Result<std::string> Live::ColumnJson(std::string_view feature) const {
  const State& state = *state_;
  const Result<size_t> found = FeatureByName(state.pipeline(), feature);
  if (!found.ok()) return found.error();
  if (state.reference_counts.empty()) {
    return Error{.code = ErrorCode::kNotReady,
                 .message = "the model has no reference profile to compare with"};
  }
  const monitor::Summary& window = state.windows.current();
  const std::vector<double>& reference = state.reference_counts[*found];
  const std::vector<double> current = CountsOf(window.features[*found]);
  // Without missing rows on either side their bin would only take a share of its neighbour's.
  const size_t bins = reference.size() - 1;
  const size_t compared = reference.back() > 0.0 || current.back() > 0.0 ? bins + 1 : bins;
  const std::vector<double> contribution =
      drift::PsiByBin(std::span(reference).first(compared), std::span(current).first(compared));
  json::array edges, shares;
  for (const double edge : state.layout->edges[*found]) edges.push_back(edge);
  for (size_t b = 0; b < bins; ++b)
    shares.push_back(std::isnan(contribution[b]) ? 0.0 : Short(contribution[b]));
  json::object out;
  out["name"] = state.pipeline().features()[*found].name;
  out["edges"] = std::move(edges);
  out["reference"] = Shares(reference);
  out["current"] = Shares(current);
  out["contribution"] = std::move(shares);
  out["drift"] = state.ColumnDriftJson(window, state.DriftOf(window), *found);
  return WriteJson(out);
}

Result<std::string> Live::RowsJson(std::string_view feature, double low, double high,
                                   size_t max) const {
  const State& state = *state_;
  const Result<size_t> found = FeatureByName(state.pipeline(), feature);
  if (!found.ok()) return found.error();
  if (!(low <= high)) {
    return Error{.code = ErrorCode::kBadArgument, .message = "the range must have low <= high"};
  }
  const bool everything = std::isinf(low) && std::isinf(high);
  double median = 0.0;
  const std::vector<double>* edges = nullptr;
  if (!state.reference_counts.empty()) {
    edges = &state.layout->edges[*found];
    const std::vector<double>& reference = state.reference_counts[*found];
    double half = 0.0;
    for (size_t b = 0; b + 1 < reference.size(); ++b) half += reference[b] / 2.0;
    for (size_t b = 0; b + 1 < reference.size(); ++b) {
      if (half <= reference[b]) {
        median = static_cast<double>(b) + (reference[b] > 0.0 ? half / reference[b] : 0.0);
        break;
      }
      half -= reference[b];
    }
  }
  struct Candidate {
    double distance;
    size_t back;
  };
  std::vector<Candidate> candidates;
  for (size_t back = 0; back < state.recent.size(); ++back) {
    if (state.recent.row(back).status != 0) continue;
    const double value = static_cast<double>(state.recent.feature(back, *found));
    if (std::isnan(value)) {
      if (everything) candidates.push_back({-1.0, back});
      continue;
    }
    if (value < low || value > high) continue;
    const double place = edges == nullptr ? value : PlaceInBins(*edges, value);
    candidates.push_back({std::abs(place - median), back});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance > b.distance : a.back < b.back;
  });
  if (candidates.size() > max) candidates.resize(max);
  json::array rows;
  for (const Candidate& candidate : candidates) {
    json::object entry = state.RecentJson(candidate.back);
    entry.erase("message");
    entry.erase("sequence");
    entry["value"] = JsonNumber(static_cast<double>(state.recent.feature(candidate.back, *found)));
    json::array inputs;
    for (size_t c = 0; c < state.pipeline().inputs().size(); ++c)
      inputs.push_back(JsonNumber(state.recent.input(candidate.back, c)));
    entry["inputs"] = std::move(inputs);
    rows.push_back(std::move(entry));
  }
  return WriteJson(rows);
}

}  // namespace firetower::session
