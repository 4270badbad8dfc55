#include "core/monitor/series.h"

#include <algorithm>

namespace firetower::monitor {
namespace {

constexpr int64_t kMaxMs = int64_t{1} << 53;

// The multiple of width at or before time.
int64_t FloorTo(int64_t time, int64_t width) {
  const int64_t rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

void AddCounts(const SeriesPoint& from, SeriesPoint* to) {
  to->scored += from.scored;
  to->flagged += from.flagged;
  to->score_sum += from.score_sum;
  for (size_t level = 0; level < to->levels.size(); ++level) {
    to->levels[level] += from.levels[level];
  }
}

}  // namespace

Series::Series(size_t max_points) : max_points_(std::max<size_t>(max_points, 2)) {}

void Series::Add(int64_t now_ms, const SeriesPoint& counts) {
  int64_t begin = FloorTo(std::clamp(now_ms, -kMaxMs, kMaxMs), width_ms_);
  if (!points_.empty()) begin = std::max(begin, points_.back().begin_ms);
  if (points_.empty() || begin > points_.back().begin_ms) {
    points_.push_back({.begin_ms = begin});
  }
  AddCounts(counts, &points_.back());
  Widen();
}

// At most 46 times: then 2^53 ms either side are two points.
void Series::Widen() {
  while (points_.size() > max_points_) {
    width_ms_ *= 2;
    size_t kept = 0;
    for (size_t i = 0; i < points_.size(); ++i) {
      SeriesPoint point = points_[i];
      point.begin_ms = FloorTo(point.begin_ms, width_ms_);
      if (kept > 0 && points_[kept - 1].begin_ms == point.begin_ms) {
        AddCounts(point, &points_[kept - 1]);
      } else {
        points_[kept++] = point;
      }
    }
    points_.resize(kept);
  }
}

bool Series::Restore(int64_t width_ms, std::span<const SeriesPoint> points) {
  int64_t width = kFirstWidthMs;
  while (width < width_ms && width < kMaxMs) width *= 2;
  if (width != width_ms) return false;
  for (size_t i = 0; i < points.size(); ++i) {
    const int64_t begin = points[i].begin_ms;
    if (begin < -2 * kMaxMs || begin > kMaxMs || begin % width != 0) return false;
    if (i > 0 && begin <= points[i - 1].begin_ms) return false;
  }
  width_ms_ = width;
  points_.assign(points.begin(), points.end());
  Widen();
  return true;
}

void Series::Clear() {
  width_ms_ = kFirstWidthMs;
  points_.clear();
}

}  // namespace firetower::monitor
