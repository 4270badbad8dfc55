#include "analysis/performance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/json_number.h"
#include "core/base/json.h"
#include "core/metrics/binary.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/cbpe.h"
#include "core/metrics/decisions.h"
#include "core/metrics/delong.h"
#include "core/metrics/isotonic.h"
#include "core/metrics/reliability.h"

namespace firetower::analysis {
namespace {

using metrics::Interval;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMaxWindows = 10000;
constexpr size_t kCurvePoints = 200;
constexpr size_t kCostSteps = 200;
constexpr size_t kFolds = 5;  // For the error of a calibration on the rows it is fitted on.
constexpr const char* kAssumption =
    "Valid only if P(y|x) is unchanged: rows that look alike are fraudulent as often as they were "
    "when the scores were calibrated.";
constexpr std::array<const char*, 6> kMetrics = {"auc",    "average_precision", "precision",
                                                 "recall", "specificity",       "f1"};

Error Bad(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

// ---- requests

enum class WindowKind { kRows, kTime, kCount };

struct WindowPlan {
  WindowKind kind = WindowKind::kCount;
  double size = 10.0;
};

struct Settings {
  double threshold = 0.5;
  std::optional<WindowPlan> windows;
  std::optional<double> budget;
  std::optional<metrics::Costs> costs;
  bool cost_amount = false;
  bool maturity = false;
  double delay = 0.0;
  double as_of = kNaN;
  size_t bins = 10;
  int32_t bootstrap = 500;
  uint64_t seed = 1;
  std::string calibration;
};

class Request {
 public:
  explicit Request(const json::object& object, std::string place = "")
      : object_(object), place_(std::move(place)) {}

  // Null counts as not given.
  const json::value* Find(const char* key) const {
    const json::value* value = object_.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  Status Number(const char* key, double low, double high, double* out) const {
    const json::value* value = Find(key);
    if (value == nullptr) return {};
    if (!value->is_number()) return Bad(place_ + key + ": is no number");
    const double number = value->is_double()  ? value->get_double()
                          : value->is_int64() ? static_cast<double>(value->get_int64())
                                              : static_cast<double>(value->get_uint64());
    if (!(number >= low && number <= high)) return Bad(place_ + key + ": is out of range");
    *out = number;
    return {};
  }
  Status Whole(const char* key, double low, double high, double* out) const {
    if (Status status = Number(key, low, high, out); !status.ok()) return status;
    if (Find(key) != nullptr && *out != std::floor(*out)) {
      return Bad(place_ + key + ": is no whole number");
    }
    return {};
  }
  Result<const json::object*> Object(const char* key) const {
    const json::value* value = Find(key);
    if (value == nullptr) return static_cast<const json::object*>(nullptr);
    if (!value->is_object()) return Bad(place_ + key + ": is no object");
    return &value->get_object();
  }

 private:
  const json::object& object_;
  std::string place_;
};

Result<Settings> ParseSettings(std::string_view text, const forest::Model* model) {
  constexpr double kMost = 1e15;
  const Result<json::value> parsed =
      ParseJson(text.empty() ? "{}" : text, ErrorCode::kBadArgument, "request");
  if (!parsed.ok()) return parsed.error();
  if (!parsed->is_object()) return Bad("request: is no object");
  const Request request(parsed->get_object());
  Settings settings;
  if (model != nullptr) settings.threshold = model->info.threshold;
  double bins = 10;
  double bootstrap = 500;
  double seed = 1;
  double budget = kNaN;
  for (const Status& status : {request.Number("threshold", 0.0, 1.0, &settings.threshold),
                               request.Whole("bins", 2.0, 1000.0, &bins),
                               request.Whole("bootstrap", 0.0, 100000.0, &bootstrap),
                               request.Whole("seed", 0.0, 9007199254740991.0, &seed),
                               request.Number("budget", 1e-9, kMost, &budget)}) {
    if (!status.ok()) return status.error();
  }
  settings.bins = static_cast<size_t>(bins);
  settings.bootstrap = static_cast<int32_t>(bootstrap);
  settings.seed = static_cast<uint64_t>(seed);
  if (!std::isnan(budget)) settings.budget = budget;

  const Result<const json::object*> windows = request.Object("windows");
  if (!windows.ok()) return windows.error();
  if (*windows != nullptr) {
    WindowPlan plan;
    const Request fields(**windows, "windows.");
    const json::value* kind = fields.Find("kind");
    const std::string name = kind != nullptr && kind->is_string() ? kind->get_string().c_str() : "";
    if (name != "rows" && name != "time" && name != "count") {
      return Bad("windows.kind: is neither rows, time nor count");
    }
    plan.kind = name == "rows"   ? WindowKind::kRows
                : name == "time" ? WindowKind::kTime
                                 : WindowKind::kCount;
    plan.size = kNaN;
    const Status size = plan.kind == WindowKind::kTime
                            ? fields.Number("size", 1e-9, kMost, &plan.size)
                            : fields.Whole("size", 1.0, kMost, &plan.size);
    if (!size.ok()) return size.error();
    if (std::isnan(plan.size)) return Bad("windows.size: is missing");
    settings.windows = plan;
  }
  const Result<const json::object*> cost = request.Object("cost");
  if (!cost.ok()) return cost.error();
  if (*cost != nullptr) {
    metrics::Costs costs;
    const Request fields(**cost, "cost.");
    if (const json::value* amount = fields.Find("amount")) {
      if (!amount->is_bool()) return Bad("cost.amount: is neither true nor false");
      settings.cost_amount = amount->get_bool();
      if (settings.cost_amount) costs.false_negative = 0.0;
    }
    for (const Status& status : {fields.Number("false_positive", 0.0, kMost, &costs.false_positive),
                                 fields.Number("false_negative", 0.0, kMost, &costs.false_negative),
                                 fields.Number("review", 0.0, kMost, &costs.review)}) {
      if (!status.ok()) return status.error();
    }
    settings.costs = costs;
  }
  const Result<const json::object*> maturity = request.Object("maturity");
  if (!maturity.ok()) return maturity.error();
  if (*maturity != nullptr) {
    settings.maturity = true;
    const Request fields(**maturity, "maturity.");
    for (const Status& status : {fields.Number("delay", 0.0, kMost, &settings.delay),
                                 fields.Number("as_of", -kMost, kMost, &settings.as_of)}) {
      if (!status.ok()) return status.error();
    }
  }
  if (const json::value* calibration = request.Find("calibration")) {
    if (!calibration->is_string()) return Bad("calibration: is no text");
    settings.calibration = calibration->get_string().c_str();
  }
  return settings;
}

json::object SettingsJson(const Settings& settings) {
  json::object object;
  object["threshold"] = JsonNumber(settings.threshold);
  object["windows"] = nullptr;
  if (settings.windows) {
    const char* kind = settings.windows->kind == WindowKind::kRows   ? "rows"
                       : settings.windows->kind == WindowKind::kTime ? "time"
                                                                     : "count";
    object["windows"] = json::object{{"kind", kind}, {"size", JsonNumber(settings.windows->size)}};
  }
  object["maturity"] = nullptr;
  if (settings.maturity) {
    object["maturity"] =
        json::object{{"delay", JsonNumber(settings.delay)}, {"as_of", JsonNumber(settings.as_of)}};
  }
  return object;
}

void AddReportSettings(const Settings& settings, json::object* object) {
  (*object)["budget"] = settings.budget ? JsonNumber(*settings.budget) : json::value(nullptr);
  (*object)["cost"] = nullptr;
  if (settings.costs) {
    (*object)["cost"] = json::object{{"false_positive", JsonNumber(settings.costs->false_positive)},
                                     {"false_negative", JsonNumber(settings.costs->false_negative)},
                                     {"amount", settings.cost_amount},
                                     {"review", JsonNumber(settings.costs->review)}};
  }
  (*object)["bins"] = JsonCount(static_cast<double>(settings.bins));
  (*object)["bootstrap"] = JsonCount(settings.bootstrap);
  (*object)["seed"] = JsonCount(static_cast<double>(settings.seed));
}

// ---- rows

Status CheckRows(const ScoredRows& rows, std::string_view what) {
  const size_t n = rows.scores.size();
  const std::string of(what);
  const std::pair<const char*, std::span<const double>> columns[] = {{"labels", rows.labels},
                                                                     {"weights", rows.weights},
                                                                     {"amounts", rows.amounts},
                                                                     {"times", rows.times}};
  for (const auto& [name, column] : columns) {
    if (!column.empty() && column.size() != n) {
      return Bad(of + name + ": there are " + std::to_string(column.size()) + " of them for " +
                 std::to_string(n) + " scores");
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const char* reason = nullptr;
    if (rows.scores[i] < 0.0 || rows.scores[i] > 1.0) reason = "a score is outside 0..1";
    if (!rows.labels.empty() && !std::isnan(rows.labels[i]) && rows.labels[i] != 0.0 &&
        rows.labels[i] != 1.0) {
      reason = "a label is neither 0 nor 1";
    }
    if (!rows.weights.empty() && !(rows.weights[i] >= 0.0 && std::isfinite(rows.weights[i]))) {
      reason = "a weight is negative or not finite";
    }
    if (!rows.amounts.empty() && std::isinf(rows.amounts[i])) reason = "an amount is infinite";
    if (!rows.times.empty() && std::isinf(rows.times[i])) reason = "a time is infinite";
    if (reason != nullptr) {
      return Error{
          .code = ErrorCode::kDataInvalid, .message = of + reason, .row = static_cast<int64_t>(i)};
    }
  }
  return {};
}

// Labels of matured rows; NaN for the others. Writes the time taken for "now" into the settings.
Result<std::vector<double>> MaturedLabels(const ScoredRows& rows, Settings* settings) {
  std::vector<double> labels(rows.labels.begin(), rows.labels.end());
  labels.resize(rows.scores.size(), kNaN);
  if (!settings->maturity) return labels;
  if (rows.times.empty() && !rows.scores.empty()) return Bad("maturity: needs times");
  if (std::isnan(settings->as_of)) {
    for (const double time : rows.times) {
      if (!(time <= settings->as_of)) settings->as_of = std::isnan(time) ? settings->as_of : time;
    }
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (!(rows.times[i] <= settings->as_of - settings->delay)) labels[i] = kNaN;
  }
  return labels;
}

struct Window {
  std::vector<size_t> rows;  // Rising.
  double from = kNaN;        // Of the rows' times.
  double to = kNaN;
};

Result<std::vector<Window>> MakeWindows(const ScoredRows& rows, const WindowPlan& plan) {
  std::vector<Window> windows;
  const size_t n = rows.scores.size();
  const auto too_many = [](double count) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "windows: " + std::to_string(static_cast<uint64_t>(count)) +
                            " of them are over the limit of " + std::to_string(kMaxWindows)};
  };
  if (plan.kind == WindowKind::kTime) {
    if (rows.times.empty() && n > 0) return Bad("windows: kind time needs times");
    std::map<double, Window> found;
    for (size_t i = 0; i < n; ++i) {
      if (std::isnan(rows.times[i])) continue;
      found[std::floor(rows.times[i] / plan.size)].rows.push_back(i);
      if (found.size() > kMaxWindows) return too_many(static_cast<double>(found.size()));
    }
    for (auto& [number, window] : found) windows.push_back(std::move(window));
  } else {
    const double count = plan.kind == WindowKind::kCount
                             ? std::min(plan.size, static_cast<double>(n))
                             : std::ceil(static_cast<double>(n) / plan.size);
    if (count > static_cast<double>(kMaxWindows)) return too_many(count);
    const auto whole = static_cast<size_t>(count);
    size_t begin = 0;
    for (size_t w = 0; w < whole; ++w) {
      const size_t end = plan.kind == WindowKind::kCount
                             ? (w + 1) * n / whole
                             : std::min(n, begin + static_cast<size_t>(plan.size));
      Window window;
      for (; begin < end; ++begin) window.rows.push_back(begin);
      windows.push_back(std::move(window));
    }
  }
  for (Window& window : windows) {
    if (rows.times.empty()) continue;
    for (const size_t i : window.rows) {
      const double time = rows.times[i];
      if (!(window.from <= time) && !std::isnan(time)) window.from = time;
      if (!(window.to >= time) && !std::isnan(time)) window.to = time;
    }
  }
  return windows;
}

// Matured rows with a score, scores falling.
struct Sample {
  size_t rows = 0;       // Of all given.
  size_t set_aside = 0;  // Without a score.
  size_t amount_missing = 0;
  std::vector<double> scores;
  std::vector<double> labels;
  std::vector<double> weights;
  std::vector<double> amounts;
  std::vector<uint8_t> positive;  // The labels once more.
};

Sample Gather(const ScoredRows& rows, std::span<const double> labels,
              std::span<const size_t> chosen) {
  Sample sample;
  sample.rows = chosen.size();
  std::vector<size_t> order;
  for (const size_t i : chosen) {
    if (std::isnan(rows.scores[i])) {
      ++sample.set_aside;
    } else if (!std::isnan(labels[i])) {
      order.push_back(i);
    }
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return rows.scores[a] != rows.scores[b] ? rows.scores[a] > rows.scores[b] : a < b;
  });
  for (const size_t i : order) {
    sample.scores.push_back(rows.scores[i]);
    sample.labels.push_back(labels[i]);
    sample.positive.push_back(labels[i] != 0.0 ? 1 : 0);
    if (!rows.weights.empty()) sample.weights.push_back(rows.weights[i]);
    if (!rows.amounts.empty()) {
      sample.amounts.push_back(rows.amounts[i]);
      if (std::isnan(rows.amounts[i])) ++sample.amount_missing;
    }
  }
  return sample;
}

std::vector<size_t> AllRows(size_t n) {
  std::vector<size_t> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = i;
  return rows;
}

// ---- documents

json::object IntervalJson(const Interval& interval) {
  json::object object;
  object["value"] = JsonNumber(interval.value);
  object["low"] = JsonNumber(interval.low);
  object["high"] = JsonNumber(interval.high);
  return object;
}

json::object ConfusionJson(const metrics::Confusion& confusion) {
  json::object object;
  object["true_positive"] = JsonNumber(confusion.true_positive);
  object["false_positive"] = JsonNumber(confusion.false_positive);
  object["true_negative"] = JsonNumber(confusion.true_negative);
  object["false_negative"] = JsonNumber(confusion.false_negative);
  return object;
}

// Why figures are not defined, by name.
class Reasons {
 public:
  void Note(const char* name, const Interval& interval, const char* value_reason,
            const char* interval_reason) {
    if (std::isnan(interval.value)) {
      reasons_[name] = value_reason;
    } else if (std::isnan(interval.low) || std::isnan(interval.high)) {
      reasons_[name] = interval_reason;
    }
  }
  void Note(const char* name, double value, const char* reason) {
    if (std::isnan(value)) reasons_[name] = reason;
  }
  json::object Take() { return std::move(reasons_); }

