#include "core/drift/kolmogorov.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"
#include "core/drift/special.h"

namespace firetower::drift {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kLogSqrtTwoPi = 0.91893853320467274178;
// exp(-kNothing) is 0 in a double.
constexpr double kNothing = 750.0;

// P(D_n+ >= x): x sum_j C(n, j) (x + j/n)^(j-1) (1 - x - j/n)^(n-j) (Birnbaum and Tingey 1951),
// each term as a binomial probability in Loader's form, whose relative error does not grow with n.
double OneSidedTail(double x, double n) {
  const double t = n * x;
  if (2.0 * t * x > kNothing) return 0.0;
  const double end = std::floor(n - t);
  // For many rows the terms are a smooth bump that is 0 at both ends, and every stride-th of them
  // gives the sum as well as all of them (the trapezoid rule without its error terms).
  constexpr double kMany = 4096.0;
  constexpr double kTerms = 512.0;
  const double stride = n < kMany ? 1.0 : std::floor(n / kTerms);
  const double stirling_n = StirlingError(n);
  double sum = PortableExp(-n * (x + LogGap(-x)));
  for (double j = stride; j <= end; j += stride) {
    const double rest = n - j;
    if (!(rest > t)) break;
    const double deviance = j * LogGap(t / j) + rest * LogGap(-t / rest);
    const double log_size = stirling_n - StirlingError(j) - StirlingError(rest) - deviance;
    sum += std::sqrt(n / (2.0 * kPi * j * rest)) * PortableExp(log_size) * (t / (t + j));
  }
  return stride * sum;
}

// P(D_n < x) by Durbin's matrix. O((n x)^3 log n).
double DurbinCdf(double x, uint64_t rows) {
  const double n = static_cast<double>(rows);
  const double t = n * x;
  const double k = std::ceil(t);
  const double h = k - t;
  const size_t size = 2 * static_cast<size_t>(k) - 1;
  const auto at = [size](size_t i, size_t j) { return i * size + j; };
  std::vector<double> inverse_factorial(size + 1, 1.0);
  for (size_t i = 1; i <= size; ++i) {
    inverse_factorial[i] = inverse_factorial[i - 1] / static_cast<double>(i);
  }
  std::vector<double> power(size * size, 0.0);
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < std::min(size, i + 2); ++j)
      power[at(i, j)] = inverse_factorial[i + 1 - j];
  }
  double h_power = 1.0;                // h^(i+1)
  double both_power = 1.0;             // (2 h - 1)^(i+1) where that is positive
  for (size_t i = 0; i < size; ++i) {  // 1 / (i + 1)! less what leaves at either end.
    h_power *= h;
    both_power *= std::max(0.0, 2.0 * h - 1.0);
    const double edge = (1.0 - h_power) * inverse_factorial[i + 1];
    power[at(i, 0)] = edge;
    power[at(size - 1, size - 1 - i)] = edge;
  }
  power[at(size - 1, 0)] = (1.0 - 2.0 * h_power + both_power) * inverse_factorial[size];

  // Row k of power^n: the row times the squares that make n up. Both are 2^their exponent larger
  // than they stand.
  const size_t middle = static_cast<size_t>(k) - 1;
  std::vector<double> row(size, 0.0);
  row[middle] = 1.0;
  int64_t row_exponent = 0;
  int64_t power_exponent = 0;
  std::vector<double> next_row(size);
  std::vector<double> next_power(size * size);
  const auto scale = [](std::vector<double>* numbers, int64_t* log2) {
    const double largest = *std::max_element(numbers->begin(), numbers->end());
    if (!(largest > 0.0)) return;
    const int shift = std::ilogb(largest);
    for (double& number : *numbers) number = std::ldexp(number, -shift);
    *log2 += shift;
  };
  for (uint64_t left = rows; left > 0; left /= 2) {
    if (left % 2 == 1) {
      std::fill(next_row.begin(), next_row.end(), 0.0);
      for (size_t i = 0; i < size; ++i) {
        for (size_t j = 0; j < size; ++j) next_row[j] += row[i] * power[at(i, j)];
      }
      row.swap(next_row);
      row_exponent += power_exponent;
      scale(&row, &row_exponent);
    }
    if (left == 1) break;
    std::fill(next_power.begin(), next_power.end(), 0.0);
    for (size_t i = 0; i < size; ++i) {
      for (size_t l = 0; l < size; ++l) {
        const double factor = power[at(i, l)];
        for (size_t j = 0; j < size; ++j) next_power[at(i, j)] += factor * power[at(l, j)];
      }
    }
    power.swap(next_power);
    power_exponent *= 2;
    scale(&power, &power_exponent);
  }
  if (!(row[middle] > 0.0)) return 0.0;
  // n! / n^n = sqrt(2 pi n) e^(StirlingError - n).
  const double log_size = StirlingError(n) + kLogSqrtTwoPi + 0.5 * PortableLog(n) - n +
                          static_cast<double>(row_exponent) * std::numbers::ln2;
  return row[middle] * PortableExp(log_size);
}

