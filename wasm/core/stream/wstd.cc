#include "core/stream/wstd.h"

#include <cmath>

namespace firetower::stream {

Wstd::Wstd(const WstdOptions& options)
    : options_(options),
      rows_(static_cast<size_t>(options.recent_window_size + options.older_window_size)) {}

double Wstd::PValue() const {
  const double recent = static_cast<double>(options_.recent_window_size);
  const double older = static_cast<double>(older_);
  const double all = recent + older;
  const double ones = static_cast<double>(recent_ones_ + older_ones_);
  const double zeros = all - ones;
  const double recent_ones = static_cast<double>(recent_ones_);
  // Mid-ranks of the zeros and of the ones. By symmetry either window's rank sum has the same |z|.
  const double ranks =
      (recent - recent_ones) * ((zeros + 1.0) / 2.0) + recent_ones * (zeros + (ones + 1.0) / 2.0);
  const double mean = recent * (all + 1.0) / 2.0;
  const double deviation = std::sqrt(recent * older * (all + 1.0) / 12.0);
  return std::erfc(std::fabs((ranks - mean) / deviation) / std::sqrt(2.0));
}

DetectorState Wstd::Update(double x) {
  if (said_ == DetectorState::kDrift) {
    seen_ = recent_ones_ = older_ones_ = older_ = 0;
    p_value_ = 1.0;
  }
  said_ = DetectorState::kStable;
  const int64_t size = static_cast<int64_t>(rows_.size());
  const auto at = [&](int64_t row) -> uint8_t& { return rows_[static_cast<size_t>(row % size)]; };
  if (seen_ >= options_.recent_window_size) {
    if (older_ == options_.older_window_size) {
      older_ones_ -= at(seen_ - size);
    } else {
      ++older_;
    }
    const uint8_t moved = at(seen_ - options_.recent_window_size);
    older_ones_ += moved;
    recent_ones_ -= moved;
  }
  at(seen_) = x != 0.0 ? 1 : 0;
  recent_ones_ += at(seen_);
  ++seen_;
  if (seen_ < options_.recent_window_size || older_ < options_.min_instances) return said_;
  p_value_ = PValue();
  if (p_value_ < options_.alpha_drift) {
    said_ = DetectorState::kDrift;
  } else if (p_value_ < options_.alpha_warning) {
    said_ = DetectorState::kWarning;
  }
  return said_;
}

std::vector<DetectorFigure> Wstd::Figures() const {
  return {{"recent_ones", static_cast<double>(recent_ones_)},
          {"older_ones", static_cast<double>(older_ones_)},
          {"older_rows", static_cast<double>(older_)},
          {"p_value", p_value_}};
}

}  // namespace firetower::stream
