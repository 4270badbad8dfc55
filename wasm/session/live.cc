// The monitor of a stream: settings, rows in.
#include "session/live.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/csv/reader.h"
#include "core/monitor/prediction_log.h"
#include "core/stream/bernoulli_cusum.h"
#include "session/live_state.h"
#include "session/summary_layout.h"
#include "session/text.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Rows per call of the evaluator: its columns stay in the second-level cache.
constexpr size_t kBlockRows = 4096;
// What the recent rows may take; fewer rows are kept of a model with many columns.
constexpr size_t kRecentBytes = size_t{16} << 20;
constexpr size_t kMinRecentRows = kRecentPredictions;
// The last malformed messages kept, and how much of their texts.
constexpr size_t kMalformedKept = 5;
constexpr size_t kMalformedText = 200;
constexpr int32_t kReasonCount = static_cast<int32_t>(csv::BadRowReason::kMissingValue) + 1;
// Arrivals within this many milliseconds are counted together, for the throughput.
constexpr int64_t kArrivalMs = 100;

Error BadSetting(std::string_view key, std::string_view reason) {
  return {.code = ErrorCode::kBadArgument,
          .message = std::string(key) + ": " + std::string(reason)};
}

// Reads the number of an object's key where there is one; null leaves NaN if that is allowed.
Status ReadNumber(const json::object& object, std::string_view place, std::string_view key,
                  double low, double high, bool may_be_null, double* out) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  const std::string name = std::string(place) + std::string(key);
  if (value->is_null() && may_be_null) {
    *out = kNaN;
    return {};
  }
  if (!value->is_number()) return BadSetting(name, "is not a number");
  const double number = value->to_number<double>();
  if (!(number >= low && number <= high)) return BadSetting(name, "is out of range");
  *out = number;
  return {};
}

Status KnownKeys(const json::object& object, std::string_view place,
                 std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), key) == known.end())
      return BadSetting(std::string(place) + std::string(key), "there is no such setting");
  }
  return {};
}

// Members of the object under key, or null.
Result<const json::object*> Part(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return BadSetting(key, "is not an object");
  return &value->get_object();
}

Status ReadWindow(const json::object& part, monitor::WindowOptions* window) {
  Status status = KnownKeys(part, "window.", {"kind", "tumbling", "rows", "seconds"});
  if (!status.ok()) return status;
  if (const json::value* kind = part.if_contains("kind")) {
    if (*kind == "start") {
      window->kind = monitor::WindowKind::kSinceStart;
    } else if (*kind == "rows") {
      window->kind = monitor::WindowKind::kRows;
    } else if (*kind == "time") {
      window->kind = monitor::WindowKind::kTime;
    } else {
      return BadSetting("window.kind", "must be \"start\", \"rows\" or \"time\"");
    }
  }
  if (const json::value* tumbling = part.if_contains("tumbling")) {
    if (!tumbling->is_bool()) return BadSetting("window.tumbling", "must be true or false");
    window->tumbling = tumbling->get_bool();
  }
  double rows = static_cast<double>(window->rows);
  status = ReadNumber(part, "window.", "rows", 1, 16777216, false, &rows);
  if (!status.ok()) return status;
  if (rows != std::floor(rows)) return BadSetting("window.rows", "is not a whole number");
  window->rows = static_cast<uint64_t>(rows);
  status = ReadNumber(part, "window.", "seconds", 0.001, 1e9, false, &window->seconds);
  if (!status.ok()) return status;
  status = monitor::CheckWindow(*window);
  return status.ok() ? status : BadSetting("window", status.error().message);
}

}  // namespace

