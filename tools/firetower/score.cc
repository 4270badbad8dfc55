// firetower score: probabilities for the rows of a CSV file, through the same Session as the page,
// range by range.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks.h"
#include "commands.h"
#include "core/base/json.h"
#include "core/csv/writer.h"
#include "core/monitor/summary.h"
#include "core/train/parallel.h"
#include "files.h"
#include "json_text.h"
#include "session/session.h"

namespace firetower::tools {
namespace {

using session::BadRowReport;
using session::JobKind;
using session::RangeOptions;
using session::Session;

// As in the page: results do not depend on it, only how evenly the work is shared.
constexpr uint64_t kRangeBytes = uint64_t{8} << 20;
// Bytes of the file (rows) that are written at a time.
constexpr uint64_t kChunkBytes = uint64_t{2} << 20;
constexpr size_t kChunkRows = 32768;
constexpr size_t kReasonsShown = 5;

struct ScoreOptions {
  std::string model;
  std::string data;
  std::string out;
  std::string bad_rows;
  std::string summary;
  std::string delimiter;
  std::string decimal;
  std::string header = "detect";
  double threshold = -1;
  bool with_input = false;
  bool json = false;
  int32_t threads = 0;
};

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t first_record = 0;
  uint64_t next_record = 0;
  uint64_t lines = 0;
  std::vector<double> probabilities;
  std::vector<double> offsets;
  std::vector<BadRowReport> bad_rows;
  uint64_t bad_row_count = 0;
  std::optional<monitor::Summary> summary;
  Status status;
};

struct Scores {
  std::vector<double> probabilities;
  std::vector<double> offsets;  // One past the end as the last.
  std::vector<BadRowReport> bad_rows;
  uint64_t bad_row_count = 0;
  std::optional<monitor::Summary> summary;  // Of the ranges that have rows.
};

void ReadRange(Session& session, std::span<const uint8_t> data, RangeOptions options,
               Range* range) {
  range->status = session.BeginRange(options);
  if (!range->status.ok()) return;
  uint64_t at = options.guess_start ? options.begin - 1 : options.begin;
  while (at < data.size() && !session.done()) {
    // Up to the range's end in one piece, a little at a time beyond it.
    const uint64_t wanted = at < options.end ? options.end - at : uint64_t{1} << 16;
    const auto piece = data.subspan(static_cast<size_t>(at));
    const auto bytes = piece.first(static_cast<size_t>(std::min<uint64_t>(wanted, piece.size())));
    range->status = session.Feed(bytes);
    if (!range->status.ok()) return;
    at += bytes.size();
  }
  range->status = session.FinishRange();
  range->first_record = session.first_record_offset();
  range->next_record = session.next_record_offset();
  range->lines = session.next_line() - session.first_line();
  range->probabilities.assign(session.probabilities().begin(), session.probabilities().end());
  range->offsets.assign(session.row_offsets().begin(), session.row_offsets().end());
  range->bad_rows.assign(session.bad_rows().begin(), session.bad_rows().end());
  for (BadRowReport& bad : range->bad_rows) bad.line -= session.first_line();
  range->bad_row_count = session.bad_row_count();
  range->summary.reset();
  if (session.summary() != nullptr) range->summary = *session.summary();
}

class Scorer {
 public:
  // One session per thread, all with the same model and the same view of the file.
  Status Prepare(const ScoreOptions& options, std::span<const uint8_t> model,
                 std::span<const uint8_t> data) {
    data_ = data;
    const auto tasks =
        static_cast<int32_t>(std::min<uint64_t>(data.size() / kRangeBytes + 1, 1 << 20));
    const int32_t threads = train::ThreadCount(options.threads, tasks);
    session::InspectOptions inspect;
    inspect.delimiter = options.delimiter == "tab"  ? '\t'
                        : options.delimiter.empty() ? '\0'
                                                    : options.delimiter[0];
    inspect.decimal = options.decimal.empty() ? '\0' : options.decimal[0];
    inspect.header = options.header == "yes"  ? csv::HeaderMode::kPresent
                     : options.header == "no" ? csv::HeaderMode::kAbsent
                                              : csv::HeaderMode::kDetect;
    inspect.complete = data.size() <= csv::kSniffBytes;
    const auto head = data.first(std::min(data.size(), csv::kSniffBytes));
    for (int32_t i = 0; i < threads; ++i) {
      auto session = std::make_unique<Session>();
      const Status loaded = session->LoadModel(model);
      if (!loaded.ok()) {
        model_refused_ = true;
        return loaded;
      }
      const Result<std::string> report = session->InspectCsv(head, inspect);
      if (!report.ok()) return report.error();
      sessions_.push_back(std::move(session));
    }
    return {};
  }

