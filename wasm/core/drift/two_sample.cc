#include "core/drift/two_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"
#include "core/drift/cramer_von_mises.h"
#include "core/drift/kolmogorov.h"
#include "core/drift/special.h"
#include "core/drift/student.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;  // 97.5 % quantile of the standard normal distribution

// Integers of 128 bits: what is counted is counted exactly.
__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

bool BothSides(const Tally& tally) { return tally.reference_rows > 0 && tally.current_rows > 0; }

template <typename Result>
Result Undefined() {
  Result result;
  result.statistic = kNaN;
  result.p_value = kNaN;
  return result;
}

// A running sum whose rounding errors are summed too (Neumaier 1974).
class CarefulSum {
 public:
  void Add(double x) {
    const double sum = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

// Sums of the terms(i) over 0 <= i < size: blocks in four lanes, the blocks carefully; the order is
// fixed, and terms are asked for with i rising.
template <size_t kSums, typename Terms>
std::array<double, kSums> BlockSums(size_t size, Terms terms) {
  constexpr size_t kBlock = 256;
  constexpr size_t kLanes = 4;
  std::array<CarefulSum, kSums> totals;
  size_t i = 0;
  while (i < size) {
    const size_t end = std::min(size, i + kBlock);
    std::array<std::array<double, kSums>, kLanes> lanes = {};
    const auto add = [&](size_t lane) {
      const std::array<double, kSums> here = terms(i + lane);
      for (size_t k = 0; k < kSums; ++k) lanes[lane][k] += here[k];
    };
    for (; i + kLanes <= end; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) add(lane);
    }
    for (; i < end; ++i) add(0);
    for (size_t k = 0; k < kSums; ++k) {
      totals[k].Add((lanes[0][k] + lanes[1][k]) + (lanes[2][k] + lanes[3][k]));
    }
  }
  std::array<double, kSums> sums;
  for (size_t k = 0; k < kSums; ++k) sums[k] = totals[k].value();
  return sums;
}

template <typename Term>
double BlockSum(size_t size, Term term) {
  return BlockSums<1>(size, [&](size_t i) { return std::array<double, 1>{term(i)}; })[0];
}

// |F - G| largest, in steps of 1 / (n m), and where.
struct Gap {
  int64_t largest = 0;
  double location = kNaN;
  int sign = 1;
};

Gap LargestGap(const Tally& tally) {
  const auto n = static_cast<int64_t>(tally.reference_rows);
  const auto m = static_cast<int64_t>(tally.current_rows);
  int64_t gap = 0;
  int64_t most = 0;  // scipy takes +1 where both signs reach the same distance.
  int64_t least = 0;
  size_t at_most = 0;
  size_t at_least = 0;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    gap +=
        static_cast<int64_t>(tally.reference[i]) * m - static_cast<int64_t>(tally.current[i]) * n;
    if (gap > most) {
      most = gap;
      at_most = i;
    }
    if (gap < least) {
      least = gap;
      at_least = i;
    }
  }
  if (-least > most) return {.largest = -least, .location = tally.values[at_least], .sign = -1};
  if (most > 0) return {.largest = most, .location = tally.values[at_most], .sign = 1};
  // No gap anywhere: the first value at which the ECDFs meet.
  return {.largest = 0, .location = tally.values.front(), .sign = 1};
}

// Sum of (rank - place within the side)^2, times 12, for both sides: with C rows of the other side
// below a value and c at it, a rows of this side are a (C + c/2)^2 + a (a^2 - 1) / 12.
struct RankSquares {
  UInt128 reference = 0;
  UInt128 current = 0;
};

