#include "analysis/judge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include "analysis/json_number.h"
#include "core/drift/verdict.h"
#include "session/text.h"

namespace firetower::analysis {

std::string Columns(size_t count) {
  return std::to_string(count) + (count == 1 ? " column" : " columns");
}

std::string Listed(std::span<const std::string> names) {
  constexpr size_t kMost = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += (i == 0 ? "" : ", ") + session::Excerpt(names[i], 60);
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text;
}

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Error Bad(std::string_view name, std::string_view reason) {
  return {.code = ErrorCode::kDataInvalid,
          .message = "measured columns: " + session::Excerpt(name) + ": " + std::string(reason)};
}

const json::object* Part(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

double Number(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : kNaN;
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The p-value that is compared with the level: the bound where it is too fine to state.
double PValue(const json::object* outcome) {
  const double p = Number(outcome, "p_value");
  return std::isnan(p) ? Number(outcome, "p_below") : p;
}

// What of a measured column decides.
struct Facts {
  std::string name;
  double index = 0;
  double reference_rows = 0, current_rows = 0;
  double p_value = kNaN;
  double effect = kNaN, floor = kNaN;
  double missing_p = kNaN;
  double missing_before = kNaN, missing_now = kNaN;  // Shares of all rows.
  double all_before = 0, all_now = 0;                // Rows with and without a value.
  bool mixed = false;                                // Numbers, but for some cells.

  // How far beyond its floor; what has no unit is as far as can be.
  double Beyond() const {
    return std::isnan(effect) ? std::numeric_limits<double>::infinity()
           : floor > 0.0      ? std::fabs(effect) / floor
                              : std::fabs(effect);
  }
};

Result<Facts> FactsOf(const json::object& column) {
  Facts facts;
  facts.name = Text(column, "name");
  facts.index = Number(&column, "index");
  const json::object* outcome = Part(column, "outcome");
  const json::object* effect = Part(column, "effect");
  const json::object* reference = Part(column, "reference");
  const json::object* current = Part(column, "current");
  const json::object* missing = Part(column, "missing");
  for (const json::object* part : {outcome, effect, reference, current, missing})
    if (part == nullptr) return Bad(facts.name, "a part is missing");
  facts.reference_rows = Number(reference, "rows");
  facts.current_rows = Number(current, "rows");
  facts.p_value = PValue(outcome);
  facts.effect = Number(effect, "value");
  facts.floor = Number(effect, "floor");
  facts.missing_p = PValue(missing);
  const double before = Number(reference, "missing");
  const double now = Number(current, "missing");
  facts.all_before = before + facts.reference_rows;
  facts.all_now = now + facts.current_rows;
  facts.missing_before = Rounded(before / facts.all_before);
  facts.missing_now = Rounded(now / facts.all_now);
  facts.mixed = Number(&column, "mixed") > 0.0;
  if (std::isnan(facts.index) || !(facts.reference_rows >= 0.0) || !(facts.current_rows >= 0.0) ||
      std::isnan(facts.floor)) {
    return Bad(facts.name, "a number is missing");
  }
  return facts;
}

std::string Fixed(double value, const char* format) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value == 0.0 ? 0.0 : value);
  return text.data();
}

// "mean -0.62 sd", "KS distance 0.31".
std::string MoveText(const json::object& column) {
  const json::object* effect = Part(column, "effect");
  const json::object* shift = Part(column, "mean_shift");
  const double mean = Number(shift, "value");
  const bool clear = Number(shift, "low") > 0.0 || Number(shift, "high") < 0.0;
  if (clear && std::fabs(mean) >= 0.05) return "mean " + Fixed(mean, "%+.2f") + " sd";
  const std::string name = Text(*effect, "name");
  const double value = Number(effect, "value");
  if (std::isnan(value)) return "from one value to another";
  const std::string label = name == "ks_distance"  ? "KS distance "
                            : name == "auc_shift"  ? "AUC shift "
                            : name == "mean_shift" ? "mean shift "
                            : name == "cramers_v"  ? "Cramer's V "
                                                   : "PSI beyond noise ";
  return label + Fixed(value, "%.2f");
}

}  // namespace