  // Whether the error of Prepare is the model's.
  bool model_refused() const { return model_refused_; }
  const Session& session() const { return *sessions_[0]; }

  Result<Scores> Score() {
    const csv::FileLayout& layout = session().layout();
    std::vector<Range> ranges;
    for (uint64_t begin = layout.data_offset; begin < data_.size() || ranges.empty();
         begin += kRangeBytes) {
      Range range;
      range.begin = begin;
      range.end = std::max<uint64_t>(begin, std::min<uint64_t>(begin + kRangeBytes, data_.size()));
      ranges.push_back(std::move(range));
    }
    Run(ranges.size(), [&](size_t i, Session& worker) {
      RangeOptions options;
      options.begin = ranges[i].begin;
      options.end = ranges[i].end;
      options.guess_start = i > 0;
      ReadRange(worker, data_, options, &ranges[i]);
    });

    Scores scores;
    uint64_t expected = layout.data_offset;
    uint64_t line = layout.data_line;
    for (Range& range : ranges) {
      if (!range.status.ok()) return range.status.error();
      if (range.first_record != expected) {
        if (expected >= range.end) continue;
        RangeOptions options;
        options.begin = expected;
        options.end = range.end;
        ReadRange(*sessions_[0], data_, options, &range);
        if (!range.status.ok()) return range.status.error();
      }
      const uint64_t first_row = scores.offsets.size();
      for (BadRowReport& bad : range.bad_rows) {
        if (scores.bad_rows.size() == session::kMaxBadRowReports) break;
        bad.row += first_row;
        bad.line += line;
        scores.bad_rows.push_back(std::move(bad));
      }
      scores.probabilities.insert(scores.probabilities.end(), range.probabilities.begin(),
                                  range.probabilities.end());
      scores.offsets.insert(scores.offsets.end(), range.offsets.begin(), range.offsets.end());
      scores.bad_row_count += range.bad_row_count;
      if (!scores.summary) {
        scores.summary = std::move(range.summary);
      } else {
        const Status merged = scores.summary->Merge(*range.summary);
        if (!merged.ok()) return merged.error();
      }
      expected = range.next_record;
      line += range.lines;
      range = Range{};
    }
    scores.offsets.push_back(static_cast<double>(expected));
    return scores;
  }

  Status Write(const Scores& scores, double threshold, bool with_input, OutputFile* out) {
    const Result<std::string> header = session().ExportHeader(with_input);
    if (!header.ok()) return header.error();
    out->Write(*header);
    const std::span<const double> probabilities = scores.probabilities;
    const size_t rows = probabilities.size();
    std::vector<size_t> cuts = {0};
    while (cuts.back() < rows) {
      const size_t first = cuts.back();
      size_t last = std::min(first + kChunkRows, rows);
      if (with_input) {
        const auto limit = scores.offsets[first] + static_cast<double>(kChunkBytes);
        const auto end =
            std::lower_bound(scores.offsets.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                             scores.offsets.begin() + static_cast<std::ptrdiff_t>(last), limit);
        last = static_cast<size_t>(end - scores.offsets.begin());
      }
      cuts.push_back(last);
    }
    // A few chunks per thread at a time, written in order.
    const size_t group = sessions_.size() * 4;
    for (size_t begin = 0; begin + 1 < cuts.size(); begin += group) {
      const size_t count = std::min(group, cuts.size() - 1 - begin);
      std::vector<std::string> texts(count);
      std::vector<Status> statuses(count);
      Run(count, [&](size_t i, Session& worker) {
        const size_t first = cuts[begin + i];
        const size_t last = cuts[begin + i + 1];
        const auto part = probabilities.subspan(first, last - first);
        worker.ClearOutput();
        statuses[i] = worker.SetExport(part, first, threshold, with_input);
        if (statuses[i].ok() && with_input) {
          RangeOptions options;
          options.kind = JobKind::kExport;
          options.begin = static_cast<uint64_t>(scores.offsets[first]);
          options.end = static_cast<uint64_t>(scores.offsets[last]);
          Range range;
          ReadRange(worker, data_, options, &range);
          statuses[i] = range.status;
        }
        const std::span<const uint8_t> bytes = worker.output();
        texts[i].assign(bytes.begin(), bytes.end());
      });
      for (size_t i = 0; i < count; ++i) {
        if (!statuses[i].ok()) return statuses[i];
        out->Write(texts[i]);
      }
    }
    return {};
  }