 private:
  json::object reasons_;
};

struct Figures {
  size_t positives = 0;
  Interval auc, average_precision;
  metrics::ThresholdFigures at;
  double brier = 0.0, log_loss = 0.0;
};

// REQUIRES: rows checked.
Figures FiguresOf(const metrics::ScoredLabels& scored, const Settings& settings, uint64_t seed) {
  Figures figures;
  figures.positives = scored.positives();
  figures.auc = metrics::RocAuc(scored);
  figures.average_precision = settings.bootstrap > 0
                                  ? metrics::BootstrapAveragePrecision(
                                        scored, {.replicates = settings.bootstrap, .seed = seed})
                                  : metrics::AveragePrecision(scored);
  figures.at = metrics::FiguresAt(scored, settings.threshold);
  figures.brier = metrics::BrierScore(scored);
  figures.log_loss = metrics::LogLoss(scored);
  return figures;
}

json::object CostPointJson(const metrics::CostPoint& point) {
  json::object object;
  object["threshold"] = JsonNumber(point.threshold);
  object["cost"] = JsonNumber(point.cost);
  object["flagged"] = JsonNumber(point.flagged);
  return object;
}

json::value ShareOf(double part, double whole) { return JsonNumber(part / whole); }

json::object BudgetJson(const metrics::BudgetFigures& budget) {
  json::object object;
  object["alerts"] = JsonNumber(budget.alerts);
  object["threshold"] = JsonNumber(budget.threshold);
  object["tied"] = JsonCount(static_cast<double>(budget.tied));
  object["true_positive"] = JsonNumber(budget.true_positive);
  object["precision"] = IntervalJson(budget.precision);
  object["recall"] = IntervalJson(budget.recall);
  object["lift"] = JsonNumber(budget.lift);
  object["value"] = JsonNumber(budget.value);
  object["value_total"] = JsonNumber(budget.value_total);
  object["value_share"] = ShareOf(budget.value, budget.value_total);
  return object;
}

// whole: with bins and curves, as for all rows together.
Result<json::object> SampleJson(const Sample& sample, const Settings& settings, uint64_t seed,
                                bool whole) {
  const Result<metrics::ScoredLabels> made =
      metrics::ScoredLabels::Create(sample.scores, sample.labels, sample.weights);
  if (!made.ok()) return made.error();
  const metrics::ScoredLabels& scored = *made;
  const Figures figures = FiguresOf(scored, settings, seed);
  const size_t matured = sample.scores.size();
  const double weight = scored.positive_weight() + scored.negative_weight();
  const char* none = matured == 0 ? "no row is matured" : "no matured row has a weight";
  const bool empty = !(weight > 0.0);
  const char* no_positive = empty ? none : "no positive row is matured";
  const char* one_class =
      scored.positive_weight() > 0.0 ? (empty ? none : "no negative row is matured") : no_positive;
  const char* few = "fewer than two rows of a class: no interval";
  Reasons reasons;
  json::object object;
  object["rows"] = JsonCount(static_cast<double>(sample.rows));
  object["set_aside"] = JsonCount(static_cast<double>(sample.set_aside));
  object["matured"] = JsonCount(static_cast<double>(matured));
  object["share_matured"] =
      ShareOf(static_cast<double>(matured), static_cast<double>(sample.rows - sample.set_aside));
  object["positives"] = JsonCount(static_cast<double>(figures.positives));
  object["weight"] = JsonNumber(weight);
  object["positive_weight"] = JsonNumber(scored.positive_weight());
  object["auc"] = IntervalJson(figures.auc);
  reasons.Note("auc", figures.auc, one_class, few);
  object["average_precision"] = IntervalJson(figures.average_precision);
  reasons.Note("average_precision", figures.average_precision, no_positive, few);
  object["precision"] = IntervalJson(figures.at.precision);
  reasons.Note("precision", figures.at.precision, empty ? none : "no matured row is flagged", "");
  object["recall"] = IntervalJson(figures.at.recall);
  reasons.Note("recall", figures.at.recall, no_positive, "");
  object["specificity"] = IntervalJson(figures.at.specificity);
  reasons.Note("specificity", figures.at.specificity, empty ? none : "no negative row is matured",
               "");
  object["f1"] = IntervalJson(figures.at.f1);
  reasons.Note("f1", figures.at.f1, empty ? none : "no matured row is positive or flagged", "");
  object["brier"] = JsonNumber(figures.brier);
  reasons.Note("brier", figures.brier, none);
  object["log_loss"] = JsonNumber(figures.log_loss);
  reasons.Note("log_loss", figures.log_loss, none);
  object["confusion"] = ConfusionJson(figures.at.counts);

  const metrics::Reliability reliability = metrics::MeasureReliability(scored, settings.bins);
  reasons.Note("ece", reliability.expected_error, none);
  if (whole) {
    json::array bins;
    for (const metrics::ReliabilityBin& bin : reliability.bins) {
      json::object entry;
      entry["low"] = JsonNumber(bin.low);
      entry["high"] = JsonNumber(bin.high);
      entry["rows"] = JsonCount(static_cast<double>(bin.rows));
      entry["weight"] = JsonNumber(bin.weight);
      entry["predicted"] = JsonNumber(bin.predicted);
      entry["observed"] = IntervalJson(bin.observed);
      bins.push_back(std::move(entry));
    }
    json::object calibration;
    calibration["ece"] = JsonNumber(reliability.expected_error);
    calibration["largest"] = JsonNumber(reliability.maximum_error);
    calibration["bins"] = std::move(bins);
    object["calibration"] = std::move(calibration);
  } else {
    object["ece"] = JsonNumber(reliability.expected_error);
  }

  object["cost"] = nullptr;
  if (settings.costs) {
    const std::span<const double> amounts =
        settings.cost_amount ? std::span<const double>(sample.amounts) : std::span<const double>();
    const metrics::CostCurve curve = metrics::MeasureCosts(
        sample.scores, sample.positive, sample.weights, amounts, *settings.costs);
    json::object cost;
    cost["best"] = CostPointJson(curve.best);
    // Of this threshold, not of the nearest score above it.
    metrics::CostPoint at = curve.At(settings.threshold);
    at.threshold = settings.threshold;
    cost["at_threshold"] = CostPointJson(at);
    cost["nothing"] = JsonNumber(curve.points.front().cost);
    cost["everything"] = JsonNumber(curve.points.back().cost);
    if (whole) {
      json::array points;
      for (const metrics::CostPoint& point : metrics::ThinCosts(curve, kCostSteps)) {
        points.push_back(CostPointJson(point));
      }
      cost["curve"] = std::move(points);
    }
    if (!sample.amounts.empty()) {
      cost["amount_missing"] = JsonCount(static_cast<double>(sample.amount_missing));
    }
    object["cost"] = std::move(cost);
  }
  object["budget"] = nullptr;
  if (settings.budget) {
    const metrics::BudgetFigures budget = metrics::AtBudget(
        sample.scores, sample.positive, sample.weights, sample.amounts, *settings.budget);
    object["budget"] = BudgetJson(budget);
    reasons.Note("budget.precision", budget.precision, none, "");
    reasons.Note("budget.recall", budget.recall, no_positive, "");
    reasons.Note("budget.lift", budget.lift, no_positive);
    reasons.Note("budget.value", budget.value, "no amounts are given");
    if (!std::isnan(budget.value) && !(budget.value_total > 0.0)) {
      reasons.Note("budget.value_share", kNaN, no_positive);
    }
  }
  if (whole) {
    json::array curve;
    for (const metrics::CurvePoint& point : metrics::ThinCurve(scored, kCurvePoints)) {
      json::object entry;
      entry["threshold"] = JsonNumber(point.threshold);
      entry["true_positive_rate"] = ShareOf(point.true_positive, scored.positive_weight());
      entry["false_positive_rate"] = ShareOf(point.false_positive, scored.negative_weight());
      entry["precision"] = ShareOf(point.true_positive, point.true_positive + point.false_positive);
      curve.push_back(std::move(entry));
    }
    object["curve"] = std::move(curve);
  }
  object["undefined"] = reasons.Take();
  return object;
}

void AddWindow(const Window& window, json::object* object) {
  (*object)["first"] = JsonCount(static_cast<double>(window.rows.front()));
  (*object)["last"] = JsonCount(static_cast<double>(window.rows.back()));
  (*object)["from"] = JsonNumber(window.from);
  (*object)["to"] = JsonNumber(window.to);
}

void Append(json::object more, json::object* object) {
  for (auto& member : more) (*object)[member.key()] = std::move(member.value());
}

json::object Header(const char* format, const Settings& settings) {
  json::object object;
  object["format"] = format;
  object["version"] = 1;
  object["settings"] = SettingsJson(settings);
  return object;
}

// The k highest rows of every window, added up: what a budget per day catches.
class BudgetSum {
 public:
  void Add(const Sample& sample, double k) {
    const metrics::BudgetFigures one =
        metrics::AtBudget(sample.scores, sample.positive, sample.weights, sample.amounts, k);
    ++windows_;
    value_ += one.value;
    value_total_ += one.value_total;
    for (size_t i = 0; i < sample.scores.size(); ++i) {
      const double weight = sample.weights.empty() ? 1.0 : sample.weights[i];
      total_ += weight;
      if (sample.positive[i] != 0) positives_.Add(weight, false);
    }
    positives_.hits += one.true_positive;
    alerts_.weight += one.alerts;
    alerts_.hits += one.true_positive;
    // Rows fall out of the order only where they tie at the end.
    double room = one.alerts;
    for (size_t i = 0; i < sample.scores.size() && room > 0.0; ++i) {
      const double weight = sample.weights.empty() ? 1.0 : sample.weights[i];
      alerts_.square += weight * std::min(weight, room);
      room -= weight;
    }
  }
  json::object Json() const {
    json::object object;
    const Interval precision = alerts_.Wilson();
    object["windows"] = JsonCount(windows_);
    object["alerts"] = JsonNumber(alerts_.weight);
    object["true_positive"] = JsonNumber(alerts_.hits);
    object["precision"] = IntervalJson(precision);
    object["recall"] = IntervalJson(positives_.Wilson());
    object["lift"] = JsonNumber(precision.value / (positives_.weight / total_));
    object["value"] = JsonNumber(value_);
    object["value_total"] = JsonNumber(value_total_);
    object["value_share"] = ShareOf(value_, value_total_);
    return object;
  }

