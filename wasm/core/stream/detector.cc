#include "core/stream/detector.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "core/base/shortest.h"
#include "core/stream/adwin.h"
#include "core/stream/bernoulli_cusum.h"
#include "core/stream/control_charts.h"
#include "core/stream/error_rate.h"
#include "core/stream/hoeffding.h"
#include "core/stream/kswin.h"
#include "core/stream/page_hinkley.h"
#include "core/stream/wstd.h"

namespace firetower::stream {
namespace {

constexpr double kLeastShare = 1e-12;
constexpr double kMostWindow = 1e6;
constexpr double kMostRows = 1e15;
constexpr double kMostNumber = 1e300;

constexpr DetectorParameter kSemantics = {
    .name = "semantics",
    .choices = "paper|river",
    .meaning = "What is kept after an alarm and taken for enough data: as the paper, or as river.",
    .aliases = ""};
constexpr DetectorParameter kMode = {.name = "mode",
                                     .choices = "both|up|down",
                                     .meaning = "Which moves of the mean are drift.",
                                     .aliases = "direction"};
constexpr DetectorParameter kTwoSided = {.name = "two_sided",
                                         .choices = "false|true",
                                         .meaning = "Whether a falling rate is drift too.",
                                         .aliases = "two_sided_test"};

constexpr DetectorParameter Number(std::string_view name, double low, double high, double value,
                                   std::string_view meaning, std::string_view aliases = "") {
  return {.name = name,
          .low = low,
          .high = high,
          .value = value,
          .choices = "",
          .meaning = meaning,
          .aliases = aliases};
}

constexpr DetectorParameter Whole(std::string_view name, double low, double high, double value,
                                  std::string_view meaning, std::string_view aliases = "") {
  DetectorParameter parameter = Number(name, low, high, value, meaning, aliases);
  parameter.whole = true;
  return parameter;
}

constexpr std::array kAdwin = {
    Number("delta", kLeastShare, 1, 0.002, "Confidence: smaller, fewer false alarms."),
    Whole("clock", 1, kMostRows, 32, "Rows from one test to the next."),
    Whole("max_buckets", 2, 1000, 5, "Buckets of one size: more, finer cuts."),
    Whole("min_window_length", 1, kMostRows, 5, "Rows that both parts of a cut have at least.",
          "min_window"),
    Whole("grace_period", 0, kMostRows, 10, "No test with so few rows.", "grace"),
    kSemantics};
constexpr std::array kPageHinkley = {
    Whole("min_instances", 1, kMostRows, 30, "No alarm before so many rows."),
    Number("delta", 0, kMostNumber, 0.005, "Slack, in the unit of the values."),
    Number("lambda", 0, kMostNumber, 50, "Alarm above it, in the unit of the values.", "threshold"),
    Number("alpha", 0, 1, 0.9999, "Share of a sum that stays, per row."),
    kMode,
    kSemantics};
constexpr DetectorParameter kWarmUp =
    Whole("min_instances", 1, kMostRows, 30, "Rows from which mean and deviation are learnt.");
constexpr std::array kCusum = {
    kWarmUp,
    Number("slack", 0, kMostNumber, 0.5, "Lost with every row, in standard deviations.", "k"),
    Number("threshold", 0, kMostNumber, 5, "Alarm above it, in standard deviations.", "h"), kMode,
    kSemantics};
constexpr std::array kEwma = {
    kWarmUp, Number("alpha", kLeastShare, 1, 0.1, "Weight of the newest row.", "lambda"),
    Number("threshold", 0, kMostNumber, 4, "Limits, in standard deviations of the average.", "l"),
    kMode, kSemantics};
constexpr std::array kShewhart = {
    kWarmUp,
    Number("k", 0, kMostNumber, 3, "Limits, in standard deviations of the values.", "threshold"),
    kMode, kSemantics};
constexpr std::array kDdm = {
    Whole("warm_start", 1, kMostRows, 30, "Rows that are not judged.", "min_instances"),
    Number("warning_threshold", 0, kMostNumber, 2, "Warning, in standard deviations.",
           "warning_level"),
    Number("drift_threshold", 0, kMostNumber, 3, "Drift, in standard deviations.", "drift_level"),
    Whole("min_errors", 0, kMostRows, 30,
          "Errors before the rate can be the lowest (semantics=river: 0)."),
    kSemantics};
constexpr std::array kEddm = {
    Whole("warm_start", 1, kMostRows, 30, "Errors before anything is judged.", "min_instances"),
    Number("alpha", 0, 1, 0.95, "Warning below this share of the largest distance."),
    Number("beta", 0, 1, 0.9, "Drift below this share; at most alpha."), kSemantics};
constexpr DetectorParameter kDriftConfidence = Number(
    "drift_confidence", kLeastShare, 1, 0.001, "Drift: smaller, fewer false alarms.", "delta");
constexpr DetectorParameter kWarningConfidence =
    Number("warning_confidence", kLeastShare, 1, 0.005, "Warning: smaller, fewer of them.");
constexpr std::array kHddmA = {kDriftConfidence, kWarningConfidence, kTwoSided, kSemantics};
constexpr std::array kHddmW = {
    kDriftConfidence, kWarningConfidence,
    Number("lambda", kLeastShare, 1, 0.05, "Weight of the newest row.", "lambda_val"), kTwoSided,
    kSemantics};
constexpr std::array kKswin = {
    Number("alpha", 0, 1, 0.005, "Drift at p-values up to it."),
    Whole("window_size", 2, kMostWindow, 100, "Rows; at least twice stat_size."),
    Whole("stat_size", 1, 10000, 30, "Rows that are compared."),
    Whole("seed", 0, 9007199254740992.0, 0, "Of the draws from the window."), kSemantics};
constexpr std::array kFhddm = {
    Whole("window_size", 1, kMostWindow, 100, "Rows.", "sliding_window_size"),
    Number("confidence", kLeastShare, 1, 1e-6, "Smaller, fewer false alarms.",
           "confidence_level|delta"),
    Whole("short_window_size", 0, kMostWindow, 0,
          "Rows of a second window inside the first; 0: none."),
    kSemantics};
constexpr std::array kWstd = {
    Whole("recent_window_size", 2, kMostWindow, 30, "Newest rows.", "window_size"),
    Whole("older_window_size", 2, kMostWindow, 120, "Rows before them, at most."),
    Whole("min_instances", 2, kMostWindow, 30,
          "Rows before them, at least; at most older_window_size."),
    Number("alpha_warning", 0, 1, 0.05, "Warning at p-values below it."),
    Number("alpha_drift", 0, 1, 0.003, "Drift at p-values below it; at most alpha_warning."),
    kSemantics};
constexpr std::array kBernoulliCusum = {
    Number("p0", 1e-9, 1 - 1e-9, 0.01, "Rate in control."),
    Number("p1", 0, 1 - 1e-9, 0, "Rate to find, not p0; 0: twice p0, or half way to 1."),
    Number("run_length", 100, 1e9, 100000, "Mean rows between false alarms at p0.", "arl"),
    Number("threshold", 0, kMostNumber, 0, "Alarm when the sum reaches it; 0: from run_length.",
           "h"),
    kSemantics};

constexpr std::array kKinds = {
    DetectorKind{.name = "adwin",
                 .title = "ADWIN",
                 .binary = false,
                 .source = "Bifet and Gavalda (2007)",
                 .parameters = kAdwin},
    DetectorKind{.name = "page_hinkley",
                 .title = "Page-Hinkley",
                 .binary = false,
                 .source = "Page (1954)",
                 .parameters = kPageHinkley},
    DetectorKind{.name = "cusum",
                 .title = "CUSUM",
                 .binary = false,
                 .source = "Page (1954)",
                 .parameters = kCusum},
    DetectorKind{.name = "ewma",
                 .title = "EWMA",
                 .binary = false,
                 .source = "Roberts (1959)",
                 .parameters = kEwma},
    DetectorKind{.name = "shewhart",
                 .title = "Shewhart",
                 .binary = false,
                 .source = "Shewhart (1939)",
                 .parameters = kShewhart},
    DetectorKind{.name = "ddm",
                 .title = "DDM",
                 .binary = true,
                 .source = "Gama and others (2004)",
                 .parameters = kDdm},
    DetectorKind{.name = "eddm",
                 .title = "EDDM",
                 .binary = true,
                 .source = "Baena-Garcia and others (2006)",
                 .parameters = kEddm},
    DetectorKind{.name = "hddm_a",
                 .title = "HDDM-A",
                 .binary = true,
                 .source = "Frias-Blanco and others (2015)",
                 .parameters = kHddmA},
    DetectorKind{.name = "hddm_w",
                 .title = "HDDM-W",
                 .binary = true,
                 .source = "Frias-Blanco and others (2015)",
                 .parameters = kHddmW},
    DetectorKind{.name = "kswin",
                 .title = "KSWIN",
                 .binary = false,
                 .source = "Raab, Heusinger and Schleif (2020)",
                 .parameters = kKswin},
    DetectorKind{.name = "fhddm",
                 .title = "FHDDM",
                 .binary = true,
                 .source = "Pesaranghader and Viktor (2016)",
                 .parameters = kFhddm},
    DetectorKind{.name = "wstd",
                 .title = "WSTD",
                 .binary = true,
                 .source = "de Barros, Hidalgo and Cabral (2018)",
                 .parameters = kWstd},
    DetectorKind{.name = "bernoulli_cusum",
                 .title = "Bernoulli CUSUM",
                 .binary = true,
                 .source = "Reynolds and Stoumbos (1999)",
                 .parameters = kBernoulliCusum},
};

class BernoulliCusumDetector : public Detector {
 public:
  explicit BernoulliCusumDetector(const BernoulliCusumOptions& options) : cusum_(options) {}
  DetectorState Update(double x) override {
    return cusum_.Update(x != 0.0) ? DetectorState::kDrift : DetectorState::kStable;
  }
  std::vector<DetectorFigure> Figures() const override {
    return {{"sum", cusum_.sum()},
            {"threshold", cusum_.options().threshold},
            {"rows", static_cast<double>(cusum_.rows())}};
  }

