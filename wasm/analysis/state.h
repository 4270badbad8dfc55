// What an Analysis holds, and one column of both sides put together for a comparison. Internal to
// analysis/.
#ifndef FIRETOWER_ANALYSIS_STATE_H_
#define FIRETOWER_ANALYSIS_STATE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/measure.h"
#include "analysis/settings.h"
#include "analysis/table.h"
#include "core/domain/domain_classifier.h"
#include "core/drift/categorical.h"
#include "core/drift/tally.h"
#include "core/monitor/summary.h"

namespace firetower::analysis {

// A column of both tables, the reference table's rows in front; of one table where the other has
// none of that name.
struct PairedColumn {
  bool text = false;
  size_t reference_rows = 0;
  size_t rows = 0;                            // Of both.
  std::optional<drift::SortedColumn> sorted;  // Numbers, once they have been split.
  std::vector<std::string> texts;             // Texts, in the order of their bytes.
  std::vector<uint32_t> codes;                // One per row: index of texts or kNoText.
  std::vector<uint16_t> bins;  // Numbers against counts: the bin per row, kNoBin: missing.
};
inline constexpr uint16_t kNoBin = UINT16_MAX;

// The rows of a comparison.
struct Rows {
  drift::RowRange reference;  // Of the table each is from.
  drift::RowRange current;
};

struct SummarySide {
  monitor::Summary summary;
  std::string name;
};

struct Analysis::State {
  std::optional<LoadedModel> model;
  // What counts are compared by: the model's, or else the summaries' own.
  std::shared_ptr<const monitor::SummaryLayout> layout;
  std::vector<std::vector<double>> profile;  // session::ProfileCounts
  std::array<TableData, 2> tables;
  std::optional<Table> reading;
  std::unique_ptr<TableReader> reader;
  std::array<std::optional<SummarySide>, 2> summaries;
  std::optional<domain::DomainClassifier> classifier;
  mutable std::map<std::string, PairedColumn, std::less<>> pairs;
  mutable drift::Tally tally;  // Of the column last split: its memory is used again.

  TableData& table(Table which) { return tables[static_cast<size_t>(which)]; }
  const TableData& table(Table which) const { return tables[static_cast<size_t>(which)]; }

  // --- compare.cc
  // The windows of a request. Errors: kNotReady (a side has not been given, no profile),
  // kBadArgument (a window beyond the table, an unknown column).
  Result<Rows> RowsOf(const DriftSettings& settings) const;
  // All columns that can be compared, in the file's (the model's) order.
  std::vector<std::string> Comparable(const DriftSettings& settings) const;
  // Those of the request. Errors: kBadArgument.
  Result<std::vector<std::string>> Wanted(const DriftSettings& settings) const;
  // Null: not here.
  Result<const PairedColumn*> Pair(std::string_view name) const;
  // One byte per row of both tables, 0: set aside or left out. Empty: none is.
  std::vector<uint8_t> KeepOf(const DriftSettings& settings) const;
  std::span<const uint8_t> KeepOf(const PairedColumn& pair, std::span<const uint8_t> keep) const;
  // The windows in a pair's rows.
  drift::Windows WindowsOf(const PairedColumn& pair, const DriftSettings& settings,
                           const Rows& rows) const;
  // `tally` becomes that of a column of numbers; sorts it the first time, which is what takes long.
  Status SplitNumbers(std::string_view name, const drift::Windows& windows,
                      std::span<const uint8_t> keep) const;
  drift::Categories SplitTexts(const PairedColumn& pair, const drift::Windows& windows,
                               std::span<const uint8_t> keep) const;
  // A feature's counts on both sides. Nothing: it is not here.
  Result<std::optional<BinnedSides>> Counts(std::string_view name, const DriftSettings& settings,
                                            const Rows& rows, std::span<const uint8_t> keep) const;
  // A column measured; nothing: it is not here.
  Result<std::optional<json::object>> MeasureColumn(std::string_view name,
                                                    const DriftSettings& settings, const Rows& rows,
                                                    std::span<const uint8_t> keep) const;
  // Of two files, the columns that only one has.
  std::array<std::vector<std::string>, 2> Apart(const DriftSettings& settings) const;
  json::object SideOfReport(const SideSettings& side, Table which) const;
  const SummarySide* SummaryOf(const SideSettings& side, Table which) const;
};

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_STATE_H_