// P(D_n < x) to the order n^(-3/2), z = x sqrt(n).
double PelzGoodCdf(double x, double n) {
  const double z2 = n * x * x;
  const double z = std::sqrt(z2);
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  const double z8 = z4 * z4;
  const double pi2 = kPi * kPi;
  std::array<double, 4> sums = {};
  double whole2 = 0.0;
  double whole3 = 0.0;
  const int terms = static_cast<int>(std::ceil(3.0 * z)) + 4;
  for (int i = terms; i >= 0; --i) {  // The smallest first.
    const double half = static_cast<double>(i) + 0.5;
    const double a = pi2 * half * half;
    const double weight = PortableExp(-a / (2.0 * z2));
    sums[0] += weight;
    sums[1] += (a - z2) * weight;
    sums[2] +=
        (6.0 * z6 + 2.0 * z4 + a * (2.0 * z4 - 5.0 * z2) + a * a * (1.0 - 2.0 * z2)) * weight;
    sums[3] += (a * a * a * (5.0 - 30.0 * z2) + a * a * (212.0 * z4 - 60.0 * z2) +
                a * (135.0 * z4 - 96.0 * z6) - (30.0 * z6 + 90.0 * z8)) *
               weight;
    const double b = pi2 * static_cast<double>(i) * static_cast<double>(i);
    const double whole = PortableExp(-b / (2.0 * z2));
    whole2 += b * whole;
    whole3 += b * (3.0 * z2 - b) * whole;
  }
  // Sums over all whole numbers are twice those over half of them.
  const double root = std::sqrt(2.0 * kPi);
  const double k0 = root / z * sums[0];
  const double k1 = root / (6.0 * z4) * sums[1];
  const double k2 = root / (72.0 * z6 * z) * sums[2] - root / (36.0 * z2 * z) * whole2;
  const double k3 = root / (6480.0 * z8 * z2) * sums[3] + root / (216.0 * z6) * whole3;
  const double root_n = std::sqrt(n);
  return k0 + k1 / root_n + k2 / n + k3 / (n * root_n);
}

// n = m = rows: 2 sum_k (-1)^(k-1) C(2n, n - k steps) / C(2n, n) by the reflection principle, as
// nested products, in which nothing overflows.
double EqualSizesTail(uint64_t rows, uint64_t steps) {
  const double n = static_cast<double>(rows);
  double tail = 0.0;
  for (uint64_t k = rows / steps; k > 0; --k) {
    const double from = static_cast<double>((k - 1) * steps);
    double ratio = 1.0;
    for (uint64_t i = 0; i < steps && ratio > 0.0; ++i) {
      const double j = from + static_cast<double>(i);
      ratio *= (n - j) / (n + j + 1.0);
    }
    tail = ratio * (1.0 - tail);
  }
  return 2.0 * tail;
}

