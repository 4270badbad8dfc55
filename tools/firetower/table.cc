#include "table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/sha256.h"
#include "core/base/shortest.h"
#include "core/csv/dialect.h"
#include "core/csv/number.h"
#include "core/csv/reader.h"

namespace firetower::tools {
namespace {

constexpr size_t kShownRows = 5;

// Physical lines of rising byte offsets.
class LineCounter {
 public:
  LineCounter(std::span<const uint8_t> bytes, uint64_t offset, uint64_t line)
      : bytes_(bytes), offset_(offset), line_(line) {}

  // REQUIRES: offset is not below that of the call before.
  uint64_t LineOf(uint64_t offset) {
    for (; offset_ < offset; ++offset_) {
      const uint8_t byte = bytes_[offset_];
      const bool crlf = byte == '\r' && offset_ + 1 < bytes_.size() && bytes_[offset_ + 1] == '\n';
      if (byte == '\n' || (byte == '\r' && !crlf)) ++line_;
    }
    return line_;
  }

 private:
  std::span<const uint8_t> bytes_;
  uint64_t offset_;
  uint64_t line_;
};

// A cell of one record, by name.
struct Fault {
  std::string column;
  std::string reason;
};

std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") + 1 - begin));
}

// Where the columns of the reader's batch are.
struct Plan {
  csv::FileLayout layout;
  std::vector<std::string> inputs;
  std::vector<int32_t> fields;  // Inputs first, then label, weight and folds, those there are.
  int32_t label_field = -1;
  std::optional<size_t> label;  // Batch columns. No label: it is text, or there is none.
  std::optional<size_t> weight;
  std::optional<size_t> folds;
  std::vector<size_t> numbers;
};

Result<Plan> MakePlan(std::span<const uint8_t> bytes, const TableOptions& options,
                      bool text_label) {
  std::vector<std::string> wanted = options.inputs;
  std::vector<std::string> special;
  if (!options.label.empty()) special.push_back(options.label);
  if (!options.weight.empty()) special.push_back(options.weight);
  if (!options.folds.empty()) special.push_back(options.folds);
  for (const std::string& number : options.numbers) {
    const auto& inputs = options.inputs;
    if (std::find(inputs.begin(), inputs.end(), number) == inputs.end()) special.push_back(number);
  }
  wanted.insert(wanted.end(), special.begin(), special.end());
  Result<csv::FileLayout> layout =
      csv::SniffLayout(bytes.first(std::min(bytes.size(), csv::kSniffBytes)),
                       {.expected_columns = wanted, .complete = bytes.size() <= csv::kSniffBytes});
  if (!layout.ok()) return layout.error();

  Plan plan;
  plan.layout = *std::move(layout);
  const csv::ColumnMatch match = csv::MatchColumns(plan.layout, wanted, {});
  if (!match.missing.empty()) return csv::MissingColumnsError(plan.layout, match);
  const std::span<const int32_t> found(match.required);
  const std::span<const int32_t> special_fields = found.last(special.size());
  if (options.inputs.empty()) {
    for (size_t field = 0; field < plan.layout.column_names.size(); ++field) {
      const int32_t index = static_cast<int32_t>(field);
      if (std::find(special_fields.begin(), special_fields.end(), index) != special_fields.end())
        continue;
      plan.inputs.push_back(plan.layout.column_names[field]);
      plan.fields.push_back(index);
    }
  } else {
    plan.inputs = options.inputs;
    plan.fields.assign(found.begin(), found.end() - static_cast<std::ptrdiff_t>(special.size()));
  }
  std::vector<int32_t> used = plan.fields;
  used.insert(used.end(), special_fields.begin(), special_fields.end());
  std::sort(used.begin(), used.end());
  const auto twice = std::adjacent_find(used.begin(), used.end());
  if (twice != used.end()) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "column \"" + plan.layout.column_names[static_cast<size_t>(*twice)] +
                            "\" is asked for twice"};
  }
  size_t next = 0;
  if (!options.label.empty()) plan.label_field = special_fields[next++];
  const auto add = [&](int32_t field) {
    plan.fields.push_back(field);
    return plan.fields.size() - 1;
  };
  if (!text_label && plan.label_field >= 0) plan.label = add(plan.label_field);
  if (!options.weight.empty()) plan.weight = add(special_fields[next++]);
  if (!options.folds.empty()) plan.folds = add(special_fields[next++]);
  for (const std::string& number : options.numbers) {
    const auto input = std::find(plan.inputs.begin(), plan.inputs.end(), number);
    plan.numbers.push_back(input == plan.inputs.end()
                               ? add(special_fields[next++])
                               : static_cast<size_t>(input - plan.inputs.begin()));
  }
  return plan;
}

// The record's text in the label column, blanks around it taken off.
std::string LabelText(std::span<const uint8_t> bytes, const Plan& plan, uint64_t begin,
                      uint64_t end) {
  std::string_view record(reinterpret_cast<const char*>(bytes.data()) + begin, end - begin);
  while (!record.empty() && (record.back() == '\n' || record.back() == '\r'))
    record.remove_suffix(1);
  const std::vector<std::string> cells = csv::SplitRecord(record, plan.layout.dialect);
  const size_t field = static_cast<size_t>(plan.label_field);
  return field < cells.size() ? Trimmed(cells[field]) : std::string();
}

