#include "analysis/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "analysis/json_number.h"
#include "core/drift/binned.h"
#include "session/text.h"

namespace firetower::analysis {
namespace {

constexpr std::array<std::string_view, 4> kSources = {"profile", "reference", "current", "summary"};
constexpr std::array<std::string_view, 7> kTests = {"ks",    "cvm",        "ad", "mwu",
                                                    "welch", "chi_square", "g"};
constexpr std::array<std::string_view, 4> kCategoricalTests = {"chi_square", "g", "fisher", "z"};
constexpr std::array<std::string_view, 14> kKeys = {
    "reference",        "current",  "without",     "columns",     "test",
    "categorical_test", "all",      "bins",        "level",       "correction",
    "effect_floor",     "min_rows", "drift_share", "multivariate"};
constexpr double kMaxRow = 4294967295.0;

Error Bad(std::string_view key, std::string_view reason) {
  return {.code = ErrorCode::kBadArgument,
          .message = std::string(key) + ": " + std::string(reason)};
}

template <size_t N>
std::string Choices(const std::array<std::string_view, N>& names) {
  std::string list;
  for (size_t i = 0; i < N; ++i) {
    if (i > 0) list += i + 1 == N ? " or " : ", ";
    list += '"';
    list += names[i];
    list += '"';
  }
  return list;
}

// A text of `names`; stays as it is where there is none.
template <size_t N>
Status ReadChoice(const json::object& object, std::string_view key,
                  const std::array<std::string_view, N>& names, std::string* out) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  const std::string_view text =
      value->is_string() ? std::string_view(value->get_string().data(), value->get_string().size())
                         : std::string_view();
  if (std::find(names.begin(), names.end(), text) == names.end())
    return Bad(key, "must be " + Choices(names));
  *out = text;
  return {};
}

Status ReadNumber(const json::object& object, std::string_view key, double low, double high,
                  std::optional<double>* out) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  const double number = value->is_number() ? value->to_number<double>() : std::nan("");
  if (!(number >= low && number <= high)) {
    return Bad(key, "must be a number from " + WriteJson(json::value(low)) + " to " +
                        WriteJson(json::value(high)));
  }
  *out = Rounded(number);
  return {};
}

Result<uint64_t> RowNumber(const json::value& value, std::string_view key) {
  const double number = value.is_number() ? value.to_number<double>() : -1.0;
  if (!(number >= 0.0 && number <= kMaxRow) || number != std::floor(number))
    return Bad(key, "a row is a whole number from 0 on");
  return static_cast<uint64_t>(number);
}

Status ReadSide(const json::object& object, std::string_view key, SideSettings* side) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_object()) return Bad(key, "is not an object");
  const json::object& given = value->get_object();
  std::string from(Name(side->from));
  const Status status = ReadChoice(given, "from", kSources, &from);
  if (!status.ok()) return Bad(key, status.error().message);
  side->from =
      static_cast<From>(std::find(kSources.begin(), kSources.end(), from) - kSources.begin());
  const json::value* rows = given.if_contains("rows");
  if (rows == nullptr || rows->is_null()) return {};
  const std::string place = std::string(key) + ".rows";
  if (!rows->is_array() || rows->get_array().size() != 2)
    return Bad(place, "must be two rows, the first and the one after the last");
  if (!side->table()) return Bad(place, "counts have no rows to choose from");
  const Result<uint64_t> first = RowNumber(rows->get_array()[0], place);
  if (!first.ok()) return first.error();
  const Result<uint64_t> end = RowNumber(rows->get_array()[1], place);
  if (!end.ok()) return end.error();
  if (*first >= *end) return Bad(place, "the window is empty");
  side->whole = false;
  side->first = *first;
  side->end = *end;
  return {};
}

json::object SideJson(const SideSettings& side) {
  json::object out;
  out["from"] = Name(side.from);
  out["rows"] = side.whole ? json::value(nullptr) : json::value(json::array{side.first, side.end});
  return out;
}

}  // namespace

std::string_view Name(From from) { return kSources[static_cast<size_t>(from)]; }

double DriftSettings::FloorOf(std::string_view effect) const {
  if (effect_floor) return *effect_floor;
  if (effect == "ks_distance") return drift::kKsFloor;
  if (effect == "auc_shift") return drift::kAucShiftFloor;
  if (effect == "mean_shift") return drift::kMeanShiftFloor;
  return effect == "cramers_v" ? drift::kCramersVFloor : drift::kPsiExcessFloor;
}

