#include "core/monitor/windows.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace firetower::monitor {
namespace {

constexpr uint64_t kMaxWindowRows = uint64_t{1} << 24;

// Rows (milliseconds) of a pane.
template <typename T>
T PaneSize(T whole) {
  return (whole + kPanes - 1) / kPanes;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t LengthMs(const WindowOptions& options) { return std::llround(options.seconds * 1000.0); }

}  // namespace

Status CheckWindow(const WindowOptions& options) {
  const auto bad = [](const char* message) {
    return Error{.code = ErrorCode::kBadArgument, .message = message};
  };
  switch (options.kind) {
    case WindowKind::kSinceStart:
      return {};
    case WindowKind::kRows:
      if (options.rows >= 1 && options.rows <= kMaxWindowRows) return {};
      return bad("a window of rows has 1 to 16777216 of them");
    case WindowKind::kTime:
      if (options.seconds >= 0.001 && options.seconds <= 1e9) return {};
      return bad("a window of time is 0.001 to 1e9 seconds long");
  }
  return bad("there is no such window");
}

Windows::Windows(std::shared_ptr<const SummaryLayout> layout, const WindowOptions& options)
    : options_(options), overall_(std::move(layout)), window_(overall_), last_(overall_) {}

void Windows::Reset(const WindowOptions& options) {
  options_ = options;
  Begin();
  ++generation_;
}

Status Windows::Restore(const Summary& overall) {
  Summary restored = overall_;
  restored.Clear();
  const Status merged = restored.Merge(overall);
  if (!merged.ok()) return merged;
  overall_ = std::move(restored);
  Begin();
  ++generation_;
  return {};
}

Status Windows::MergeOverall(const Summary& other) {
  const Status merged = overall_.Merge(other);
  if (merged.ok() && options_.kind == WindowKind::kSinceStart) ++generation_;
  return merged;
}

// An empty window.
void Windows::Begin() {
  window_.Clear();
  last_.Clear();
  has_last_ = false;
  timed_ = false;
  late_run_ = 0;
  while (!panes_.empty()) {
    spare_.push_back(std::move(panes_.back().summary));
    spare_.back().Clear();
    panes_.pop_back();
  }
}

const Summary& Windows::current() const {
  if (options_.kind == WindowKind::kSinceStart) return overall_;
  return has_last_ ? last_ : window_;
}

bool Windows::complete() const {
  switch (options_.kind) {
    case WindowKind::kSinceStart:
      return false;
    case WindowKind::kRows:
      return options_.tumbling ? has_last_ : window_.rows() >= options_.rows;
    case WindowKind::kTime:
      return options_.tumbling ? has_last_
                               : timed_ && latest_ms_ - earliest_ms_ >= LengthMs(options_);
  }
  return false;
}

void Windows::Add(const SummaryBlock& block) {
  if (overall_.full()) {
    uncounted_ += block.rows;
  } else {
    overall_.Add(block, 0, block.rows);
  }
  switch (options_.kind) {
    case WindowKind::kSinceStart:
      while (overall_.rows() >= next_rise_) {
        ++generation_;
        next_rise_ += std::max<uint64_t>(next_rise_ / kPanes, 1);
      }
      break;
    case WindowKind::kRows:
      AddRows(block);
      break;
    case WindowKind::kTime:
      AddTimes(block);
      break;
  }
}

Windows::Pane Windows::MakePane(int64_t index) {
  if (spare_.empty()) {
    Summary empty = window_;
    empty.Clear();
    return {.index = index, .summary = std::move(empty)};
  }
  Pane pane{.index = index, .summary = std::move(spare_.back())};
  spare_.pop_back();
  return pane;
}

void Windows::DropOldest() {
  window_.Subtract(panes_.front().summary);
  spare_.push_back(std::move(panes_.front().summary));
  spare_.back().Clear();
  panes_.pop_front();
}

// The window's times are those of its panes.
void Windows::FindTimes() {
  window_.first_time_ms = INT64_MAX;
  window_.last_time_ms = INT64_MIN;
  for (const Pane& pane : panes_) {
    window_.first_time_ms = std::min(window_.first_time_ms, pane.summary.first_time_ms);
    window_.last_time_ms = std::max(window_.last_time_ms, pane.summary.last_time_ms);
  }
}

void Windows::AddRows(const SummaryBlock& block) {
  const uint64_t pane_rows = PaneSize(options_.rows);
  for (size_t first = 0; first < block.rows;) {
    if (options_.tumbling) {
      const uint64_t filled = window_.rows();
      const uint64_t end = std::min(filled / pane_rows * pane_rows + pane_rows, options_.rows);
      const size_t count =
          static_cast<size_t>(std::min<uint64_t>(block.rows - first, end - filled));
      window_.Add(block, first, count);
      first += count;
      if (window_.rows() < end) continue;
      if (end == options_.rows) {
        std::swap(window_, last_);
        window_.Clear();
        has_last_ = true;
        ++generation_;
      } else if (!has_last_) {
        ++generation_;
      }
      continue;
    }
    if (panes_.empty() || panes_.back().summary.rows() == pane_rows) {
      panes_.push_back(MakePane(0));
    }
    Summary& pane = panes_.back().summary;
    const size_t count =
        static_cast<size_t>(std::min<uint64_t>(block.rows - first, pane_rows - pane.rows()));
    pane.Add(block, first, count);
    window_.Add(block, first, count);
    first += count;
    if (pane.rows() == pane_rows) ++generation_;
    bool dropped = false;
    while (window_.rows() - panes_.front().summary.rows() >= options_.rows) {
      DropOldest();
      dropped = true;
    }
    if (dropped) FindTimes();
  }
}

int64_t Windows::IndexOf(int64_t time) const {
  const int64_t length = LengthMs(options_);
  return FloorDivide(time, options_.tumbling ? length : PaneSize(length));
}

bool Windows::IsLate(int64_t time) const {
  if (!timed_) return false;
  if (options_.tumbling) return IndexOf(time) < IndexOf(latest_ms_);
  const int64_t length = LengthMs(options_);
  return (IndexOf(time) + 1) * PaneSize(length) <= latest_ms_ - length;
}

bool Windows::StaysIn(int64_t index, int64_t time) const {
  if (!timed_ || IndexOf(time) != index) return false;
  if (options_.tumbling) return has_last_ || time <= latest_ms_;
  const int64_t length = LengthMs(options_);
  return time <= latest_ms_ || (panes_.front().index + 1) * PaneSize(length) > time - length;
}

Summary* Windows::NewestPlace() {
  if (options_.tumbling) return &window_;
  if (panes_.empty()) panes_.push_back(MakePane(0));
  return &panes_.back().summary;
}

Summary* Windows::PlaceOf(int64_t time) {
  if (IsLate(time)) {
    if (++late_run_ < kLateRestart) {
      ++late_;
      return nullptr;
    }
    Begin();
    ++restarts_;
    ++generation_;
  }
  late_run_ = 0;
  Summary* place = options_.tumbling ? TumblingPlaceOf(time) : SlidingPlaceOf(time);
  earliest_ms_ = timed_ ? std::min(earliest_ms_, time) : time;
  latest_ms_ = timed_ ? std::max(latest_ms_, time) : time;
  timed_ = true;
  return place;
}

Summary* Windows::TumblingPlaceOf(int64_t time) {
  if (!timed_ || time <= latest_ms_) return &window_;
  const int64_t windows = IndexOf(time) - IndexOf(latest_ms_);
  const int64_t pane = PaneSize(LengthMs(options_));
  if (windows > 0) {
    // After a gap the last complete window is one without rows.
    last_.Clear();
    if (windows == 1) std::swap(window_, last_);
    window_.Clear();
    has_last_ = true;
    ++generation_;
  } else if (!has_last_ && FloorDivide(time, pane) > FloorDivide(latest_ms_, pane)) {
    ++generation_;
  }
  return &window_;
}

Summary* Windows::SlidingPlaceOf(int64_t time) {
  const int64_t index = IndexOf(time);
  if (!timed_) {
    // Rows without a time may have come before: they share the first pane.
    Summary* place = NewestPlace();
    panes_.back().index = index;
    return place;
  }
  const int64_t length = LengthMs(options_);
  const int64_t pane_length = PaneSize(length);
  bool changed = false;
  while (!panes_.empty() && (panes_.front().index + 1) * pane_length <= time - length) {
    DropOldest();
    changed = true;
  }
  if (changed) FindTimes();
  auto after = panes_.end();
  while (after != panes_.begin() && std::prev(after)->index > index) --after;
  if (after != panes_.begin() && std::prev(after)->index == index) {
    if (changed) ++generation_;
    return &std::prev(after)->summary;
  }
  if (changed || after == panes_.end()) ++generation_;
  return &panes_.insert(after, MakePane(index))->summary;
}

void Windows::AddTimes(const SummaryBlock& block) {
  if (window_.full()) {
    Begin();
    ++restarts_;
    ++generation_;
  }
  // Rows [begin, i) go to `place`, the pane of stretch `index` where that is known.
  Summary* place = nullptr;
  int64_t index = 0;
  bool index_known = false;
  size_t begin = 0;
  const auto take = [&](size_t end) {
    if (place == nullptr || begin == end) return;
    window_.Add(block, begin, end - begin);
    if (place != &window_) place->Add(block, begin, end - begin);
  };
  for (size_t i = 0; i < block.rows; ++i) {
    const bool has_time = !block.times.empty() && std::fabs(block.times[i]) <= kMaxTimeSeconds;
    if (!has_time) {
      Summary* const newest = NewestPlace();
      if (newest == place) continue;
      take(i);
      place = newest;
      index_known = false;
      begin = i;
      continue;
    }
    const int64_t time = std::llround(block.times[i] * 1000.0);
    if (place != nullptr && index_known && StaysIn(index, time)) {
      earliest_ms_ = std::min(earliest_ms_, time);
      latest_ms_ = std::max(latest_ms_, time);
      late_run_ = 0;
      continue;
    }
    take(i);
    begin = i;
    place = PlaceOf(time);
    index = IndexOf(time);
    index_known = true;
  }
  take(block.rows);
}

}  // namespace firetower::monitor