 private:
  template <typename F>
  void Run(size_t tasks, F run) {
    const auto threads =
        static_cast<int32_t>(std::min(sessions_.size(), std::max<size_t>(tasks, 1)));
    train::ParallelFor(static_cast<int32_t>(tasks), threads,
                       [&](int32_t task, int32_t worker) {
                         run(static_cast<size_t>(task), *sessions_[static_cast<size_t>(worker)]);
                       },
                       {});
  }

  std::span<const uint8_t> data_;
  std::vector<std::unique_ptr<Session>> sessions_;
  bool model_refused_ = false;
};

struct Totals {
  size_t rows = 0;
  size_t flagged = 0;
  std::array<size_t, forest::kRiskLevelCount> levels = {};
  double threshold = 0.5;
};

Totals Summarise(const Scores& scores, const forest::ModelInfo& info, double threshold) {
  Totals totals;
  totals.rows = scores.probabilities.size();
  totals.threshold = threshold;
  for (const double p : scores.probabilities) {
    if (std::isnan(p)) continue;
    totals.flagged += p >= threshold ? 1u : 0u;
    ++totals.levels[static_cast<size_t>(forest::LevelOf(info, p))];
  }
  return totals;
}

void PrintTotals(const Totals& totals, const Scores& scores) {
  std::fprintf(stderr, "%zu rows, %zu flagged at %g or more\n", totals.rows, totals.flagged,
               totals.threshold);
  for (size_t level = totals.levels.size(); level-- > 0;) {
    const std::string name(forest::Name(static_cast<forest::RiskLevel>(level)));
    std::fprintf(stderr, "  %-8s %zu\n", name.c_str(), totals.levels[level]);
  }
  const size_t aside = static_cast<size_t>(scores.bad_row_count);
  if (aside == 0) return;
  std::fprintf(stderr, "%zu %s set aside:\n", aside, aside == 1 ? "row" : "rows");
  for (size_t i = 0; i < std::min(kReasonsShown, scores.bad_rows.size()); ++i) {
    const BadRowReport& bad = scores.bad_rows[i];
    std::fprintf(stderr, "  %s\n", BadRowSentence(bad, bad.line).c_str());
  }
  if (aside > kReasonsShown)
    std::fprintf(stderr, "  and %zu more (--bad-rows FILE lists them)\n", aside - kReasonsShown);
}

std::string TotalsJson(const Totals& totals, const Scores& scores) {
  json::object levels;
  for (size_t level = totals.levels.size(); level-- > 0;) {
    levels[forest::Name(static_cast<forest::RiskLevel>(level))] = totals.levels[level];
  }
  json::array reasons;
  for (size_t i = 0; i < std::min(kReasonsShown, scores.bad_rows.size()); ++i) {
    const BadRowReport& bad = scores.bad_rows[i];
    reasons.push_back(json::value(BadRowSentence(bad, bad.line)));
  }
  json::object out;
  out["rows"] = totals.rows;
  out["scored"] = totals.rows - static_cast<size_t>(scores.bad_row_count);
  out["set_aside"] = scores.bad_row_count;
  out["threshold"] = totals.threshold;
  out["flagged"] = totals.flagged;
  out["risk_levels"] = std::move(levels);
  out["first_reasons"] = std::move(reasons);
  return PrettyJson(out);
}

std::string BadRowsCsv(const Scores& scores) {
  const csv::Dialect dialect;
  std::string text = "row,line,column,character,message\n";
  for (const BadRowReport& bad : scores.bad_rows) {
    text += std::to_string(bad.row) + "," + std::to_string(bad.line) + ",";
    csv::AppendText(bad.column, dialect, &text);
    text += "," + std::to_string(bad.character) + ",";
    csv::AppendText(BadRowSentence(bad, bad.line), dialect, &text);
    text += "\n";
  }
  return text;
}

int RunScore(const ScoreOptions& options) {
  const int places = CheckPlaces({{"--out", options.out},
                                  {"--bad-rows", options.bad_rows},
                                  {"--summary", options.summary},
                                  {"--json", options.json ? "-" : ""}},
                                 {{"--model", options.model}, {"--data", options.data}});
  if (places != kExitOk) return places;
  const Result<std::vector<uint8_t>> model = ReadFile(options.model);
  if (!model.ok()) return ReportError(options.model, model.error());
  const Result<std::vector<uint8_t>> data = ReadFile(options.data);
  if (!data.ok()) return ReportError(options.data, data.error());
  Scorer scorer;
  const Status prepared = scorer.Prepare(options, *model, *data);
  if (!prepared.ok()) {
    return scorer.model_refused() ? ReportModelError(options.model, prepared.error())
                                  : ReportError(options.data, prepared.error());
  }
  const Result<Scores> scores = scorer.Score();
  if (!scores.ok()) return ReportError(options.data, scores.error());

  const forest::ModelInfo& info = scorer.session().model().info;
  const double threshold = options.threshold < 0 ? info.threshold : options.threshold;
  OutputFile out(options.out);
  const Status written = scorer.Write(*scores, threshold, options.with_input, &out);
  if (!written.ok()) return ReportError(options.data, written.error());
  const Status closed = out.Close();
  if (!closed.ok()) return ReportError(options.out, closed.error());
  if (!options.bad_rows.empty()) {
    const Status listed = WriteFile(options.bad_rows, BadRowsCsv(*scores));
    if (!listed.ok()) return ReportError(options.bad_rows, listed.error());
  }
  if (!options.summary.empty()) {
    const Status counted = WriteFile(options.summary, scores->summary->Write());
    if (!counted.ok()) return ReportError(options.summary, counted.error());
  }
  const Totals totals = Summarise(*scores, info, threshold);
  PrintTotals(totals, *scores);
  if (options.json) {
    const Status printed = WriteFile("-", TotalsJson(totals, *scores));
    if (!printed.ok()) return ReportError("-", printed.error());
  }
  return kExitOk;
}

}  // namespace

