// A file's rows as columns, read piece by piece: with a model its features and scores, without one
// the file's own columns, numbers or texts. Internal to analysis/.
//
// A column of which every cell is a number or missing is numeric; any other is of texts, and a cell
// of it that is a number is the text of that number ("007" is "7"), so that what a cell is does not
// depend on what stands above it. Thread-safety: one object per thread.
#ifndef FIRETOWER_ANALYSIS_TABLE_H_
#define FIRETOWER_ANALYSIS_TABLE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/analysis.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/sha256.h"
#include "core/csv/dialect.h"
#include "core/csv/reader.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"
#include "session/record_window.h"

namespace firetower::analysis {

inline constexpr uint32_t kNoText = UINT32_MAX;  // The cell is missing.
// Texts of one column told apart; the rest counts as one more, kOtherTexts.
inline constexpr size_t kMaxTexts = 100'000;
inline constexpr std::string_view kOtherTexts = "(other texts)";
inline constexpr std::string_view kScoreColumn = "score";

struct Column {
  std::string name;
  size_t index = 0;                 // Place among all columns of the table, here or not.
  std::vector<double> values = {};  // Numbers: one per row, NaN missing. Empty for texts.
  bool text = false;
  std::vector<uint32_t> codes = {};  // Texts: one per row, index of `texts` or kNoText.
  std::vector<std::string> texts = {};
};

struct TableData {
  bool present = false;
  std::string name;
  std::string sha256;              // Empty: not asked for.
  std::vector<std::string> names;  // All columns that could be compared, here or not.
  std::vector<Column> columns;     // Those that are here.
  size_t rows = 0;
  size_t aside_rows = 0;
  std::vector<uint8_t> aside;           // One per row, 1: set aside. Empty: none is.
  std::map<int32_t, uint64_t> reasons;  // Rows set aside by csv::BadRowReason.
  std::vector<double> offsets;          // Byte offsets in the file. Empty: rows of no file.
  bool has_labels = false;
  std::vector<double> labels;

  const Column* Find(std::string_view name) const;  // Null: not here.
};

// What a model adds to a table.
struct LoadedModel {
  forest::Model model;
  std::string hash;
  std::optional<forest::CompiledForest> compiled = {};  // Once a table wants scores.
};

// The text of a number as a category.
std::string NumberText(double value);

// How the head is laid out and which columns a table of it has.
struct TablePlan {
  csv::FileLayout layout;
  std::vector<std::string> names;       // TableData::names
  std::vector<int32_t> input_fields;    // With a model: of its inputs.
  std::vector<std::string> file_names;  // The file's columns, each name once.
  int32_t label_field = -1;
};
Result<TablePlan> PlanTable(std::span<const uint8_t> head, const TableOptions& options,
                            const LoadedModel* model);

class TableReader {
 public:
  // model: null or outlives the reader; its forest is compiled if scores are wanted.
  static Result<std::unique_ptr<TableReader>> Create(std::span<const uint8_t> head,
                                                     const TableOptions& options,
                                                     LoadedModel* model);
  Status Feed(std::span<const uint8_t> bytes);
  Result<TableData> Finish();

 private:
  // A column that is read from the file as it is.
  struct FileColumn {
    size_t column = 0;  // Of data_.columns.
    size_t read = 0;    // Of the reader's.
    int32_t field = 0;
    uint64_t missing = 0;  // Cells of it that the reader has found missing.
    std::unordered_map<std::string, uint32_t> codes;
  };

  TableReader() = default;
  void TakeBatch();
  void TakeFileColumns(std::span<const int32_t> status);
  void TakeLabels();
  void BecomeText(FileColumn* file_column);
  uint32_t CodeOf(std::string text, FileColumn* file_column);
  // The cells of the batch's row i.
  std::string_view Record(size_t i);

  LoadedModel* model_ = nullptr;
  TableOptions options_;
  TableData data_;
  csv::Dialect dialect_;
  uint64_t skip_ = 0;  // Bytes before the first record that are still to come.
  std::optional<csv::Reader> reader_;
  session::RecordWindow window_;
  Sha256 hash_;
  std::vector<int32_t> features_;  // Per feature its column in data_.columns, -1: not here.
  int32_t score_ = -1;
  std::vector<FileColumn> file_columns_;
  size_t label_read_ = 0;
  int32_t label_field_ = -1;
  double positive_ = 1.0;
  bool text_label_ = false;
  std::vector<float> block_;
  std::vector<double> scores_;
};

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_TABLE_H_