// Fold numbers of the file, any whole numbers, as 0, 1, 2, ... in rising order.
std::vector<int32_t> Renumbered(std::span<const double> numbers) {
  std::map<double, int32_t> order;
  for (const double number : numbers) order[number] = 0;
  int32_t next = 0;
  for (auto& [number, index] : order) index = next++;
  std::vector<int32_t> folds;
  for (const double number : numbers) folds.push_back(order[number]);
  return folds;
}

}  // namespace

Result<Table> ReadTable(std::span<const uint8_t> bytes, const TableOptions& options) {
  double positive = 0.0;
  const bool text_label =
      csv::ParseCell(options.positive_class, '.', &positive) != csv::CellKind::kNumber;
  Result<Plan> made = MakePlan(bytes, options, text_label);
  if (!made.ok()) return made.error();
  const Plan& plan = *made;

  csv::Reader reader({.dialect = plan.layout.dialect,
                      .field_count = static_cast<int32_t>(plan.layout.column_names.size()),
                      .fields = plan.fields,
                      .start_offset = plan.layout.data_offset,
                      .start_line = plan.layout.data_line});
  reader.Feed(bytes.subspan(plan.layout.data_offset));
  reader.Finish();
  const csv::Batch& batch = reader.batch();

  Table table;
  table.inputs = plan.inputs;
  table.columns.resize(plan.inputs.size());
  table.numbers.resize(plan.numbers.size());
  table.records = batch.rows();
  table.sha256 = Sha256Hex(bytes);
  LineCounter lines(bytes, plan.layout.data_offset, plan.layout.data_line);
  std::vector<double> fold_numbers;
  size_t next_bad = 0;
  for (size_t i = 0; i < batch.rows(); ++i) {
    if (next_bad < batch.bad_rows.size() && batch.bad_rows[next_bad].row == i) {
      const csv::BadRow& bad = batch.bad_rows[next_bad++];
      table.set_aside.push_back(
          {.row = i,
           .line = bad.line,
           .column = bad.field < 0 ? "" : plan.layout.column_names[static_cast<size_t>(bad.field)],
           .reason = std::string(csv::Message(bad.reason))});
      continue;
    }
    uint8_t label = 0;
    bool label_known = true;
    std::string negative;  // Class of a row that counts as 0, where it is one of several.
    const auto fault = [&]() -> std::optional<Fault> {
      if (plan.label_field < 0) {
        label_known = false;
      } else if (text_label) {
        const uint64_t end = i + 1 < batch.rows() ? batch.offsets[i + 1] : bytes.size();
        const std::string text = LabelText(bytes, plan, batch.offsets[i], end);
        label_known = !text.empty();
        label = text == options.positive_class ? 1 : 0;
        if (label == 0) negative = text;
      } else {
        const double value = batch.columns[*plan.label][i];
        label_known = !std::isnan(value);
        if (label_known && positive == 1.0 && value != 0.0 && value != 1.0)
          return Fault{options.label, "is neither 0 nor 1"};
        label = value == positive ? 1 : 0;
        if (label == 0 && positive != 1.0 && label_known) AppendShortest(value, &negative);
      }
      if (!label_known && plan.label_field >= 0 && !options.labels_may_be_missing) {
        return Fault{options.label, "is missing"};
      }
      if (plan.weight) {
        const double value = batch.columns[*plan.weight][i];
        if (std::isnan(value)) return Fault{options.weight, "is missing"};
        if (value < 0.0) return Fault{options.weight, "is negative"};
        if (std::isinf(value)) return Fault{options.weight, "is infinite"};
        // Figures multiply and divide weights.
        if (value > 0.0 && !(value >= 1e-100 && value <= 1e100)) {
          return Fault{options.weight, "is neither 0 nor between 1e-100 and 1e100"};
        }
      }
      if (plan.folds) {
        const double value = batch.columns[*plan.folds][i];
        if (std::isnan(value)) return Fault{options.folds, "is missing"};
        if (value != std::floor(value)) return Fault{options.folds, "is not a whole number"};
      }
      for (size_t c = 0; c < plan.inputs.size(); ++c) {
        const double value = batch.columns[c][i];
        const bool may_be_missing =
            !options.may_be_missing.empty() && options.may_be_missing[c] != 0;
        if (std::isnan(value) && !may_be_missing) return Fault{plan.inputs[c], "is missing"};
        if (std::isinf(value)) return Fault{plan.inputs[c], "is infinite"};
      }
      for (size_t c = 0; c < plan.numbers.size(); ++c) {
        if (std::isinf(batch.columns[plan.numbers[c]][i])) {
          return Fault{options.numbers[c], "is infinite"};
        }
      }
      return std::nullopt;
    }();
    if (fault) {
      table.set_aside.push_back({.row = i,
                                 .line = lines.LineOf(batch.offsets[i]),
                                 .column = fault->column,
                                 .reason = fault->reason});
      continue;
    }
    if (!negative.empty()) ++table.negatives[negative];
    table.labels.push_back(label);
    table.label_known.push_back(label_known ? 1 : 0);
    for (size_t c = 0; c < plan.numbers.size(); ++c) {
      table.numbers[c].push_back(batch.columns[plan.numbers[c]][i]);
    }
    if (plan.weight) table.weights.push_back(batch.columns[*plan.weight][i]);
    if (plan.folds) fold_numbers.push_back(batch.columns[*plan.folds][i]);
    for (size_t c = 0; c < plan.inputs.size(); ++c) table.columns[c].push_back(batch.columns[c][i]);
    table.rows.push_back(i);
    table.lines.push_back(lines.LineOf(batch.offsets[i]));
  }
  table.folds = Renumbered(fold_numbers);
  if (table.labels.empty()) {
    Error error = {.code = ErrorCode::kDataInvalid,
                   .message = table.records == 0 ? "there are no rows below the header"
                                                 : "none of the " + std::to_string(table.records) +
                                                       " rows can be used"};
    if (!table.set_aside.empty()) {
      const SetAside& first = table.set_aside[0];
      error.line = static_cast<int64_t>(first.line);
      error.message += ": " + (first.column.empty() ? "it" : first.column) + " " + first.reason;
    }
    return error;
  }
  return table;
}

