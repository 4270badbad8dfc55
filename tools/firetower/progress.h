// A progress bar with time left, on standard error.
#ifndef FIRETOWER_TOOLS_FIRETOWER_PROGRESS_H_
#define FIRETOWER_TOOLS_FIRETOWER_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace firetower::tools {

class ProgressBar {
 public:
  // Draws only when standard error is a terminal or always is set. label: "training"; unit:
  // "trees".
  ProgressBar(std::string label, std::string unit, bool always);
  ~ProgressBar();  // Takes the bar away.
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws at most ten times a second, and at the end.
  void Update(int64_t done, int64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  std::string unit_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

// "3 s", "4 min 05 s", "2 h 10 min".
std::string DurationText(double seconds);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_PROGRESS_H_
