// The facade of drift and performance analysis: whether the model still fits, and why. Plain C++,
// no JavaScript, no files; the page's analysis workers and the command line make the same calls, so
// that the same rows and settings give the same JSON bytes in both. It is a module of its own: the
// page loads it when the Drift view is opened, the scoring engine stays small.
//
// Rows come as CSV. One Analysis may hold only some of a file's columns: the page's workers share
// them, measure each its own, and one of them judges what all have measured.
//
//   analysis.LoadModel(bytes);                                 // or none: every column of the file
//   analysis.BeginTable(Table::kCurrent, head, {}); while (...) analysis.Feed(bytes);
//   analysis.FinishTable();
//   Result<std::string> measured = analysis.MeasureJson(request);      // per column, uncorrected
//   Result<std::string> report = analysis.JudgeJson({{*measured}}, request, "");
//
// Documents are described in web/js/engine/analysis/types.js, requests too; both are JSON texts.
// Numbers are rounded to 12 significant digits, NaN and infinite ones are null (json_number.h).
// Thread-safety: one object per thread.
#ifndef FIRETOWER_ANALYSIS_ANALYSIS_H_
#define FIRETOWER_ANALYSIS_ANALYSIS_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/forest/model.h"

namespace firetower::analysis {

enum class Table : int32_t { kReference = 0, kCurrent = 1 };  // do not renumber

struct TableOptions {
  char delimiter = 0;  // 0: sniff.
  char decimal = 0;
  // Columns to keep, by name: with a model its features and "score", without one the file's
  // columns. Empty: all of them. Others of the file can be named too. A file of one column needs
  // its name here.
  std::vector<std::string> columns;
  int32_t header = 0;     // csv::HeaderMode
  bool scores = true;     // With a model: the "score" column is one of the table's.
  bool complete = false;  // head is the whole file.
  bool hash = true;       // Work out the SHA-256 of the bytes.
  std::string name;       // Of the file, for the report.
};

// Rows by their value of a column: numbers in [low, high), a category, or rows without a value.
struct RowQuery {
  enum class Kind : int32_t { kNumbers = 0, kCategory = 1, kMissing = 2 };  // do not renumber
  Kind kind = Kind::kNumbers;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::string category;
};

class Analysis {
 public:
  Analysis();
  ~Analysis();

  Status LoadModel(std::span<const uint8_t> bytes);
  bool has_model() const;
  const forest::Model* model() const;  // Null without one.

  // --- rows. A table given again replaces the one before. Rows set aside by the reader (too few
  // fields, not a number, ...) are counted with reasons, have no values and stay rows of the table.
  // A column without a model is numeric if all its cells but missing ones are numbers in both
  // tables, else categorical.
  // {columns: [name]}: those that a table of this file would have. Errors as BeginTable.
  Result<std::string> InspectJson(std::span<const uint8_t> head, const TableOptions& options) const;
  Status BeginTable(Table which, std::span<const uint8_t> head, const TableOptions& options);
  Status Feed(std::span<const uint8_t> bytes);
  Status FinishTable();
  // Rows given as numbers: columns[c * rows + i], NaN missing; the names are columns of the table.
  Status SetTable(Table which, std::span<const std::string> names, std::span<const double> columns,
                  size_t rows);
  // {rows, aside, reasons, columns: [{name, kind}], labels: bool, sha256 of the bytes fed}
  Result<std::string> TableJson(Table which) const;
  void Clear(Table which);
  std::span<const double> row_offsets(Table which) const;  // Byte offsets in the file.
  std::span<const double> column(Table which, std::string_view name) const;  // Empty: not here.
  std::span<const double> labels(Table which) const;  // As session::Session::labels.

  // A summary (models/SUMMARY.md) as a side of the comparison: counts over the profile's edges
  // only.
  Status SetSummary(Table which, std::string_view text, std::string_view name);

  // --- drift. request: DriftRequest. "reference": {"from": "profile" | "reference" | "current" |
  // "summary", "rows": [begin, end] | null}; "current": {"from": "current" | "summary", "rows"};
  // "without": rows of the current table left out.
  Result<std::string> MeasureJson(std::string_view request) const;  // DriftMeasured
  // The report of all columns: correction, verdicts, the sentence. sections: other documents to go
  // into it as they are ({"multivariate": {...}, "performance": {...}, ...}), may be empty.
  Result<std::string> JudgeJson(std::span<const std::string_view> measured,
                                std::string_view request,
                                std::string_view sections) const;  // DriftReport
  // One column in detail: bins or categories with both sides' counts and each bin's contribution to
  // the column's distance, which add up to it. DriftColumn
  Result<std::string> ColumnJson(std::string_view name, std::string_view request) const;
  // Per window of the current table (count, or even rows per window) the column's distance to the
  // reference: the sparkline. {windows: [{first, last, value, verdict}]}
  Result<std::string> TrendJson(std::string_view name, std::string_view request,
                                size_t windows) const;
  // Rows of the current window that the query asks for, the largest ratio first, those without one
  // behind them in file order. {total, rows: [{row, offset, value, ratio}]} ratios: empty or one
  // per row of the current table, NaN: not known. Errors: kBadArgument (no such column), kNotReady
  // (the current side is not a table).
  Result<std::string> RowsJson(std::string_view name, const RowQuery& query,
                               std::span<const double> ratios, size_t max,
                               std::string_view request) const;
  // The same rows' numbers, rising, all of them.
  Result<std::vector<double>> RowNumbers(std::string_view name, const RowQuery& query,
                                         std::string_view request) const;

  // --- all columns together (needs every column here: the page gathers a sample first)
  // Row numbers of at most max_rows rows of each side of the request, evenly drawn with the seed:
  // reference rows, then current rows, numbers of their tables.
  std::vector<double> SampleRows(Table which, std::string_view request, size_t max_rows,
                                 uint64_t seed) const;
  // Of the column's rows: their numbers, NaN where missing or not there. For columns of texts:
  // none.
  std::vector<double> Gather(Table which, std::string_view name,
                             std::span<const double> rows) const;
  // PCA reconstruction error, Mahalanobis/Hotelling, domain classifier, MMD over reference and
  // current samples: matrix[c * rows + i]; the first reference_rows rows are the reference's.
  // MultivariateDrift. Keeps the classifier for DensityRatios.
  Result<std::string> MultivariateJson(std::span<const std::string> names,
                                       std::span<const double> matrix, size_t rows,
                                       size_t reference_rows, std::string_view request);
  // Of rows given the same way; NaN before MultivariateJson.
  std::vector<double> DensityRatios(std::span<const double> matrix, size_t rows) const;

  // --- reports. The HTML of a DriftReport: no script, < 1 MB, aggregates only.
  Result<std::string> ReportHtml(std::string_view report) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_ANALYSIS_H_