Status ReadLiveSettings(std::string_view text, const monitor::SummaryLayout& layout,
                        std::span<const double> score_edges, LiveSettings* settings,
                        json::value* rules) {
  Result<json::value> parsed = ParseJson(text, ErrorCode::kBadArgument, "settings");
  if (!parsed.ok()) return parsed.error();
  if (!parsed->is_object()) return BadSetting("settings", "must be an object");
  const json::object& object = parsed->get_object();
  Status status = KnownKeys(
      object, "", {"window", "rules", "drift", "detector", "threshold", "source", "points"});
  if (!status.ok()) return status;

  Result<const json::object*> window = Part(object, "window");
  if (!window.ok()) return window.error();
  if (*window != nullptr) status = ReadWindow(**window, &settings->window);
  if (!status.ok()) return status;

  Result<const json::object*> drift = Part(object, "drift");
  if (!drift.ok()) return drift.error();
  if (*drift != nullptr) {
    status = KnownKeys(**drift, "drift.", {"level", "floor"});
    if (status.ok())
      status = ReadNumber(**drift, "drift.", "level", 1e-12, 0.5, false, &settings->drift_level);
    if (status.ok())
      status = ReadNumber(**drift, "drift.", "floor", 0, 10, false, &settings->drift_floor);
    if (!status.ok()) return status;
  }

  Result<const json::object*> detector = Part(object, "detector");
  if (!detector.ok()) return detector.error();
  if (*detector != nullptr) {
    status = KnownKeys(**detector, "detector.", {"rate", "factor", "run_length"});
    if (status.ok()) {
      status =
          ReadNumber(**detector, "detector.", "rate", 1e-6, 0.99, true, &settings->detector_rate);
    }
    if (status.ok()) {
      status = ReadNumber(**detector, "detector.", "factor", 0.01, 100, false,
                          &settings->detector_factor);
    }
    if (status.ok()) {
      status = ReadNumber(**detector, "detector.", "run_length", 100, 1e9, false,
                          &settings->detector_run_length);
    }
    if (!status.ok()) return status;
    if (settings->detector_factor > 0.95 && settings->detector_factor < 1.05)
      return BadSetting("detector.factor", "must differ from 1 by 0.05 or more");
  }

  if (object.contains("threshold")) {
    double threshold = kNaN;
    status = ReadNumber(object, "", "threshold", 0, 1, true, &threshold);
    if (!status.ok()) return status;
    if (std::isnan(threshold)) threshold = layout.threshold;
    // The last edge is beyond 1.
    const std::span<const double> edges = score_edges.first(score_edges.size() - 1);
    size_t at = static_cast<size_t>(std::lower_bound(edges.begin(), edges.end(), threshold) -
                                    edges.begin());
    if (at == edges.size() || (at > 0 && threshold - edges[at - 1] < edges[at] - threshold)) --at;
    settings->threshold = edges[at];
  }
  if (const json::value* source = object.if_contains("source")) {
    if (!source->is_string()) return BadSetting("source", "is not a text");
    const json::string& name = source->get_string();
    settings->source = Excerpt({name.data(), name.size()}, 200);
  }
  double points = static_cast<double>(settings->points);
  status = ReadNumber(object, "", "points", 2, 10000, false, &points);
  if (!status.ok()) return status;
  settings->points = static_cast<size_t>(points);
  if (const json::value* given = object.if_contains("rules")) {
    if (!given->is_object()) return BadSetting("rules", "is not an object");
    *rules = *given;
  }
  return {};
}

double HighestUsualRate(uint64_t flagged, uint64_t rows) {
  constexpr double kZ = 1.6448536269514722;  // 95 % of a normal distribution lie below.
  const double n = static_cast<double>(rows);
  const double p = static_cast<double>(flagged) / n;
  const double centre = p + kZ * kZ / (2.0 * n);
  const double half = kZ * std::sqrt(p * (1.0 - p) / n + kZ * kZ / (4.0 * n * n));
  // Half a row less than all, so that a rate of 1 is never learnt.
  return std::min((centre + half) / (1.0 + kZ * kZ / n), 1.0 - 0.5 / n);
}

