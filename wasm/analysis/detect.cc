#include "analysis/detect.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/json_number.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/shortest.h"
#include "core/stream/detector.h"

namespace firetower::analysis {
namespace {

namespace policies = boost::math::policies;

// Errors are answered with NaN or infinity: nothing throws. No long double: it differs between
// machines.
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>,
                               policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>,
                               policies::underflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>,
                               policies::rounding_error<policies::ignore_error>,
                               policies::indeterminate_result_error<policies::ignore_error>,
                               policies::promote_double<false>, policies::promote_float<false>>;

constexpr double kPer = 10000.0;
constexpr double kMostWhole = 9007199254740992.0;

using Settings = std::vector<std::pair<std::string, std::string>>;

Error Bad(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

Error BadValue(size_t index, const char* reason) {
  Error error = {.code = ErrorCode::kDataInvalid,
                 .message = "value " + std::to_string(index) + ": " + reason};
  error.row = static_cast<int64_t>(index);
  return error;
}

std::string Text(double number) {
  std::string text;
  AppendShortest(number, &text);
  return text;
}

struct Request {
  json::object object;
  const stream::DetectorKind* kind = nullptr;
  Settings settings = {};

  bool Sets(std::string_view name) const {
    const stream::DetectorParameter* parameter = stream::FindParameter(*kind, name);
    return std::any_of(settings.begin(), settings.end(), [&](const auto& setting) {
      return stream::FindParameter(*kind, setting.first) == parameter;
    });
  }
};

Result<json::object> ReadObject(std::string_view text) {
  Result<json::value> value = ParseJson(text, ErrorCode::kBadArgument, "request");
  if (!value.ok()) return value.error();
  if (!value->is_object()) return Bad("request: is not an object");
  return value->get_object();
}

Result<Request> ReadRequest(std::string_view text) {
  Result<json::object> object = ReadObject(text);
  if (!object.ok()) return object.error();
  Request request = {.object = *std::move(object)};
  const json::value* name = request.object.if_contains("detector");
  if (name == nullptr || !name->is_string()) return Bad("request: detector: is not a text");
  const json::string& detector = name->get_string();
  if (const json::value* set = request.object.if_contains("set"); set != nullptr) {
    if (!set->is_object()) return Bad("request: set: is not an object");
    for (const auto& [key, value] : set->get_object()) {
      std::string setting;
      if (value.is_string()) {
        setting = std::string(value.get_string());
      } else if (value.is_number()) {
        setting = Text(value.to_number<double>());
      } else if (value.is_bool()) {
        setting = value.get_bool() ? "true" : "false";
      } else {
        return Bad("request: set: " + std::string(key) + ": is neither a text nor a number");
      }
      request.settings.emplace_back(std::string(key), std::move(setting));
    }
  }
  // Says what is wrong with the detector's name and the settings.
  const Result<std::unique_ptr<stream::Detector>> made =
      stream::MakeDetector({detector.data(), detector.size()}, request.settings);
  if (!made.ok()) return made.error();
  request.kind = stream::FindDetector({detector.data(), detector.size()});
  return request;
}

// A whole number of the request in low .. high.
Result<double> ReadWhole(const json::object& object, std::string_view key, double low, double high,
                         std::optional<double> missing) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr && missing) return *missing;
  const double number = value != nullptr && value->is_number()
                            ? value->to_number<double>()
                            : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= low && number <= high && number == std::floor(number))) {
    return Bad("request: " + std::string(key) + ": is not a whole number between " + Text(low) +
               " and " + Text(high));
  }
  return number;
}

Status CheckValues(const stream::DetectorKind& kind, std::span<const double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) return BadValue(i, "is not a finite number");
    if (kind.binary && values[i] != 0.0 && values[i] != 1.0) {
      return BadValue(i, "is neither 0 nor 1, which is all that this detector watches");
    }
  }
  return {};
}

std::string_view ChoiceAt(std::string_view choices, double index) {
  for (; index > 0.0; index -= 1.0) choices.remove_prefix(choices.find('|') + 1);
  return choices.substr(0, choices.find('|'));
}

json::value DefaultOf(const stream::DetectorParameter& parameter) {
  if (parameter.choices.empty()) return JsonNumber(parameter.value);
  return json::string(ChoiceAt(parameter.choices, parameter.value));
}

