// The facade that the shells talk to: plain C++, no JavaScript, no files. One Session is one engine instance: it owns a model,
// an ingest buffer, at most one job over a byte range of a CSV file, and the labelled scores that curves are
// read from. The page's workers hold one Session each; the command line uses the same calls.
//
//   session.LoadModel(bytes);
//   Result<std::string> report = session.InspectCsv(head, options);        // layout, columns: JSON
//   session.BeginRange({...}); while (...) session.Feed(bytes); session.FinishRange();
//   session.probabilities(), session.row_offsets(), session.BadRowsJson(), ...
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_SESSION_SESSION_H_
#define FIRETOWER_SESSION_SESSION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/csv/dialect.h"
#include "core/forest/model.h"

namespace firetower::session {

// One version for the page and the command line.
std::string_view EngineVersion();

struct InspectOptions {
  char delimiter = 0;  // 0: sniff.
  char decimal = 0;    // 0: sniff.
  csv::HeaderMode header = csv::HeaderMode::kDetect;
  bool complete = false;  // head is the whole file.
};

// What a job does with the records of its range.
enum class JobKind : int32_t {  // do not renumber
  kScore = 0,    // Score rows; collects labels and weights too if the file has the model's columns for them.
  kColumn = 1,   // Read one named column as numbers (text and missing cells are NaN).
  kSearch = 2,   // Mark rows whose record contains a text (ASCII letter case ignored).
  kExport = 3,   // Write rows with their scores as CSV.
};

struct RangeOptions {
  JobKind kind = JobKind::kScore;
  uint64_t begin = 0;       // Byte range of the file: records that begin in [begin, end) are this range's.
  uint64_t end = 0;
  uint64_t line = 0;        // Physical line at begin if known, else 0 (lines then count from 1 within the range).
  bool guess_start = false; // begin may be inside a record: the first byte fed is byte begin - 1, and the range starts at the
                            // boundary that GuessRecordStart finds. False: begin is a record boundary.
  std::string text;         // kColumn: the column's name. kSearch: the text.
};

class Session {
 public:
  Session();
  ~Session();

  // --- model
  Status LoadModel(std::span<const uint8_t> bytes);
  bool has_model() const;
  const forest::Model& model() const;  // REQUIRES: has_model()
  std::string ModelJson() const;       // The card: name, version, inputs, features, trees, nodes, threshold, cuts, training.

  // --- rows given one by one. columns[c * rows + i] = input c of row i, NaN = missing. probabilities()[i] is NaN for a row set
  // aside, and statuses()/status_inputs() say why (csv::BadRowReason, input index).
  Status ScoreRows(std::span<const double> columns, size_t rows);

  // --- a CSV file. InspectCsv sniffs and matches; it stays in force until the next InspectCsv. JSON: {delimiter,
  // decimal, header, bom, lineEnding, dataOffset, dataLine, columns, matched: [{input, column}], missing, extra,
  // label, weight}. Missing columns are an error (kSchemaMismatch) only when a range is begun.
  Result<std::string> InspectCsv(std::span<const uint8_t> head, const InspectOptions& options);

  // --- one job over a range
  Status BeginRange(const RangeOptions& options);
  Status Feed(std::span<const uint8_t> bytes);
  Status FinishRange();    // The file ended, or done() says that the range is complete.
  bool done() const;       // The record that crosses the range's end is complete: no more bytes are needed.
  // Results, valid until the next BeginRange.
  uint64_t first_record_offset() const;  // Where the range's first record begins (see guess_start).
  uint64_t next_record_offset() const;
  uint64_t first_line() const;
  uint64_t next_line() const;
  uint64_t row_count() const;
  std::span<const double> row_offsets() const;     // Byte offsets as float64 (exact to 2^53).
  std::span<const double> probabilities() const;   // NaN: set aside.
  std::span<const double> labels() const;          // Empty: the file has no label column. NaN: not 0 or 1.
  std::span<const double> weights() const;         // Empty: no weight column.
  std::span<const double> column() const;          // kColumn
  std::span<const uint8_t> matches() const;        // kSearch: 1 or 0 per row.
  std::string BadRowsJson() const;   // [{row, line, column, character, offset, length, reason, message}], rows and lines of this range.
  std::string MissingJson() const;   // {"V7": 3, ...} missing cells of scored rows per input.

  // --- export: rows of the range of a kExport job are written to output() as they are fed; the caller takes and clears it.
  // scores: the probabilities of the rows from the range's first on. with_input: the original record first.
  Status SetExport(std::span<const double> scores, uint64_t first_row, double threshold, bool with_input);
  std::string ExportHeader(bool with_input) const;
  std::span<const uint8_t> output() const;
  void ClearOutput();

  // --- figures
  // Row indexes sorted by value (NaN last, ties by index); keep empty or one byte per row (0: left out).
  std::vector<uint32_t> Rank(std::span<const double> values, std::span<const uint8_t> keep, bool descending) const;
  // Keeps sorted scores for PerformanceJson and PerformanceAtJson. Errors as metrics::ScoredLabels::Create.
  Status SetLabels(std::span<const double> scores, std::span<const double> labels, std::span<const double> weights);
  Result<std::string> PerformanceJson(size_t curve_points) const;  // AUC, AP, Brier, log loss with intervals, thinned ROC and PR curves.
  Result<std::string> PerformanceAtJson(double threshold) const;   // Confusion, precision, recall, specificity, F1.

  // --- one row, for reading: features with value, unit, place in the reference profile (0..1 or null): JSON
  Result<std::string> DescribeRowJson(std::span<const double> inputs) const;
  std::vector<std::string> SplitRecord(std::string_view record) const;

  // --- demo traffic: CSV text in output()
  Status LoadGenerator(std::string_view json);
  Status BeginSynth(uint64_t rows, uint64_t seed, double fraud_rate);
  uint64_t SynthRows(uint64_t max_rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_SESSION_H_