RateDetector::RateDetector(const LiveSettings& settings)
    : rate(kNaN), factor_(settings.detector_factor), run_length_(settings.detector_run_length) {
  if (!std::isnan(settings.detector_rate)) Watch(settings.detector_rate);
}

void RateDetector::Watch(double p0, double cusum_threshold) {
  rate = p0;
  const double highest = (1.0 + p0) / 2.0;
  const double p1 = std::min(p0 * factor_, highest);
  threshold = cusum_threshold > 0.0 ? cusum_threshold : stream::CusumThreshold(p0, p1, run_length_);
  cusum.emplace(stream::BernoulliCusumOptions{.p0 = p0, .p1 = p1, .threshold = threshold});
}

void RateDetector::Add(bool flagged) {
  ++rows;
  if (cusum) {
    if (!cusum->Update(flagged)) return;
    ++alarms;
    alarm_rows.push_back(rows);
    if (alarm_rows.size() > kAlarmsKept) alarm_rows.pop_front();
    return;
  }
  ++learnt_rows;
  learnt_flagged += flagged ? 1 : 0;
  if (learnt_rows == kLearningRows) Watch(HighestUsualRate(learnt_flagged, learnt_rows));
}

uint64_t RateDetector::AlarmsWithin(uint64_t newest) const {
  return static_cast<uint64_t>(std::count_if(alarm_rows.begin(), alarm_rows.end(),
                                             [&](uint64_t at) { return rows - at < newest; }));
}

RecentRing::RecentRing(size_t inputs, size_t features)
    : input_count_(inputs), feature_count_(features) {
  const size_t row_bytes = sizeof(Row) + inputs * sizeof(double) + features * sizeof(float);
  const size_t rows = std::clamp(kRecentBytes / row_bytes, kMinRecentRows, kRecentRows);
  rows_.resize(rows);
  inputs_.resize(rows * inputs);
  features_.resize(rows * features);
}

size_t RecentRing::Add(Row row) {
  const size_t place = next_;
  rows_[place] = std::move(row);
  next_ = (next_ + 1) % rows_.size();
  size_ = std::min(size_ + 1, rows_.size());
  return place;
}

Live::State::State(const LoadedModel& model,
                   std::shared_ptr<const monitor::SummaryLayout> summary_layout,
                   const LiveSettings& first_settings)
    : loaded(model),
      layout(std::move(summary_layout)),
      score_edges(monitor::ScoreEdges(*layout)),
      settings(first_settings),
      windows(layout, settings.window),
      series(settings.points),
      detector(settings),
      recent(model.model.pipeline.inputs().size(), model.model.pipeline.features().size()),
      first_scores(score_edges.size() - 1, 0),
      features(model.model.pipeline.features().size() * kBlockRows) {
  reference_counts = ProfileCounts(loaded.model);
}

Live::Live(std::unique_ptr<State> state) : state_(std::move(state)) {}
Live::~Live() = default;

Status Session::OpenLive(std::string_view text) {
  if (!has_model()) return Error{.code = ErrorCode::kNotReady, .message = "no model is loaded"};
  const LoadedModel& loaded = *state_->loaded;
  const std::shared_ptr<const monitor::SummaryLayout>& layout = loaded.summary_layout;
  const std::vector<double> edges = monitor::ScoreEdges(*layout);
  LiveSettings settings;
  settings.threshold = layout->threshold;
  json::value rules;
  Status status = ReadLiveSettings(text, *layout, edges, &settings, &rules);
  if (!status.ok()) return status;
  auto state = std::make_unique<Live::State>(loaded, layout, settings);
  status = state->alerts.SetRules(rules.is_null() ? monitor::AlertBook::DefaultRulesJson()
                                                  : WriteJson(rules));
  if (!status.ok()) return status;
  state_->live = {new Live(std::move(state)), [](Live* live) { delete live; }};
  return {};
}