 private:
  double windows_ = 0.0;
  double total_ = 0.0;
  double value_ = 0.0;
  double value_total_ = 0.0;
  metrics::Share alerts_;
  metrics::Share positives_;
};

// ---- calibration

struct Calibration {
  std::string from;
  double rows = kNaN;
  std::vector<double> scores;
  std::vector<double> probabilities;
};

std::vector<double> Apply(const Calibration& calibration, std::span<const double> scores) {
  std::vector<double> calibrated;
  calibrated.reserve(scores.size());
  for (const double score : scores) {
    calibrated.push_back(metrics::Calibrated(calibration.scores, calibration.probabilities, score));
  }
  return calibrated;
}

bool HasCalibration(const forest::Model* model) {
  return model != nullptr && !model->calibration.scores.empty();
}

Calibration OfModel(const forest::Model& model) {
  return {.from = "model: " + model.calibration.from,
          .rows = model.calibration.rows,
          .scores = model.calibration.scores,
          .probabilities = model.calibration.probabilities};
}

bool BothClasses(std::span<const double> labels) {
  return std::find(labels.begin(), labels.end(), 0.0) != labels.end() &&
         std::find(labels.begin(), labels.end(), 1.0) != labels.end();
}

// REQUIRES: a row has a score and a label.
Result<Calibration> Fit(std::string from, std::span<const double> scores,
                        std::span<const double> labels, std::span<const double> weights) {
  Result<metrics::Isotonic> fit = metrics::FitIsotonic(scores, labels, weights);
  if (!fit.ok()) return fit.error();
  double rows = 0.0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isnan(scores[i]) && !std::isnan(labels[i])) rows += 1.0;
  }
  return Calibration{.from = std::move(from),
                     .rows = rows,
                     .scores = std::move(fit->scores),
                     .probabilities = std::move(fit->probabilities)};
}