RankSquares SquaresOfRanks(const Tally& tally) {
  RankSquares squares;
  uint64_t reference_below = 0;
  uint64_t current_below = 0;
  // The second factor is below 2^64 as there are at most 2^30 rows.
  static_assert(kMaxTallyRows <= size_t{1} << 30);
  const auto of_value = [](uint64_t here, uint64_t other_below, uint64_t other_here) {
    const uint64_t twice = 2 * other_below + other_here;
    const uint64_t square = 3 * twice * twice + (here * here - 1);
    return here == 1 ? static_cast<UInt128>(square) : static_cast<UInt128>(here) * square;
  };
  for (size_t i = 0; i < tally.values.size(); ++i) {
    const uint64_t a = tally.reference[i];
    const uint64_t c = tally.current[i];
    if (a > 0) squares.reference += of_value(a, current_below, c);
    if (c > 0) squares.current += of_value(c, reference_below, a);
    reference_below += a;
    current_below += c;
  }
  return squares;
}

// Anderson-Darling's variance for k = 2: H_(N-1) and the double sum g of Scholz and Stephens
// (1987), which is H2_(N-1) - 2 H_(N-1) / N, H2 the sum of 1 / i^2.
struct Harmonics {
  double first = 0.0;
  double second = 0.0;
};

Harmonics HarmonicsOf(uint64_t terms) {
  Harmonics sums;
  constexpr uint64_t kDirect = 64;
  for (uint64_t i = std::min(terms, kDirect); i > 0; --i) {
    const double inverse = 1.0 / static_cast<double>(i);
    sums.first += inverse;
    sums.second += inverse * inverse;
  }
  if (terms <= kDirect) return sums;
  // Euler-Maclaurin from 64 to `terms`.
  const auto first_at = [](double x) {
    const double s = 1.0 / (x * x);
    return 0.5 / x - s / 12.0 + s * s / 120.0 - s * s * s / 252.0;
  };
  const auto second_at = [](double x) {
    const double s = 1.0 / (x * x);
    return -1.0 / x + 0.5 * s - s / (6.0 * x) + s * s / (30.0 * x) - s * s * s / (42.0 * x);
  };
  const double from = static_cast<double>(kDirect);
  const double to = static_cast<double>(terms);
  sums.first += PortableLog(to / from) + first_at(to) - first_at(from);
  sums.second += second_at(to) - second_at(from);
  return sums;
}

double AndersonDarlingDeviation(double n, double m) {
  const double all = n + m;
  const Harmonics sums = HarmonicsOf(static_cast<uint64_t>(all) - 1);
  const double h = sums.first;
  const double g = sums.second - 2.0 * h / all;
  const double inverse = 1.0 / n + 1.0 / m;
  constexpr double k = 2.0;
  const double a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * inverse;
  const double b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * inverse -
                   8.0 * h + 4.0 * g - 6.0;
  const double c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k +
                   (2.0 * h - 6.0) * inverse + 4.0 * h;
  const double d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
  return std::sqrt((((a * all + b) * all + c) * all + d) /
                   ((all - 1.0) * (all - 2.0) * (all - 3.0)));
}

// Mann-Whitney's U and what its p-values need.
struct RankSum {
  uint64_t twice_u = 0;  // Pairs with the reference above, ties at half; times 2.
  Int128 ties = 0;       // sum t^3 - t
};

RankSum RankSumOf(const Tally& tally) {
  RankSum sum;
  uint64_t current_below = 0;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    const uint64_t a = tally.reference[i];
    const uint64_t c = tally.current[i];
    sum.twice_u += a * (2 * current_below + c);
    current_below += c;
    const uint64_t t = a + c;
    if (t > 1) sum.ties += static_cast<Int128>(t) * t * t - t;
  }
  return sum;
}

// P(U <= u) of two samples without ties: the coefficients of the Gaussian binomial, one factor
// (1 - q^(n+i)) / (1 - q^i) after the other, each as a distribution. O(min(n, m) u).
double RankSumCdf(uint64_t n, uint64_t m, uint64_t u) {
  const auto fewer = static_cast<size_t>(std::min(n, m));
  const auto more = static_cast<size_t>(std::max(n, m));
  const auto last = static_cast<size_t>(u);
  std::vector<double> share(last + 1, 0.0);
  share[0] = 1.0;
  for (size_t i = 1; i <= fewer; ++i) {
    const double scale = static_cast<double>(i) / static_cast<double>(more + i);
    for (size_t j = last + 1; j-- > more + i;) share[j] -= share[j - more - i];
    for (size_t j = i; j <= last; ++j) share[j] += share[j - i];
    for (double& probability : share) probability *= scale;
  }
  CarefulSum sum;
  for (const double probability : share) sum.Add(probability);
  return sum.value();
}

