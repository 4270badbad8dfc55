// The two sides of a comparison, column by column.
#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/json_number.h"
#include "analysis/state.h"
#include "session/summary_layout.h"
#include "session/text.h"

namespace firetower::analysis {
namespace {

Error NotReady(std::string message) {
  return {.code = ErrorCode::kNotReady, .message = std::move(message)};
}

// The rows of a side in its table.
Result<drift::RowRange> RangeOf(const SideSettings& side, const TableData& table) {
  if (!table.present) {
    return NotReady(side.from == From::kReference ? "there is no reference file"
                                                  : "there is no file to compare");
  }
  if (side.whole) return drift::RowRange{0, table.rows};
  if (side.end > table.rows) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "rows " + std::to_string(side.first) + " to " +
                            std::to_string(side.end) + " are asked for, but the file has " +
                            std::to_string(table.rows) + " rows"};
  }
  return drift::RowRange{static_cast<size_t>(side.first), static_cast<size_t>(side.end)};
}

Table TableOf(const SideSettings& side) {
  return side.from == From::kReference ? Table::kReference : Table::kCurrent;
}

// The bin of a value, what is beyond in the first and last.
uint16_t BinOf(std::span<const double> edges, double value) {
  if (std::isnan(value)) return kNoBin;
  const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, value);
  return static_cast<uint16_t>(above - (edges.begin() + 1));
}

}  // namespace

const SummarySide* Analysis::State::SummaryOf(const SideSettings& side, Table which) const {
  const std::optional<SummarySide>& summary = summaries[static_cast<size_t>(which)];
  return side.from == From::kSummary && summary ? &*summary : nullptr;
}

Result<Rows> Analysis::State::RowsOf(const DriftSettings& settings) const {
  Rows rows;
  const std::array<const SideSettings*, 2> sides = {&settings.reference, &settings.current};
  const std::array<drift::RowRange*, 2> ranges = {&rows.reference, &rows.current};
  for (size_t s = 0; s < 2; ++s) {
    const SideSettings& side = *sides[s];
    if (side.from == From::kProfile) {
      if (!model) return NotReady("no model is loaded");
      if (profile.empty()) return NotReady("the model has no reference profile to compare with");
    } else if (side.from == From::kSummary) {
      if (SummaryOf(side, static_cast<Table>(s)) == nullptr) return NotReady("there is no summary");
    } else {
      const Result<drift::RowRange> range = RangeOf(side, table(TableOf(side)));
      if (!range.ok()) return range.error();
      *ranges[s] = *range;
    }
  }
  if (settings.counts() && !layout) {
    return NotReady("a model must be loaded: a profile or a summary is counts of its features");
  }
  for (const uint64_t row : settings.without) {
    if (row >= table(Table::kCurrent).rows) {
      return Error{.code = ErrorCode::kBadArgument,
                   .message = "without: the file has no row " + std::to_string(row)};
    }
  }
  return rows;
}

std::vector<std::string> Analysis::State::Comparable(const DriftSettings& settings) const {
  std::vector<std::string> names;
  if (settings.counts()) return layout ? layout->features : names;
  const TableData& current = table(Table::kCurrent);
  if (settings.reference.from == From::kCurrent) return current.names;
  const std::vector<std::string>& others = table(Table::kReference).names;
  for (const std::string& name : current.names) {
    if (std::find(others.begin(), others.end(), name) != others.end()) names.push_back(name);
  }
  return names;
}

std::array<std::vector<std::string>, 2> Analysis::State::Apart(
    const DriftSettings& settings) const {
  std::array<std::vector<std::string>, 2> apart;
  if (settings.counts() || settings.columns || settings.reference.from != From::kReference)
    return apart;
  for (const Table which : {Table::kReference, Table::kCurrent}) {
    const std::vector<std::string>& others =
        table(which == Table::kReference ? Table::kCurrent : Table::kReference).names;
    for (const std::string& name : table(which).names) {
      if (std::find(others.begin(), others.end(), name) == others.end())
        apart[static_cast<size_t>(which)].push_back(name);
    }
  }
  return apart;
}

