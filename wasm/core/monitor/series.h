// A time chart's numbers: counts per stretch of wall-clock time, never more points than asked for.
// When a point too many would be needed, neighbours are added together and each covers twice the
// time: integer counts, so no point is lost or averaged wrongly.
//
//   Series series(600);
//   series.Add(now_ms, {.scored = 512, .flagged = 3});
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_SERIES_H_
#define FIRETOWER_CORE_MONITOR_SERIES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/monitor/summary.h"

namespace firetower::monitor {

inline constexpr int64_t kFirstWidthMs = 250;

struct SeriesPoint {
  int64_t begin_ms = 0;  // Covers [begin_ms, begin_ms + width_ms()); a multiple of the width.
  uint64_t scored = 0;
  uint64_t flagged = 0;
  uint64_t score_sum = 0;  // Units of 1 / kScoreUnit.
  std::array<uint64_t, kLevels> levels = {};
};

class Series {
 public:
  // REQUIRES: max_points >= 2. Points start kFirstWidthMs wide.
  explicit Series(size_t max_points);
  // Scored rows that arrived at `now_ms`; counts.begin_ms is not looked at. A clock that goes
  // backwards: they count in the newest point. Times beyond 2^53 ms count as that. O(1), O(points)
  // where the width doubles.
  void Add(int64_t now_ms, const SeriesPoint& counts);
  // The points of another Series, for going on from what was kept; thinned out if they are too
  // many. False, and nothing changes, if width_ms is not kFirstWidthMs times a power of two or the
  // points are not rising multiples of it.
  bool Restore(int64_t width_ms, std::span<const SeriesPoint> points);
  int64_t width_ms() const { return width_ms_; }
  // Rising; stretches without rows are left out.
  std::span<const SeriesPoint> points() const { return points_; }
  void Clear();

 private:
  void Widen();

  size_t max_points_;
  int64_t width_ms_ = kFirstWidthMs;
  std::vector<SeriesPoint> points_;
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_SERIES_H_
