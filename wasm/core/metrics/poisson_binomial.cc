#include "core/metrics/poisson_binomial.h"

#include <algorithm>
#include <cmath>

namespace firetower::metrics {
namespace {

constexpr double kNegligible = 1e-20;  // Of one count; n of them stay far below 1e-12.
constexpr double kReach = 9.0;         // Standard deviations: beyond it the normal has 1e-19.

void Finish(CountDistribution* counts) {
  double sum = 0.0;
  for (const double p : counts->probability) sum += p;
  double running = 0.0;
  for (double& p : counts->probability) {
    p /= sum;
    running += p;
    counts->cumulative.push_back(running);
  }
  counts->cumulative.back() = 1.0;
}

CountDistribution Normal(double mean, double deviation, size_t certain, size_t trials) {
  CountDistribution counts;
  counts.exact = false;
  const double low = std::max(0.0, std::floor(mean - kReach * deviation));
  const double high = std::min(static_cast<double>(trials), std::ceil(mean + kReach * deviation));
  counts.first = certain + static_cast<size_t>(low);
  const auto below = [&](double x) {
    return 0.5 * std::erfc((mean - x) / (deviation * std::sqrt(2.0)));
  };
  for (double k = low; k <= high; k += 1.0) {
    counts.probability.push_back(below(k + 0.5) - below(k - 0.5));
  }
  Finish(&counts);
  return counts;
}

}  // namespace

double CountDistribution::CumulativeAt(double count) const {
  if (count < static_cast<double>(first)) return 0.0;
  const double step = std::floor(count) - static_cast<double>(first);
  if (step >= static_cast<double>(cumulative.size())) return 1.0;
  return cumulative[static_cast<size_t>(step)];
}

double CountDistribution::Quantile(double share) const {
  const auto found = std::lower_bound(cumulative.begin(), cumulative.end(), share);
  const auto step =
      std::min(static_cast<size_t>(found - cumulative.begin()), cumulative.size() - 1);
  return static_cast<double>(first + step);
}

CountDistribution PoissonBinomial(std::span<const double> probabilities, double max_steps) {
  double mean = 0.0;
  double variance = 0.0;
  size_t certain = 0;
  size_t open = 0;
  for (const double p : probabilities) {
    if (p <= 0.0) continue;
    if (p >= 1.0) {
      ++certain;
      continue;
    }
    ++open;
    mean += p;
    variance += p * (1.0 - p);
  }
  const double deviation = std::sqrt(variance);
  const double width = std::min(static_cast<double>(open), 2.0 * kReach * deviation) + 1.0;
  if (static_cast<double>(open) * width > max_steps) {
    return Normal(mean, deviation, certain, open);
  }

  CountDistribution counts;
  std::vector<double>& at = counts.probability;  // at[i]: count begin + i, trials so far.
  at.assign(1, 1.0);
  size_t begin = 0;  // Counts below it, at[0 .. begin), are negligible.
  for (const double p : probabilities) {
    if (p <= 0.0 || p >= 1.0) continue;
    at.push_back(at.back() * p);
    for (size_t k = at.size() - 2; k > begin; --k) at[k] = at[k] * (1.0 - p) + at[k - 1] * p;
    at[begin] *= 1.0 - p;
    while (at.size() > begin + 1 && at.back() < kNegligible) at.pop_back();
    while (begin + 1 < at.size() && at[begin] < kNegligible) at[begin++] = 0.0;
  }
  at.erase(at.begin(), at.begin() + static_cast<std::ptrdiff_t>(begin));
  counts.first = certain + begin;
  Finish(&counts);
  return counts;
}

}  // namespace firetower::metrics
