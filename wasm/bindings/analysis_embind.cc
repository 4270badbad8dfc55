// The analysis module as JavaScript sees it: every function it exports, no logic. One Analysis per
// module instance. Bytes and numbers come in through input(), numbers first; results go out as
// JSON or as memory views that are copied at once. Names are those of analysis.d.ts, which a test
// compares with this file's.
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/detect.h"
#include "analysis/performance.h"
#include "bindings/boundary.h"
#include "core/base/json.h"

namespace {

using emscripten::val;
using firetower::Error;
using firetower::ErrorCode;
using firetower::Result;
using firetower::analysis::Analysis;
using firetower::analysis::RowQuery;
using firetower::analysis::ScoredRows;
using firetower::analysis::Table;
using firetower::bindings::InputBuffer;
using firetower::bindings::Reply;
using firetower::bindings::ToCount;
using firetower::bindings::ToReply;
using firetower::bindings::View;
namespace json = boost::json;

struct AnalysisInfo {
  std::string version;
  double heapBytes = 0;
  double usedBytes = 0;
};

// columns: names as a JSON array; "": all.
struct TableOptions {
  std::string name;
  std::string delimiter;
  std::string decimal;
  int32_t header = 0;
  bool complete = false;
  bool scores = true;
  bool hash = true;
  std::string columns;
};

struct RowQueryOptions {
  std::string name;
  int32_t kind = 0;  // RowQuery::Kind
  double low = 0;
  double high = 0;
  std::string category;
};

// Scores and what is known of their rows, one array after the other in this order.
struct ScoredOptions {
  double rows = 0;
  bool labels = false;
  bool weights = false;
  bool amounts = false;
  bool times = false;
};

struct Engine {
  Analysis analysis;
  InputBuffer input;
  std::vector<double> numbers;  // What the last call gave.
};

Engine& TheEngine() {
  static Engine engine;
  return engine;
}
Analysis& TheAnalysis() { return TheEngine().analysis; }

// What is in the input, piece by piece.
class Pieces {
 public:
  Pieces() : input_(TheEngine().input) {}
  std::span<const double> Numbers(double count) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(ToCount(count), SIZE_MAX / 8));
    const size_t begin = place_ / sizeof(double);
    const std::span<const double> all = input_.Numbers(input_.size() / sizeof(double));
    const size_t left = all.size() - std::min(all.size(), begin);
    fits_ = fits_ && wanted <= left;
    const std::span<const double> numbers = all.subspan(begin, std::min(wanted, left));
    place_ += numbers.size_bytes();
    return numbers;
  }
  std::string_view Text(double bytes) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(ToCount(bytes), SIZE_MAX / 2));
    const std::string_view rest = input_.Text(input_.size()).substr(place_);
    fits_ = fits_ && wanted <= rest.size();
    place_ += std::min(wanted, rest.size());
    return rest.substr(0, wanted);
  }
  bool fits() const { return fits_; }

 private:
  const InputBuffer& input_;
  size_t place_ = 0;
  bool fits_ = true;
};

Reply ShortInput() { return {.code = "BAD_ARGUMENT", .message = "the input is too short"}; }

Table ToTable(int32_t table) { return table == 0 ? Table::kReference : Table::kCurrent; }

// Names from a JSON array of texts; nothing else is let through.
bool ReadNames(std::string_view text, std::vector<std::string>* names) {
  if (text.empty()) return true;
  const Result<json::value> parsed =
      firetower::ParseJson(text, ErrorCode::kBadArgument, "column names");
  if (!parsed.ok() || !parsed->is_array()) return false;
  for (const json::value& name : parsed->get_array()) {
    if (!name.is_string()) return false;
    names->emplace_back(name.get_string());
  }
  return true;
}

Reply BadNames() { return {.code = "BAD_ARGUMENT", .message = "column names must be texts"}; }