Status Live::Configure(std::string_view text) {
  State& state = *state_;
  LiveSettings settings = state.settings;
  json::value rules;
  Status status = ReadLiveSettings(text, *state.layout, state.score_edges, &settings, &rules);
  if (!status.ok()) return status;
  if (!rules.is_null()) {
    status = state.alerts.SetRules(WriteJson(rules));
    if (!status.ok()) return status;
  }
  const LiveSettings before = std::exchange(state.settings, settings);
  if (!(settings.window == before.window)) state.windows.Reset(settings.window);
  if (settings.points != before.points) {
    monitor::Series series(settings.points);
    series.Restore(state.series.width_ms(), state.series.points());
    state.series = std::move(series);
  }
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  if (settings.threshold != before.threshold ||
      !same(settings.detector_rate, before.detector_rate) ||
      settings.detector_factor != before.detector_factor ||
      settings.detector_run_length != before.detector_run_length) {
    state.detector = RateDetector(settings);
  }
  state.stale = true;
  state.charts_ms = INT64_MIN;
  return {};
}

size_t Live::State::ScoreBin(double probability) const {
  const auto above = std::upper_bound(score_edges.begin(), score_edges.end(), probability);
  const auto bin = static_cast<size_t>(above - score_edges.begin());
  return std::clamp<size_t>(bin, 1, score_edges.size() - 1) - 1;
}

Status Live::State::CheckBatch(const PushBatch& batch) const {
  const size_t inputs = pipeline().inputs().size();
  if (batch.rows > kMaxPushRows) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "at most " + std::to_string(kMaxPushRows) + " rows at a time"};
  }
  const auto fits = [&](size_t size) { return size == 0 || size == batch.rows; };
  if (batch.columns.size() != inputs * batch.rows || !fits(batch.labels.size()) ||
      !fits(batch.times.size()) || !fits(batch.source_rows.size()) ||
      !fits(batch.references.size()) || !fits(batch.statuses.size()) ||
      !fits(batch.status_inputs.size())) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "the columns of " + std::to_string(batch.rows) + " rows of " +
                            std::to_string(inputs) + " inputs differ in length"};
  }
  for (size_t i = 0; i < batch.statuses.size(); ++i) {
    const int32_t input = batch.status_inputs.empty() ? -1 : batch.status_inputs[i];
    if (batch.statuses[i] < 0 || batch.statuses[i] >= kReasonCount || input < -1 ||
        input >= static_cast<int32_t>(inputs)) {
      return Error{.code = ErrorCode::kBadArgument,
                   .message = "a row's status is unknown",
                   .row = static_cast<int64_t>(i)};
    }
  }
  if (windows.overall().full()) {
    return Error{.code = ErrorCode::kTooBig,
                 .message =
                     "the statistics hold as many rows as they can: save the summary and "
                     "begin anew"};
  }
  return {};
}

