// What a Live holds. Internal to session/.
#ifndef FIRETOWER_SESSION_LIVE_STATE_H_
#define FIRETOWER_SESSION_LIVE_STATE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/drift/binned.h"
#include "core/monitor/alerts.h"
#include "core/monitor/log_linear.h"
#include "core/monitor/prediction_log.h"
#include "core/monitor/series.h"
#include "core/monitor/summary.h"
#include "core/monitor/windows.h"
#include "core/stream/bernoulli_cusum.h"
#include "session/live.h"
#include "session/state.h"

namespace firetower::session {

// Rows whose scores are what later ones are compared with, and from which the usual rate of flagged
// rows is learnt where none is given.
inline constexpr uint64_t kLearningRows = 5000;

struct LiveSettings {
  monitor::WindowOptions window;
  double drift_level = 0.05;
  double drift_floor = 0.1;
  double detector_rate = std::numeric_limits<double>::quiet_NaN();  // NaN: learnt.
  double detector_factor = 2;
  double detector_run_length = 1e6;
  double threshold = 0;  // One of the score edges.
  std::string source;
  size_t points = 300;
};

// Throughput is over so many milliseconds.
inline constexpr int64_t kThroughputMs = 5000;
// Places of alarms kept.
inline constexpr size_t kAlarmsKept = 1000;

// The usual rate as learnt from rows: the upper end of Wilson's one-sided 95 % interval. A few
// thousand rows have a handful of flagged ones; with their plain share every second stream would
// alarm for nothing again and again, with this one in twenty has more alarms than promised.
double HighestUsualRate(uint64_t flagged, uint64_t rows);

// Bernoulli CUSUM on flagged rows: learns the usual rate first unless it is given.
class RateDetector {
 public:
  explicit RateDetector(const LiveSettings& settings);
  void Add(bool flagged);

  double rate = 0;  // p0; NaN while learning.
  uint64_t learnt_rows = 0;
  uint64_t learnt_flagged = 0;
  std::optional<stream::BernoulliCusum> cusum;
  double threshold = 0;
  uint64_t alarms = 0;
  uint64_t rows = 0;                // Seen, learning included.
  std::deque<uint64_t> alarm_rows;  // `rows` at the last alarms, the newest at the end.

  // Begins to watch for p0 x factor. cusum_threshold: that of these settings and p0 where it is
  // known already (working it out takes a while); 0: it is not.
  void Watch(double p0, double cusum_threshold = 0);
  // Alarms at the newest `newest` rows.
  uint64_t AlarmsWithin(uint64_t newest) const;

 private:
  double factor_;
  double run_length_;
};

// The latest rows, set aside or not, with inputs and features: a ring of a bounded number of bytes.
class RecentRing {
 public:
  struct Row {
    uint64_t sequence = 0;
    int64_t timestamp_ms = 0;
    double source_row = 0;
    double time = 0;
    double probability = 0;
    int32_t status = 0;
    int32_t status_input = -1;
    std::string reference;
  };

  RecentRing(size_t inputs, size_t features);
  size_t size() const { return size_; }
  size_t capacity() const { return rows_.size(); }
  // Row 0 is the newest. REQUIRES: back < size()
  const Row& row(size_t back) const { return rows_[Place(back)]; }
  double input(size_t back, size_t c) const { return inputs_[Place(back) * input_count_ + c]; }
  float feature(size_t back, size_t f) const { return features_[Place(back) * feature_count_ + f]; }
  // Makes room for a row and returns its place for set_input and set_feature.
  size_t Add(Row row);
  void set_input(size_t place, size_t c, double value) {
    inputs_[place * input_count_ + c] = value;
  }
  void set_feature(size_t place, size_t f, float value) {
    features_[place * feature_count_ + f] = value;
  }
  void Clear() { size_ = 0; }

 private:
  size_t Place(size_t back) const { return (next_ + rows_.size() - 1 - back) % rows_.size(); }

