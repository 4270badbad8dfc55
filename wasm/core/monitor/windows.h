// Windows over a stream: the last N rows, the last N seconds of the data's own time, or everything
// since the start; sliding or tumbling. A window is made of panes (summaries of consecutive rows, or
// of equal stretches of time) and moves by whole panes: a sliding window of N holds between N and
// N + N/kPanes rows (seconds).
//
// Times may be missing, repeat, come out of order or go backwards. A row goes to the pane of its
// time; a row without a time goes to the newest pane; a row older than the window counts in overall()
// only and in late(). After kLateRestart late rows in a row the clock is taken to have been set back:
// the window begins anew at that row (restarts()). A jump ahead empties the window, nothing else.
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_WINDOWS_H_
#define FIRETOWER_CORE_MONITOR_WINDOWS_H_

#include <cstdint>
#include <deque>
#include <memory>

#include "core/monitor/summary.h"

namespace firetower::monitor {

inline constexpr int kPanes = 50;
inline constexpr uint64_t kLateRestart = 1000;

enum class WindowKind : int32_t { kSinceStart = 0, kRows = 1, kTime = 2 };  // do not renumber

struct WindowOptions {
  WindowKind kind = WindowKind::kRows;
  bool tumbling = false;   // True: the last complete window is shown; the next fills meanwhile.
  uint64_t rows = 10000;   // kRows. Range: 1 .. 2^24.
  double seconds = 3600;   // kTime, in the data's time. Range: 0.001 .. 1e9.
  bool operator==(const WindowOptions&) const = default;
};
Status CheckWindow(const WindowOptions& options);  // kBadArgument

class Windows {
 public:
  // REQUIRES: CheckWindow(options).ok()
  Windows(std::shared_ptr<const SummaryLayout> layout, const WindowOptions& options);

  void Add(const SummaryBlock& block);
  // Another window; it starts empty, overall() stays.
  void Reset(const WindowOptions& options);
  // Starts overall() from a summary that was kept (restart, loaded file); the window starts empty.
  Status Restore(const Summary& overall);

  const WindowOptions& options() const { return options_; }
  const Summary& overall() const { return overall_; }
  // The window's rows with their own first and last time; overall() for kSinceStart; for a tumbling
  // window the last complete one, or, until there is one, what has come so far (complete() is false).
  const Summary& current() const;
  bool complete() const;         // current() has as many rows (seconds) as asked for.
  uint64_t generation() const;   // Rises whenever current() changed by a whole pane or window.
  uint64_t late() const { return late_; }
  uint64_t restarts() const { return restarts_; }

 private:
  WindowOptions options_;
  Summary overall_;
  Summary window_;
  uint64_t late_ = 0;
  uint64_t restarts_ = 0;
  // The implementation adds what it needs.
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_WINDOWS_H_