double CalibrationError(std::span<const double> calibrated, std::span<const double> labels,
                        std::span<const double> weights, size_t bins) {
  const Result<metrics::ScoredLabels> scored =
      metrics::ScoredLabels::Create(calibrated, labels, weights);
  return scored.ok() ? metrics::MeasureReliability(*scored, bins).expected_error : kNaN;
}

// The error of a calibration fitted on these very rows, each row's probability by a fit on the
// other folds.
double OutOfFoldError(const ScoredRows& rows, std::span<const double> labels, size_t bins) {
  std::vector<double> calibrated(rows.scores.size(), kNaN);
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<double> others(labels.begin(), labels.end());
    for (size_t i = fold; i < others.size(); i += kFolds) others[i] = kNaN;
    const Result<Calibration> fit = Fit("", rows.scores, others, rows.weights);
    if (!fit.ok()) return kNaN;
    for (size_t i = fold; i < calibrated.size(); i += kFolds) {
      calibrated[i] = metrics::Calibrated(fit->scores, fit->probabilities, rows.scores[i]);
    }
  }
  return CalibrationError(calibrated, labels, rows.weights, bins);
}

// ---- estimates

const char* BandsText(metrics::BandMethod method) {
  switch (method) {
    case metrics::BandMethod::kExact:
      return "95 % of what chance makes of the calibrated probabilities: precision, recall, "
             "specificity and F1 exactly (Poisson-binomial), AUC and average precision by the "
             "normal distribution. The calibration's own error is not in them.";
    case metrics::BandMethod::kContinuity:
      return "95 % of what chance makes of the calibrated probabilities: normal distribution, with "
             "continuity correction for precision, recall, specificity and F1. The calibration's "
             "own error is not in them.";
    case metrics::BandMethod::kSimulated:
      break;
  }
  return "95 % of what chance makes of the calibrated probabilities: with weights precision, "
         "recall, "
         "specificity and F1 from simulated outcomes, AUC and average precision by the normal "
         "distribution. The calibration's own error is not in them.";
}