bool ToOptions(const TableOptions& given, firetower::analysis::TableOptions* options) {
  options->delimiter = given.delimiter.empty() ? '\0' : given.delimiter[0];
  options->decimal = given.decimal.empty() ? '\0' : given.decimal[0];
  options->header = given.header;
  options->complete = given.complete;
  options->scores = given.scores;
  options->hash = given.hash;
  options->name = given.name;
  return ReadNames(given.columns, &options->columns);
}

RowQuery ToQuery(const RowQueryOptions& given) {
  RowQuery query;
  query.kind = given.kind == 1   ? RowQuery::Kind::kCategory
               : given.kind == 2 ? RowQuery::Kind::kMissing
                                 : RowQuery::Kind::kNumbers;
  query.low = given.low;
  query.high = given.high;
  query.category = given.category;
  return query;
}

ScoredRows ReadScored(const ScoredOptions& options, Pieces* pieces) {
  ScoredRows rows;
  rows.scores = pieces->Numbers(options.rows);
  if (options.labels) rows.labels = pieces->Numbers(options.rows);
  if (options.weights) rows.weights = pieces->Numbers(options.rows);
  if (options.amounts) rows.amounts = pieces->Numbers(options.rows);
  if (options.times) rows.times = pieces->Numbers(options.rows);
  return rows;
}

// --- exported

AnalysisInfo Info() {
  AnalysisInfo info;
  info.version = FIRETOWER_VERSION;
  info.heapBytes = static_cast<double>(emscripten_get_heap_size());
  info.usedBytes = static_cast<double>(static_cast<unsigned>(mallinfo().uordblks));
  return info;
}
val Input(uint32_t bytes) { return TheEngine().input.Make(bytes); }

