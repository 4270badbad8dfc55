// Rows with their scores as CSV.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/csv/writer.h"
#include "session/session.h"
#include "session/state.h"

namespace firetower::session {
namespace {

constexpr std::array<std::string_view, 4> kScoreNames = {"probability", "prediction", "risk_level",
                                                         "confidence"};

std::string FoldName(std::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '\t')) name.remove_prefix(1);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

// name, or name_2, name_3, ... : the first that is not among taken.
std::string FreeName(std::string_view name, std::span<const std::string> taken) {
  std::string candidate(name);
  for (int suffix = 2; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++suffix) {
    candidate = std::string(name) + "_" + std::to_string(suffix);
  }
  return candidate;
}

}  // namespace

void Session::State::AppendScoreCells(double probability, double threshold,
                                      const csv::Dialect& dialect, std::string* out) const {
  *out += dialect.delimiter;
  if (std::isnan(probability)) {
    out->append(3, dialect.delimiter);
    return;
  }
  csv::AppendNumber(probability, dialect, out);
  *out += dialect.delimiter;
  *out += probability >= threshold ? '1' : '0';
  *out += dialect.delimiter;
  *out += forest::Name(forest::LevelOf(loaded->model.info, probability));
  *out += dialect.delimiter;
  csv::AppendNumber(std::max(probability, 1.0 - probability), dialect, out);
}

Status Session::SetExport(std::span<const double> scores, uint64_t first_row, double threshold,
                          bool with_input) {
  State& state = *state_;
  if (!state.loaded) return Error{.code = ErrorCode::kNotReady, .message = "no model is loaded"};
  if (with_input && !state.file)
    return Error{.code = ErrorCode::kNotReady, .message = "no file has been inspected"};
  if (scores.size() > kMaxRows)
    return Error{.code = ErrorCode::kTooBig, .message = "too many rows in one call"};
  if (std::isnan(threshold))
    return Error{.code = ErrorCode::kBadArgument, .message = "the threshold is not a number"};
  if (with_input) {
    ExportSettings settings;
    settings.scores.assign(scores.begin(), scores.end());
    settings.first_row = first_row;
    settings.threshold = threshold;
    state.export_settings.emplace(std::move(settings));
    return {};
  }
  const csv::Dialect dialect;
  for (size_t i = 0; i < scores.size(); ++i) {
    state.output += std::to_string(first_row + i);
    state.AppendScoreCells(scores[i], threshold, dialect, &state.output);
    state.output += '\n';
  }
  return {};
}

Status Session::State::TakeExport() {
  const csv::FileLayout& layout = file->layout;
  const size_t rows = job->reader->batch().rows();
  const size_t first = static_cast<size_t>(results.rows);
  if (export_settings->scores.size() - first < rows) {
    return Error{
        .code = ErrorCode::kDataInvalid,
        .message = "the file has more rows than were scored; it has changed since",
        .row = static_cast<int64_t>(export_settings->first_row + export_settings->scores.size())};
  }
  for (size_t i = 0; i < rows; ++i) {
    csv::AppendRecord(RecordText(i), layout.dialect, &output);
    AppendScoreCells(export_settings->scores[first + i], export_settings->threshold, layout.dialect,
                     &output);
    output += layout.line_ending.empty() ? "\n" : layout.line_ending;
  }
  return {};
}

Result<std::string> Session::ExportHeader(bool with_input) const {
  if (!with_input) {
    std::string line = "row";
    for (const std::string_view name : kScoreNames) {
      line += ',';
      line += name;
    }
    return line + "\n";
  }
  if (!state_->file)
    return Error{.code = ErrorCode::kNotReady, .message = "no file has been inspected"};
  const csv::FileLayout& layout = state_->file->layout;
  std::string line = layout.has_bom ? "\xEF\xBB\xBF" : "";
  if (!layout.has_header) return line;
  csv::AppendRecord(state_->file->header_text, layout.dialect, &line);
  std::vector<std::string> taken;
  for (const std::string& name : layout.column_names) taken.push_back(FoldName(name));
  for (const std::string_view name : kScoreNames) {
    line += layout.dialect.delimiter;
    line += FreeName(name, taken);
  }
  line += layout.line_ending.empty() ? "\n" : layout.line_ending;
  return line;
}

}  // namespace firetower::session
