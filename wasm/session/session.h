// The facade that the shells talk to: plain C++, no JavaScript, no files. One Session is one engine
// instance: it owns a model, an ingest buffer, at most one job over a byte range of a CSV file, and
// the labelled scores that curves are read from. The page's workers hold one Session each; the
// command line uses the same calls.
//
//   session.LoadModel(bytes);
//   Result<std::string> report = session.InspectCsv(head, options);        // layout, columns: JSON
//   session.BeginRange({...}); while (...) session.Feed(bytes); session.FinishRange();
//   session.probabilities(), session.row_offsets(), session.bad_rows(), ...
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
#include "core/csv/reader.h"
#include "core/forest/model.h"
#include "core/metrics/binary.h"
#include "core/monitor/summary.h"

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
  kScore = 0,   // Score rows; collects labels and weights too if the file has the model's columns
                // for them.
  kColumn = 1,  // Read one named column as numbers (text and missing cells are NaN).
  kSearch = 2,  // Mark rows whose record contains a text (ASCII letter case ignored).
  kExport = 3,  // Write rows with their scores as CSV.
  kRows = 4,    // Read the model's inputs and the label of every record, for TakeRows.
};

struct RangeOptions {
  JobKind kind = JobKind::kScore;
  uint64_t begin =
      0;  // Byte range of the file: records that begin in [begin, end) are this range's.
  uint64_t end = UINT64_MAX;
  uint64_t line =
      0;  // Physical line at begin if known, else 0 (lines then count from 1 within the range).
  bool guess_start = false;  // begin may be inside a record: the first byte fed is byte begin - 1,
                             // and the range starts at the boundary that GuessRecordStart finds.
                             // False: begin is a record boundary.
  std::string text = {};     // kColumn: the column's name. kSearch: the text.
};

// A row that was set aside. Rows and lines are those of the range: a shell that knows what came
// before adds it.
struct BadRowReport {
  uint64_t row = 0;          // From 0.
  uint64_t line = 0;         // From 1 (or from RangeOptions::line).
  std::string column;        // The offending column's name; empty where none.
  uint32_t character = 0;    // Place of the cell in its line, in bytes from 1; 0 where none.
  uint64_t byte_offset = 0;  // Of the record, in the file.
  uint32_t byte_length = 0;  // Of the record, without its line end.
  csv::BadRowReason reason = csv::BadRowReason::kNone;
  std::string message;  // What is wrong, without the line: `column V14: "abc" is not a number`.
};

// The sentence for people: `line 17, column V14: "abc" is not a number`, `line 17: 30 fields, the
// header has 31`.
std::string BadRowSentence(const BadRowReport& bad, uint64_t line);

// Rows of a kRows job. A row that the reader set aside has its csv::BadRowReason, the input at
// fault
// (-1: none) and NaN in its columns.
struct ReadRows {
  size_t rows = 0;
  std::vector<double> columns;  // columns[c * rows + i] = model input c of row i; NaN: missing.
  std::vector<double> labels;   // As Session::labels().
  std::vector<double> offsets;  // Byte offsets in the file.
  std::vector<int32_t> statuses;
  std::vector<int32_t> status_inputs;
};

// Texts of cells and messages kept for bad rows of one range; beyond it a row is only counted.
inline constexpr size_t kMaxBadRowReports = 10000;
// A record longer than this cannot be searched or exported.
inline constexpr size_t kMaxExportRecordBytes = size_t{64} << 20;
// Most rows one ScoreRows takes.
inline constexpr size_t kMaxRows = size_t{1} << 27;

class Live;

class Session {
 public:
  Session();
  ~Session();

  // --- model
  // The model before it stays if this fails. An inspected file is forgotten (columns are matched to
  // the model).
  Status LoadModel(std::span<const uint8_t> bytes);
  bool has_model() const;
  // Without its trees. REQUIRES: has_model().
  const forest::Model& model() const;
  std::string ModelJson()
      const;  // The card: name, version, inputs, features, trees, nodes, threshold, cuts, training.

  // --- rows given one by one. columns[c * rows + i] = input c of row i, NaN = missing.
  // probabilities()[i] is NaN for a row set aside, and statuses()/status_inputs() say why
  // (csv::BadRowReason, 0: scored; input index). Ends a job.
  Status ScoreRows(std::span<const double> columns, size_t rows);
  std::span<const int32_t> statuses() const;
  std::span<const int32_t> status_inputs() const;

  // --- a CSV file. InspectCsv sniffs and matches; it stays in force until the next InspectCsv.
  // JSON: {delimiter, decimal, header, bom, lineEnding, dataOffset, dataLine, columns, matched:
  // [{input, column}], missing, extra, label, weight}. Missing columns are an error
  // (kSchemaMismatch) only when a range is begun.
  Result<std::string> InspectCsv(std::span<const uint8_t> head, const InspectOptions& options);
  const csv::FileLayout& layout() const;  // REQUIRES: InspectCsv was ok.