// DeLong's interval of the AUC on the logit scale; Wilson's with the smaller side's rows where the
// sides separate perfectly.
Effect AucInterval(const Tally& tally, double auc) {
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  if (auc <= 0.0 || auc >= 1.0) {
    const double trials = std::min(n, m);
    const double room = kZ95 * kZ95 / (trials + kZ95 * kZ95);
    return {.value = auc, .low = auc <= 0.0 ? 0.0 : 1.0 - room, .high = auc >= 1.0 ? 1.0 : room};
  }
  if (!(n > 1.0 && m > 1.0)) return {.value = auc, .low = kNaN, .high = kNaN};
  uint64_t reference_below = 0;
  uint64_t current_below = 0;
  const auto [of_reference, of_current] = BlockSums<2>(tally.values.size(), [&](size_t i) {
    const double a = static_cast<double>(tally.reference[i]);
    const double c = static_cast<double>(tally.current[i]);
    const double current_off = (static_cast<double>(reference_below) + 0.5 * a) / n - auc;
    const double reference_off = 1.0 - (static_cast<double>(current_below) + 0.5 * c) / m - auc;
    reference_below += tally.reference[i];
    current_below += tally.current[i];
    return std::array<double, 2>{a * reference_off * reference_off, c * current_off * current_off};
  });
  const double variance = of_current / (m - 1.0) / m + of_reference / (n - 1.0) / n;
  const double center = PortableLog(auc / (1.0 - auc));
  const double half = kZ95 * std::sqrt(variance) / (auc * (1.0 - auc));
  return {.value = auc, .low = PortableExpit(center - half), .high = PortableExpit(center + half)};
}

const std::vector<uint32_t>& CountsOf(const Tally& tally, Side side) {
  return side == Side::kReference ? tally.reference : tally.current;
}

uint64_t RowsOf(const Tally& tally, Side side) {
  return side == Side::kReference ? tally.reference_rows : tally.current_rows;
}

// Index of the value of the side's row `place` in rising order, from `i` on with `before` rows
// below it; both move on. REQUIRES: before <= place < rows of the side.
size_t ValueAt(std::span<const uint32_t> counts, uint64_t place, size_t* i, uint64_t* before) {
  while (*before + counts[*i] <= place) *before += counts[(*i)++];
  return *i;
}

// Mean and sum of squares about it, from one pass over deviations from the median: the mean is
// within a standard deviation of the median, so that nothing cancels, and a constant side has
// deviation 0 exactly.
struct Spread {
  double mean = kNaN;
  double squares = kNaN;
};

Spread SpreadOf(const Tally& tally, Side side) {
  const uint64_t rows = RowsOf(tally, side);
  if (rows == 0) return {};
  const std::vector<uint32_t>& counts = CountsOf(tally, side);
  size_t at = 0;
  uint64_t before = 0;
  const double pivot = tally.values[ValueAt(counts, (rows - 1) / 2, &at, &before)];
  const auto [sum, squares] = BlockSums<2>(tally.values.size(), [&](size_t i) {
    const double off = tally.values[i] - pivot;
    const double weighted = static_cast<double>(counts[i]) * off;
    return std::array<double, 2>{weighted, weighted * off};
  });
  const double shift = sum / static_cast<double>(rows);
  const double rest = squares - sum * shift;  // NaN: beyond what a double can hold.
  return {.mean = pivot + shift, .squares = rest < 0.0 ? 0.0 : rest};
}