 private:
  BernoulliCusum cusum_;
};

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

Error Bad(std::initializer_list<std::string_view> parts) {
  return {.code = ErrorCode::kBadArgument, .message = Join(parts)};
}

std::string Text(double number) {
  std::string text;
  AppendShortest(number, &text);
  return text;
}

// "a, b, c"
template <typename T>
std::string Names(std::span<const T> named) {
  std::string names;
  for (const T& one : named) {
    if (!names.empty()) names += ", ";
    names += one.name;
  }
  return names;
}

// Whether name is one of "a|b|c".
bool Among(std::string_view name, std::string_view names) {
  while (!names.empty()) {
    const size_t end = std::min(names.find('|'), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

// "a number between 0 and 1", "one of both|up|down"
std::string RangeText(const DetectorParameter& parameter) {
  if (!parameter.choices.empty()) return Join({"one of ", parameter.choices});
  return Join({parameter.whole ? "a whole number between " : "a number between ",
               Text(parameter.low), " and ", Text(parameter.high)});
}

std::optional<double> Parse(const DetectorParameter& parameter, std::string_view text) {
  if (!parameter.choices.empty()) {
    double index = 0.0;
    for (std::string_view rest = parameter.choices; !rest.empty(); index += 1.0) {
      const size_t end = std::min(rest.find('|'), rest.size());
      const std::string_view choice = rest.substr(0, end);
      const bool same = choice == text || (choice == "false" && Among(text, "0|no|off|False")) ||
                        (choice == "true" && Among(text, "1|yes|on|True"));
      if (same) return index;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::nullopt;
  }
  double value = 0.0;
  const char* end = text.data() + text.size();
  const fast_float::from_chars_result result = fast_float::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  if (!(value >= parameter.low && value <= parameter.high)) return std::nullopt;
  if (parameter.whole && value != std::floor(value)) return std::nullopt;
  return value;
}

// The values of a kind's parameters.
class Values {
 public:
  explicit Values(const DetectorKind& kind) : kind_(kind) {
    for (const DetectorParameter& parameter : kind.parameters) values_.push_back(parameter.value);
  }
  void Set(const DetectorParameter& parameter, double value) {
    values_[IndexOf(parameter)] = value;
  }
  // REQUIRES: the kind has the parameter.
  double operator[](std::string_view name) const {
    return values_[IndexOf(*FindParameter(kind_, name))];
  }
  int64_t Count(std::string_view name) const { return static_cast<int64_t>((*this)[name]); }
  Semantics semantics() const { return static_cast<Semantics>(Count("semantics")); }
  Direction mode() const { return static_cast<Direction>(Count("mode")); }
  const DetectorKind& kind() const { return kind_; }

 private:
  size_t IndexOf(const DetectorParameter& parameter) const {
    return static_cast<size_t>(&parameter - kind_.parameters.data());
  }

  const DetectorKind& kind_;
  std::vector<double> values_;
};

Error BadValue(const Values& values, std::string_view name, std::string_view reason) {
  return Bad({values.kind().name, ": ", name, ": ", Text(values[name]), " ", reason});
}

void SetChart(const Values& values, ChartOptions* options) {
  options->min_instances = values["min_instances"];
  options->mode = values.mode();
  options->semantics = values.semantics();
}

using Made = Result<std::unique_ptr<Detector>>;

Made MakeChart(const Values& values) {
  if (values.kind().name == "cusum") {
    CusumOptions options;
    SetChart(values, &options);
    options.slack = values["slack"];
    options.threshold = values["threshold"];
    return {std::make_unique<Cusum>(options)};
  }
  if (values.kind().name == "ewma") {
    EwmaOptions options;
    SetChart(values, &options);
    options.alpha = values["alpha"];
    options.threshold = values["threshold"];
    return {std::make_unique<Ewma>(options)};
  }
  ChartOptions options;
  SetChart(values, &options);
  return {std::make_unique<Shewhart>(options, values["k"])};
}

Made MakeErrorRate(const Values& values) {
  if (values.kind().name == "ddm") {
    return {std::make_unique<Ddm>(DdmOptions{.warm_start = values["warm_start"],
                                             .warning_threshold = values["warning_threshold"],
                                             .drift_threshold = values["drift_threshold"],
                                             .min_errors = values["min_errors"],
                                             .semantics = values.semantics()})};
  }
  if (values["beta"] > values["alpha"]) return BadValue(values, "beta", "is above alpha");
  return {std::make_unique<Eddm>(EddmOptions{.warm_start = values["warm_start"],
                                             .alpha = values["alpha"],
                                             .beta = values["beta"],
                                             .semantics = values.semantics()})};
}

Made MakeHddm(const Values& values) {
  HddmOptions options = {.drift_confidence = values["drift_confidence"],
                         .warning_confidence = values["warning_confidence"],
                         .two_sided = values["two_sided"] != 0.0};
  if (values.kind().name == "hddm_a") return {std::make_unique<HddmA>(options)};
  options.lambda = values["lambda"];
  return {std::make_unique<HddmW>(options)};
}

Made MakeWindowed(const Values& values) {
  if (values.kind().name == "kswin") {
    if (values["window_size"] < 2.0 * values["stat_size"]) {
      return BadValue(values, "window_size", "is less than twice stat_size");
    }
    return {std::make_unique<Kswin>(
        KswinOptions{.alpha = values["alpha"],
                     .window_size = static_cast<uint32_t>(values["window_size"]),
                     .stat_size = static_cast<uint32_t>(values["stat_size"]),
                     .seed = static_cast<uint64_t>(values["seed"]),
                     .semantics = values.semantics()})};
  }
  if (values.kind().name == "fhddm") {
    if (values["short_window_size"] > values["window_size"]) {
      return BadValue(values, "short_window_size", "is above window_size");
    }
    return {
        std::make_unique<Fhddm>(FhddmOptions{.window_size = values.Count("window_size"),
                                             .confidence = values["confidence"],
                                             .short_window_size = values.Count("short_window_size"),
                                             .semantics = values.semantics()})};
  }
  if (values["min_instances"] > values["older_window_size"]) {
    return BadValue(values, "min_instances", "is above older_window_size");
  }
  if (values["alpha_drift"] > values["alpha_warning"]) {
    return BadValue(values, "alpha_drift", "is above alpha_warning");
  }
  return {
      std::make_unique<Wstd>(WstdOptions{.recent_window_size = values.Count("recent_window_size"),
                                         .older_window_size = values.Count("older_window_size"),
                                         .min_instances = values.Count("min_instances"),
                                         .alpha_warning = values["alpha_warning"],
                                         .alpha_drift = values["alpha_drift"]})};
}

Made MakeBernoulliCusum(const Values& values) {
  const double p0 = values["p0"];
  const double p1 = values["p1"] > 0.0 ? values["p1"] : p0 < 0.5 ? 2.0 * p0 : (1.0 + p0) / 2.0;
  BernoulliCusumOptions options = {.p0 = p0, .p1 = p1};
  const Status checked = CheckOptions(options);
  if (!checked.ok()) return Bad({"bernoulli_cusum: ", checked.error().message});
  options.threshold = values["threshold"] > 0.0 ? values["threshold"]
                                                : CusumThreshold(p0, p1, values["run_length"]);
  return {std::make_unique<BernoulliCusumDetector>(options)};
}

Made Make(const Values& values) {
  const std::string_view name = values.kind().name;
  if (name == "adwin") {
    return {
        std::make_unique<Adwin>(AdwinOptions{.delta = values["delta"],
                                             .clock = values.Count("clock"),
                                             .max_buckets = static_cast<int>(values["max_buckets"]),
                                             .min_window = values["min_window_length"],
                                             .grace_period = values["grace_period"],
                                             .semantics = values.semantics()})};
  }
  if (name == "page_hinkley") {
    return {
        std::make_unique<PageHinkley>(PageHinkleyOptions{.min_instances = values["min_instances"],
                                                         .delta = values["delta"],
                                                         .lambda = values["lambda"],
                                                         .alpha = values["alpha"],
                                                         .mode = values.mode()})};
  }
  if (Among(name, "cusum|ewma|shewhart")) return MakeChart(values);
  if (Among(name, "ddm|eddm")) return MakeErrorRate(values);
  if (Among(name, "hddm_a|hddm_w")) return MakeHddm(values);
  if (name == "bernoulli_cusum") return MakeBernoulliCusum(values);
  return MakeWindowed(values);
}

}  // namespace

std::span<const DetectorKind> DetectorKinds() { return kKinds; }

const DetectorKind* FindDetector(std::string_view name) {
  for (const DetectorKind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

const DetectorParameter* FindParameter(const DetectorKind& kind, std::string_view name) {
  for (const DetectorParameter& parameter : kind.parameters) {
    if (parameter.name == name || Among(name, parameter.aliases)) return &parameter;
  }
  return nullptr;
}

Result<std::unique_ptr<Detector>> MakeDetector(
    std::string_view name, std::span<const std::pair<std::string, std::string>> settings) {
  const DetectorKind* kind = FindDetector(name);
  if (kind == nullptr) {
    return Bad({"\"", name, "\" is not a detector; there are ", Names(DetectorKinds())});
  }
  Values values(*kind);
  std::vector<const DetectorParameter*> set;
  for (const auto& [key, text] : settings) {
    const DetectorParameter* parameter = FindParameter(*kind, key);
    if (parameter == nullptr) {
      return Bad({name, ": \"", key, "\" is not a setting; there are ", Names(kind->parameters)});
    }
    if (std::find(set.begin(), set.end(), parameter) != set.end()) {
      return Bad({name, ": ", parameter->name, ": is set twice"});
    }
    set.push_back(parameter);
    const std::optional<double> value = Parse(*parameter, text);
    if (!value) {
      return Bad({name, ": ", parameter->name, ": \"", text, "\" is not ", RangeText(*parameter)});
    }
    values.Set(*parameter, *value);
  }
  return Make(values);
}

}  // namespace firetower::stream