  size_t input_count_;
  size_t feature_count_;
  std::vector<Row> rows_;
  std::vector<double> inputs_;   // [place * input_count_ + c]
  std::vector<float> features_;  // [place * feature_count_ + f]
  size_t next_ = 0;
  size_t size_ = 0;
};

// Drift of every column of one scope.
struct ScopeDrift {
  std::vector<drift::BinnedDrift> columns;  // Empty: the model has no profile.
  std::vector<double> corrected;
  std::vector<drift::Verdict> verdicts;
  bool enough = false;  // Rows to say anything.
  size_t drifted = 0;
  double score_psi = std::numeric_limits<double>::quiet_NaN();
};

struct Live::State {
  State(const LoadedModel& model, std::shared_ptr<const monitor::SummaryLayout> summary_layout,
        const LiveSettings& first_settings);

  const LoadedModel& loaded;
  std::shared_ptr<const monitor::SummaryLayout> layout;
  std::vector<double> score_edges;
  LiveSettings settings;
  monitor::Windows windows;
  monitor::AlertBook alerts;
  monitor::Series series;
  monitor::LogLinear latency;  // Microseconds per row.
  monitor::LogLinear delay;    // Milliseconds from a row's arrival to the tick that counts it.
  RateDetector detector;
  RecentRing recent;

  uint64_t total = 0;  // Rows pushed.
  uint64_t next_sequence = 0;
  uint64_t malformed = 0;
  std::deque<std::pair<std::string, std::string>> malformed_last;  // Reason, sample; newest first.
  int64_t since_ms = -1;                              // Of the first row; -1: none yet.
  int64_t latest_ms = -1;                             // The latest time seen.
  std::deque<std::pair<int64_t, uint64_t>> arrivals;  // Time and rows, of the last few seconds.
  std::vector<uint64_t> first_scores;  // Per score bin: the first kLearningRows scored rows.
  uint64_t first_scored = 0;

  // The last Push.
  std::vector<double> probabilities;
  std::vector<int32_t> statuses;
  std::vector<int32_t> status_inputs;
  std::vector<uint8_t> log_block;
  std::vector<float> features;  // Of one block of rows.

  // Scaled to the effective number of rows, missing rows last. Empty: the model has no profile.
  std::vector<std::vector<double>> reference_counts;

  // Charts as of the last time they were worked out.
  uint64_t generation = 0;
  int64_t charts_ms = 0;
  bool stale = true;
  ScopeDrift window_drift;
  ScopeDrift overall_drift;
  std::string charts;  // `,"series":...,"columns":...,"histogram":...`

  const features::Pipeline& pipeline() const { return loaded.model.pipeline; }
  size_t ScoreBin(double probability) const;
  void KeepRecent(const PushBatch& batch, size_t first, size_t count, size_t block_first);
  monitor::LogBlock NewLogBlock() const;
  Status CheckBatch(const PushBatch& batch) const;

  // live_tick.cc
  ScopeDrift DriftOf(const monitor::Summary& summary) const;
  json::object ScopeJson(const monitor::Summary& summary, const ScopeDrift& drift) const;
  json::object ColumnDriftJson(const monitor::Summary& summary, const ScopeDrift& drift,
                               size_t feature) const;
  json::object RecentJson(size_t back) const;
  void UpdateCharts(int64_t now_ms);
  double Throughput() const;
  // NaN: unknown now.
  double Statistic(const std::string& name, monitor::Scope scope) const;
  uint64_t Flagged(const monitor::Summary& summary) const;
  const monitor::Summary& SummaryOf(monitor::Scope scope) const;
};

// Reads settings over `settings`; rules: the value of "rules", null where there is none.
Status ReadLiveSettings(std::string_view text, const monitor::SummaryLayout& layout,
                        std::span<const double> score_edges, LiveSettings* settings,
                        json::value* rules);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_LIVE_STATE_H_
