#include "core/stream/kswin.h"

#include <algorithm>

namespace firetower::stream {
namespace {

// Smallest distance that makes drift; n + 1: none does.
uint32_t CriticalDistance(const KswinOptions& options) {
  const uint32_t n = options.stat_size;
  uint32_t low = 1;
  uint32_t high = n + 1;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const bool drift =
        static_cast<double>(middle) / n > 0.1 && EqualSizesKsPValue(n, middle) <= options.alpha;
    if (drift) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

double EqualSizesKsPValue(uint32_t n, uint32_t distance) {
  // 2 sum over k >= 1 of (-1)^(k-1) C(2n, n - k d) / C(2n, n), from the smallest term.
  double sum = 0.0;
  for (uint32_t k = n / distance; k >= 1; --k) {
    // What the k-th term is to the one before, so that the sum is a nest of products.
    const double to = static_cast<double>(n) - static_cast<double>(k - 1) * distance;
    const double from = static_cast<double>(n) + static_cast<double>(k - 1) * distance;
    double ratio = 1.0;
    for (uint32_t j = 0; j < distance; ++j) ratio *= (to - j) / (from + j + 1.0);
    sum = ratio * (1.0 - sum);
  }
  return std::min(1.0, 2.0 * sum);
}

Kswin::Kswin(const KswinOptions& options)
    : options_(options), critical_(CriticalDistance(options)), random_(options.seed) {}

uint32_t Kswin::Distance() {
  const uint32_t rest = options_.window_size - options_.stat_size;
  random_.Sample(rest, options_.stat_size, &drawn_);
  before_.clear();
  newest_.clear();
  for (const uint32_t i : drawn_) before_.push_back(At(i));
  for (size_t i = rest; i < window_.size(); ++i) newest_.push_back(At(i));
  std::sort(before_.begin(), before_.end());
  std::sort(newest_.begin(), newest_.end());
  size_t a = 0;
  size_t b = 0;
  size_t largest = 0;
  while (a < before_.size() && b < newest_.size()) {
    const double value = std::min(before_[a], newest_[b]);
    while (a < before_.size() && before_[a] == value) ++a;
    while (b < newest_.size() && newest_[b] == value) ++b;
    largest = std::max(largest, a > b ? a - b : b - a);
  }
  return static_cast<uint32_t>(largest);
}

DetectorState Kswin::Update(double x) {
  if (drift_) {
    drift_ = false;
    newest_.clear();
    if (options_.semantics == Semantics::kPaper) {
      for (size_t i = window_.size() - options_.stat_size; i < window_.size(); ++i) {
        newest_.push_back(At(i));
      }
    } else {
      random_ = PythonRandom(options_.seed);
    }
    window_ = newest_;
    oldest_ = 0;
  }
  if (window_.size() < options_.window_size) {
    window_.push_back(x);
  } else {
    window_[oldest_] = x;
    oldest_ = (oldest_ + 1) % window_.size();
  }
  if (window_.size() < options_.window_size) return DetectorState::kStable;
  distance_ = Distance();
  drift_ = distance_ >= critical_;
  return drift_ ? DetectorState::kDrift : DetectorState::kStable;
}

std::vector<DetectorFigure> Kswin::Figures() const {
  return {{"window", static_cast<double>(window_.size())},
          {"distance", static_cast<double>(distance_) / options_.stat_size},
          {"p_value", distance_ == 0 ? 1.0 : EqualSizesKsPValue(options_.stat_size, distance_)}};
}

}  // namespace firetower::stream