Result<std::vector<std::string>> Analysis::State::Wanted(const DriftSettings& settings) const {
  std::vector<std::string> names = Comparable(settings);
  if (settings.columns) {
    for (const std::string& name : *settings.columns) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        return Error{
            .code = ErrorCode::kBadArgument,
            .message = "there is no column \"" + session::Excerpt(name) + "\" on both sides"};
      }
    }
    std::erase_if(names, [&](const std::string& name) {
      return std::find(settings.columns->begin(), settings.columns->end(), name) ==
             settings.columns->end();
    });
  }
  if (names.empty()) {
    return Error{.code = ErrorCode::kSchemaMismatch,
                 .message = "the two files have no column in common"};
  }
  return names;
}

Result<const PairedColumn*> Analysis::State::Pair(std::string_view name) const {
  const auto known = pairs.find(name);
  if (known != pairs.end()) return &known->second;
  const TableData& first = table(Table::kReference);
  const TableData& second = table(Table::kCurrent);
  const Column* reference = first.present ? first.Find(name) : nullptr;
  const Column* current = second.present ? second.Find(name) : nullptr;
  if (reference == nullptr && current == nullptr) return nullptr;
  PairedColumn pair;
  pair.reference_rows = reference == nullptr ? 0 : first.rows;
  pair.rows = pair.reference_rows + (current == nullptr ? 0 : second.rows);
  pair.text = (reference != nullptr && reference->text) || (current != nullptr && current->text);
  if (pair.text) {
    std::map<std::string, uint32_t, std::less<>> places;
    std::vector<const std::string*> by_code;
    const auto code_of = [&](std::string text) {
      const auto [place, added] =
          places.emplace(std::move(text), static_cast<uint32_t>(by_code.size()));
      if (added) by_code.push_back(&place->first);
      return place->second;
    };
    pair.codes.reserve(pair.rows);
    for (const Column* column : {reference, current}) {
      if (column == nullptr) continue;
      if (column->text) {
        std::vector<uint32_t> codes;
        for (const std::string& text : column->texts) codes.push_back(code_of(text));
        for (const uint32_t code : column->codes)
          pair.codes.push_back(code == kNoText ? kNoText : codes[code]);
      } else {
        for (const double value : column->values)
          pair.codes.push_back(std::isnan(value) ? kNoText : code_of(NumberText(value)));
      }
    }
    std::vector<uint32_t> sorted(by_code.size());
    for (const auto& [text, code] : places) {
      sorted[code] = static_cast<uint32_t>(pair.texts.size());
      pair.texts.push_back(text);
    }
    for (uint32_t& code : pair.codes) code = code == kNoText ? kNoText : sorted[code];
  }
  return &pairs.emplace(std::string(name), std::move(pair)).first->second;
}

std::vector<uint8_t> Analysis::State::KeepOf(const DriftSettings& settings) const {
  const TableData& first = table(Table::kReference);
  const TableData& second = table(Table::kCurrent);
  if (first.aside.empty() && second.aside.empty() && settings.without.empty()) return {};
  std::vector<uint8_t> keep;
  keep.reserve(first.rows + second.rows);
  for (const TableData* data : {&first, &second}) {
    if (data->aside.empty()) {
      keep.resize(keep.size() + data->rows, 1);
    } else {
      for (const uint8_t aside : data->aside) keep.push_back(aside == 0 ? 1 : 0);
    }
  }
  for (const uint64_t row : settings.without) keep[first.rows + static_cast<size_t>(row)] = 0;
  return keep;
}

std::span<const uint8_t> Analysis::State::KeepOf(const PairedColumn& pair,
                                                 std::span<const uint8_t> keep) const {
  if (keep.empty()) return keep;
  const size_t skipped = table(Table::kReference).rows - pair.reference_rows;
  return keep.subspan(skipped, pair.rows);
}