std::array<Interval, kMetrics.size()> MetricsOf(const metrics::Estimate& estimate) {
  return {estimate.auc,    estimate.average_precision, estimate.precision,
          estimate.recall, estimate.specificity,       estimate.f1};
}

metrics::Estimate EstimateRows(const ScoredRows& rows, std::span<const double> calibrated,
                               std::span<const size_t> chosen, double threshold) {
  std::vector<double> scores;
  std::vector<double> probabilities;
  std::vector<double> weights;
  for (const size_t i : chosen) {
    scores.push_back(rows.scores[i]);
    probabilities.push_back(calibrated[i]);
    if (!rows.weights.empty()) weights.push_back(rows.weights[i]);
  }
  return metrics::EstimatePerformance(scores, probabilities, weights, threshold);
}

json::object EstimateFigures(const metrics::Estimate& estimate) {
  json::object object;
  object["rows"] = JsonCount(static_cast<double>(estimate.rows));
  object["weight"] = JsonNumber(estimate.weight);
  object["positives"] = JsonNumber(estimate.positives);
  const bool positives = estimate.positives > 0.0;
  const bool negatives = estimate.weight - estimate.positives > 0.0;
  const char* none = "no row has a score";
  const char* no_positive = estimate.rows == 0 ? none : "no positive row is expected";
  const char* no_negative = estimate.rows == 0 ? none : "no negative row is expected";
  const std::array<const char*, kMetrics.size()> why = {
      positives ? no_negative : no_positive,
      no_positive,
      estimate.rows == 0 ? none : "no row is flagged",
      no_positive,
      negatives ? none : no_negative,
      estimate.rows == 0 ? none : "no row is flagged or expected to be positive"};
  Reasons reasons;
  const std::array<Interval, kMetrics.size()> figures = MetricsOf(estimate);
  for (size_t m = 0; m < kMetrics.size(); ++m) {
    object[kMetrics[m]] = IntervalJson(figures[m]);
    reasons.Note(kMetrics[m], figures[m], why[m], "no band");
  }
  object["confusion"] = ConfusionJson(estimate.confusion);
  object["undefined"] = reasons.Take();
  return object;
}

}  // namespace

