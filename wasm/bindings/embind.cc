// The engine as JavaScript sees it: every function the page's module exports, no logic. One engine
// per module instance. Bytes and numbers come in through input(); results go out as memory views
// that module.js copies at once. Names are those of engine.d.ts, which a test compares with this
// file's.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/boundary.h"
#include "session/live.h"
#include "session/session.h"

namespace {

using emscripten::val;
using firetower::Result;
using firetower::bindings::InputBuffer;
using firetower::bindings::Reply;
using firetower::bindings::ToCount;
using firetower::bindings::ToReply;
using firetower::bindings::View;
using firetower::session::Session;

constexpr uint32_t kFormatVersion = 1;

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

struct PushOptions {
  double rows = 0;
  bool labels = false;
  bool times = false;
  bool sourceRows = false;
  bool statuses = false;
  double referenceBytes = -1;  // -1: no references.
  double nowMs = 0;
  bool keepLog = false;
};

struct LogScan {
  double blocks = 0;
  double rows = 0;
  double firstSequence = 0;
  double nextSequence = 0;
  double wholeBytes = 0;
};

// The one engine of this module instance and the buffer JavaScript writes to.
struct Engine {
  Session session;
  InputBuffer input;
  std::string header;                 // What the last exportHeader returned.
  std::vector<uint32_t> ranks;        // What the last rank returned.
  firetower::session::ReadRows read;  // What the last takeRows took.
  std::string log;                    // What the last liveLogText returned.
};

Engine& TheEngine() {
  static Engine engine;
  return engine;
}
Session& TheSession() { return TheEngine().session; }

std::span<const uint8_t> InputBytes(size_t n) { return TheEngine().input.Bytes(n); }
std::span<const double> InputNumbers(size_t n) { return TheEngine().input.Numbers(n); }
std::string_view InputText(size_t n) { return TheEngine().input.Text(n); }

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
std::string ScoreSummary() {
  const firetower::monitor::Summary* summary = TheSession().summary();
  return summary != nullptr ? summary->Write() : "";
}
// Input: the summaries' lengths as uint32, then their text.
Reply MergeSummaries(uint32_t count, uint32_t text_bytes) {
  const size_t lengths = size_t{count} * sizeof(uint32_t);
  std::string_view rest = InputText(lengths + text_bytes).substr(lengths);
  const auto* length = reinterpret_cast<const uint32_t*>(InputBytes(lengths).data());
  std::vector<std::string_view> texts;
  for (uint32_t i = 0; i < count; ++i) {
    texts.push_back(rest.substr(0, length[i]));
    rest.remove_prefix(texts.back().size());
  }
  return ToReply(TheSession().MergeSummaries(texts));
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

// Input: the values, then, if keep is set, one byte per row.
val Rank(uint32_t rows, bool keep, bool descending) {
  Engine& engine = TheEngine();
  const std::span<const uint8_t> bytes = InputBytes(size_t{rows} * (sizeof(double) + 1));
  engine.ranks = engine.session.Rank(
      InputNumbers(rows),
      keep ? bytes.subspan(size_t{rows} * sizeof(double)) : std::span<const uint8_t>(), descending);
  return View(std::span<const uint32_t>(engine.ranks));
}

// Input: scores, labels and, if weighted, weights, one after the other.
Reply SetLabels(uint32_t rows, bool weighted) {
  const std::span<const double> numbers = InputNumbers(size_t{rows} * (weighted ? 3 : 2));
  return ToReply(TheSession().SetLabels(
      numbers.first(rows), numbers.subspan(rows, rows),
      weighted ? numbers.subspan(size_t{rows} * 2) : std::span<const double>()));
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

double TakeRows() {
  TheEngine().read = TheSession().TakeRows();
  return static_cast<double>(TheEngine().read.rows);
}
val ReadColumns() { return View(std::span<const double>(TheEngine().read.columns)); }
val ReadLabels() { return View(std::span<const double>(TheEngine().read.labels)); }
val ReadOffsets() { return View(std::span<const double>(TheEngine().read.offsets)); }
val ReadStatuses() { return View(std::span<const int32_t>(TheEngine().read.statuses)); }
val ReadStatusInputs() { return View(std::span<const int32_t>(TheEngine().read.status_inputs)); }

// Input: columns, then, if labelled, labels; changed in place: inputNumbers() has them afterwards.
Reply ApplyScenario(const std::string& scenario, double since, uint32_t rows, bool labelled) {
  if (!TheSession().has_model()) return {.code = "NOT_READY", .message = "no model is loaded"};
  Engine& engine = TheEngine();
  const size_t cells = TheSession().model().pipeline.inputs().size() * rows;
  const size_t numbers =
      std::min(cells + (labelled ? rows : 0), engine.input.size() / sizeof(double));
  const std::span<double> all(engine.input.data(), numbers);
  const size_t columns = std::min(cells, numbers);
  return ToReply(engine.session.ApplyScenario(scenario, ToCount(since), rows, all.first(columns),
                                              all.subspan(columns)));
}
val GetInputNumbers(uint32_t count) { return View(InputNumbers(count)); }
// Negative: there is no generator or no such scenario.
double ScenarioFraudRate(const std::string& scenario) {
  const Result<double> rate = TheSession().ScenarioFraudRate(scenario);
  return rate.ok() ? *rate : -1.0;
}

// --- the monitor. Without one every call does nothing and says NOT_READY or gives nothing.
using firetower::session::Live;

Reply NotOpen() { return {.code = "NOT_READY", .message = "no monitor is open"}; }
Live* TheLive() { return TheSession().live(); }

// Input: the settings.
Reply OpenLive(uint32_t bytes) { return ToReply(TheSession().OpenLive(InputText(bytes))); }
void CloseLive() { TheSession().CloseLive(); }
Reply LiveConfigure(uint32_t bytes) {
  return TheLive() ? ToReply(TheLive()->Configure(InputText(bytes))) : NotOpen();
}

// Input: columns, labels, times and source rows as float64, statuses and their inputs as int32, the
// references' lengths in bytes as uint32, and the references, one after the other; what the options
// say is not there is left out.
Reply LivePush(const PushOptions& options) {
  if (!TheLive()) return NotOpen();
  const Reply short_input = {.code = "BAD_ARGUMENT", .message = "the input is too short"};
  const Engine& engine = TheEngine();
  const size_t rows = static_cast<size_t>(ToCount(options.rows));
  if (rows > firetower::session::kMaxPushRows)
    return {.code = "TOO_BIG", .message = "too many rows in one push"};
  const std::span<const uint8_t> input = engine.input.Bytes(engine.input.size());
  size_t place = 0;
  bool fits = true;
  const auto take = [&](size_t bytes) -> const uint8_t* {
    fits = fits && bytes <= input.size() - place;
    if (!fits) return nullptr;
    const uint8_t* begin = input.data() + place;
    place += bytes;
    return begin;
  };
  const auto numbers = [&](bool there, size_t count) -> std::span<const double> {
    if (!there) return {};
    const uint8_t* begin = take(count * sizeof(double));
    return begin ? std::span(reinterpret_cast<const double*>(begin), count)
                 : std::span<const double>();
  };
  const auto integers = [&](bool there) -> std::span<const int32_t> {
    if (!there) return {};
    const uint8_t* begin = take(rows * sizeof(int32_t));
    return begin ? std::span(reinterpret_cast<const int32_t*>(begin), rows)
                 : std::span<const int32_t>();
  };
  firetower::session::PushBatch batch;
  batch.rows = rows;
  batch.columns = numbers(true, rows * TheSession().model().pipeline.inputs().size());
  batch.labels = numbers(options.labels, rows);
  batch.times = numbers(options.times, rows);
  batch.source_rows = numbers(options.sourceRows, rows);
  batch.statuses = integers(options.statuses);
  batch.status_inputs = integers(options.statuses);
  if (options.referenceBytes >= 0) {
    const std::span<const int32_t> lengths = integers(true);
    for (const int32_t length : lengths) {
      const uint8_t* text = take(static_cast<uint32_t>(length));
      if (text == nullptr) break;
      batch.references.emplace_back(reinterpret_cast<const char*>(text),
                                    static_cast<uint32_t>(length));
    }
  }
  if (!fits) return short_input;
  batch.now_ms = static_cast<int64_t>(options.nowMs);
  batch.keep_log = options.keepLog;
  return ToReply(TheLive()->Push(batch));
}
val LiveProbabilities() {
  return View(TheLive() ? TheLive()->probabilities() : std::span<const double>());
}
val LiveStatuses() { return View(TheLive() ? TheLive()->statuses() : std::span<const int32_t>()); }
val LiveStatusInputs() {
  return View(TheLive() ? TheLive()->status_inputs() : std::span<const int32_t>());
}
val LiveLogBlock() { return View(TheLive() ? TheLive()->log_block() : std::span<const uint8_t>()); }
double LiveNextSequence() {
  return TheLive() ? static_cast<double>(TheLive()->next_sequence()) : 0.0;
}
void SetLiveNextSequence(double next) {
  if (TheLive()) TheLive()->set_next_sequence(ToCount(next));
}
void LiveNoteMalformed(double count, const std::string& reason, const std::string& sample) {
  if (TheLive()) TheLive()->NoteMalformed(ToCount(count), reason, sample);
}
void LiveNoteLatency(double micros_per_row, double rows) {
  if (TheLive()) TheLive()->NoteLatency(micros_per_row, ToCount(rows));
}
void LiveNoteDelay(double ms, double rows) {
  if (TheLive()) TheLive()->NoteDelay(ms, ToCount(rows));
}
std::string LiveTick(double now_ms, double since_generation) {
  return TheLive() ? TheLive()->TickJson(static_cast<int64_t>(now_ms), ToCount(since_generation))
                   : "null";
}
std::string LiveStats() { return TheLive() ? TheLive()->StatsJson() : "null"; }
Reply LiveColumn(const std::string& feature) {
  return TheLive() ? ToReply(TheLive()->ColumnJson(feature)) : NotOpen();
}
Reply LiveRows(const std::string& feature, double low, double high, uint32_t max) {
  return TheLive() ? ToReply(TheLive()->RowsJson(feature, low, high, max)) : NotOpen();
}
bool LiveAcknowledge(double episode, double now_ms) {
  return TheLive() && TheLive()->Acknowledge(ToCount(episode), static_cast<int64_t>(now_ms));
}
bool LiveSilence(const std::string& rule, double until_ms) {
  return TheLive() && TheLive()->Silence(rule, static_cast<int64_t>(until_ms));
}
std::string LiveRules() { return TheLive() ? TheLive()->RulesJson() : "null"; }
// Of the window or of everything since the start.
std::string LiveSummary(bool window) {
  if (!TheLive()) return "null";
  return window ? TheLive()->window().Write() : TheLive()->overall().Write();
}
Reply LiveMerge(uint32_t bytes) {
  return TheLive() ? ToReply(TheLive()->MergeSummary(InputText(bytes))) : NotOpen();
}
std::string LiveCheckpoint() { return TheLive() ? TheLive()->CheckpointJson() : "null"; }
Reply LiveRestore(uint32_t bytes) {
  return TheLive() ? ToReply(TheLive()->Restore(InputText(bytes))) : NotOpen();
}
val LiveRecentLog() {
  Engine& engine = TheEngine();
  engine.log.clear();
  if (TheLive()) {
    const std::vector<uint8_t> block = TheLive()->RecentLog();
    engine.log.assign(block.begin(), block.end());
  }
  return View(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(engine.log.data()),
                                       engine.log.size()));
}

using firetower::session::LogFormat;

// Input: whole blocks of the prediction log; their lines as text, without a header.
val LogText(uint32_t bytes, bool csv) {
  std::string& text = TheEngine().log;
  text = firetower::session::LogText(InputBytes(bytes), csv ? LogFormat::kCsv : LogFormat::kNdjson);
  return View(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}
std::string LogHeader(bool csv) {
  return firetower::session::LogHeader(csv ? LogFormat::kCsv : LogFormat::kNdjson);
}
LogScan ScanLog(uint32_t bytes) {
  const auto scan = firetower::session::ScanLog(InputBytes(bytes));
  return {.blocks = static_cast<double>(scan.blocks),
          .rows = static_cast<double>(scan.rows),
          .firstSequence = static_cast<double>(scan.first_sequence),
          .nextSequence = static_cast<double>(scan.next_sequence),
          .wholeBytes = static_cast<double>(scan.whole_bytes)};
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

  emscripten::value_object<PushOptions>("PushOptions")
      .field("rows", &PushOptions::rows)
      .field("labels", &PushOptions::labels)
      .field("times", &PushOptions::times)
      .field("sourceRows", &PushOptions::sourceRows)
      .field("statuses", &PushOptions::statuses)
      .field("referenceBytes", &PushOptions::referenceBytes)
      .field("nowMs", &PushOptions::nowMs)
      .field("keepLog", &PushOptions::keepLog);
  emscripten::value_object<LogScan>("LogScan")
      .field("blocks", &LogScan::blocks)
      .field("rows", &LogScan::rows)
      .field("firstSequence", &LogScan::firstSequence)
      .field("nextSequence", &LogScan::nextSequence)
      .field("wholeBytes", &LogScan::wholeBytes);

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
  emscripten::function("rank", &Rank);
  emscripten::function("setLabels", &SetLabels);
  emscripten::function("performanceJson", &PerformanceJson);
  emscripten::function("performanceAtJson", &PerformanceAtJson);
  emscripten::function("describeRecord", &DescribeRecord);
  emscripten::function("splitRecords", &SplitRecords);
  emscripten::function("countLineEnds", &CountLineEnds);
  emscripten::function("loadGenerator", &LoadGenerator);
  emscripten::function("beginSynth", &BeginSynth);
  emscripten::function("synthRows", &SynthRows);
  emscripten::function("takeRows", &TakeRows);
  emscripten::function("readColumns", &ReadColumns);
  emscripten::function("readLabels", &ReadLabels);
  emscripten::function("readOffsets", &ReadOffsets);
  emscripten::function("readStatuses", &ReadStatuses);
  emscripten::function("readStatusInputs", &ReadStatusInputs);
  emscripten::function("applyScenario", &ApplyScenario);
  emscripten::function("inputNumbers", &GetInputNumbers);
  emscripten::function("scenarioFraudRate", &ScenarioFraudRate);
  emscripten::function("openLive", &OpenLive);
  emscripten::function("closeLive", &CloseLive);
  emscripten::function("liveConfigure", &LiveConfigure);
  emscripten::function("livePush", &LivePush);
  emscripten::function("liveProbabilities", &LiveProbabilities);
  emscripten::function("liveStatuses", &LiveStatuses);
  emscripten::function("liveStatusInputs", &LiveStatusInputs);
  emscripten::function("liveLogBlock", &LiveLogBlock);
  emscripten::function("liveNextSequence", &LiveNextSequence);
  emscripten::function("setLiveNextSequence", &SetLiveNextSequence);
  emscripten::function("liveNoteMalformed", &LiveNoteMalformed);
  emscripten::function("liveNoteLatency", &LiveNoteLatency);
  emscripten::function("liveNoteDelay", &LiveNoteDelay);
  emscripten::function("liveTick", &LiveTick);
  emscripten::function("liveStats", &LiveStats);
  emscripten::function("liveColumn", &LiveColumn);
  emscripten::function("liveRows", &LiveRows);
  emscripten::function("liveAcknowledge", &LiveAcknowledge);
  emscripten::function("liveSilence", &LiveSilence);
  emscripten::function("liveRules", &LiveRules);
  emscripten::function("liveSummary", &LiveSummary);
  emscripten::function("liveMerge", &LiveMerge);
  emscripten::function("liveCheckpoint", &LiveCheckpoint);
  emscripten::function("liveRestore", &LiveRestore);
  emscripten::function("liveRecentLog", &LiveRecentLog);
  emscripten::function("logText", &LogText);
  emscripten::function("logHeader", &LogHeader);
  emscripten::function("scanLog", &ScanLog);
}
