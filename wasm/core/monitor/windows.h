// Windows over a stream: the last N rows, the last N seconds of the data's own time, or everything
// since the start; sliding or tumbling. A window is made of panes (summaries of consecutive rows,
// or of equal stretches of time) and moves by whole panes: a sliding window of N holds between N
// and N + N/kPanes rows (seconds).
//
//   Windows windows(layout, {.kind = WindowKind::kRows, .rows = 10000});
//   windows.Add(block);
//   windows.current().levels, windows.overall().levels
//
// The panes of a window of N rows hold ceil(N / kPanes) rows each, counted from the window's start;
// the oldest goes as soon as N rows are left without it. Those of a window of W milliseconds cover
// ceil(W / kPanes) ms each, from multiples of that on; a pane goes when its end is not after
// `latest - W`, latest being the greatest time so far. Tumbling windows of W ms begin at multiples
// of W; when time has passed over whole windows, the last of those, an empty one, is shown.
//
// Rows set aside are rows of the window too. Times may be missing, repeat, come out of order or go
// backwards. A row goes to the pane of its time; a row without a time goes to the newest pane; a
// row older than the window counts in overall() only and in late(). The kLateRestart-th late row in
// a row (rows without a time in between do not count) means that the clock was set back: the window
// begins anew with it (restarts()). So does a window that has no room for more rows. A jump ahead
// empties the window, nothing else.
//
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_MONITOR_WINDOWS_H_
#define FIRETOWER_CORE_MONITOR_WINDOWS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/monitor/summary.h"

namespace firetower::monitor {

inline constexpr int kPanes = 50;
inline constexpr uint64_t kLateRestart = 1000;

enum class WindowKind : int32_t { kSinceStart = 0, kRows = 1, kTime = 2 };  // do not renumber

struct WindowOptions {
  WindowKind kind = WindowKind::kRows;
  bool tumbling = false;  // True: the last complete window is shown; the next fills meanwhile.
  uint64_t rows = 10000;  // kRows. Range: 1 .. 2^24.
  double seconds = 3600;  // kTime, in the data's time, whole milliseconds. Range: 0.001 .. 1e9.
  bool operator==(const WindowOptions&) const = default;
};
Status CheckWindow(const WindowOptions& options);  // kBadArgument

class Windows {
 public:
  // REQUIRES: CheckWindow(options).ok()
  Windows(std::shared_ptr<const SummaryLayout> layout, const WindowOptions& options);

  // Counts the block's rows. However a stream is cut into blocks, the counts are the same.
  void Add(const SummaryBlock& block);
  // Another window; it starts empty, overall() stays.
  void Reset(const WindowOptions& options);
  // Starts overall() from a summary that was kept (restart, loaded file); the window starts empty.
  // Errors: those of Summary::Merge; nothing changes then.
  Status Restore(const Summary& overall);

  // Adds a summary to overall(); the window stays. Errors: those of Summary::Merge.
  Status MergeOverall(const Summary& other);

  const WindowOptions& options() const { return options_; }
  const Summary& overall() const { return overall_; }
  // The window's rows with their own first and last time; overall() for kSinceStart; for a tumbling
  // window the last complete one, or, until there is one, what has come so far (complete() is
  // false).
  const Summary& current() const;
  // current() has as many rows (seconds) as asked for; never for kSinceStart.
  bool complete() const;
  // Rises whenever current() changed by a whole pane or window; for kSinceStart by 1/kPanes.
  uint64_t generation() const { return generation_; }
  uint64_t late() const { return late_; }
  uint64_t restarts() const { return restarts_; }
  // Rows that overall() had no room for (Summary::full).
  uint64_t uncounted() const { return uncounted_; }

 private:
  struct Pane {
    int64_t index = 0;  // kTime: of its stretch; it begins at index x pane length.
    Summary summary;
  };

  void Begin();
  void AddRows(const SummaryBlock& block);
  void AddTimes(const SummaryBlock& block);
  // kTime: where a row at `time` counts, dropping what is too old for it; null: it is late.
  Summary* PlaceOf(int64_t time);
  // Whether PlaceOf(time) would give the pane of stretch `index` and drop nothing.
  bool StaysIn(int64_t index, int64_t time) const;
  Summary* SlidingPlaceOf(int64_t time);
  Summary* TumblingPlaceOf(int64_t time);
  Summary* NewestPlace();  // kTime: of a row without a time.
  bool IsLate(int64_t time) const;
  int64_t IndexOf(int64_t time) const;  // kTime: of the pane (tumbling: the window).
  Pane MakePane(int64_t index);
  void DropOldest();
  void FindTimes();

  WindowOptions options_;
  Summary overall_;
  Summary window_;              // Sliding: the panes' sum. Tumbling: the one that is filling.
  Summary last_;                // Tumbling: the last complete one.
  std::deque<Pane> panes_;      // Sliding: oldest first.
  std::vector<Summary> spare_;  // Empty ones, for new panes.
  bool has_last_ = false;
  bool timed_ = false;       // kTime: a row with a time has come since the window's start.
  int64_t earliest_ms_ = 0;  // Of the rows that were not late since then.
  int64_t latest_ms_ = 0;
  uint64_t late_run_ = 0;  // Late rows in a row.
  uint64_t next_rise_ = 1;
  uint64_t generation_ = 0;
  uint64_t late_ = 0;
  uint64_t restarts_ = 0;
  uint64_t uncounted_ = 0;
};

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_WINDOWS_H_