Result<Judgement> Judge(std::vector<json::object> columns, const DriftSettings& settings) {
  std::vector<Facts> facts;
  for (const json::object& column : columns) {
    Result<Facts> known = FactsOf(column);
    if (!known.ok()) return known.error();
    facts.push_back(std::move(*known));
  }
  // As given in the file, whoever measured which.
  std::vector<size_t> order(columns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return facts[a].index != facts[b].index ? facts[a].index < facts[b].index : a < b;
  });
  std::vector<double> p_values, missing_p_values;
  for (const size_t c : order) {
    const Facts& column = facts[c];
    // A column with too few rows is not judged, so it does not count among those corrected for.
    const bool enough =
        std::min(column.reference_rows, column.current_rows) >= settings.verdict.min_rows;
    p_values.push_back(enough ? column.p_value : kNaN);
    const bool any_missing = column.missing_before > 0.0 || column.missing_now > 0.0;
    missing_p_values.push_back(any_missing ? column.missing_p : kNaN);
  }
  const drift::Correction correction = settings.verdict.correction;
  std::vector<double> corrected = drift::Correct(p_values, correction);
  std::vector<double> missing_corrected = drift::Correct(missing_p_values, correction);
  std::vector<drift::Verdict> verdicts, missing_verdicts;
  for (size_t k = 0; k < order.size(); ++k) {
    const Facts& column = facts[order[k]];
    corrected[k] = Rounded(corrected[k]);
    missing_corrected[k] = Rounded(missing_corrected[k]);
    drift::VerdictOptions options = settings.verdict;
    options.effect_floor = column.floor;
    verdicts.push_back(drift::JudgeColumn(column.reference_rows, column.current_rows, corrected[k],
                                          column.effect, options));
    options.effect_floor = kMissingFloor;
    missing_verdicts.push_back(
        std::isnan(missing_p_values[k])
            ? drift::Verdict::kStable
            : drift::JudgeColumn(column.all_before, column.all_now, missing_corrected[k],
                                 column.missing_now - column.missing_before, options));
  }
  const drift::OverallVerdict overall = drift::JudgeOverall(corrected, verdicts, settings.verdict);

  // Drifted ones first, the one furthest beyond its floor in front; then by corrected p-value; then
  // as given.
  std::vector<size_t> shown(order.size());
  std::iota(shown.begin(), shown.end(), size_t{0});
  std::stable_sort(shown.begin(), shown.end(), [&](size_t a, size_t b) {
    const bool a_drifted = verdicts[a] == drift::Verdict::kDrifted;
    const bool b_drifted = verdicts[b] == drift::Verdict::kDrifted;
    if (a_drifted != b_drifted) return a_drifted;
    if (a_drifted) return facts[order[a]].Beyond() > facts[order[b]].Beyond();
    if (std::isnan(corrected[a]) || std::isnan(corrected[b]))
      return !std::isnan(corrected[a]) && std::isnan(corrected[b]);
    return corrected[a] < corrected[b];
  });

  const size_t worst = overall.drifted > 0 ? shown.front() : order.size();
  std::vector<size_t> missing_changed;
  for (const size_t k : shown)
    if (missing_verdicts[k] == drift::Verdict::kDrifted) missing_changed.push_back(k);

  std::string sentence;
  if (overall.judged == 0) {
    sentence = "There are too few rows to say whether the data has moved: each column needs " +
               Fixed(settings.verdict.min_rows, "%.0f") + " on both sides.";
  } else if (overall.moved) {
    const Facts& column = facts[order[worst]];
    sentence = "The data has moved: " + std::to_string(overall.drifted) + " of " +
               Columns(overall.judged) + " drifted, the worst is " +
               session::Excerpt(column.name, 60) + " (" + MoveText(columns[order[worst]]) + ").";
  } else if (overall.small > 0) {
    sentence = "The data has not moved by more than matters: " + std::to_string(overall.small) +
               " of " + Columns(overall.judged) +
               (overall.small == 1 ? " differs" : " differ, all") + " below the effect floor.";
  } else {
    sentence = overall.judged == 1
                   ? "The data has not moved: the column does not differ by more than chance."
                   : "The data has not moved: none of " + Columns(overall.judged) +
                         " differs by more than chance.";
  }
  if (overall.judged > 0 && overall.judged < order.size()) {
    const size_t few = order.size() - overall.judged;
    sentence += " " + Columns(few) + (few == 1 ? " has" : " have") + " too few rows to say.";
  }
  std::vector<std::string> mixed;
  for (const size_t k : order)
    if (facts[k].mixed) mixed.push_back(facts[k].name);
  if (!mixed.empty()) {
    sentence += " " + Columns(mixed.size()) + " of numbers " +
                (mixed.size() == 1 ? "has" : "have") + " cells that are none: " + Listed(mixed) +
                ".";
  }
  if (!missing_changed.empty()) {
    const auto change = [&](size_t k) {
      return std::fabs(facts[order[k]].missing_now - facts[order[k]].missing_before);
    };
    const size_t most =
        *std::max_element(missing_changed.begin(), missing_changed.end(),
                          [&](size_t a, size_t b) { return change(a) < change(b); });
    const Facts& column = facts[order[most]];
    sentence += " The share of missing values has changed in " + Columns(missing_changed.size()) +
                (missing_changed.size() == 1 ? ": " : ", most in ") +
                session::Excerpt(column.name, 60) + " (" +
                Fixed(100.0 * column.missing_before, "%.1f") + " % to " +
                Fixed(100.0 * column.missing_now, "%.1f") + " %).";
  }

  Judgement judgement;
  json::object& out = judgement.overall;
  out["verdict"] = overall.judged == 0 ? "too few rows" : overall.moved ? "moved" : "not moved";
  out["sentence"] = sentence;
  out["judged"] = overall.judged;
  out["drifted"] = overall.drifted;
  out["small"] = overall.small;
  out["share"] = JsonNumber(overall.judged == 0 ? kNaN : overall.share);
  out["p_value"] = JsonNumber(overall.judged == 0 ? kNaN : overall.p_value);
  out["widespread"] = overall.widespread;
  out["worst"] =
      worst < order.size() ? json::value(facts[order[worst]].name) : json::value(nullptr);
  out["missing_changed"] = missing_changed.size();
  for (const size_t k : shown) {
    json::object& measured = columns[order[k]];
    json::object column;
    for (const std::string_view key : {"name", "kind", "test", "outcome"})
      column[key] = std::move(measured[key]);
    column["p_corrected"] = JsonNumber(corrected[k]);
    for (const std::string_view key : {"effect", "mean_shift"})
      column[key] = std::move(measured[key]);
    column["verdict"] = drift::Name(verdicts[k]);
    for (const std::string_view key : {"reference", "current", "missing"})
      column[key] = std::move(measured[key]);
    json::object& missing = column["missing"].get_object();
    missing["p_corrected"] = JsonNumber(missing_corrected[k]);
    missing["verdict"] = drift::Name(missing_verdicts[k]);
    for (const std::string_view key : {"distances", "tests", "categories"})
      column[key] = std::move(measured[key]);
    judgement.columns.push_back(std::move(column));
  }
  return judgement;
}

}  // namespace firetower::analysis