Result<std::string> PerformanceReportJson(const ScoredRows& rows, std::string_view request) {
  Result<Settings> parsed = ParseSettings(request, nullptr);
  if (!parsed.ok()) return parsed.error();
  Settings& settings = *parsed;
  if (Status status = CheckRows(rows, ""); !status.ok()) return status.error();
  if (settings.cost_amount && rows.amounts.empty() && !rows.scores.empty()) {
    return Bad("cost.amount: needs amounts");
  }
  const Result<std::vector<double>> labels = MaturedLabels(rows, &settings);
  if (!labels.ok()) return labels.error();

  json::object document = Header("firetower-performance", settings);
  AddReportSettings(settings, &document["settings"].get_object());
  document["weighted"] = !rows.weights.empty();
  const Sample all = Gather(rows, *labels, AllRows(rows.scores.size()));
  Result<json::object> figures = SampleJson(all, settings, settings.seed, true);
  if (!figures.ok()) return figures.error();
  Append(*std::move(figures), &document);

  json::array list;
  document["budget_per_window"] = nullptr;
  if (settings.windows) {
    const Result<std::vector<Window>> windows = MakeWindows(rows, *settings.windows);
    if (!windows.ok()) return windows.error();
    BudgetSum budget;
    for (size_t w = 0; w < windows->size(); ++w) {
      const Window& window = (*windows)[w];
      const Sample sample = Gather(rows, *labels, window.rows);
      Result<json::object> of_window = SampleJson(sample, settings, settings.seed + 1 + w, false);
      if (!of_window.ok()) return of_window.error();
      json::object entry;
      AddWindow(window, &entry);
      Append(*std::move(of_window), &entry);
      list.push_back(std::move(entry));
      if (settings.budget) budget.Add(sample, *settings.budget);
    }
    if (settings.budget) document["budget_per_window"] = budget.Json();
  }
  document["windows"] = std::move(list);
  return WriteJson(document);
}