drift::Windows Analysis::State::WindowsOf(const PairedColumn& pair, const DriftSettings& settings,
                                          const Rows& rows) const {
  const auto range = [&](const SideSettings& side, drift::RowRange of) {
    if (!side.table()) return drift::RowRange{0, 0};
    const size_t before = side.from == From::kReference ? 0 : pair.reference_rows;
    return drift::RowRange{before + of.begin, before + of.end};
  };
  return {.reference = range(settings.reference, rows.reference),
          .current = range(settings.current, rows.current)};
}

Status Analysis::State::SplitNumbers(std::string_view name, const drift::Windows& windows,
                                     std::span<const uint8_t> keep) const {
  PairedColumn& pair = pairs.find(name)->second;
  if (!pair.sorted) {
    std::vector<double> both;
    std::span<const double> values;
    for (const Table which : {Table::kReference, Table::kCurrent}) {
      const Column* column = table(which).present ? table(which).Find(name) : nullptr;
      if (column == nullptr) continue;
      if (pair.rows == column->values.size()) {
        values = column->values;
      } else {
        both.reserve(pair.rows);
        both.insert(both.end(), column->values.begin(), column->values.end());
        values = both;
      }
    }
    Result<drift::SortedColumn> sorted = drift::SortedColumn::Create(values);
    if (!sorted.ok()) return sorted.error();
    pair.sorted.emplace(std::move(*sorted));
  }
  pair.sorted->Split(windows, &tally, KeepOf(pair, keep));
  return {};
}

drift::Categories Analysis::State::SplitTexts(const PairedColumn& pair,
                                              const drift::Windows& windows,
                                              std::span<const uint8_t> keep) const {
  const std::span<const uint8_t> kept = KeepOf(pair, keep);
  drift::Categories categories;
  categories.names = pair.texts;
  categories.reference.assign(pair.texts.size(), 0.0);
  categories.current.assign(pair.texts.size(), 0.0);
  const auto count = [&](drift::RowRange range, std::vector<double>* counts, uint64_t* missing) {
    for (size_t i = range.begin; i < range.end; ++i) {
      if (!kept.empty() && kept[i] == 0) continue;
      if (pair.codes[i] == kNoText) {
        ++*missing;
      } else {
        (*counts)[pair.codes[i]] += 1.0;
      }
    }
  };
  count(windows.reference, &categories.reference, &categories.reference_missing);
  count(windows.current, &categories.current, &categories.current_missing);
  for (size_t c = 0; c < categories.names.size(); ++c) {
    if (categories.reference[c] == 0.0 && categories.current[c] > 0.0)
      categories.added.push_back(c);
    if (categories.reference[c] > 0.0 && categories.current[c] == 0.0) categories.gone.push_back(c);
  }
  return categories;
}

