#include "progress.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

namespace firetower::tools {

ProgressBar::ProgressBar(std::string label, std::string unit, bool always)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      shown_(always || isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::Update(int64_t done, int64_t total) {
  const Clock::time_point now = Clock::now();
  const bool due = !drawn_ || done == total || now - last_ >= std::chrono::milliseconds(100);
  if (!shown_ || !due || total <= 0) return;
  drawn_ = true;
  last_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  std::string left;
  if (done > 0 && done < total) {
    const double seconds = std::chrono::duration<double>(now - start_).count();
    left = ", " + DurationText(seconds * (1.0 - share) / share) + " left";
  }
  constexpr int kWidth = 30;
  const std::string filled(static_cast<size_t>(share * kWidth), '#');
  const std::string line =
      fmt::format("\r\033[K{} [{:.<{}}] {:3.0f} %, {} of {} {}{}", label_, filled, kWidth,
                  std::floor(share * 100.0), done, total, unit_, left);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

std::string DurationText(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace firetower::tools