Reply LoadModel(double bytes) {
  const std::string_view text = Pieces().Text(bytes);
  return ToReply(
      TheAnalysis().LoadModel({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

Reply Inspect(double bytes, const TableOptions& given) {
  firetower::analysis::TableOptions options;
  if (!ToOptions(given, &options)) return BadNames();
  const std::string_view head = Pieces().Text(bytes);
  return ToReply(TheAnalysis().InspectJson(
      {reinterpret_cast<const uint8_t*>(head.data()), head.size()}, options));
}
Reply BeginTable(int32_t table, double bytes, const TableOptions& given) {
  firetower::analysis::TableOptions options;
  if (!ToOptions(given, &options)) return BadNames();
  const std::string_view head = Pieces().Text(bytes);
  return ToReply(TheAnalysis().BeginTable(
      ToTable(table), {reinterpret_cast<const uint8_t*>(head.data()), head.size()}, options));
}
Reply Feed(double bytes) {
  const std::string_view text = Pieces().Text(bytes);
  return ToReply(TheAnalysis().Feed({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}
Reply FinishTable() { return ToReply(TheAnalysis().FinishTable()); }
Reply TableJson(int32_t table) { return ToReply(TheAnalysis().TableJson(ToTable(table))); }
void ClearTable(int32_t table) { TheAnalysis().Clear(ToTable(table)); }
Reply SetSummary(int32_t table, double bytes, const std::string& name) {
  return ToReply(TheAnalysis().SetSummary(ToTable(table), Pieces().Text(bytes), name));
}
val RowOffsets(int32_t table) { return View(TheAnalysis().row_offsets(ToTable(table))); }
val Labels(int32_t table) { return View(TheAnalysis().labels(ToTable(table))); }
val ColumnNumbers(int32_t table, const std::string& name) {
  return View(TheAnalysis().column(ToTable(table), name));
}

Reply Measure(double bytes) { return ToReply(TheAnalysis().MeasureJson(Pieces().Text(bytes))); }
// Input: the lengths of the measured documents, of the request and of the sections as float64, then
// their texts.
Reply Judge(uint32_t documents) {
  Pieces pieces;
  const std::span<const double> lengths = pieces.Numbers(static_cast<double>(documents) + 2);
  if (!pieces.fits()) return ShortInput();
  std::vector<std::string_view> texts;
  for (const double length : lengths) texts.push_back(pieces.Text(length));
  if (!pieces.fits()) return ShortInput();
  return ToReply(TheAnalysis().JudgeJson(std::span(texts).first(documents), texts[documents],
                                         texts[documents + 1]));
}
Reply ColumnJson(const std::string& name, double bytes) {
  return ToReply(TheAnalysis().ColumnJson(name, Pieces().Text(bytes)));
}
Reply TrendJson(const std::string& name, double bytes, double windows) {
  return ToReply(TheAnalysis().TrendJson(name, Pieces().Text(bytes),
                                         static_cast<size_t>(std::min(windows, 1e6))));
}
// Input: as many ratios as said, then the request.
Reply RowsJson(const RowQueryOptions& given, double ratios, double bytes, double max) {
  Pieces pieces;
  const std::span<const double> numbers = pieces.Numbers(ratios);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(TheAnalysis().RowsJson(given.name, ToQuery(given), numbers,
                                        static_cast<size_t>(std::min(max, 1e9)), request));
}
Reply RowNumbers(const RowQueryOptions& given, double bytes) {
  Result<std::vector<double>> rows =
      TheAnalysis().RowNumbers(given.name, ToQuery(given), Pieces().Text(bytes));
  if (!rows.ok()) return ToReply(rows.error());
  TheEngine().numbers = std::move(*rows);
  return {};
}
val SampleRows(int32_t table, double bytes, double max_rows, double seed) {
  TheEngine().numbers =
      TheAnalysis().SampleRows(ToTable(table), Pieces().Text(bytes),
                               static_cast<size_t>(std::min(max_rows, 1e9)), ToCount(seed));
  return View(std::span<const double>(TheEngine().numbers));
}
// Input: row numbers.
val Gather(int32_t table, const std::string& name, double rows) {
  TheEngine().numbers = TheAnalysis().Gather(ToTable(table), name, Pieces().Numbers(rows));
  return View(std::span<const double>(TheEngine().numbers));
}
// What rowNumbers or densityRatios gave.
val Numbers() { return View(std::span<const double>(TheEngine().numbers)); }

// Input: the matrix, the columns' names as a JSON array, the request.
Reply Multivariate(double rows, double reference_rows, double columns, double name_bytes,
                   double bytes) {
  Pieces pieces;
  const std::span<const double> matrix = pieces.Numbers(rows * columns);
  std::vector<std::string> names;
  if (!ReadNames(pieces.Text(name_bytes), &names)) return BadNames();
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(TheAnalysis().MultivariateJson(names, matrix, static_cast<size_t>(rows),
                                                static_cast<size_t>(reference_rows), request));
}
// Input: the matrix. Then numbers().
Reply DensityRatios(double rows, double columns) {
  Pieces pieces;
  const std::span<const double> matrix = pieces.Numbers(rows * columns);
  if (!pieces.fits()) return ShortInput();
  TheEngine().numbers = TheAnalysis().DensityRatios(matrix, static_cast<size_t>(rows));
  return {};
}

std::string Detectors() { return firetower::analysis::DetectorsJson(); }
// Input: values, then the request.
Reply Detect(double values, double bytes) {
  Pieces pieces;
  const std::span<const double> numbers = pieces.Numbers(values);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::DetectJson(request, numbers));
}
Reply FalseAlarms(double values, double bytes) {
  Pieces pieces;
  const std::span<const double> numbers = pieces.Numbers(values);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::FalseAlarmsJson(request, numbers));
}
Reply ScoreDetector(double drifts, double bytes) {
  Pieces pieces;
  const std::span<const double> numbers = pieces.Numbers(drifts);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::ScoreDetectorJson(request, numbers));
}

// Input: the rows, then the request.
Reply Performance(const ScoredOptions& options, double bytes) {
  Pieces pieces;
  const ScoredRows rows = ReadScored(options, &pieces);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::PerformanceReportJson(rows, request));
}
// Input: the rows, the second model's scores, the request.
Reply ComparePerformance(const ScoredOptions& options, double bytes) {
  Pieces pieces;
  const ScoredRows rows = ReadScored(options, &pieces);
  const std::span<const double> second = pieces.Numbers(options.rows);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::ComparePerformanceJson(rows, second, request));
}
// Input: reference rows (0 of them: none), current rows, the request.
Reply Estimate(const ScoredOptions& reference, const ScoredOptions& current, double bytes) {
  Pieces pieces;
  const ScoredRows before = ReadScored(reference, &pieces);
  const ScoredRows now = ReadScored(current, &pieces);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::EstimateJson(TheAnalysis().model(), before, now, request));
}
Reply BackTest(const ScoredOptions& options, double bytes) {
  Pieces pieces;
  const ScoredRows rows = ReadScored(options, &pieces);
  const std::string_view request = pieces.Text(bytes);
  if (!pieces.fits()) return ShortInput();
  return ToReply(firetower::analysis::BackTestJson(TheAnalysis().model(), rows, request));
}

Reply ReportHtml(double bytes) { return ToReply(TheAnalysis().ReportHtml(Pieces().Text(bytes))); }

}  // namespace