Status Live::Push(const PushBatch& batch) {
  State& state = *state_;
  Status status = state.CheckBatch(batch);
  if (!status.ok()) return status;
  const size_t rows = batch.rows;
  state.probabilities.assign(rows, kNaN);
  state.statuses.assign(rows, 0);
  state.status_inputs.assign(rows, -1);
  state.log_block.clear();
  if (rows == 0) return {};
  std::copy(batch.statuses.begin(), batch.statuses.end(), state.statuses.begin());
  std::copy(batch.status_inputs.begin(), batch.status_inputs.end(), state.status_inputs.begin());
  if (state.since_ms < 0) state.since_ms = batch.now_ms;
  state.latest_ms = std::max(state.latest_ms, batch.now_ms);

  const size_t inputs = state.pipeline().inputs().size();
  std::vector<std::span<const double>> columns(inputs);
  monitor::SeriesPoint point;
  for (size_t begin = 0; begin < rows; begin += kBlockRows) {
    const size_t count = std::min(kBlockRows, rows - begin);
    for (size_t c = 0; c < inputs; ++c) columns[c] = batch.columns.subspan(c * rows + begin, count);
    const std::span<int32_t> statuses = std::span(state.statuses).subspan(begin, count);
    const std::span<int32_t> status_inputs = std::span(state.status_inputs).subspan(begin, count);
    const std::span<double> scores = std::span(state.probabilities).subspan(begin, count);
    state.pipeline().Transform(columns, count, kBlockRows, state.features, statuses, status_inputs);
    state.loaded.compiled.PredictProba(state.features, count, kBlockRows, scores);
    MarkMissing(state.pipeline(), columns, count, kBlockRows, state.features);
    for (size_t i = 0; i < count; ++i) {
      if (statuses[i] != 0) {
        scores[i] = kNaN;
        continue;
      }
      const bool flagged = scores[i] >= state.settings.threshold;
      ++point.scored;
      point.flagged += flagged ? 1 : 0;
      point.score_sum += static_cast<uint64_t>(std::llround(scores[i] * monitor::kScoreUnit));
      ++point.levels[static_cast<size_t>(forest::LevelOf(state.loaded.model.info, scores[i]))];
      state.detector.Add(flagged);
      if (state.first_scored < kLearningRows) {
        ++state.first_scored;
        ++state.first_scores[state.ScoreBin(scores[i])];
      }
    }
    monitor::SummaryBlock block;
    block.rows = count;
    block.features = state.features;
    block.stride = kBlockRows;
    block.probabilities = scores;
    block.statuses = statuses;
    block.status_inputs = status_inputs;
    if (!batch.labels.empty()) block.labels = batch.labels.subspan(begin, count);
    if (!batch.times.empty()) block.times = batch.times.subspan(begin, count);
    state.windows.Add(block);
    state.KeepRecent(batch, begin, count, begin);
  }
  state.series.Add(state.latest_ms, point);
  if (state.arrivals.empty() || state.latest_ms - state.arrivals.back().first >= kArrivalMs) {
    state.arrivals.emplace_back(state.latest_ms, rows);
  } else {
    state.arrivals.back().second += rows;
  }
  while (state.latest_ms - state.arrivals.front().first > 2 * kThroughputMs)
    state.arrivals.pop_front();

  if (batch.keep_log) {
    monitor::LogBlock block = state.NewLogBlock();
    block.first_sequence = state.next_sequence;
    block.probabilities = state.probabilities;
    block.timestamps_ms.assign(rows, batch.now_ms);
    if (batch.source_rows.empty()) {
      block.rows.assign(rows, kNaN);
    } else {
      block.rows.assign(batch.source_rows.begin(), batch.source_rows.end());
    }
    block.references.assign(batch.references.begin(), batch.references.end());
    state.log_block = monitor::EncodeLogBlock(block);
  }
  state.next_sequence += rows;
  state.total += rows;
  state.stale = true;
  return {};
}

// Rows [first, first + count) of the batch, whose features are those of the block that begins
// there.
void Live::State::KeepRecent(const PushBatch& batch, size_t first, size_t count,
                             size_t block_first) {
  // Only what the ring can hold in the end.
  const size_t keep = recent.capacity();
  const size_t begin = std::max(first, batch.rows > keep ? batch.rows - keep : 0);
  const size_t input_count = pipeline().inputs().size();
  const size_t feature_count = pipeline().features().size();
  for (size_t i = begin; i < first + count; ++i) {
    RecentRing::Row row;
    row.sequence = next_sequence + i;
    row.timestamp_ms = batch.now_ms;
    row.source_row = batch.source_rows.empty() ? kNaN : batch.source_rows[i];
    row.time = batch.times.empty() ? kNaN : batch.times[i];
    row.probability = probabilities[i];
    row.status = statuses[i];
    row.status_input = status_inputs[i];
    if (!batch.references.empty())
      row.reference = Excerpt(batch.references[i], monitor::kMaxReferenceBytes);
    const size_t place = recent.Add(std::move(row));
    for (size_t c = 0; c < input_count; ++c)
      recent.set_input(place, c, batch.columns[c * batch.rows + i]);
    for (size_t f = 0; f < feature_count; ++f)
      recent.set_feature(place, f, features[f * kBlockRows + (i - block_first)]);
  }
}