WelchResult WelchOf(const Tally& tally, const Spread& reference, const Spread& current) {
  WelchResult result = Undefined<WelchResult>();
  result.degrees = result.low = result.high = kNaN;
  result.mean_difference = current.mean - reference.mean;
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  if (!(n > 1.0 && m > 1.0)) return result;
  const double of_reference = reference.squares / (n - 1.0) / n;
  const double of_current = current.squares / (m - 1.0) / m;
  const double both = of_reference + of_current;
  if (!std::isfinite(both) || !std::isfinite(result.mean_difference)) return result;
  const double error = std::sqrt(both);
  result.statistic = -result.mean_difference / error;
  if (both > 0.0) {
    const double reference_share = of_reference / both;
    const double current_share = of_current / both;
    result.degrees = 1.0 / (reference_share * reference_share / (n - 1.0) +
                            current_share * current_share / (m - 1.0));
    result.p_value = StudentTwoSidedTail(result.statistic, result.degrees);
    const double half = StudentQuantile95(result.degrees) * error;
    result.low = result.mean_difference - half;
    result.high = result.mean_difference + half;
  } else if (result.mean_difference != 0.0) {  // Two constants.
    result.p_value = 0.0;
    result.low = result.high = result.mean_difference;
  }
  return result;
}

// numpy.quantile's linear interpolation. REQUIRES: rows of the side.
class Quantiles {
 public:
  Quantiles(const Tally& tally, Side side)
      : tally_(tally), counts_(CountsOf(tally, side)), rows_(RowsOf(tally, side)) {}
  // Quarters: 1, 2 or 3 of 4. Must not fall from call to call.
  double At(uint64_t quarters) {
    const uint64_t place = (rows_ - 1) * quarters / 4;
    const double part = static_cast<double>((rows_ - 1) * quarters % 4) / 4.0;
    const double low = tally_.values[ValueAt(counts_, place, &at_, &before_)];
    if (part == 0.0) return low;
    size_t at = at_;
    uint64_t before = before_;
    const double high = tally_.values[ValueAt(counts_, place + 1, &at, &before)];
    const double difference = high - low;
    return part < 0.5 ? low + difference * part : high - difference * (1.0 - part);
  }

 private:
  const Tally& tally_;
  const std::vector<uint32_t>& counts_;
  uint64_t rows_;
  size_t at_ = 0;
  uint64_t before_ = 0;
};

// Integral of measure(|F - G| n m) over the values.
template <typename Measure>
double GapIntegral(const Tally& tally, Measure measure) {
  const auto n = static_cast<int64_t>(tally.reference_rows);
  const auto m = static_cast<int64_t>(tally.current_rows);
  int64_t gap = 0;
  return BlockSum(tally.values.empty() ? 0 : tally.values.size() - 1, [&](size_t i) {
    gap +=
        static_cast<int64_t>(tally.reference[i]) * m - static_cast<int64_t>(tally.current[i]) * n;
    return measure(std::abs(static_cast<double>(gap))) * (tally.values[i + 1] - tally.values[i]);
  });
}

}  // namespace

KsResult KolmogorovSmirnov(const Tally& tally, PMethod method) {
  if (!BothSides(tally)) {
    KsResult result = Undefined<KsResult>();
    result.location = kNaN;
    return result;
  }
  const uint64_t n = tally.reference_rows;
  const uint64_t m = tally.current_rows;
  const Gap gap = LargestGap(tally);
  KsResult result;
  result.statistic =
      static_cast<double>(gap.largest) / (static_cast<double>(n) * static_cast<double>(m));
  result.location = gap.location;
  result.sign = gap.sign;
  constexpr uint64_t kAutoRows = 10000;
  constexpr uint64_t kExactCells = (uint64_t{1} << 31) - 1;
  const uint64_t divisor = std::gcd(n, m);
  const bool can_be_exact = (n / divisor) <= (kExactCells - 1) / (m / divisor);
  result.exact = method == PMethod::kExact
                     ? can_be_exact
                     : method == PMethod::kAuto && std::max(n, m) <= kAutoRows;
  if (result.exact) {
    result.p_value = SmirnovTail(n, m, static_cast<uint64_t>(gap.largest) / divisor);
  } else {
    const double effective = static_cast<double>(n) * static_cast<double>(m) /
                             (static_cast<double>(n) + static_cast<double>(m));
    // numpy rounds halves to even; one row against one has 1/2, of which nothing is left.
    const double rounded = std::nearbyint(effective);
    result.p_value =
        rounded > 0.0 ? KolmogorovTail(result.statistic, static_cast<uint64_t>(rounded)) : kNaN;
  }
  return result;
}