// The pooled rows in order are a path from (0, 0) to (n, m), each as likely as another; the tail is
// the probability of leaving the band |i m - j n| < steps gcd. It is followed diagonal by diagonal
// (i + j = k) as drawing without replacement; what leaves is summed, so that small tails keep their
// relative accuracy.
double BandTail(uint64_t n, uint64_t m, uint64_t steps, uint64_t divisor) {
  const auto rows = static_cast<int64_t>(n + m);
  const auto reference = static_cast<int64_t>(n);
  const auto current = static_cast<int64_t>(m);
  const auto step_i = static_cast<int64_t>(m / divisor);
  const auto step_j = static_cast<int64_t>(n / divisor);
  const auto band = static_cast<int64_t>(steps);
  const int64_t both = step_i + step_j;
  // inside[i + 1]: probability of having been inside up to (i, k - i); 0 beyond low..high.
  std::vector<double> inside(static_cast<size_t>(n) + 3, 0.0);
  std::vector<double> next(static_cast<size_t>(n) + 3, 0.0);
  inside[1] = 1.0;
  int64_t low = 0;
  int64_t high = 0;
  double left = 0.0;
  for (int64_t k = 1; k <= rows; ++k) {
    const double all = static_cast<double>(rows - k + 1);
    const int64_t first = low;
    const int64_t last = high + 1;
    const double from_i = static_cast<double>(reference + 1);
    const double from_j = static_cast<double>(current - k + 1);
    const double* const before = inside.data();
    double* const after = next.data();
    for (int64_t i = first; i <= last; ++i) {
      const double at = static_cast<double>(static_cast<int32_t>(i));
      after[i + 1] = ((from_i - at) * before[i] + (from_j + at) * before[i + 1]) / all;
    }
    // |i both - k step_j| < band, within the grid.
    const int64_t middle = k * step_j;
    const int64_t below = middle - band;  // i both > below
    low = std::max(below < 0 ? 0 : below / both + 1, std::max<int64_t>(0, k - current));
    high = std::min((middle + band - 1) / both, std::min(reference, k));
    for (int64_t i = first; i <= last && i < low; ++i) left += std::exchange(after[i + 1], 0.0);
    for (int64_t i = last; i >= first && i > high; --i) left += std::exchange(after[i + 1], 0.0);
    if (low > high) return 1.0;
    // The cells beside the band are read by the next diagonal.
    after[low] = 0.0;
    after[high + 2] = 0.0;
    inside.swap(next);
  }
  return left;
}

}  // namespace

double KolmogorovTail(double distance, uint64_t rows) {
  const double n = static_cast<double>(rows);
  const double t = n * distance;
  if (t <= 0.5) return 1.0;
  if (distance >= 1.0) return 0.0;
  const double square = t * distance;
  // Both one-sided events at once are rarer than 1e-9 of one of them from here on.
  constexpr uint64_t kFewRows = 140;
  const double one_sided_from = rows <= kFewRows ? 4.0 : 2.2;
  if (distance >= 0.5 || square > one_sided_from) {
    return std::min(1.0, 2.0 * OneSidedTail(distance, n));
  }
  // Durbin's matrix where the expansion is not exact enough; beyond kManyRows the distribution
  // function itself is below 1e-5 there, and the expansion's error below 1e-11.
  constexpr uint64_t kManyRows = 5000;
  const bool small = rows <= kManyRows && n * distance * std::sqrt(distance) <= 1.4;
  if (rows <= kFewRows || small) return std::clamp(1.0 - DurbinCdf(distance, rows), 0.0, 1.0);
  constexpr double kLeastSquare = 0.02;  // P(D < x) < 1e-24.
  if (square < kLeastSquare) return 1.0;
  return std::clamp(1.0 - PelzGoodCdf(distance, n), 0.0, 1.0);
}

double SmirnovTail(uint64_t n, uint64_t m, uint64_t steps) {
  const uint64_t divisor = std::gcd(n, m);
  const double distance = static_cast<double>(steps) * static_cast<double>(divisor) /
                          (static_cast<double>(n) * static_cast<double>(m));
  if (steps == 0) return 1.0;
  if (n == m) return std::min(1.0, EqualSizesTail(n, steps));
  const double effective = static_cast<double>(n) * static_cast<double>(m) /
                           (static_cast<double>(n) + static_cast<double>(m));
  if (2.0 * effective * distance * distance > kNothing + 50.0) return 0.0;
  return std::min(1.0, BandTail(std::min(n, m), std::max(n, m), steps, divisor));
}

}  // namespace firetower::drift