Result<std::string> ComparePerformanceJson(const ScoredRows& first, std::span<const double> second,
                                           std::string_view request) {
  Result<Settings> parsed = ParseSettings(request, nullptr);
  if (!parsed.ok()) return parsed.error();
  if (Status status = CheckRows(first, ""); !status.ok()) return status.error();
  ScoredRows other = first;
  other.scores = second;
  if (second.size() != first.scores.size()) {
    return Bad("there are " + std::to_string(second.size()) + " second scores for " +
               std::to_string(first.scores.size()) + " first ones");
  }
  if (Status status = CheckRows(other, "second model: "); !status.ok()) return status.error();
  Result<std::vector<double>> labels = MaturedLabels(first, &*parsed);
  if (!labels.ok()) return labels.error();
  // Both are judged on the rows that both have scored.
  for (size_t i = 0; i < labels->size(); ++i) {
    if (std::isnan(first.scores[i]) || std::isnan(second[i])) (*labels)[i] = kNaN;
  }
  const Result<metrics::PairedAuc> pair =
      metrics::ComparePairedAuc(*labels, first.weights, first.scores, second);
  if (!pair.ok()) return pair.error();
  const Result<metrics::ScoredLabels> one =
      metrics::ScoredLabels::Create(first.scores, *labels, first.weights);
  if (!one.ok()) return one.error();
  const Result<metrics::ScoredLabels> two =
      metrics::ScoredLabels::Create(second, *labels, first.weights);
  if (!two.ok()) return two.error();
  json::object document = Header("firetower-comparison", *parsed);
  document["rows"] = JsonCount(static_cast<double>(pair->rows));
  document["left_out"] = JsonCount(static_cast<double>(pair->left_out));
  document["positives"] = JsonCount(static_cast<double>(one->positives()));
  document["auc"] =
      json::array{IntervalJson(metrics::RocAuc(*one)), IntervalJson(metrics::RocAuc(*two))};
  document["difference"] = IntervalJson(pair->difference);
  document["z"] = JsonNumber(pair->z);
  document["p_value"] = JsonNumber(pair->p_value);
  Reasons reasons;
  reasons.Note("difference", pair->difference, "fewer than two matured rows of a class", "");
  reasons.Note("p_value", pair->p_value,
               std::isnan(pair->difference.value) ? "fewer than two matured rows of a class"
                                                  : "the difference does not vary");
  reasons.Note("z", pair->z,
               std::isnan(pair->difference.value) ? "fewer than two matured rows of a class"
                                                  : "the difference does not vary");
  document["undefined"] = reasons.Take();
  return WriteJson(document);
}

Result<std::string> EstimateJson(const forest::Model* model, const ScoredRows& reference,
                                 const ScoredRows& current, std::string_view request) {
  Result<Settings> parsed = ParseSettings(request, model);
  if (!parsed.ok()) return parsed.error();
  Settings& settings = *parsed;
  if (Status status = CheckRows(reference, "reference: "); !status.ok()) return status.error();
  if (Status status = CheckRows(current, ""); !status.ok()) return status.error();
  std::vector<double> known(reference.scores.size(), kNaN);
  if (!reference.labels.empty()) {
    // Maturity speaks of the reference here: the current rows need no labels.
    Settings of_reference = settings;
    Result<std::vector<double>> labels = MaturedLabels(reference, &of_reference);
    if (!labels.ok()) return labels.error();
    known = *std::move(labels);
  }
  for (size_t i = 0; i < known.size(); ++i) {
    if (std::isnan(reference.scores[i])) known[i] = kNaN;
  }
  std::string from = settings.calibration;
  if (from.empty()) from = BothClasses(known) ? "reference" : "model";
  Calibration calibration;
  double error = kNaN;
  if (from == "reference") {
    if (!BothClasses(known)) {
      return Error{.code = ErrorCode::kNotReady,
                   .message = "the reference has no labelled rows of both classes to calibrate on"};
    }
    Result<Calibration> fit = Fit("reference rows", reference.scores, known, reference.weights);
    if (!fit.ok()) return fit.error();
    calibration = *std::move(fit);
    error = OutOfFoldError(reference, known, settings.bins);
  } else if (from == "model") {
    if (!HasCalibration(model)) {
      return Error{.code = ErrorCode::kNotReady,
                   .message = "the model has no calibration; give labelled reference rows"};
    }
    calibration = OfModel(*model);
    if (BothClasses(known)) {
      error = CalibrationError(Apply(calibration, reference.scores), known, reference.weights,
                               settings.bins);
    }
  } else {
    return Bad("calibration: is neither model nor reference");
  }

  const std::vector<double> calibrated = Apply(calibration, current.scores);
  const metrics::Estimate all =
      EstimateRows(current, calibrated, AllRows(current.scores.size()), settings.threshold);
  json::object document = Header("firetower-estimate", settings);
  document["assumption"] = kAssumption;
  document["bands"] = BandsText(all.method);
  json::object about;
  about["from"] = calibration.from;
  about["rows"] = JsonNumber(calibration.rows);
  about["knots"] = JsonCount(static_cast<double>(calibration.scores.size()));
  about["ece"] = JsonNumber(error);
  document["calibration"] = std::move(about);
  document["weighted"] = !current.weights.empty();
  Append(EstimateFigures(all), &document);
  json::array list;
  if (settings.windows) {
    const Result<std::vector<Window>> windows = MakeWindows(current, *settings.windows);
    if (!windows.ok()) return windows.error();
    for (const Window& window : *windows) {
      json::object entry;
      AddWindow(window, &entry);
      Append(EstimateFigures(EstimateRows(current, calibrated, window.rows, settings.threshold)),
             &entry);
      list.push_back(std::move(entry));
    }
  }
  document["windows"] = std::move(list);
  return WriteJson(document);
}

