// A labelled CSV file in memory: what training and evaluation read. Rows that cannot be used are
// set aside with their line and the reason; the rest goes on.
#ifndef FIRETOWER_TOOLS_FIRETOWER_TABLE_H_
#define FIRETOWER_TOOLS_FIRETOWER_TABLE_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/features/pipeline.h"

namespace firetower::tools {

struct TableOptions {
  std::string label = {};   // Column of the classes; empty: none, every label is unknown.
  std::string weight = {};  // Column of the weights; empty: none.
  std::string folds = {};   // Column of fold numbers; empty: none.
  // The class that is 1; every other is 0. With "1" the classes must be 0 and 1. A text that is no
  // number is compared with the cells' text.
  std::string positive_class = "1";
  std::vector<std::string> inputs = {};  // Columns to read; empty: all others, in file order.
  // Per input, 1: a row without its value is kept. Empty: 0 for all.
  std::vector<uint8_t> may_be_missing = {};
  bool labels_may_be_missing = false;  // A row without a label is kept, its label unknown.
  // More columns of numbers, which may be inputs too; a cell may be empty. REQUIRES: with inputs.
  std::vector<std::string> numbers = {};
};

struct SetAside {
  uint64_t row = 0;    // Record, from 0.
  uint64_t line = 0;   // Physical line, from 1.
  std::string column;  // Empty where the whole record is at fault.
  std::string reason;  // "is not a number", "is missing", ...
};

struct Table {
  std::vector<std::string> inputs;
  std::vector<std::vector<double>> columns;  // columns[c][i] = input c of row i; NaN = missing.
  std::vector<uint8_t> labels;               // 0 or 1; 0 where unknown.
  std::vector<uint8_t> label_known;          // 1 where the label is there.
  std::vector<std::vector<double>> numbers;  // As asked for; NaN = missing.
  std::vector<double> weights;               // Empty without a weight column; else finite and >= 0.
  std::vector<int32_t> folds;   // Empty without a fold column; else numbered from 0 in the order of
                                // the file's numbers.
  std::vector<uint64_t> rows;   // Record of each row, from 0.
  std::vector<uint64_t> lines;  // Physical line on which each row begins, from 1.
  uint64_t records = 0;         // In the file.
  std::vector<SetAside> set_aside;  // By record.
  // The classes that count as 0 and their rows, where positive_class is not "1".
  std::map<std::string, uint64_t> negatives;
  std::string sha256;  // Of the file's bytes.

  std::vector<std::span<const double>> spans() const { return {columns.begin(), columns.end()}; }
};

// Errors: those of SniffLayout, MissingColumnsError; kDataInvalid (no row can be used; a column
// asked for twice).
Result<Table> ReadTable(std::span<const uint8_t> bytes, const TableOptions& options);

// The options that read what a pipeline needs.
void RequestInputs(std::span<const features::InputColumn> inputs,
                   std::span<const features::Feature> features, TableOptions* options);

// The rows of the table that a pipeline refuses, status and status_input being those of its
// Transform. REQUIRES: the table's inputs are the pipeline's.
std::vector<SetAside> Refused(const Table& table, std::span<const int32_t> status,
                              std::span<const int32_t> status_input);

// Adds to the table's list; the rows themselves stay.
void AddSetAside(const std::vector<SetAside>& more, Table* table);

// "firetower: FILE: 3 of 900 rows set aside" and the first of them on standard error; nothing when
// there is none. records: in the file.
void ReportSetAside(const std::string& file, std::span<const SetAside> set_aside, uint64_t records);

// On standard error which classes count as 0, if there are several: one may be the positive class
// written another way. label: the column of the classes.
void ReportNegatives(const std::string& file, const std::string& label, const Table& table);

// {"rows", "first": [{"row", "line", "column", "reason"}, ...]}.
json::object SetAsideJson(const Table& table);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_TABLE_H_
