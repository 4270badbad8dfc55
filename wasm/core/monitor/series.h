// A time chart's numbers: counts per stretch of wall-clock time, never more points than asked for.
// When a point too many would be needed, neighbours are added together and each covers twice the
// time: integer counts, so no point is lost or averaged wrongly.
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_SERIES_H_
#define FIRETOWER_CORE_MONITOR_SERIES_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/monitor/summary.h"

namespace firetower::monitor {

struct SeriesPoint {
  int64_t begin_ms = 0;   // Covers [begin_ms, begin_ms + width_ms()).
  uint64_t scored = 0;
  uint64_t flagged = 0;
  uint64_t score_sum = 0; // Units of 1 / kScoreUnit.
  std::array<uint64_t, kLevels> levels = {};
};

class Series {
 public:
  // max_points >= 2. Points start 250 ms wide.
  explicit Series(size_t max_points);
  // Scored rows that arrived at `now_ms`. A clock that goes backwards: they count in the newest point.
  void Add(int64_t now_ms, const SeriesPoint& counts);
  int64_t width_ms() const { return width_ms_; }
  std::span<const SeriesPoint> points() const { return points_; }  // Rising; stretches without rows are left out.
  void Clear();

 private:
  size_t max_points_;
  int64_t width_ms_ = 250;
  std::vector<SeriesPoint> points_;
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_SERIES_H_