// Every setting of a detector that could be made.
json::object SetJson(const Request& request) {
  json::object set;
  for (const stream::DetectorParameter& parameter : request.kind->parameters) {
    set[parameter.name] = DefaultOf(parameter);
  }
  for (const auto& [key, text] : request.settings) {
    const stream::DetectorParameter& parameter = *stream::FindParameter(*request.kind, key);
    const Result<json::value> number = parameter.choices.empty()
                                           ? ParseJson(text, ErrorCode::kBadArgument, key)
                                           : Result<json::value>(json::value(json::string(text)));
    set[parameter.name] = number.ok() ? *number : json::value(json::string(text));
  }
  return set;
}

std::unique_ptr<stream::Detector> Make(const Request& request) {
  Result<std::unique_ptr<stream::Detector>> made =
      stream::MakeDetector(request.kind->name, request.settings);
  return *std::move(made);
}

std::string_view Name(stream::DetectorState state) {
  switch (state) {
    case stream::DetectorState::kDrift:
      return "drift";
    case stream::DetectorState::kWarning:
      return "warning";
    case stream::DetectorState::kStable:
      break;
  }
  return "stable";
}

// --- false alarms

// Garwood's 95 % interval of the mean of a Poisson count; count need not be whole.
std::pair<double, double> PoissonInterval(double count) {
  const double low = count > 0.0 ? boost::math::gamma_p_inv(count, 0.025, Quiet()) : 0.0;
  return {low, boost::math::gamma_p_inv(count + 1.0, 0.975, Quiet())};
}

// How many times more the counts vary than Poisson counts; at least 1.
double Overdispersion(std::span<const double> counts) {
  double sum = 0.0;
  for (const double count : counts) sum += count;
  const double mean = sum / static_cast<double>(counts.size());
  if (counts.size() < 2 || mean == 0.0) return 1.0;
  double squares = 0.0;
  for (const double count : counts) squares += (count - mean) * (count - mean);
  return std::max(1.0, squares / (static_cast<double>(counts.size()) - 1.0) / mean);
}

void Shuffle(uint64_t seed, uint64_t stream, std::span<double> values) {
  Random random(seed, stream);
  for (size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random.Below(static_cast<uint32_t>(i))]);
  }
}

// --- scores

// Rows first .. last, both included.
struct Stretch {
  double first = 0;
  double last = 0;
};

struct Labels {
  std::vector<double> drifts;
  std::vector<Stretch> allowed = {};  // Rows on which an alarm is no false one; apart, rising.
  double allowed_rows = 0;
  double rows = 0;
  double horizon = 0;
};

Labels MakeLabels(std::span<const double> drifts, double rows, double horizon) {
  Labels labels = {.drifts = {drifts.begin(), drifts.end()}, .rows = rows, .horizon = horizon};
  for (const double drift : drifts) {
    const double last = std::min(drift + horizon, rows - 1.0);
    if (!labels.allowed.empty() && labels.allowed.back().last >= drift) {
      labels.allowed.back().last = last;
    } else {
      labels.allowed.push_back({drift, last});
    }
  }
  for (const Stretch& stretch : labels.allowed) {
    labels.allowed_rows += stretch.last - stretch.first + 1.0;
  }
  return labels;
}

json::value Quotient(double a, double b) { return b > 0.0 ? JsonNumber(a / b) : json::value(); }

json::object ScoreJson(std::span<const double> alarms, const Labels& labels) {
  std::vector<double> delays;
  for (const double drift : labels.drifts) {
    const auto alarm = std::lower_bound(alarms.begin(), alarms.end(), drift);
    if (alarm != alarms.end() && *alarm <= drift + labels.horizon) delays.push_back(*alarm - drift);
  }
  double right = 0.0;
  for (const Stretch& stretch : labels.allowed) {
    right += static_cast<double>(std::upper_bound(alarms.begin(), alarms.end(), stretch.last) -
                                 std::lower_bound(alarms.begin(), alarms.end(), stretch.first));
  }
  std::sort(delays.begin(), delays.end());
  const double count = static_cast<double>(alarms.size());
  const double drifts = static_cast<double>(labels.drifts.size());
  const double found = static_cast<double>(delays.size());
  const double false_alarms = count - right;
  const double quiet_rows = labels.rows - labels.allowed_rows;

  json::object delay;
  double sum = 0.0;
  for (const double one : delays) sum += one;
  const size_t middle = delays.size() / 2;
  delay["mean"] = Quotient(sum, found);
  delay["median"] = delays.empty() ? json::value()
                    : delays.size() % 2 == 1
                        ? JsonNumber(delays[middle])
                        : JsonNumber((delays[middle - 1] + delays[middle]) / 2);
  delay["max"] = delays.empty() ? json::value() : JsonNumber(delays.back());
  json::object score;
  score["alarms"] = JsonCount(count);
  score["found"] = JsonCount(found);
  score["missed"] = Quotient(drifts - found, drifts);
  score["recall"] = Quotient(found, drifts);
  score["precision"] = Quotient(right, count);
  score["delay"] = std::move(delay);
  score["false_alarms"] = JsonCount(false_alarms);
  score["false_alarm_rate"] = Quotient(kPer * false_alarms, quiet_rows);
  score["mtbfa"] = Quotient(quiet_rows, false_alarms);
  return score;
}

