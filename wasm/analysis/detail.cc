// One column in detail: bins, windows, rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/json_number.h"
#include "analysis/state.h"
#include "core/drift/distances.h"
#include "core/drift/verdict.h"
#include "session/text.h"

namespace firetower::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Categories shown of one column; the rest is one bin.
constexpr size_t kMostCategories = 200;

Error NoColumn(std::string_view name) {
  return {.code = ErrorCode::kBadArgument,
          .message = "there is no column \"" + session::Excerpt(name) + "\" here"};
}

// Edges are written to the last digit: rows are chosen by them.
json::object BinJson(double low, double high, double reference, double current,
                     double contribution) {
  const auto edge = [](double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
  };
  json::object bin;
  bin["low"] = edge(low);
  bin["high"] = edge(high);
  bin["category"] = nullptr;
  bin["missing"] = false;
  bin["reference"] = JsonNumber(reference);
  bin["current"] = JsonNumber(current);
  bin["contribution"] = JsonNumber(contribution);
  return bin;
}

// Missing rows are a bin to look at; they have a test of their own and take no part in the score.
void AddMissing(double reference, double current, json::array* bins) {
  if (!(reference + current > 0.0)) return;
  json::object bin = BinJson(kNaN, kNaN, reference, current, kNaN);
  bin["missing"] = true;
  bins->push_back(std::move(bin));
}

json::object ColumnOf(std::string_view name, std::string_view kind, double total,
                      json::array bins) {
  json::object out;
  out["name"] = name;
  out["kind"] = kind;
  out["score"] = "psi";
  out["total"] = JsonNumber(total);
  out["bins"] = std::move(bins);
  return out;
}

json::object NumbersDetail(std::string_view name, const BinnedSides& sides) {
  const std::vector<double> parts =
      drift::PsiContributions(sides.reference, sides.current, drift::ZeroRule::kAddHalf);
  json::array bins;
  const size_t count = sides.reference.size();
  for (size_t b = 0; b < count; ++b) {
    bins.push_back(BinJson(b == 0 ? kNaN : sides.edges[b],
                           b + 1 == count ? kNaN : sides.edges[b + 1], sides.reference[b],
                           sides.current[b], parts[b]));
  }
  AddMissing(sides.reference_missing, sides.current_missing, &bins);
  const double total = std::accumulate(parts.begin(), parts.end(), 0.0);
  return ColumnOf(name, "numeric", count == 0 ? kNaN : total, std::move(bins));
}

json::object TextsDetail(std::string_view name, const drift::Categories& categories) {
  const std::vector<double> parts =
      drift::PsiContributions(categories.reference, categories.current, drift::ZeroRule::kAddHalf);
  const auto rows = [&](size_t c) { return categories.reference[c] + categories.current[c]; };
  std::vector<size_t> order(categories.names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return rows(a) != rows(b) ? rows(a) > rows(b) : a < b; });
  json::array bins;
  double total = 0.0, reference = 0.0, current = 0.0, contribution = 0.0;
  for (const size_t c : order) {
    total += parts[c];
    if (rows(c) >= kFewestRowsOfName && bins.size() < kMostCategories) {
      json::object bin =
          BinJson(kNaN, kNaN, categories.reference[c], categories.current[c], parts[c]);
      bin["category"] = categories.names[c];
      bins.push_back(std::move(bin));
    } else if (rows(c) > 0.0) {
      reference += categories.reference[c];
      current += categories.current[c];
      contribution += parts[c];
    }
  }
  if (reference + current > 0.0)
    bins.push_back(BinJson(kNaN, kNaN, reference, current, contribution));
  AddMissing(static_cast<double>(categories.reference_missing),
             static_cast<double>(categories.current_missing), &bins);
  return ColumnOf(name, "categorical", order.empty() ? kNaN : total, std::move(bins));
}

}  // namespace

Result<std::string> Analysis::ColumnJson(std::string_view name, std::string_view request) const {
  const Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  const Result<Rows> rows = state_->RowsOf(*settings);
  if (!rows.ok()) return rows.error();
  const std::vector<uint8_t> keep = state_->KeepOf(*settings);
  if (settings->counts()) {
    const Result<std::optional<BinnedSides>> sides = state_->Counts(name, *settings, *rows, keep);
    if (!sides.ok()) return sides.error();
    return *sides ? Result<std::string>(WriteJson(NumbersDetail(name, **sides)))
                  : Result<std::string>(NoColumn(name));
  }
  const Result<const PairedColumn*> pair = state_->Pair(name);
  if (!pair.ok()) return pair.error();
  if (*pair == nullptr) return NoColumn(name);
  const drift::Windows windows = state_->WindowsOf(**pair, *settings, *rows);
  if ((*pair)->text) return WriteJson(TextsDetail(name, state_->SplitTexts(**pair, windows, keep)));
  const Status split = state_->SplitNumbers(name, windows, keep);
  if (!split.ok()) return split.error();
  return WriteJson(NumbersDetail(name, BinsOf(state_->tally, settings->bins)));
}