EMSCRIPTEN_BINDINGS(firetower_analysis) {
  firetower::bindings::BindReply();
  emscripten::value_object<AnalysisInfo>("AnalysisInfo")
      .field("version", &AnalysisInfo::version)
      .field("heapBytes", &AnalysisInfo::heapBytes)
      .field("usedBytes", &AnalysisInfo::usedBytes);
  emscripten::value_object<TableOptions>("TableOptions")
      .field("name", &TableOptions::name)
      .field("delimiter", &TableOptions::delimiter)
      .field("decimal", &TableOptions::decimal)
      .field("header", &TableOptions::header)
      .field("complete", &TableOptions::complete)
      .field("scores", &TableOptions::scores)
      .field("hash", &TableOptions::hash)
      .field("columns", &TableOptions::columns);
  emscripten::value_object<RowQueryOptions>("RowQueryOptions")
      .field("name", &RowQueryOptions::name)
      .field("kind", &RowQueryOptions::kind)
      .field("low", &RowQueryOptions::low)
      .field("high", &RowQueryOptions::high)
      .field("category", &RowQueryOptions::category);
  emscripten::value_object<ScoredOptions>("ScoredOptions")
      .field("rows", &ScoredOptions::rows)
      .field("labels", &ScoredOptions::labels)
      .field("weights", &ScoredOptions::weights)
      .field("amounts", &ScoredOptions::amounts)
      .field("times", &ScoredOptions::times);

  emscripten::function("analysisInfo", &Info);
  emscripten::function("input", &Input);
  emscripten::function("loadModel", &LoadModel);
  emscripten::function("inspect", &Inspect);
  emscripten::function("beginTable", &BeginTable);
  emscripten::function("feed", &Feed);
  emscripten::function("finishTable", &FinishTable);
  emscripten::function("tableJson", &TableJson);
  emscripten::function("clearTable", &ClearTable);
  emscripten::function("setSummary", &SetSummary);
  emscripten::function("rowOffsets", &RowOffsets);
  emscripten::function("labels", &Labels);
  emscripten::function("columnNumbers", &ColumnNumbers);
  emscripten::function("measure", &Measure);
  emscripten::function("judge", &Judge);
  emscripten::function("columnJson", &ColumnJson);
  emscripten::function("trendJson", &TrendJson);
  emscripten::function("rowsJson", &RowsJson);
  emscripten::function("rowNumbers", &RowNumbers);
  emscripten::function("sampleRows", &SampleRows);
  emscripten::function("gather", &Gather);
  emscripten::function("numbers", &Numbers);
  emscripten::function("multivariate", &Multivariate);
  emscripten::function("densityRatios", &DensityRatios);
  emscripten::function("detectors", &Detectors);
  emscripten::function("detect", &Detect);
  emscripten::function("falseAlarms", &FalseAlarms);
  emscripten::function("scoreDetector", &ScoreDetector);
  emscripten::function("performance", &Performance);
  emscripten::function("comparePerformance", &ComparePerformance);
  emscripten::function("estimate", &Estimate);
  emscripten::function("backTest", &BackTest);
  emscripten::function("reportHtml", &ReportHtml);
}