// Whole numbers, rising, from 0 on and below rows.
bool AreRows(std::span<const double> numbers, double rows) {
  double before = -1.0;
  for (const double number : numbers) {
    if (!(number > before && number < rows && number == std::floor(number))) return false;
    before = number;
  }
  return true;
}

}  // namespace

std::string DetectorsJson() {
  json::array detectors;
  for (const stream::DetectorKind& kind : stream::DetectorKinds()) {
    json::array parameters;
    for (const stream::DetectorParameter& parameter : kind.parameters) {
      json::object entry;
      const bool number = parameter.choices.empty();
      entry["name"] = parameter.name;
      entry["low"] = number ? JsonNumber(parameter.low) : json::value();
      entry["high"] = number ? JsonNumber(parameter.high) : json::value();
      entry["default"] = DefaultOf(parameter);
      entry["choices"] = parameter.choices;
      entry["whole"] = parameter.whole;
      entry["meaning"] = parameter.meaning;
      parameters.push_back(std::move(entry));
    }
    json::object entry;
    entry["name"] = kind.name;
    entry["title"] = kind.title;
    entry["binary"] = kind.binary;
    entry["source"] = kind.source;
    entry["parameters"] = std::move(parameters);
    detectors.push_back(std::move(entry));
  }
  return WriteJson(detectors);
}

Result<std::string> DetectJson(std::string_view request, std::span<const double> values) {
  Result<Request> read = ReadRequest(request);
  if (!read.ok()) return read.error();
  const Status checked = CheckValues(*read->kind, values);
  if (!checked.ok()) return checked.error();
  const std::unique_ptr<stream::Detector> detector = Make(*read);
  json::array alarms;
  json::array warnings;
  stream::DetectorState said = stream::DetectorState::kStable;
  for (size_t i = 0; i < values.size(); ++i) {
    said = detector->Update(values[i]);
    if (said == stream::DetectorState::kDrift) alarms.push_back(i);
    if (said == stream::DetectorState::kWarning) warnings.push_back(i);
  }
  json::object state;
  state["said"] = Name(said);
  for (const stream::DetectorFigure& figure : detector->Figures()) {
    state[figure.name] = JsonNumber(figure.value);
  }
  json::object document;
  document["detector"] = read->kind->name;
  document["set"] = SetJson(*read);
  document["values"] = values.size();
  document["alarms"] = std::move(alarms);
  document["warnings"] = std::move(warnings);
  document["state"] = std::move(state);
  return WriteJson(document);
}

