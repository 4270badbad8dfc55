#include "core/metrics/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;

// Draws of a Poisson number with mean 1, four from every 64 random bits: probabilities are rounded
// to 2^-16. Without branches, which no processor could guess.
class PoissonOne {
 public:
  PoissonOne(uint64_t seed, uint64_t stream) : random_(seed, stream) {
    double term = 0.36787944117144233;  // exp(-1)
    double sum = 0.0;
    for (size_t k = 0; k < below_.size(); ++k) {
      sum += term;
      term /= static_cast<double>(k + 1);
      below_[k] = static_cast<uint32_t>(std::round(sum * 65536.0));
    }
  }

  double Next() {
    if (left_ == 0) {
      bits_ = random_.Next();
      left_ = 4;
    }
    --left_;
    const auto draw = static_cast<uint32_t>(bits_ & 0xffffu);
    bits_ >>= 16;
    uint32_t count = 0;
    for (const uint32_t below : below_) count += draw >= below ? 1 : 0;
    return static_cast<double>(count);
  }

 private:
  Random random_;
  std::array<uint32_t, 8> below_{};  // 2^16 P(number <= k).
  uint64_t bits_ = 0;
  int left_ = 0;
};

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// By halving: a handful of calls each.
double NormalQuantile(double share) {
  double low = -9.0;
  double high = 9.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (NormalCdf(middle) < share ? low : high) = middle;
  }
  return high;
}

double Replicate(const ScoredLabels& scored, PoissonOne* poisson) {
  const size_t rows = scored.rows();
  const std::span<const double> scores = scored.scores();
  const std::span<const double> weights = scored.weights();
  const std::span<const uint8_t> labels = scored.labels();
  double positive = 0.0;
  double flagged = 0.0;
  double sum = 0.0;
  for (size_t i = 0; i < rows;) {
    const double score = scores[i];
    double step = 0.0;
    for (; i < rows && scores[i] == score; ++i) {
      const double weight = weights[i] * poisson->Next();
      flagged += weight;
      if (labels[i] != 0) step += weight;
    }
    if (step > 0.0) {
      positive += step;
      sum += step * positive / flagged;
    }
  }
  return positive > 0.0 ? sum / positive : kNaN;
}

}  // namespace

Interval BootstrapAveragePrecision(const ScoredLabels& scored, const BootstrapOptions& options) {
  Interval interval = AveragePrecision(scored);
  if (scored.positives() < 2) {
    interval.low = interval.high = kNaN;
    return interval;
  }
  std::vector<double> values;
  for (int32_t r = 0; r < options.replicates; ++r) {
    PoissonOne poisson(options.seed, static_cast<uint64_t>(r));
    const double value = Replicate(scored, &poisson);
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  if (values.empty() || values.front() == values.back()) return interval;
  const auto count = static_cast<double>(values.size());
  const auto below = std::lower_bound(values.begin(), values.end(), interval.value);
  const auto not_above = std::upper_bound(below, values.end(), interval.value);
  const double rank =
      0.5 * static_cast<double>((below - values.begin()) + (not_above - values.begin()));
  const double shift = NormalQuantile(std::clamp(rank / count, 0.5 / count, 1.0 - 0.5 / count));
  const auto at = [&](double z) {
    const double place = NormalCdf(2.0 * shift + z) * (count - 1.0);
    return values[static_cast<size_t>(std::round(place))];
  };
  interval.low = std::min(interval.value, at(-kZ95));
  interval.high = std::max(interval.value, at(kZ95));
  return interval;
}

}  // namespace firetower::metrics