monitor::LogBlock Live::State::NewLogBlock() const {
  monitor::LogBlock block;
  block.model_version = layout->model_version;
  block.source = settings.source;
  block.threshold = settings.threshold;
  block.risk_cuts = layout->risk_cuts;
  return block;
}

std::vector<uint8_t> Live::RecentLog() const {
  const State& state = *state_;
  monitor::LogBlock block = state.NewLogBlock();
  const size_t rows = state.recent.size();
  if (rows > 0) block.first_sequence = state.recent.row(rows - 1).sequence;
  for (size_t back = rows; back-- > 0;) {
    const RecentRing::Row& row = state.recent.row(back);
    block.probabilities.push_back(row.probability);
    block.timestamps_ms.push_back(row.timestamp_ms);
    block.rows.push_back(row.source_row);
    block.references.push_back(row.reference);
  }
  return monitor::EncodeLogBlock(block);
}

std::span<const double> Live::probabilities() const { return state_->probabilities; }
std::span<const int32_t> Live::statuses() const { return state_->statuses; }
std::span<const int32_t> Live::status_inputs() const { return state_->status_inputs; }
std::span<const uint8_t> Live::log_block() const { return state_->log_block; }
uint64_t Live::next_sequence() const { return state_->next_sequence; }
void Live::set_next_sequence(uint64_t next) { state_->next_sequence = next; }

void Live::NoteMalformed(uint64_t count, std::string_view reason, std::string_view sample) {
  State& state = *state_;
  if (count == 0) return;
  state.malformed += count;
  state.malformed_last.emplace_front(Excerpt(reason, kMalformedText),
                                     Excerpt(sample, kMalformedText));
  if (state.malformed_last.size() > kMalformedKept) state.malformed_last.pop_back();
  state.stale = true;
}

void Live::NoteLatency(double micros_per_row, uint64_t rows) {
  if (std::isfinite(micros_per_row) && micros_per_row >= 0.0)
    state_->latency.Add(micros_per_row, rows);
}

void Live::NoteDelay(double ms, uint64_t rows) {
  if (std::isfinite(ms)) state_->delay.Add(std::max(ms, 0.0), rows);
}

bool Live::Acknowledge(uint64_t episode, int64_t now_ms) {
  return state_->alerts.Acknowledge(episode, now_ms);
}
bool Live::Silence(std::string_view rule, int64_t until_ms) {
  return state_->alerts.Silence(rule, until_ms);
}
std::string Live::RulesJson() const { return state_->alerts.RulesJson(); }

const monitor::Summary& Live::overall() const { return state_->windows.overall(); }
const monitor::Summary& Live::window() const { return state_->windows.current(); }

Status Live::MergeSummary(std::string_view text) {
  const Result<monitor::Summary> other = monitor::Summary::Read(text);
  if (!other.ok()) return other.error();
  state_->stale = true;
  state_->charts_ms = INT64_MIN;
  return state_->windows.MergeOverall(*other);
}

std::string LogText(std::span<const uint8_t> blocks, LogFormat format) {
  std::string text;
  while (!blocks.empty()) {
    size_t used = 0;
    const Result<monitor::LogBlock> block = monitor::DecodeLogBlock(blocks, &used);
    if (!block.ok()) break;
    if (format == LogFormat::kCsv) {
      monitor::AppendLogCsv(*block, &text);
    } else {
      monitor::AppendNdjson(*block, &text);
    }
    blocks = blocks.subspan(used);
  }
  return text;
}

std::string LogHeader(LogFormat format) {
  return format == LogFormat::kCsv ? std::string(monitor::CsvLogHeader()) : std::string();
}

monitor::LogScan ScanLog(std::span<const uint8_t> bytes) { return monitor::ScanLog(bytes); }

}  // namespace firetower::session