Result<std::string> FalseAlarmsJson(std::string_view request, std::span<const double> reference) {
  Result<Request> read = ReadRequest(request);
  if (!read.ok()) return read.error();
  const Result<double> seed = ReadWhole(read->object, "seed", 0.0, kMostWhole, 0.0);
  if (!seed.ok()) return seed.error();
  const Result<double> wanted = ReadWhole(read->object, "shuffles", 1.0, 1e6, 20.0);
  if (!wanted.ok()) return wanted.error();
  const Status checked = CheckValues(*read->kind, reference);
  if (!checked.ok()) return checked.error();
  if (reference.empty() || reference.size() > kMostShuffledRows) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = reference.empty() ? "the reference has no rows"
                                              : "the reference has more than 100,000,000 rows"};
  }
  const bool goes_on = read->kind->name == "bernoulli_cusum";
  if (goes_on && !read->Sets("p0")) {
    double events = 0.0;
    for (const double value : reference) events += value;
    const double rate = events / static_cast<double>(reference.size());
    if (!(rate > 0.0 && rate < 1.0)) {
      return Error{.code = ErrorCode::kDataInvalid,
                   .message =
                       "bernoulli_cusum: p0: is not set, and the reference has no rate: all "
                       "its values are the same"};
    }
    read->settings.emplace_back("p0", Text(Rounded(rate)));
    const Result<std::unique_ptr<stream::Detector>> made =
        stream::MakeDetector(read->kind->name, read->settings);
    if (!made.ok()) return made.error();
  }
  const size_t shuffles =
      std::min(static_cast<size_t>(*wanted), kMostShuffledRows / reference.size());

  std::vector<double> values(reference.begin(), reference.end());
  std::vector<double> counts;
  std::unique_ptr<stream::Detector> detector = Make(*read);
  for (size_t i = 0; i < shuffles; ++i) {
    Shuffle(static_cast<uint64_t>(*seed), i, values);
    if (!goes_on) detector = Make(*read);
    double alarms = 0.0;
    for (const double value : values) {
      if (detector->Update(value) == stream::DetectorState::kDrift) alarms += 1.0;
    }
    counts.push_back(alarms);
  }
  double alarms = 0.0;
  for (const double count : counts) alarms += count;
  const double rows = static_cast<double>(shuffles) * static_cast<double>(reference.size());
  const double times = goes_on ? 1.0 : Overdispersion(counts);
  const auto [low, high] = PoissonInterval(alarms / times);
  json::object per;
  per["value"] = JsonNumber(kPer * alarms / rows);
  per["low"] = JsonNumber(kPer * low * times / rows);
  per["high"] = JsonNumber(kPer * high * times / rows);
  json::object document;
  json::object set = SetJson(*read);
  const bool promised =
      goes_on && !(read->Sets("threshold") && set["threshold"].to_number<double>() > 0.0);
  document["detector"] = read->kind->name;
  document["per_10000"] = std::move(per);
  document["alarms"] = JsonCount(alarms);
  document["rows"] = JsonCount(rows);
  document["shuffles"] = shuffles;
  document["run_length"] = Quotient(rows, alarms);
  document["promised_run_length"] = promised ? set["run_length"] : json::value();
  document["set"] = std::move(set);
  return WriteJson(document);
}

Result<std::string> ScoreDetectorJson(std::string_view request, std::span<const double> drifts) {
  const Result<json::object> object = ReadObject(request);
  if (!object.ok()) return object.error();
  const Result<double> rows = ReadWhole(*object, "rows", 0.0, kMostWhole, std::nullopt);
  if (!rows.ok()) return rows.error();
  const Result<double> horizon = ReadWhole(*object, "horizon", 0.0, kMostWhole, std::nullopt);
  if (!horizon.ok()) return horizon.error();
  const Result<double> every = ReadWhole(*object, "every", 1.0, kMostWhole, 1.0);
  if (!every.ok()) return every.error();
  std::vector<double> alarms;
  const json::value* given = object->if_contains("alarms");
  const json::array* list = given != nullptr ? given->if_array() : nullptr;
  if (list == nullptr) return Bad("request: alarms: is not a list");
  for (const json::value& alarm : *list) {
    alarms.push_back(alarm.is_number() ? alarm.to_number<double>() : -1.0);
  }
  if (!AreRows(alarms, *rows)) {
    return Bad("request: alarms: are not rising rows from 0 to " + Text(*rows - 1.0));
  }
  if (!AreRows(drifts, *rows)) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "drifts: are not rising rows from 0 to " + Text(*rows - 1.0)};
  }
  if (*rows / *every > static_cast<double>(kMostShuffledRows)) {
    return Error{.code = ErrorCode::kTooBig, .message = "more than 100,000,000 rows"};
  }
  std::vector<double> always;
  for (double row = 0.0; row < *rows; row += *every) always.push_back(row);

  const Labels labels = MakeLabels(drifts, *rows, *horizon);
  json::object document;
  document["rows"] = JsonCount(*rows);
  document["horizon"] = JsonCount(*horizon);
  document["drifts"] = drifts.size();
  document["detector"] = ScoreJson(alarms, labels);
  document["always"] = ScoreJson(always, labels);
  document["never"] = ScoreJson({}, labels);
  return WriteJson(document);
}

}  // namespace firetower::analysis
