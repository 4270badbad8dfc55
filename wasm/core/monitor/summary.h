// The mergeable summary: what the monitor knows about a number of scored rows, as integer counts
// over fixed edges. Merging adds integers, so any split of the rows merged in any order gives the
// same bytes. It holds no value and no text of any row: only counts, and the least and greatest
// time. models/SUMMARY.md describes its file.
//
//   Summary summary(layout);
//   summary.Add(block);
//   summary.Merge(other);                    // kSchemaMismatch if of another layout
//   std::string bytes = summary.Write();     // canonical JSON, small, readable
//
// Not for: exact quantiles of a feature (the edges bound them). Thread-safety: one object per
// thread.
#ifndef FIRETOWER_CORE_MONITOR_SUMMARY_H_
#define FIRETOWER_CORE_MONITOR_SUMMARY_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::monitor {

inline constexpr int kLevels = 5;    // MINIMAL, LOW, MEDIUM, HIGH, CRITICAL
inline constexpr int kReasons = 16;  // Reasons to set a row aside: csv::BadRowReason by number.
// Score bins of 1/1000, cut further at the cuts and the threshold.
inline constexpr size_t kScoreSteps = 1000;
inline constexpr double kMaxTimeSeconds = 9007199254740.992;  // 2^53 ms.
inline constexpr size_t kMaxSummaryBytes = size_t{64} << 20;
// Sums of scores are exact: a score counts as round(p * 2^32).
inline constexpr double kScoreUnit = 4294967296.0;
// So many rows at most, that no sum overflows.
inline constexpr uint64_t kMaxSummaryRows = uint64_t{1} << 31;

// What two summaries must share to be merged. All of it comes from the model.
struct SummaryLayout {
  std::string model_name;
  std::string model_version;
  std::string model_hash;                // SHA-256 of the model file, hexadecimal.
  double threshold = 0.5;                // Flagged = score >= threshold; it is one of score_edges.
  std::array<double, 4> risk_cuts = {};  // Where LOW, MEDIUM, HIGH, CRITICAL begin.
  std::vector<std::string> inputs;       // Names of the model's inputs.
  std::vector<std::string> features;     // Names of the model's features.
  std::vector<std::vector<double>> edges;  // Per feature the reference's bin edges (>= 2, rising).
  bool operator==(const SummaryLayout&) const = default;
};
// 0, 1/1000, ..., 1, the cuts, the threshold, and the next float64 after 1: rising. Bin b:
// edges[b] <= p < edges[b+1]; the last bin holds p = 1 alone, so that FlaggedAt(1) is exact.
std::vector<double> ScoreEdges(const SummaryLayout& layout);

// Scored rows and rows set aside, as the session has them after scoring.
struct SummaryBlock {
  size_t rows = 0;
  // features[f * stride + i]; NaN: missing. Not looked at for a row set aside.
  std::span<const float> features;
  size_t stride = 0;
  std::span<const double> probabilities;   // One per row; NaN: set aside.
  std::span<const int32_t> statuses;       // Empty (all scored) or one per row: csv::BadRowReason.
  std::span<const int32_t> status_inputs;  // Empty or one per row: the input at fault, -1: none.
  std::span<const double> labels;          // Empty or one per row: 1, 0, NaN.
  std::span<const double> times;  // Empty or one per row: seconds of the data's own clock; NaN,
                                  // infinite or beyond kMaxTimeSeconds: none.
};

// Counts of one feature over the scored rows. Bin b: edges[b] <= x < edges[b+1], the last with its
// upper edge.
struct FeatureCounts {
  std::vector<uint64_t> bins;         // edges.size() - 1
  std::map<int32_t, uint64_t> below;  // BucketOf((edges.front() - x) / width), width = back - front
  std::map<int32_t, uint64_t> above;  // BucketOf((x - edges.back()) / width)
  uint64_t missing = 0;               // NaN
  uint64_t negative_infinite = 0;
  uint64_t positive_infinite = 0;
};

class Summary {
 public:
  explicit Summary(std::shared_ptr<const SummaryLayout> layout);

  const SummaryLayout& layout() const { return *layout_; }
  const std::shared_ptr<const SummaryLayout>& shared_layout() const { return layout_; }

  // Rows [first, first + count) of the block. A row whose status is not 0 or whose probability is
  // NaN is set aside. O(count x features x log bins). REQUIRES: the total stays within
  // kMaxSummaryRows (full() says so before); probabilities within 0..1.
  void Add(const SummaryBlock& block, size_t first, size_t count);
  bool full() const;  // No room for another 2^24 rows.

  // Integer addition. kSchemaMismatch names what differs (model, version, feature and edge);
  // kTooBig if the rows would exceed kMaxSummaryRows.
  Status Merge(const Summary& other);
  // Takes a part away again; times stay as they are (a window keeps them apart). REQUIRES: part was
  // merged into this, or its rows added.
  void Subtract(const Summary& part);
  void Clear();

  // --- counts
  uint64_t rows() const { return scored + aside; }
  uint64_t scored = 0;
  uint64_t aside = 0;      // Rows set aside.
  uint64_t flagged = 0;    // score >= layout().threshold
  uint64_t score_sum = 0;  // Sum of round(p * kScoreUnit)
  std::array<uint64_t, kLevels> levels = {};
  std::array<uint64_t, kReasons> reasons = {};  // Rows set aside by status; unknown ones under 0.
  std::vector<uint64_t> invalid;                // Rows set aside per input at fault.
  std::vector<uint64_t> scores;                 // Per score bin.
  std::vector<uint64_t> positives, negatives;   // Labelled rows per score bin.
  std::vector<FeatureCounts> features;
  // Whole milliseconds, rounded to nearest; first > last: no row had a time.
  int64_t first_time_ms = INT64_MAX;
  int64_t last_time_ms = INT64_MIN;

  double average_probability() const;           // NaN without rows. Within 2^-32 of the exact mean.
  std::span<const double> score_edges() const;  // ScoreEdges(layout())
  // Flagged rows at a threshold that is one of the score edges (the nearest edge not below it
  // else).
  uint64_t FlaggedAt(double at) const;

  // Canonical JSON (format "firetower-summary" 1): the same counts give the same bytes. Numbers of
  // the layout are written with the shortest digits that read back. REQUIRES: names are UTF-8.
  std::string Write() const;
  // Errors: kDataInvalid with the place ("features[3].bins[70]: ..."), kTooBig; counts that
  // contradict each other (levels against scored, bins against scored, ...) are refused.
  static Result<Summary> Read(std::string_view text);

  // The counts alone, for another engine with the same model to add: quick where Write and Read
  // are not.
  std::vector<uint64_t> Words() const;
  // Adds what Words of a summary of the same layout gave. kDataInvalid, with this left as it was,
  // where they are none; kTooBig as Merge.
  Status MergeWords(std::span<const uint64_t> words);

 private:
  struct Tables;
  void AddScore(const SummaryBlock& block, size_t i);
  void AddTimes(std::span<const double> times);
  // use(count) for every count of a fixed place, in a fixed order.
  template <typename Self, typename Use>
  static void EachCount(Self& self, Use use);

  std::shared_ptr<const SummaryLayout> layout_;
  std::shared_ptr<const Tables> tables_;  // What Add looks up; made once, shared by copies.
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_SUMMARY_H_