TestResult CramerVonMises(const Tally& tally, PMethod method) {
  const uint64_t n = tally.reference_rows;
  const uint64_t m = tally.current_rows;
  if (n < 2 || m < 2) return Undefined<TestResult>();
  const RankSquares squares = SquaresOfRanks(tally);
  // 12 nmN T = 12 U - 2 nm (4 nm - 1): both are large and their difference is not, so whole
  // numbers.
  const UInt128 cells = static_cast<UInt128>(n) * m;
  const auto numerator = static_cast<Int128>(n * squares.reference + m * squares.current -
                                             2 * cells * (4 * cells - 1));
  const double nm = static_cast<double>(n) * static_cast<double>(m);
  const double all = static_cast<double>(n) + static_cast<double>(m);
  TestResult result;
  result.statistic = static_cast<double>(numerator) / (12.0 * nm * all);
  constexpr uint64_t kAutoRows = 20;
  result.exact = method == PMethod::kExact
                     ? cells <= kMaxCramerVonMisesCells
                     : method == PMethod::kAuto && std::max(n, m) <= kAutoRows;
  if (result.exact) {
    // zeta = lcm^2 N (6 U - nm (4 nm - 1)) / (6 (nm)^2), rounded down.
    const auto lcm = static_cast<Int128>(std::lcm(n, m));
    const Int128 above = lcm * lcm * static_cast<Int128>(n + m) * numerator;
    const Int128 below = 12 * static_cast<Int128>(cells * cells);
    const Int128 zeta = above / below - (above % below < 0 ? 1 : 0);
    result.p_value = CramerVonMisesExactTail(n, m, static_cast<int64_t>(zeta));
    return result;
  }
  const double reference = static_cast<double>(n);
  const double current = static_cast<double>(m);
  const double expected = (1.0 + 1.0 / all) / 6.0;
  const double variance =
      (all + 1.0) *
      (4.0 * nm * all - 3.0 * (reference * reference + current * current) - 2.0 * nm) /
      (45.0 * all * all * 4.0 * nm);
  const double normalised = 1.0 / 6.0 + (result.statistic - expected) / std::sqrt(45.0 * variance);
  constexpr double kLeast = 0.003;  // P(W < .003) < 2e-18.
  result.p_value = normalised < kLeast ? 1.0 : CramerVonMisesLimitTail(normalised);
  return result;
}

void SetAndersonDarlingP(double statistic, TestResult* result) {
  constexpr double kLeast = 0.325;
  constexpr double kMost = 6.546;
  const double x = statistic;
  result->clipped = x < kLeast || x > kMost;
  if (result->clipped) {
    result->p_value = x < kLeast ? 0.25 : 0.001;
  } else {
    result->p_value =
        PortableExp(-1.0777702798204873 + (-1.0082265644652506 + 0.018198094574111258 * x) * x);
  }
}