Result<std::optional<BinnedSides>> Analysis::State::Counts(std::string_view name,
                                                           const DriftSettings& settings,
                                                           const Rows& rows,
                                                           std::span<const uint8_t> keep) const {
  const auto found = std::find(layout->features.begin(), layout->features.end(), name);
  if (found == layout->features.end()) return std::optional<BinnedSides>();
  const auto feature = static_cast<size_t>(found - layout->features.begin());
  BinnedSides sides;
  sides.edges = layout->edges[feature];
  const std::array<const SideSettings*, 2> given = {&settings.reference, &settings.current};
  const std::array<std::vector<double>*, 2> counts = {&sides.reference, &sides.current};
  const std::array<double*, 2> missing = {&sides.reference_missing, &sides.current_missing};
  const std::array<drift::RowRange, 2> ranges = {rows.reference, rows.current};
  for (size_t s = 0; s < 2; ++s) {
    const SideSettings& side = *given[s];
    if (side.table()) {
      const Result<const PairedColumn*> found_pair = Pair(name);
      if (!found_pair.ok()) return found_pair.error();
      if (*found_pair == nullptr) return std::optional<BinnedSides>();
      // A cache: bins of rows do not change with the window.
      PairedColumn& pair = pairs.find(name)->second;
      if (pair.bins.empty()) {
        pair.bins.reserve(pair.rows);
        for (const Table which : {Table::kReference, Table::kCurrent}) {
          const Column* column = table(which).present ? table(which).Find(name) : nullptr;
          if (column == nullptr) continue;
          for (const double value : column->values) pair.bins.push_back(BinOf(sides.edges, value));
        }
      }
      const std::span<const uint8_t> kept = KeepOf(pair, keep);
      const size_t before = side.from == From::kReference ? 0 : pair.reference_rows;
      std::vector<uint32_t> tallies(sides.edges.size(), 0);  // The last is the missing rows.
      const auto last = static_cast<uint16_t>(tallies.size() - 1);
      for (size_t i = before + ranges[s].begin; i < before + ranges[s].end; ++i) {
        const uint16_t bin = std::min(pair.bins[i], last);
        tallies[bin] += kept.empty() || kept[i] != 0 ? 1U : 0U;
      }
      counts[s]->assign(tallies.begin(), tallies.end());
    } else {
      *counts[s] = side.from == From::kProfile
                       ? profile[feature]
                       : session::CountsOf(
                             SummaryOf(side, static_cast<Table>(s))->summary.features[feature]);
    }
    *missing[s] = counts[s]->back();
    counts[s]->pop_back();
  }
  return std::optional<BinnedSides>(std::move(sides));
}

Result<std::optional<json::object>> Analysis::State::MeasureColumn(
    std::string_view name, const DriftSettings& settings, const Rows& rows,
    std::span<const uint8_t> keep) const {
  if (settings.counts()) {
    const Result<std::optional<BinnedSides>> sides = Counts(name, settings, rows, keep);
    if (!sides.ok()) return sides.error();
    if (!*sides) return std::optional<json::object>();
    return std::optional<json::object>(MeasureCounts(**sides, settings));
  }
  const Result<const PairedColumn*> pair = Pair(name);
  if (!pair.ok()) return pair.error();
  if (*pair == nullptr) return std::optional<json::object>();
  const drift::Windows windows = WindowsOf(**pair, settings, rows);
  if ((*pair)->text) {
    return std::optional<json::object>(MeasureTexts(SplitTexts(**pair, windows, keep), settings));
  }
  const Status split = SplitNumbers(name, windows, keep);
  if (!split.ok()) return split.error();
  return std::optional<json::object>(MeasureNumbers(tally, settings));
}

json::object Analysis::State::SideOfReport(const SideSettings& side, Table which) const {
  json::object out;
  out["from"] = Name(side.from);
  if (side.from == From::kProfile) {
    double rows = 0.0;
    if (!profile.empty())
      for (const double count : profile.front()) rows += count;
    out["name"] = model->model.info.name + " " + model->model.info.version;
    out["sha256"] = model->hash;
    out["rows"] = JsonNumber(std::round(rows));
    out["aside"] = 0;
    out["window"] = nullptr;
  } else if (side.from == From::kSummary) {
    const SummarySide* summary = SummaryOf(side, which);
    out["name"] = summary->name;
    out["sha256"] = nullptr;
    out["rows"] = summary->summary.scored;
    out["aside"] = summary->summary.aside;
    out["window"] = nullptr;
  } else {
    const TableData& data = table(TableOf(side));
    const size_t first = side.whole ? 0 : static_cast<size_t>(side.first);
    const size_t end = side.whole ? data.rows : static_cast<size_t>(side.end);
    uint64_t aside = 0;
    for (size_t i = first; i < end && !data.aside.empty(); ++i) aside += data.aside[i];
    out["name"] = data.name;
    out["sha256"] = data.sha256.empty() ? json::value(nullptr) : json::value(data.sha256);
    out["rows"] = end - first;
    out["aside"] = aside;
    out["window"] = side.whole ? json::value(nullptr) : json::value(json::array{first, end});
  }
  return out;
}

}  // namespace firetower::analysis