  // --- one job over a range
  Status BeginRange(const RangeOptions& options);
  Status Feed(std::span<const uint8_t> bytes);
  Status FinishRange();  // The file ended, or done() says that the range is complete.
  bool done()
      const;  // The record that crosses the range's end is complete: no more bytes are needed.
  // Results, valid until the next BeginRange.
  uint64_t first_record_offset() const;  // Where the range's first record begins (see guess_start).
  uint64_t next_record_offset() const;
  uint64_t first_line() const;
  uint64_t next_line() const;
  uint64_t row_count() const;
  std::span<const double> row_offsets() const;    // Byte offsets as float64 (exact to 2^53).
  std::span<const double> probabilities() const;  // NaN: set aside. Complete with FinishRange.
  // 1: the model's positive class, 0: another. Empty: the file has no label column. NaN: missing,
  // or neither 0 nor 1 where the positive class is 1, or no number where it is another number.
  std::span<const double> labels() const;
  std::span<const double> weights() const;   // Empty: no weight column.
  std::span<const double> column() const;    // kColumn
  std::span<const uint8_t> matches() const;  // kSearch: 1 or 0 per row.
  // kRows: the rows read since the last call, which the session then forgets: a stream without end
  // takes no more memory than its chunks.
  ReadRows TakeRows();
  uint64_t bad_row_count() const;
  std::span<const BadRowReport> bad_rows()
      const;  // The first kMaxBadRowReports of them, in row order.
  std::string BadRowsJson()
      const;  // bad_rows(): [{row, line, column, character, offset, length, reason, message}]
  std::span<const uint64_t> missing_counts()
      const;                        // Missing cells of scored rows per input of the model.
  std::string MissingJson() const;  // {"V7": 3, ...}, inputs without missing cells left out.
  // kScore: the range's rows counted (monitor/summary.h), times by the model's first input in
  // seconds. The summaries of a file's ranges add up to the same bytes however it was cut. Null for
  // other jobs.
  const monitor::Summary* summary() const;
  // Summaries of the loaded model's rows, each as monitor::Summary::Words gives it, added up: a
  // summary's text, that of no rows where there are none. Errors: kNotReady, those of MergeWords.
  Result<std::string> MergeSummaries(std::span<const std::span<const uint64_t>> parts) const;

  // --- export. scores: probabilities from row first_row of the file on (NaN: set aside, its cells
  // stay empty). with_input: sets the scores for the kExport job that follows, which writes each
  // record as it is in the file (text cells made formula-safe), four cells in the file's delimiter
  // and decimal sign, and the file's line end. Otherwise: writes
  // `row,probability,prediction,risk_level,confidence` lines, "\n" after each, to output() at once.
  // The caller takes and clears output(). Errors: kNotReady without a model or, with_input, without
  // InspectCsv; the job fails with kDataInvalid if the range has another number of rows than
  // scores.
  Status SetExport(std::span<const double> scores, uint64_t first_row, double threshold,
                   bool with_input);
  // The line before the rows, with its line end. with_input: the file's byte order mark if it had
  // one; the file's header and the four names, each with _2, _3, ... behind it where the file has a
  // column of that name; no header line if the file has none.
  Result<std::string> ExportHeader(bool with_input) const;
  std::span<const uint8_t> output() const;
  void ClearOutput();

  // --- figures
  // Sets usable(): 1 for rows that can be measured, 0 for those whose score, label or weight is
  // NaN; weights may be empty. Errors: as metrics::FindUsable, with the row counted from first_row
  // on.
  Status FindUsable(std::span<const double> scores, std::span<const double> labels,
                    std::span<const double> weights, uint64_t first_row);
  std::span<const uint8_t> usable() const;
  // The usable rows by falling score, then by row, for PerformanceJson and PerformanceAtJson, which
  // read them in blocks: the session has none of their memory. left_out: how many rows were not.
  void SetLabels(std::unique_ptr<const metrics::RankedRows> ranked, uint64_t left_out,
                 bool weighted);
  Result<std::string> PerformanceJson(size_t curve_points)
      const;  // AUC, AP, Brier, log loss with intervals, thinned ROC and PR curves.
  Result<std::string> PerformanceAtJson(
      double threshold) const;  // Confusion, precision, recall, specificity, F1.

  // --- one record of the inspected file, for reading. JSON {cells: [text], features: [{name,
  // value, unit, percentile}]}: value null where missing, percentile 0..1 in the reference profile
  // or null; features is empty if the model's columns are not all in the file.
  Result<std::string> DescribeRecordJson(std::string_view record) const;
  // lengths.size() records one after the other in text: [[cell, ...], ...]. Errors: kBadArgument
  // (lengths beyond text).
  Result<std::string> SplitRecordsJson(std::span<const uint32_t> lengths,
                                       std::string_view text) const;
  // Lines that end in bytes, for counting up to a row: LF, CRLF and CR are one each.
  static uint64_t CountLineEnds(std::string_view bytes);

  // --- demo traffic: CSV text in output()
  Status LoadGenerator(std::string_view json);
  Status BeginSynth(uint64_t rows, uint64_t seed, double fraud_rate);
  uint64_t SynthRows(uint64_t max_rows);
  // Changes rows of model inputs as the scenario (synth/scenario.h) does. since: rows since it
  // began. columns[c * rows + i] = input c; labels: empty or one per row. Errors: kBadArgument,
  // kNotReady.
  Status ApplyScenario(std::string_view scenario, uint64_t since, size_t rows,
                       std::span<double> columns, std::span<double> labels) const;
  // The share of positives to ask BeginSynth for under the scenario. Errors: kBadArgument,
  // kNotReady.
  Result<double> ScenarioFraudRate(std::string_view scenario) const;

  // --- the monitor of a stream (live.h). It ends with the model it was opened for; opening another
  // ends the one before. settings: as Live::Configure. Errors: kNotReady without a model, those of
  // Configure.
  Status OpenLive(std::string_view settings);
  Live* live();  // Null where none is open.
  void CloseLive();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_SESSION_H_