Result<std::string> BackTestJson(const forest::Model* model, const ScoredRows& rows,
                                 std::string_view request) {
  Result<Settings> parsed = ParseSettings(request, model);
  if (!parsed.ok()) return parsed.error();
  Settings& settings = *parsed;
  if (!settings.windows) settings.windows = WindowPlan{};
  settings.bootstrap = 0;  // Realised figures are compared, not their intervals.
  if (Status status = CheckRows(rows, ""); !status.ok()) return status.error();
  Result<std::vector<double>> labels = MaturedLabels(rows, &settings);
  if (!labels.ok()) return labels.error();
  const Result<std::vector<Window>> windows = MakeWindows(rows, *settings.windows);
  if (!windows.ok()) return windows.error();
  std::string from = settings.calibration;
  if (from.empty()) from = HasCalibration(model) ? "model" : "earlier";
  if (from != "model" && from != "earlier") return Bad("calibration: is neither model nor earlier");
  if (from == "model" && !HasCalibration(model)) {
    return Error{.code = ErrorCode::kNotReady, .message = "the model has no calibration"};
  }
  std::vector<double> calibrated(rows.scores.size(), kNaN);
  Calibration calibration;
  if (from == "model") {
    calibration = OfModel(*model);
    calibrated = Apply(calibration, rows.scores);
  }

  std::vector<double> earlier(rows.scores.size(), kNaN);  // Labels of the windows passed.
  std::array<double, kMetrics.size()> error{};
  std::array<double, kMetrics.size()> bias{};
  std::array<double, kMetrics.size()> judged{};
  std::array<double, kMetrics.size()> covered{};
  json::array list;
  for (const Window& window : *windows) {
    std::vector<size_t> matured;
    for (const size_t i : window.rows) {
      if (!std::isnan((*labels)[i]) && !std::isnan(rows.scores[i])) matured.push_back(i);
    }
    const bool ready = from == "model" || BothClasses(earlier);
    if (from == "earlier" && ready) {
      const Result<Calibration> fit = Fit("", rows.scores, earlier, rows.weights);
      if (!fit.ok()) return fit.error();
      for (const size_t i : matured) {
        calibrated[i] = metrics::Calibrated(fit->scores, fit->probabilities, rows.scores[i]);
      }
    }
    for (const size_t i : matured) earlier[i] = (*labels)[i];
    if (!ready || matured.empty()) continue;

    const std::array<Interval, kMetrics.size()> estimated =
        MetricsOf(EstimateRows(rows, calibrated, matured, settings.threshold));
    const Sample sample = Gather(rows, *labels, matured);
    const Result<metrics::ScoredLabels> scored =
        metrics::ScoredLabels::Create(sample.scores, sample.labels, sample.weights);
    if (!scored.ok()) return scored.error();
    const Figures figures = FiguresOf(*scored, settings, settings.seed);
    const std::array<double, kMetrics.size()> realised = {
        figures.auc.value,       figures.average_precision.value, figures.at.precision.value,
        figures.at.recall.value, figures.at.specificity.value,    figures.at.f1.value};
    json::object entry;
    AddWindow(window, &entry);
    entry["rows"] = JsonCount(static_cast<double>(matured.size()));
    entry["positives"] = JsonCount(static_cast<double>(figures.positives));
    json::object expected_json;
    json::object realised_json;
    json::object inside_json;
    for (size_t m = 0; m < kMetrics.size(); ++m) {
      const Interval& band = estimated[m];
      expected_json[kMetrics[m]] = IntervalJson(band);
      realised_json[kMetrics[m]] = JsonNumber(realised[m]);
      inside_json[kMetrics[m]] = nullptr;
      if (std::isnan(band.low) || std::isnan(band.high) || std::isnan(realised[m])) continue;
      // Bands of counts end on figures that can be realised to the last digit.
      const double at = Rounded(realised[m]);
      const bool inside = at >= Rounded(band.low) - 1e-11 && at <= Rounded(band.high) + 1e-11;
      inside_json[kMetrics[m]] = inside;
      error[m] += std::abs(band.value - realised[m]);
      bias[m] += band.value - realised[m];
      judged[m] += 1.0;
      covered[m] += inside ? 1.0 : 0.0;
    }
    entry["estimated"] = std::move(expected_json);
    entry["realised"] = std::move(realised_json);
    entry["inside"] = std::move(inside_json);
    list.push_back(std::move(entry));
  }

  json::object document = Header("firetower-back-test", settings);
  document["assumption"] = kAssumption;
  document["calibration"] =
      json::object{{"from", from == "model" ? calibration.from
                                            : std::string("matured rows of earlier windows")}};
  document["weighted"] = !rows.weights.empty();
  json::object sums[4];
  for (size_t m = 0; m < kMetrics.size(); ++m) {
    sums[0][kMetrics[m]] = ShareOf(error[m], judged[m]);
    sums[1][kMetrics[m]] = ShareOf(bias[m], judged[m]);
    sums[2][kMetrics[m]] = JsonCount(judged[m]);
    sums[3][kMetrics[m]] = ShareOf(covered[m], judged[m]);
  }
  document["error"] = std::move(sums[0]);
  document["bias"] = std::move(sums[1]);
  document["judged"] = std::move(sums[2]);
  document["coverage"] = std::move(sums[3]);
  document["windows"] = std::move(list);
  return WriteJson(document);
}

}  // namespace firetower::analysis
