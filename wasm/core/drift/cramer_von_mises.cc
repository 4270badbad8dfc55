#include "core/drift/cramer_von_mises.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/drift/special.h"

namespace firetower::drift {
namespace {

// How many of the paths to a point have a sum.
struct SumCount {
  int64_t sum;
  double paths;
};
using SumCounts = std::vector<SumCount>;

// Both lists rise; so does the merged one. `add` is added to every sum; those of `least` and more
// are left out and their paths added up in *reached.
void Merge(const SumCounts& a, const SumCounts& b, int64_t add, int64_t least, SumCounts* merged,
           double* reached) {
  merged->clear();
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    SumCount next;
    if (j == b.size() || (i < a.size() && a[i].sum < b[j].sum)) {
      next = a[i++];
    } else if (i == a.size() || b[j].sum < a[i].sum) {
      next = b[j++];
    } else {
      next = {.sum = a[i].sum, .paths = a[i].paths + b[j].paths};
      ++i;
      ++j;
    }
    next.sum += add;
    if (next.sum >= least) {
      *reached += next.paths;
    } else {
      merged->push_back(next);
    }
  }
}

double Choose(uint64_t n, uint64_t k) {
  double ways = 1.0;
  for (uint64_t i = 1; i <= k; ++i) {
    ways = ways * static_cast<double>(n - k + i) / static_cast<double>(i);
  }
  return ways;
}

}  // namespace

double CramerVonMisesLimitTail(double w) {
  // (1 / pi) sum_k (-1)^(k-1) of the integral over s from (2k-1) pi to 2k pi of
  // 2 / sqrt(-s sin s) e^(-w s^2 / 2). With s = (2k-1) pi + phi, phi = (pi / 2)(1 - cos theta) the
  // integrand is smooth and even at both ends: the midpoint rule has no error terms.
  constexpr int kPoints = 128;
  constexpr double kPi = std::numbers::pi;
  constexpr double kNothing = 750.0;
  double tail = 0.0;
  double sign = 1.0;
  for (double start = kPi;; start += 2.0 * kPi) {
    if (w * start * start > 2.0 * kNothing) break;
    double sum = 0.0;
    for (int i = 0; i < kPoints; ++i) {
      const double theta = (static_cast<double>(i) + 0.5) * (kPi / kPoints);
      const double half_sine = SineOfQuarter(0.5 * theta);
      const double half_cosine = SineOfQuarter(0.5 * (kPi - theta));
      const double s = start + kPi * half_sine * half_sine;
      const double nearer = std::min(half_sine * half_sine, half_cosine * half_cosine);
      const double sine_phi = SineOfQuarter(kPi * nearer);  // sin phi = sin(pi - phi)
      sum +=
          2.0 * half_sine * half_cosine / std::sqrt(s * sine_phi) * PortableExp(-0.5 * w * s * s);
    }
    // d phi = (pi / 2) sin theta d theta
    const double part = sum * (kPi / kPoints);
    tail += sign * part;
    if (part <= 1e-17 * tail) break;
    sign = -sign;
  }
  return std::clamp(tail, 0.0, 1.0);
}

double CramerVonMisesExactTail(uint64_t n, uint64_t m, int64_t least) {
  const uint64_t lcm = std::lcm(n, m);
  const auto step_i = static_cast<int64_t>(lcm / n);
  const auto step_j = static_cast<int64_t>(lcm / m);
  if (least <= 0) return 1.0;
  // Paths to (i, j) by their sum, those apart that have reached `least` already.
  const auto last = static_cast<size_t>(m);
  std::vector<SumCounts> sums(last + 1);
  std::vector<double> reached(last + 1, 0.0);
  SumCounts merged;
  const SumCounts none;
  for (uint64_t i = 0; i <= n; ++i) {
    for (size_t j = 0; j <= last; ++j) {
      if (i == 0 && j == 0) {
        sums[0] = {{.sum = 0, .paths = 1.0}};
        continue;
      }
      const int64_t gap = static_cast<int64_t>(i) * step_i - static_cast<int64_t>(j) * step_j;
      double over = (i > 0 ? reached[j] : 0.0) + (j > 0 ? reached[j - 1] : 0.0);
      Merge(i > 0 ? sums[j] : none, j > 0 ? sums[j - 1] : none, gap * gap, least, &merged, &over);
      sums[j].swap(merged);
      reached[j] = over;
    }
  }
  return std::min(1.0, reached[last] / Choose(n + m, std::min(n, m)));
}

}  // namespace firetower::drift