TestResult AndersonDarling(const Tally& tally) {
  const uint64_t n = tally.reference_rows;
  const uint64_t m = tally.current_rows;
  // The variance needs four rows.
  if (!BothSides(tally) || n + m < 4 || tally.values.size() < 2) return Undefined<TestResult>();
  // A2akN, equation 7 of Scholz and Stephens (1987), for two samples: both have the same squares.
  const auto reference = static_cast<int64_t>(n);
  const auto current = static_cast<int64_t>(m);
  const uint64_t all = n + m;
  int64_t reference_below = 0;
  int64_t current_below = 0;
  const double sum = BlockSum(tally.values.size(), [&](size_t i) {
    const auto a = static_cast<int64_t>(tally.reference[i]);
    const auto c = static_cast<int64_t>(tally.current[i]);
    const auto ties = static_cast<uint64_t>(a + c);
    // 2 (N M - n B) and 4 (B (N - B) - N l / 4), M and B the mid-counts of the reference and of
    // all.
    const double apart = static_cast<double>(current * (2 * reference_below + a) -
                                             reference * (2 * current_below + c));
    const uint64_t twice = 2 * static_cast<uint64_t>(reference_below + current_below) + ties;
    const double weight = static_cast<double>(twice * (2 * all - twice) - all * ties);
    reference_below += a;
    current_below += c;
    return static_cast<double>(ties) * (apart / weight) * apart;
  });
  const double rows = static_cast<double>(all);
  const double square = sum / rows * (1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m)) *
                        ((rows - 1.0) / rows);
  TestResult result;
  result.statistic =
      (square - 1.0) / AndersonDarlingDeviation(static_cast<double>(n), static_cast<double>(m));
  SetAndersonDarlingP(result.statistic, &result);
  return result;
}

MannWhitneyResult MannWhitney(const Tally& tally, PMethod method) {
  if (!BothSides(tally)) {
    MannWhitneyResult result = Undefined<MannWhitneyResult>();
    result.auc = result.auc_low = result.auc_high = kNaN;
    return result;
  }
  const uint64_t n = tally.reference_rows;
  const uint64_t m = tally.current_rows;
  const RankSum sum = RankSumOf(tally);
  const uint64_t twice_pairs = 2 * n * m;
  const double pairs = static_cast<double>(n) * static_cast<double>(m);
  MannWhitneyResult result;
  result.statistic = 0.5 * static_cast<double>(sum.twice_u);
  result.auc = static_cast<double>(twice_pairs - sum.twice_u) / static_cast<double>(twice_pairs);
  const Effect interval = AucInterval(tally, result.auc);
  result.auc_low = interval.low;
  result.auc_high = interval.high;

  const uint64_t larger = std::max(sum.twice_u, twice_pairs - sum.twice_u);
  constexpr uint64_t kAutoRows = 8;
  constexpr double kExactSteps = 4e9;
  const bool small = method == PMethod::kAuto && std::min(n, m) <= kAutoRows && sum.ties == 0;
  const bool asked =
      method == PMethod::kExact && static_cast<double>(std::min(n, m)) * pairs <= kExactSteps;
  if (small || asked) {
    // With ties scipy rounds U down.
    const uint64_t rest = n * m - larger / 2;
    result.p_value = std::min(1.0, 2.0 * RankSumCdf(n, m, rest));
    result.exact = sum.ties == 0;
    return result;
  }
  const double all = static_cast<double>(n) + static_cast<double>(m);
  const double ties = static_cast<double>(sum.ties);
  const double deviation = std::sqrt(pairs / 12.0 * (all + 1.0 - ties / (all * (all - 1.0))));
  const double off = 0.5 * static_cast<double>(larger - n * m) - 0.5;
  result.p_value = deviation > 0.0 ? std::min(1.0, 2.0 * NormalTail(off / deviation)) : 1.0;
  return result;
}

WelchResult Welch(const Tally& tally) {
  return WelchOf(tally, SpreadOf(tally, Side::kReference), SpreadOf(tally, Side::kCurrent));
}

TestResult MissingRate(const Tally& tally) {
  const double n = static_cast<double>(tally.reference_rows + tally.reference_missing);
  const double m = static_cast<double>(tally.current_rows + tally.current_missing);
  if (!(n > 0.0 && m > 0.0)) return Undefined<TestResult>();
  const double reference = static_cast<double>(tally.reference_missing);
  const double current = static_cast<double>(tally.current_missing);
  const double pooled = (reference + current) / (n + m);
  TestResult result;
  if (pooled > 0.0 && pooled < 1.0) {
    result.statistic =
        (reference / n - current / m) / std::sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m));
    result.p_value = std::min(1.0, 2.0 * NormalTail(std::abs(result.statistic)));
  }
  return result;
}