Result<DriftSettings> ReadSettings(std::string_view request) {
  const Result<json::value> parsed = ParseJson(request, ErrorCode::kBadArgument, "request");
  if (!parsed.ok()) return parsed.error();
  if (!parsed->is_object()) return Bad("request", "is not an object");
  const json::object& object = parsed->get_object();
  for (const json::key_value_pair& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
      return Bad(session::Excerpt(key), "there is no such setting");
  }
  DriftSettings settings;
  Status status = ReadSide(object, "reference", &settings.reference);
  if (status.ok()) status = ReadSide(object, "current", &settings.current);
  if (!status.ok()) return status.error();
  if (settings.current.from == From::kProfile || settings.current.from == From::kReference)
    return Bad("current", "must be from \"current\" or \"summary\"");

  if (const json::value* without = object.if_contains("without"); without && !without->is_null()) {
    if (!without->is_array()) return Bad("without", "is not a list of rows");
    for (const json::value& value : without->get_array()) {
      const Result<uint64_t> row = RowNumber(value, "without");
      if (!row.ok()) return row.error();
      settings.without.push_back(*row);
    }
    std::sort(settings.without.begin(), settings.without.end());
    settings.without.erase(std::unique(settings.without.begin(), settings.without.end()),
                           settings.without.end());
    if (!settings.without.empty() && settings.current.from != From::kCurrent)
      return Bad("without", "counts have no rows to leave out");
  }
  if (const json::value* columns = object.if_contains("columns"); columns && !columns->is_null()) {
    if (!columns->is_array()) return Bad("columns", "is not a list of names");
    settings.columns.emplace();
    for (const json::value& value : columns->get_array()) {
      if (!value.is_string()) return Bad("columns", "is not a list of names");
      settings.columns->emplace_back(value.get_string());
    }
    if (settings.columns->empty()) return Bad("columns", "names no column");
  }
  status = ReadChoice(object, "test", kTests, &settings.test);
  if (status.ok()) {
    status = ReadChoice(object, "categorical_test", kCategoricalTests, &settings.categorical_test);
  }
  if (!status.ok()) return status.error();
  if (const json::value* all = object.if_contains("all"); all && !all->is_null()) {
    if (!all->is_bool()) return Bad("all", "must be true or false");
    settings.all = all->get_bool();
  }
  std::optional<double> bins, level, min_rows, share;
  status = ReadNumber(object, "bins", 2, 200, &bins);
  if (status.ok()) status = ReadNumber(object, "level", 1e-6, 0.5, &level);
  if (status.ok()) status = ReadNumber(object, "effect_floor", 0, 1e6, &settings.effect_floor);
  if (status.ok()) status = ReadNumber(object, "min_rows", 2, kMaxRow, &min_rows);
  if (status.ok()) status = ReadNumber(object, "drift_share", 0, 1, &share);
  if (!status.ok()) return status.error();
  if (bins && *bins != std::floor(*bins)) return Bad("bins", "is not a whole number");
  settings.bins = static_cast<size_t>(bins.value_or(10));
  settings.verdict.level = level.value_or(0.05);
  settings.verdict.min_rows = min_rows.value_or(settings.counts() ? drift::kMinRows : 30.0);
  settings.verdict.drift_share = share.value_or(0.5);
  if (const json::value* given = object.if_contains("correction"); given && !given->is_null()) {
    if (!given->is_string()) return Bad("correction", "is not a name");
    const Result<drift::Correction> correction =
        drift::CorrectionOf({given->get_string().data(), given->get_string().size()});
    if (!correction.ok()) return Bad("correction", correction.error().message);
    settings.verdict.correction = *correction;
  }
  const json::value* test = object.if_contains("test");
  const bool of_counts =
      settings.test == "g" || (settings.test == "ks" && test && !test->is_null());
  if (settings.counts() && !of_counts) settings.test = "chi_square";
  return settings;
}

json::object SettingsJson(const DriftSettings& settings) {
  json::object out;
  out["reference"] = SideJson(settings.reference);
  out["current"] = SideJson(settings.current);
  out["without"] = json::array(settings.without.begin(), settings.without.end());
  if (settings.columns) {
    json::array names;
    for (const std::string& name : *settings.columns) names.push_back(json::value(name));
    out["columns"] = std::move(names);
  } else {
    out["columns"] = nullptr;
  }
  out["test"] = settings.test;
  out["categorical_test"] = settings.categorical_test;
  out["all"] = settings.all;
  out["bins"] = settings.bins;
  out["level"] = JsonNumber(settings.verdict.level);
  out["correction"] = drift::Name(settings.verdict.correction);
  out["effect_floor"] =
      settings.effect_floor ? JsonNumber(*settings.effect_floor) : json::value(nullptr);
  out["min_rows"] = JsonNumber(settings.verdict.min_rows);
  out["drift_share"] = JsonNumber(settings.verdict.drift_share);
  return out;
}

}  // namespace firetower::analysis