void RequestInputs(std::span<const features::InputColumn> inputs,
                   std::span<const features::Feature> features, TableOptions* options) {
  for (const features::InputColumn& input : inputs) options->inputs.push_back(input.name);
  options->may_be_missing.assign(inputs.size(), 1);
  for (const features::Feature& feature : features) {
    if (feature.missing == features::MissingPolicy::kReject) {
      options->may_be_missing[static_cast<size_t>(feature.input)] = 0;
    }
  }
}

std::vector<SetAside> Refused(const Table& table, std::span<const int32_t> status,
                              std::span<const int32_t> status_input) {
  std::vector<SetAside> refused;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    if (status[i] == 0) continue;
    const auto input = static_cast<size_t>(status_input[i]);
    const double value = table.columns[input][i];
    // An input that is there but makes no feature: only a logarithm can do that.
    const bool is_missing = status[i] == features::kStatusMissingValue;
    const char* reason = is_missing ? (std::isnan(value) ? "is missing" : "has no logarithm")
                                    : (std::isinf(value) ? "is infinite" : "is too large");
    refused.push_back({.row = table.rows[i],
                       .line = table.lines[i],
                       .column = table.inputs[input],
                       .reason = reason});
  }
  return refused;
}

void AddSetAside(const std::vector<SetAside>& more, Table* table) {
  table->set_aside.insert(table->set_aside.end(), more.begin(), more.end());
  std::sort(table->set_aside.begin(), table->set_aside.end(),
            [](const SetAside& a, const SetAside& b) { return a.row < b.row; });
}

void ReportNegatives(const std::string& file, const std::string& label, const Table& table) {
  if (table.negatives.size() < 2) return;
  std::vector<std::pair<std::string, uint64_t>> classes(table.negatives.begin(),
                                                        table.negatives.end());
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string list;
  for (size_t i = 0; i < std::min(kShownRows, classes.size()); ++i) {
    list += (i == 0 ? "\"" : ", \"") + classes[i].first + "\" (" +
            std::to_string(classes[i].second) + ")";
  }
  if (classes.size() > kShownRows) {
    list += " and " + std::to_string(classes.size() - kShownRows) + " more";
  }
  std::fprintf(stderr, "firetower: %s: %s: %zu classes count as negative: %s\n", file.c_str(),
               label.c_str(), classes.size(), list.c_str());
}

void ReportSetAside(const std::string& file, std::span<const SetAside> set_aside,
                    uint64_t records) {
  if (set_aside.empty()) return;
  std::fprintf(stderr, "firetower: %s: %zu of %llu rows set aside\n", file.c_str(),
               set_aside.size(), static_cast<unsigned long long>(records));
  for (size_t i = 0; i < std::min(kShownRows, set_aside.size()); ++i) {
    const SetAside& item = set_aside[i];
    std::fprintf(stderr, "firetower: %s:%llu: %s %s\n", file.c_str(),
                 static_cast<unsigned long long>(item.line),
                 item.column.empty() ? "the row" : item.column.c_str(), item.reason.c_str());
  }
}

json::object SetAsideJson(const Table& table) {
  json::array first;
  for (size_t i = 0; i < std::min(kShownRows, table.set_aside.size()); ++i) {
    const SetAside& item = table.set_aside[i];
    json::object entry;
    entry["row"] = item.row;
    entry["line"] = item.line;
    entry["column"] = item.column;
    entry["reason"] = item.reason;
    first.push_back(std::move(entry));
  }
  json::object object;
  object["rows"] = table.set_aside.size();
  object["first"] = std::move(first);
  return object;
}

}  // namespace firetower::tools