void AddScore(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("score", "Score the rows of a CSV file");
  auto options = std::make_shared<ScoreOptions>();
  command->add_option("--model", options->model, "Model file")->required();
  command->add_option("--data", options->data, "CSV file, - for standard input")->required();
  command->add_option("--out", options->out, "CSV file to write, - for standard output")
      ->required();
  command->add_flag("--with-input", options->with_input,
                    "Write the rows as they are and the scores after them");
  command
      ->add_option("--threshold", options->threshold,
                   "Flag from this probability on (default: the model's)")
      ->check(Probability());
  command->add_option("--bad-rows", options->bad_rows,
                      "CSV file for the rows that were set aside (the first 10,000), with reasons");
  command->add_option(
      "--summary", options->summary,
      "File for the rows' summary, which merge adds to others; - for standard output");
  command
      ->add_option("--delimiter", options->delimiter,
                   "How the file separates cells (default: found out)")
      ->check(CLI::IsMember({",", ";", "|", "tab"}));
  command->add_option("--decimal", options->decimal, "The file's decimal sign (default: found out)")
      ->check(CLI::IsMember({".", ","}));
  command->add_option("--header", options->header, "Whether the first line names the columns")
      ->check(CLI::IsMember({"detect", "yes", "no"}))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "0: one per core; the result is the same")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_flag("--json", options->json, "The summary as JSON on standard output");
  command->callback([options, exit_code] { *exit_code = RunScore(*options); });
}

}  // namespace firetower::tools
