// The monitor of a stream, as the shells talk to it: rows in, scored by the session's model and
// counted; statistics, alerts, series, log blocks and summaries out. One Live per Session; it is
// made by Session::OpenLive and ends with the model it was made for. The clock is the caller's.
//
//   session.OpenLive("{}");
//   session.live()->Push(batch);
//   std::string tick = session.live()->TickJson(now_ms, since_generation);
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_SESSION_LIVE_H_
#define FIRETOWER_SESSION_LIVE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/monitor/prediction_log.h"
#include "core/monitor/summary.h"

namespace firetower::session {

class Session;

inline constexpr size_t kMaxPushRows = 65536;
inline constexpr size_t kRecentPredictions = 200;  // Kept for reading.
inline constexpr size_t kRecentRows = 5000;        // Kept with their inputs, for drilling down.

struct PushBatch {
  size_t rows = 0;
  std::span<const double> columns;  // columns[c * rows + i] = model input c of row i; NaN: missing
  std::span<const double> labels;   // Empty or one per row: 1, 0, NaN
  std::span<const double> times;  // Empty or one per row: the data's own clock, seconds; NaN: none
  std::span<const double> source_rows;  // Empty or one per row: row of the source from 0; NaN: none
  std::vector<std::string_view> references;  // Empty or one per row
  // Empty or one per row: not 0 where the reader set the row aside already (csv::BadRowReason),
  // with the input at fault (-1: none).
  std::span<const int32_t> statuses;
  std::span<const int32_t> status_inputs;
  int64_t now_ms = 0;     // Wall clock when they were scored: the predictions' timestamp.
  bool keep_log = false;  // Also make a block for the prediction log: log_block().
};

class Live {
 public:
  ~Live();

  // settings: {"window": {"kind": "start"|"rows"|"time", "tumbling", "rows", "seconds"}, "rules":
  // {...}, "drift": {"level", "floor"}, "detector": {"rate": null | p0, "factor", "run_length"},
  // "threshold": number | null, "source": "name for the log", "points": most points of a series}.
  // Keys left out stay as they are. threshold null: the model's; another is moved to the nearest
  // score edge (steps of 0.001). kBadArgument names the key; nothing is changed then.
  Status Configure(std::string_view settings);

  // Scores, counts, feeds the detectors. Rows set aside are counted with their reason and are in
  // the recent predictions with what is wrong. The batch may be of any size up to kMaxPushRows;
  // statistics do not depend on how rows are cut into batches (the series depends on now_ms).
  Status Push(const PushBatch& batch);
  std::span<const double> probabilities() const;  // Of the last Push; NaN: set aside.
  std::span<const int32_t> statuses() const;      // csv::BadRowReason
  std::span<const int32_t> status_inputs() const;
  std::span<const uint8_t> log_block() const;  // Empty without keep_log.
  uint64_t next_sequence() const;  // Of the prediction log; rows scored since sequence start.
  void set_next_sequence(uint64_t next);  // After reading a log that was kept.
  // The recent rows as one block of the prediction log, for a log that is not kept elsewhere.
  std::vector<uint8_t> RecentLog() const;

  // Messages that were no rows: counted as malformed, the last few are kept with the reason.
  void NoteMalformed(uint64_t count, std::string_view reason, std::string_view sample);
  void NoteLatency(double micros_per_row, uint64_t rows);  // Scoring time.
  void NoteDelay(double ms,
                 uint64_t rows);  // From the rows' arrival until a tick with them was seen.

  // What a view shows, at most a few kilobytes; runs the alert rules. since_generation: generation
  // of the charts the caller has; "series", "columns" and "histogram" are left out if they did not
  // change since. See web/js/engine/types.js, LiveTick.
  std::string TickJson(int64_t now_ms, uint64_t since_generation);
  // {total_predictions, fraud_rate, avg_probability, high_risk_count, ..., recent_predictions}:
  // design, section 5.
  std::string StatsJson() const;
  // One feature: reference and current counts per bin with each bin's share of the PSI.
  Result<std::string> ColumnJson(std::string_view feature) const;
  // Recent rows whose value of the feature is in [low, high], the most unusual first (farthest from
  // the reference's median in bins), at most max: [{row, reference, time, timestamp, probability,
  // risk_level, value, inputs}].
  Result<std::string> RowsJson(std::string_view feature, double low, double high, size_t max) const;

  // --- alerts
  bool Acknowledge(uint64_t episode, int64_t now_ms);
  bool Silence(std::string_view rule, int64_t until_ms);
  std::string RulesJson() const;

  // --- summaries
  const monitor::Summary& overall() const;
  const monitor::Summary& window() const;
  // Adds a summary that was kept to overall(). Errors: those of Summary::Read and Merge.
  Status MergeSummary(std::string_view text);
  // What a restarted engine needs to go on: overall summary, counters, detector, alerts' history,
  // series.
  std::string CheckpointJson() const;
  Status Restore(std::string_view checkpoint);

 private:
  friend class Session;
  struct State;
  explicit Live(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The prediction log's bytes as text, for the shells: the lines of whole blocks (core/monitor/
// prediction_log.h), without a header; what follows a block that is not whole is left out.
enum class LogFormat : int32_t { kNdjson = 0, kCsv = 1 };
std::string LogText(std::span<const uint8_t> blocks, LogFormat format);
std::string LogHeader(LogFormat format);  // With its line end; empty for NDJSON.
monitor::LogScan ScanLog(std::span<const uint8_t> bytes);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_LIVE_H_
