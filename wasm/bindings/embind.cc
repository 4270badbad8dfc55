// The engine as JavaScript sees it: every function the scoring module exports, no logic. One engine
// per module instance. Bytes and numbers come in through input(); results go out as memory views
// that module.js copies at once. Names are those of engine.d.ts, which a test compares with this
// file's.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/engine.h"

namespace {

using emscripten::val;
using firetower::Result;
using firetower::bindings::Engine;
using firetower::bindings::InputBytes;
using firetower::bindings::InputNumbers;
using firetower::bindings::InputText;
using firetower::bindings::Reply;
using firetower::bindings::TheEngine;
using firetower::bindings::TheSession;
using firetower::bindings::ToCount;
using firetower::bindings::ToReply;
using firetower::bindings::View;
using firetower::session::Session;

constexpr uint32_t kFormatVersion = 2;

struct EngineInfo {
  std::string version;
  uint32_t formatVersion = kFormatVersion;
  double heapBytes = 0;
  double usedBytes = 0;
};

struct InspectOptions {
  std::string delimiter;  // "": sniff
  std::string decimal;
  int32_t header = 0;  // csv::HeaderMode
  bool complete = false;
};

struct RangeOptions {
  int32_t kind = 0;  // session::JobKind
  double begin = 0;
  double end = 0;
  double line = 0;
  bool guessStart = false;
  std::string text;
};

struct RangeState {
  bool done = false;
  double rows = 0;
  double badRows = 0;
  double firstRecordOffset = 0;
  double nextRecordOffset = 0;
  double firstLine = 0;
  double nextLine = 0;
};

val Input(uint32_t bytes) { return TheEngine().input.Make(bytes); }

EngineInfo Info() {
  EngineInfo info;
  info.version = std::string(firetower::session::EngineVersion());
  info.heapBytes = static_cast<double>(emscripten_get_heap_size());
  info.usedBytes = static_cast<double>(static_cast<unsigned>(mallinfo().uordblks));
  return info;
}

Reply LoadModel(uint32_t bytes) { return ToReply(TheSession().LoadModel(InputBytes(bytes))); }
std::string ModelJson() { return TheSession().ModelJson(); }

Reply InspectCsv(uint32_t bytes, const InspectOptions& options) {
  firetower::session::InspectOptions inspect;
  inspect.delimiter = options.delimiter.empty() ? '\0' : options.delimiter[0];
  inspect.decimal = options.decimal.empty() ? '\0' : options.decimal[0];
  inspect.header = static_cast<firetower::csv::HeaderMode>(options.header);
  inspect.complete = options.complete;
  return ToReply(TheSession().InspectCsv(InputBytes(bytes), inspect));
}

Reply BeginRange(const RangeOptions& options) {
  firetower::session::RangeOptions range;
  range.kind = static_cast<firetower::session::JobKind>(options.kind);
  range.begin = ToCount(options.begin);
  range.end = ToCount(options.end);
  range.line = ToCount(options.line);
  range.guess_start = options.guessStart;
  range.text = options.text;
  return ToReply(TheSession().BeginRange(range));
}
Reply Feed(uint32_t bytes) { return ToReply(TheSession().Feed(InputBytes(bytes))); }
Reply FinishRange() { return ToReply(TheSession().FinishRange()); }

RangeState GetRangeState() {
  const Session& session = TheSession();
  return {.done = session.done(),
          .rows = static_cast<double>(session.row_count()),
          .badRows = static_cast<double>(session.bad_row_count()),
          .firstRecordOffset = static_cast<double>(session.first_record_offset()),
          .nextRecordOffset = static_cast<double>(session.next_record_offset()),
          .firstLine = static_cast<double>(session.first_line()),
          .nextLine = static_cast<double>(session.next_line())};
}

val RowOffsets() { return View(TheSession().row_offsets()); }
val Probabilities() { return View(TheSession().probabilities()); }
val Labels() { return View(TheSession().labels()); }
val Weights() { return View(TheSession().weights()); }
val Column() { return View(TheSession().column()); }
val Matches() { return View(TheSession().matches()); }
std::string BadRowsJson() { return TheSession().BadRowsJson(); }
std::string MissingJson() { return TheSession().MissingJson(); }
// As 64-bit words, for mergeSummaries.
val ScoreSummary() {
  Engine& engine = TheEngine();
  const firetower::monitor::Summary* summary = engine.session.summary();
  engine.summary = summary != nullptr ? summary->Words() : std::vector<uint64_t>();
  return View(std::span(reinterpret_cast<const uint8_t*>(engine.summary.data()),
                        engine.summary.size() * sizeof(uint64_t)));
}
// Input: what scoreSummary gave, one after the other, then how many words each has as uint32.
Reply MergeSummaries(uint32_t count, double words) {
  const size_t total = static_cast<size_t>(ToCount(words));
  const size_t bytes = total * sizeof(uint64_t);
  const size_t wanted = bytes + size_t{count} * sizeof(uint32_t);
  const std::span<const uint8_t> input = InputBytes(wanted);
  if (input.size() < wanted) return {.code = "BAD_ARGUMENT", .message = "the input is too short"};
  std::span<const uint64_t> rest(reinterpret_cast<const uint64_t*>(input.data()), total);
  const auto* length = reinterpret_cast<const uint32_t*>(input.data() + bytes);
  std::vector<std::span<const uint64_t>> parts;
  for (uint32_t i = 0; i < count; ++i) {
    parts.push_back(rest.first(std::min<size_t>(length[i], rest.size())));
    rest = rest.subspan(parts.back().size());
  }
  return ToReply(TheSession().MergeSummaries(parts));
}

// Input: rows x inputs numbers, column after column.
Reply ScoreRows(uint32_t rows, uint32_t inputs) {
  return ToReply(TheSession().ScoreRows(InputNumbers(size_t{rows} * inputs), rows));
}
val Statuses() { return View(TheSession().statuses()); }
val StatusInputs() { return View(TheSession().status_inputs()); }

// Input: the scores.
Reply SetExport(uint32_t rows, double first_row, double threshold, bool with_input) {
  return ToReply(
      TheSession().SetExport(InputNumbers(rows), ToCount(first_row), threshold, with_input));
}
// Bytes, since the header need not be UTF-8. Empty on an error.
val ExportHeader(bool with_input) {
  Result<std::string> header = TheSession().ExportHeader(with_input);
  std::string& text = TheEngine().header;
  text = header.ok() ? std::move(*header) : std::string();
  return View(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}
val Output() { return View(TheSession().output()); }
void ClearOutput() { TheSession().ClearOutput(); }

// Input: scores, labels and, if weighted, weights, one after the other.
Reply FindUsable(uint32_t rows, double first_row, bool weighted) {
  const std::span<const double> numbers = InputNumbers(size_t{rows} * (weighted ? 3 : 2));
  if (numbers.size() < size_t{rows} * 2) return {.code = "BAD_ARGUMENT", .message = "too short"};
  return ToReply(TheSession().FindUsable(
      numbers.first(rows), numbers.subspan(rows, rows),
      weighted ? numbers.subspan(size_t{rows} * 2) : std::span<const double>(),
      ToCount(first_row)));
}
val Usable() { return View(TheSession().usable()); }

// Rows in the page's memory: read(first, scores, weights, labels) fills the views, weights only
// where there are some.
class PageRows : public firetower::metrics::RankedRows {
 public:
  PageRows(val read, size_t rows, bool weighted)
      : read_(std::move(read)), rows_(rows), weighted_(weighted) {}

  size_t rows() const override { return rows_; }
  void Read(size_t first, std::span<double> scores, std::span<double> weights,
            std::span<uint8_t> labels) const override {
    if (!weighted_) std::fill(weights.begin(), weights.end(), 1.0);
    read_(static_cast<uint32_t>(first), View(std::span<const double>(scores)),
          View(std::span<const double>(weights)), View(std::span<const uint8_t>(labels)));
  }

 private:
  val read_;
  size_t rows_;
  bool weighted_;
};

void SetLabels(val read, uint32_t rows, double left_out, bool weighted) {
  TheSession().SetLabels(std::make_unique<PageRows>(std::move(read), rows, weighted),
                         ToCount(left_out), weighted);
}
Reply PerformanceJson(uint32_t curve_points) {
  return ToReply(TheSession().PerformanceJson(curve_points));
}
Reply PerformanceAtJson(double threshold) {
  return ToReply(TheSession().PerformanceAtJson(threshold));
}

Reply DescribeRecord(uint32_t bytes) {
  return ToReply(TheSession().DescribeRecordJson(InputText(bytes)));
}
// Input: the records' lengths as uint32, then their text.
Reply SplitRecords(uint32_t records, uint32_t text_bytes) {
  const size_t lengths = size_t{records} * sizeof(uint32_t);
  const std::string_view text = InputText(lengths + text_bytes);
  return ToReply(TheSession().SplitRecordsJson(
      {reinterpret_cast<const uint32_t*>(InputBytes(lengths).data()), records},
      text.substr(lengths)));
}
double CountLineEnds(uint32_t bytes) {
  return static_cast<double>(Session::CountLineEnds(InputText(bytes)));
}

Reply LoadGenerator(uint32_t bytes) {
  return ToReply(TheSession().LoadGenerator(InputText(bytes)));
}
Reply BeginSynth(double rows, double seed, double fraud_rate) {
  return ToReply(TheSession().BeginSynth(ToCount(rows), ToCount(seed), fraud_rate));
}
double SynthRows(double max_rows) {
  return static_cast<double>(TheSession().SynthRows(ToCount(max_rows)));
}

}  // namespace

EMSCRIPTEN_BINDINGS(firetower) {
  firetower::bindings::BindReply();
  emscripten::value_object<EngineInfo>("EngineInfo")
      .field("version", &EngineInfo::version)
      .field("formatVersion", &EngineInfo::formatVersion)
      .field("heapBytes", &EngineInfo::heapBytes)
      .field("usedBytes", &EngineInfo::usedBytes);
  emscripten::value_object<InspectOptions>("InspectOptions")
      .field("delimiter", &InspectOptions::delimiter)
      .field("decimal", &InspectOptions::decimal)
      .field("header", &InspectOptions::header)
      .field("complete", &InspectOptions::complete);
  emscripten::value_object<RangeOptions>("RangeOptions")
      .field("kind", &RangeOptions::kind)
      .field("begin", &RangeOptions::begin)
      .field("end", &RangeOptions::end)
      .field("line", &RangeOptions::line)
      .field("guessStart", &RangeOptions::guessStart)
      .field("text", &RangeOptions::text);
  emscripten::value_object<RangeState>("RangeState")
      .field("done", &RangeState::done)
      .field("rows", &RangeState::rows)
      .field("badRows", &RangeState::badRows)
      .field("firstRecordOffset", &RangeState::firstRecordOffset)
      .field("nextRecordOffset", &RangeState::nextRecordOffset)
      .field("firstLine", &RangeState::firstLine)
      .field("nextLine", &RangeState::nextLine);

  emscripten::function("engineInfo", &Info);
  emscripten::function("input", &Input);
  emscripten::function("loadModel", &LoadModel);
  emscripten::function("modelJson", &ModelJson);
  emscripten::function("inspectCsv", &InspectCsv);
  emscripten::function("beginRange", &BeginRange);
  emscripten::function("feed", &Feed);
  emscripten::function("finishRange", &FinishRange);
  emscripten::function("rangeState", &GetRangeState);
  emscripten::function("rowOffsets", &RowOffsets);
  emscripten::function("probabilities", &Probabilities);
  emscripten::function("labels", &Labels);
  emscripten::function("weights", &Weights);
  emscripten::function("column", &Column);
  emscripten::function("matches", &Matches);
  emscripten::function("badRowsJson", &BadRowsJson);
  emscripten::function("missingJson", &MissingJson);
  emscripten::function("scoreSummary", &ScoreSummary);
  emscripten::function("mergeSummaries", &MergeSummaries);
  emscripten::function("scoreRows", &ScoreRows);
  emscripten::function("statuses", &Statuses);
  emscripten::function("statusInputs", &StatusInputs);
  emscripten::function("setExport", &SetExport);
  emscripten::function("exportHeader", &ExportHeader);
  emscripten::function("output", &Output);
  emscripten::function("clearOutput", &ClearOutput);
  emscripten::function("findUsable", &FindUsable);
  emscripten::function("usable", &Usable);
  emscripten::function("setLabels", &SetLabels);
  emscripten::function("performanceJson", &PerformanceJson);
  emscripten::function("performanceAtJson", &PerformanceAtJson);
  emscripten::function("describeRecord", &DescribeRecord);
  emscripten::function("splitRecords", &SplitRecords);
  emscripten::function("countLineEnds", &CountLineEnds);
  emscripten::function("loadGenerator", &LoadGenerator);
  emscripten::function("beginSynth", &BeginSynth);
  emscripten::function("synthRows", &SynthRows);
}
