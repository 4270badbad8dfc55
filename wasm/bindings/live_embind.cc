// The monitor as JavaScript sees it, no logic: what the module of the Live view exports beside all
// of embind.cc. Names are those of live/live.d.ts, which a test compares with this file's.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/engine.h"
#include "session/live.h"

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

// What the last takeRows took.
firetower::session::ReadRows& TheRead() {
  static firetower::session::ReadRows read;
  return read;
}
// What the last logText or liveRecentLog returned.
std::string& TheLog() {
  static std::string log;
  return log;
}

double TakeRows() {
  TheRead() = TheSession().TakeRows();
  return static_cast<double>(TheRead().rows);
}
val ReadColumns() { return View(std::span<const double>(TheRead().columns)); }
val ReadLabels() { return View(std::span<const double>(TheRead().labels)); }
val ReadOffsets() { return View(std::span<const double>(TheRead().offsets)); }
val ReadStatuses() { return View(std::span<const int32_t>(TheRead().statuses)); }
val ReadStatusInputs() { return View(std::span<const int32_t>(TheRead().status_inputs)); }

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
  std::string& log = TheLog();
  log.clear();
  if (TheLive()) {
    const std::vector<uint8_t> block = TheLive()->RecentLog();
    log.assign(block.begin(), block.end());
  }
  return View(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(log.data()), log.size()));
}

using firetower::session::LogFormat;

// Input: whole blocks of the prediction log; their lines as text, without a header.
val LogText(uint32_t bytes, bool csv) {
  std::string& text = TheLog();
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

EMSCRIPTEN_BINDINGS(firetower_live) {
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