Result<std::string> Analysis::TrendJson(std::string_view name, std::string_view request,
                                        size_t windows) const {
  Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  settings->all = false;
  const Result<Rows> rows = state_->RowsOf(*settings);
  if (!rows.ok()) return rows.error();
  if (!settings->current.table()) {
    return Error{.code = ErrorCode::kNotReady, .message = "a summary has no windows"};
  }
  if (windows == 0 || windows > 1000) {
    return Error{.code = ErrorCode::kBadArgument, .message = "1 to 1000 windows can be shown"};
  }
  const std::vector<uint8_t> keep = state_->KeepOf(*settings);
  const size_t count = rows->current.end - rows->current.begin;
  windows = std::min(windows, count);
  std::vector<double> p_values;
  json::array found;
  std::vector<std::pair<double, std::pair<double, double>>> facts;  // Effect; rows of both sides.
  double floor = kNaN;
  for (size_t w = 0; w < windows; ++w) {
    Rows here = *rows;
    here.current.begin = rows->current.begin + count * w / windows;
    here.current.end = rows->current.begin + count * (w + 1) / windows;
    Result<std::optional<json::object>> measured =
        state_->MeasureColumn(name, *settings, here, keep);
    if (!measured.ok()) return measured.error();
    if (!*measured) return NoColumn(name);
    json::object& column = **measured;
    const auto number = [&](std::string_view part, std::string_view key) {
      const json::value& value = column[part].get_object()[key];
      return value.is_number() ? value.to_number<double>() : kNaN;
    };
    const double p = number("outcome", "p_value");
    const double reference = number("reference", "rows");
    const double current = number("current", "rows");
    const bool enough = std::min(reference, current) >= settings->verdict.min_rows;
    p_values.push_back(!enough ? kNaN : std::isnan(p) ? number("outcome", "p_below") : p);
    floor = number("effect", "floor");
    facts.push_back({number("effect", "value"), {reference, current}});
    json::object window;
    window["first"] = here.current.begin;
    window["last"] = here.current.end - 1;
    window["value"] = JsonNumber(facts.back().first);
    found.push_back(std::move(window));
  }
  const std::vector<double> corrected = drift::Correct(p_values, settings->verdict.correction);
  drift::VerdictOptions options = settings->verdict;
  options.effect_floor = floor;
  for (size_t w = 0; w < windows; ++w) {
    const auto& [effect, side_rows] = facts[w];
    found[w].get_object()["verdict"] = drift::Name(drift::JudgeColumn(
        side_rows.first, side_rows.second, Rounded(corrected[w]), effect, options));
  }
  json::object out;
  out["windows"] = std::move(found);
  return WriteJson(out);
}

Result<std::vector<double>> Analysis::RowNumbers(std::string_view name, const RowQuery& query,
                                                 std::string_view request) const {
  const Result<DriftSettings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  const Result<Rows> rows = state_->RowsOf(*settings);
  if (!rows.ok()) return rows.error();
  if (!settings->current.table()) {
    return Error{.code = ErrorCode::kNotReady, .message = "a summary has no rows"};
  }
  const TableData& data = state_->table(Table::kCurrent);
  const Column* column = data.Find(name);
  if (column == nullptr) return NoColumn(name);
  const Result<const PairedColumn*> pair = state_->Pair(name);
  if (!pair.ok()) return pair.error();
  const std::vector<uint8_t> keep = state_->KeepOf(*settings);
  const std::span<const uint8_t> kept = state_->KeepOf(**pair, keep);
  const size_t before = (*pair)->reference_rows;
  uint32_t code = kNoText;
  if ((*pair)->text) {
    const auto place =
        std::lower_bound((*pair)->texts.begin(), (*pair)->texts.end(), query.category);
    if (place != (*pair)->texts.end() && *place == query.category)
      code = static_cast<uint32_t>(place - (*pair)->texts.begin());
  }
  std::vector<double> found;
  for (size_t i = rows->current.begin; i < rows->current.end; ++i) {
    if (!kept.empty() && kept[before + i] == 0) continue;
    bool match = false;
    if ((*pair)->text) {
      const uint32_t text = (*pair)->codes[before + i];
      // A column of texts has no numbers to choose from: all that have a text.
      match = query.kind == RowQuery::Kind::kMissing    ? text == kNoText
              : query.kind == RowQuery::Kind::kCategory ? code != kNoText && text == code
                                                        : text != kNoText;
    } else {
      const double value = column->values[i];
      match = query.kind == RowQuery::Kind::kMissing
                  ? !std::isfinite(value)
                  : query.kind == RowQuery::Kind::kNumbers && std::isfinite(value) &&
                        value >= query.low && value < query.high;
    }
    if (match) found.push_back(static_cast<double>(i));
  }
  return found;
}

Result<std::string> Analysis::RowsJson(std::string_view name, const RowQuery& query,
                                       std::span<const double> ratios, size_t max,
                                       std::string_view request) const {
  const Result<std::vector<double>> numbers = RowNumbers(name, query, request);
  if (!numbers.ok()) return numbers.error();
  const TableData& data = state_->table(Table::kCurrent);
  if (!ratios.empty() && ratios.size() != data.rows) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = std::to_string(ratios.size()) + " ratios for " +
                            std::to_string(data.rows) + " rows"};
  }
  std::vector<size_t> rows(numbers->begin(), numbers->end());
  const auto ratio = [&](size_t row) { return ratios.empty() ? kNaN : ratios[row]; };
  std::stable_sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
    if (std::isnan(ratio(a)) || std::isnan(ratio(b)))
      return !std::isnan(ratio(a)) && std::isnan(ratio(b));
    return ratio(a) > ratio(b);
  });
  const Column& column = *data.Find(name);
  json::array found;
  for (size_t k = 0; k < std::min(max, rows.size()); ++k) {
    const size_t row = rows[k];
    json::object entry;
    entry["row"] = row;
    entry["offset"] = data.offsets.empty() ? json::value(nullptr) : JsonCount(data.offsets[row]);
    if (column.text) {
      entry["value"] = column.codes[row] == kNoText ? json::value(nullptr)
                                                    : json::value(column.texts[column.codes[row]]);
    } else {
      entry["value"] = JsonNumber(column.values[row]);
    }
    entry["ratio"] = JsonNumber(ratio(row));
    found.push_back(std::move(entry));
  }
  json::object out;
  out["total"] = rows.size();
  out["rows"] = std::move(found);
  return WriteJson(out);
}

}  // namespace firetower::analysis
