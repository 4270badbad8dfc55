// What a Session holds. Internal to session/.
#ifndef FIRETOWER_SESSION_STATE_H_
#define FIRETOWER_SESSION_STATE_H_

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/csv/dialect.h"
#include "core/csv/reader.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"
#include "core/metrics/binary.h"
#include "core/monitor/summary.h"
#include "core/synth/generator.h"
#include "session/live.h"
#include "session/record_window.h"
#include "session/session.h"

namespace firetower::session {

struct LoadedModel {
  forest::Model model;
  forest::CompiledForest compiled;
  std::shared_ptr<const monitor::SummaryLayout> summary_layout;
  monitor::Summary no_rows;  // To be copied: what counting looks up is made once.
};

// The file that InspectCsv looked at.
struct InspectedFile {
  csv::FileLayout layout;
  csv::ColumnMatch match;  // required: the model's inputs; optional: its label and weight columns.
  std::string
      header_text;  // The header record as in the file, without its line end; empty where none.
};

struct ExportSettings {
  std::vector<double> scores;
  uint64_t first_row = 0;
  double threshold = 0.5;
};

struct Job {
  RangeOptions options;
  csv::ReaderOptions reader_options;
  std::optional<csv::Reader> reader;  // Once the first record's place is known.
  RecordWindow window;
  std::vector<uint8_t> before;  // guess_start: bytes of which the boundary is not known yet.
  uint64_t before_offset = 0;   // File offset of before[0].
  uint64_t first_offset = 0;
  uint64_t first_line = 1;
  bool finished = false;
  std::string needle;  // kSearch: the text in lower case.
  bool has_label = false;
  bool has_weight = false;
  double positive = 1.0;    // The label that is 1.
  bool text_label = false;  // The positive class is a text: cells are compared with it instead.
  std::vector<uint64_t> missing;  // kScore: the reader's missing_counts() up to the last batch.

  // The range's first record is at offset: makes the reader.
  void Start(uint64_t offset);
};

// Rows of a kScore job whose features are known and whose scores are not.
struct ScoreBlock {
  size_t capacity = 0;          // Rows.
  size_t stride = 0;            // Of a column of features.
  size_t rows = 0;              // So far.
  std::vector<float> features;  // features[f * stride + i]
  std::vector<int32_t> statuses;
  std::vector<int32_t> status_inputs;
  std::vector<double> times;
  // Places in `features` where a substitute stands: a summary counts what was missing, the forest
  // sees the substitute.
  std::vector<uint32_t> imputed;

  // Makes it empty, and the first time of a size that suits the model.
  void Begin(size_t feature_count);
};

struct Results {
  std::vector<double> row_offsets;
  std::vector<double> probabilities;
  std::vector<double> labels;
  std::vector<double> weights;
  std::vector<double> column;
  std::vector<uint8_t> matches;
  std::vector<int32_t> statuses;
  std::vector<int32_t> status_inputs;
  uint64_t rows = 0;
  uint64_t bad_row_count = 0;
  std::vector<BadRowReport> bad_rows;
  std::vector<uint64_t> missing_counts;
  std::optional<monitor::Summary> summary;       // kScore
  std::vector<std::vector<double>> row_columns;  // kRows: per input.
};

struct Session::State {
  std::optional<LoadedModel> loaded;
  std::optional<InspectedFile> file;
  std::optional<Job> job;
  Results results;
  std::optional<ExportSettings> export_settings;
  std::string output;
  std::vector<uint8_t> usable_rows;
  std::optional<metrics::Ranking> labelled;
  uint64_t left_out = 0;
  bool weighted = false;
  std::optional<synth::Generator> generator;
  std::optional<synth::RowStream> stream;
  ScoreBlock block;
  // Holds a reference to `loaded`. Deleted through a pointer, so that a program without a monitor
  // links nothing of it.
  std::unique_ptr<Live, void (*)(Live*)> live{nullptr, nullptr};

  // batch.cc: what the reader has read since the last call, into results or output.
  Status TakeBatch(uint64_t window_begin, uint64_t window_line);
  void TakeScores(uint64_t window_begin, uint64_t window_line);
  // Reports the batch's rows that were set aside.
  void ReportBadRows(uint64_t window_begin, uint64_t window_line);
  void TakeInputs();
  // The statuses and inputs at fault of the batch's bad rows, into results from `first` on.
  void TakeBadRows(size_t first);
  // Appends the batch's labels; read: the label cells as numbers.
  void TakeLabels(std::span<const double> read);
  void AddBadRow(const csv::BadRow& bad, std::string_view record);
  Status TakeExport();

  // The text of the batch's row i.
  std::string_view RecordText(size_t i);

  // The batch's rows, of which results.statuses are, into the block; scores it as
  // often as it is full. columns[c][i] = input c.
  void TakeRowsToScore(std::span<const std::span<const double>> columns);
  // Scores and counts the block's rows, and empties it.
  void ScoreRowsOfBlock();

  // export.cc: `,probability,prediction,risk_level,confidence` or four empty cells.
  void AppendScoreCells(double probability, double threshold, const csv::Dialect& dialect,
                        std::string* out) const;
};

// Whether the feature has no value where its input is x: of -1 and less there is no logarithm.
inline bool IsMissing(const features::Feature& feature, double x) {
  return std::isnan(x) || (feature.op == features::Op::kLog1p && x <= -1.0);
}

// Sets feature f of row i to NaN where its input has no value, also where the pipeline put another
// in its place: a summary counts what was missing, the forest has seen the substitute.
// features[f * stride + i]; columns[c][i] = input c.
void MarkMissing(const features::Pipeline& pipeline,
                 std::span<const std::span<const double>> columns, size_t rows, size_t stride,
                 std::span<float> features);

inline char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// A number, or null where it is not finite.
json::value JsonNumber(double value);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_STATE_H_