double Wasserstein(const Tally& tally) {
  if (!BothSides(tally)) return kNaN;
  const double pairs =
      static_cast<double>(tally.reference_rows) * static_cast<double>(tally.current_rows);
  return GapIntegral(tally, [](double gap) { return gap; }) / pairs;
}

NormalisedDistance NormalisedWasserstein(const Tally& tally) {
  using Unit = NormalisedDistance::Unit;
  NormalisedDistance result = {.value = kNaN, .spread = kNaN, .unit = Unit::kNone};
  if (!BothSides(tally)) return result;
  constexpr double kNormalIqr = 1.349;
  Quantiles quantiles(tally, Side::kReference);
  const double lower = quantiles.At(1);
  result.spread = (quantiles.At(3) - lower) / kNormalIqr;
  result.unit = Unit::kIqr;
  if (!(result.spread > 0.0)) {
    const Spread spread = SpreadOf(tally, Side::kReference);
    result.spread = std::sqrt(spread.squares / static_cast<double>(tally.reference_rows));
    result.unit = Unit::kStandardDeviation;
  }
  if (!(result.spread > 0.0)) {
    result.unit = Unit::kNone;
    return result;
  }
  result.value = Wasserstein(tally) / result.spread;
  return result;
}

double Energy(const Tally& tally) {
  if (!BothSides(tally)) return kNaN;
  const double pairs =
      static_cast<double>(tally.reference_rows) * static_cast<double>(tally.current_rows);
  return std::sqrt(
      2.0 * GapIntegral(tally, [pairs](double gap) { return (gap / pairs) * (gap / pairs); }));
}

Moments MomentsOf(const Tally& tally, Side side) {
  const uint64_t rows = RowsOf(tally, side);
  if (rows == 0) return {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  const std::vector<uint32_t>& counts = CountsOf(tally, side);
  const Spread spread = SpreadOf(tally, side);
  Moments moments;
  moments.mean = spread.mean;
  moments.standard_deviation = std::sqrt(spread.squares / static_cast<double>(rows));
  size_t first = 0;
  while (counts[first] == 0) ++first;
  size_t last = counts.size() - 1;
  while (counts[last] == 0) --last;
  moments.minimum = tally.values[first];
  moments.maximum = tally.values[last];
  Quantiles quantiles(tally, side);
  moments.lower_quartile = quantiles.At(1);
  moments.median = quantiles.At(2);
  moments.upper_quartile = quantiles.At(3);
  return moments;
}

Effect StandardisedMeanDifference(const Tally& tally) {
  const Spread reference = SpreadOf(tally, Side::kReference);
  const WelchResult welch = WelchOf(tally, reference, SpreadOf(tally, Side::kCurrent));
  const double deviation = std::sqrt(reference.squares / static_cast<double>(tally.reference_rows));
  if (!(deviation > 0.0 && std::isfinite(deviation)))
    return {.value = kNaN, .low = kNaN, .high = kNaN};
  return {.value = welch.mean_difference / deviation,
          .low = welch.low / deviation,
          .high = welch.high / deviation};
}

Effect KsEffect(const Tally& tally) {
  if (!BothSides(tally)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  const double distance = static_cast<double>(LargestGap(tally).largest) / (n * m);
  // Each ECDF is within its bound with probability 0.975.
  const double log_odds = PortableLog(4.0 / 0.05);
  const double room = std::sqrt(log_odds / (2.0 * n)) + std::sqrt(log_odds / (2.0 * m));
  return {.value = distance,
          .low = std::max(0.0, distance - room),
          .high = std::min(1.0, distance + room)};
}

}  // namespace firetower::drift
