#include "core/drift/categorical.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/drift/chi_square.h"
#include "core/drift/distances.h"
#include "core/drift/log_terms.h"
#include "core/drift/special.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kYates = 0.5;

double Sum(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

// Terms of a cell, apart = observed - expected.
double Pearson(double, double expected, double apart) { return apart * apart / expected; }
// Twice observed ln(observed / expected); what Deviance leaves out adds up to 0 over the table.
double LogLikelihood(double observed, double expected, double apart) {
  return 2.0 * Deviance(observed, expected, apart);
}

template <typename Term>
ContingencyResult Contingency(std::span<const double> reference, std::span<const double> current,
                              bool yates, Term term) {
  const double n = Sum(reference);
  const double m = Sum(current);
  ContingencyResult result;
  if (!(n > 0.0 && m > 0.0)) {
    result.statistic = result.p_value = result.smallest_expected = kNaN;
    return result;
  }
  size_t categories = 0;
  for (size_t c = 0; c < reference.size(); ++c)
    categories += reference[c] + current[c] > 0.0 ? 1u : 0u;
  const bool corrected = yates && categories == 2;
  result.degrees = static_cast<double>(categories - 1);
  result.smallest_expected = kInfinity;
  for (size_t c = 0; c < reference.size(); ++c) {
    const double both = reference[c] + current[c];
    if (both == 0.0) continue;
    const double in_reference = both * (n / (n + m));
    const double in_current = both * (m / (n + m));
    result.smallest_expected = std::min({result.smallest_expected, in_reference, in_current});
    if (categories == 1) continue;
    // Rows that the current has more than expected, and the reference fewer; of counts below 2^26
    // exact but for one rounding.
    const double more = (n * current[c] - m * reference[c]) / (n + m);
    const double taken = corrected ? std::copysign(std::min(kYates, std::fabs(more)), more) : 0.0;
    const double apart = more - taken;
    result.statistic += term(reference[c] + taken, in_reference, -apart) +
                        term(current[c] - taken, in_current, apart);
  }
  if (categories > 1) result.p_value = ChiSquareTail(result.statistic, categories - 1);
  return result;
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

ContingencyResult ChiSquareContingency(std::span<const double> reference,
                                       std::span<const double> current, bool yates) {
  return Contingency(reference, current, yates, Pearson);
}

ContingencyResult GTest(std::span<const double> reference, std::span<const double> current,
                        bool yates) {
  return Contingency(reference, current, yates, LogLikelihood);
}

ContingencyResult TestShares(std::span<const double> reference, std::span<const double> current,
                             const SharesTestOptions& options) {
  constexpr double kLeast = 10.0;
  const BinCounts pools = options.ordered ? PoolNeighbours(reference, current, kLeast)
                                          : PoolRare(reference, current, kLeast);
  if (!options.likelihood) return ChiSquareContingency(pools.reference, pools.current, false);
  ContingencyResult test = GTest(pools.reference, pools.current, false);
  if (!(test.degrees > 0.0)) return test;
  const double n = Sum(pools.reference);
  const double m = Sum(pools.current);
  const double rows = n + m;
  double categories = 0.0;
  for (size_t c = 0; c < pools.reference.size(); ++c)
    categories += rows / (pools.reference[c] + pools.current[c]);
  const double sides = rows / n + rows / m;
  test.statistic /= 1.0 + (sides - 1.0) * (categories - 1.0) / (6.0 * rows * test.degrees);
  test.p_value = ChiSquareTail(test.statistic, static_cast<size_t>(test.degrees));
  return test;
}

TestResult FisherExact(double a, double b, double c, double d) {
  const double n = a + b;
  const double m = c + d;
  const double with = a + c;
  TestResult result{.statistic = kNaN, .p_value = kNaN, .exact = true};
  if (!(n > 0.0 && m > 0.0)) return result;
  result.p_value = 1.0;
  if (with == 0.0 || b + d == 0.0) return result;
  result.statistic = b > 0.0 && c > 0.0 ? a * d / (b * c) : kInfinity;
  // Tables with x of the reference having it, as probabilities over that of the most probable one,
  // whose x is mode: each follows from its neighbour.
  const double least = std::max(0.0, with - m);
  const double most = std::min(with, n);
  const double mode = std::clamp(std::floor((with + 1.0) * (n + 1.0) / (n + m + 2.0)), least, most);
  const auto up = [&](double x) {
    return (n - x) * (with - x) / ((x + 1.0) * (m - with + x + 1.0));
  };
  const auto down = [&](double x) {
    return x * (m - with + x) / ((n - x + 1.0) * (with - x + 1.0));
  };
  double observed = 1.0;
  for (double x = mode; x < a && observed > 0.0; ++x) observed *= up(x);
  for (double x = mode; x > a && observed > 0.0; --x) observed *= down(x);
  constexpr double kEqual = 1.0 + 1e-10;
  const double limit = observed * kEqual;
  double all = 1.0;
  double as_extreme = 1.0 <= limit ? 1.0 : 0.0;
  const auto add = [&](double probability) {
    all += probability;
    if (probability <= limit) as_extreme += probability;
  };
  double probability = 1.0;
  for (double x = mode; x < most && probability > 0.0; ++x) add(probability *= up(x));
  probability = 1.0;
  for (double x = mode; x > least && probability > 0.0; --x) add(probability *= down(x));
  result.p_value = std::min(1.0, as_extreme / all);
  return result;
}

TestResult ProportionsZ(double reference_with, double reference_rows, double current_with,
                        double current_rows) {
  TestResult result{.statistic = kNaN, .p_value = kNaN};
  if (!(reference_rows > 0.0 && current_rows > 0.0)) return result;
  const double rows = reference_rows + current_rows;
  const double with = reference_with + current_with;
  const double variance =
      with / rows * ((rows - with) / rows) * (rows / reference_rows / current_rows);
  if (!(variance > 0.0)) return {.statistic = 0.0, .p_value = 1.0};
  result.statistic =
      (current_with / current_rows - reference_with / reference_rows) / std::sqrt(variance);
  result.p_value = 2.0 * NormalTail(std::fabs(result.statistic));
  return result;
}

double LargestPhiSquared(double categories, double rows) {
  const double columns = categories - (categories - 1.0) * (categories - 1.0) / (rows - 1.0);
  const double sides = 2.0 - 1.0 / (rows - 1.0);
  return std::min(columns - 1.0, sides - 1.0);
}

double CramersV(std::span<const double> reference, std::span<const double> current) {
  const ContingencyResult test = ChiSquareContingency(reference, current);
  if (std::isnan(test.statistic)) return kNaN;
  if (test.degrees == 0.0) return 0.0;
  const double rows = Sum(reference) + Sum(current);
  const double phi_squared = std::max(0.0, test.statistic / rows - test.degrees / (rows - 1.0));
  const double largest = LargestPhiSquared(test.degrees + 1.0, rows);
  return largest > 0.0 ? std::min(1.0, std::sqrt(phi_squared / largest)) : 0.0;
}

Categories CategoriesOf(std::span<const std::string_view> reference,
                        std::span<const std::string_view> current) {
  struct Rows {
    double reference = 0;
    double current = 0;
  };
  Categories categories;
  std::unordered_map<std::string_view, Rows> rows;
  for (const std::string_view cell : reference) {
    if (IsBlank(cell)) {
      ++categories.reference_missing;
    } else {
      rows[cell].reference += 1.0;
    }
  }
  for (const std::string_view cell : current) {
    if (IsBlank(cell)) {
      ++categories.current_missing;
    } else {
      rows[cell].current += 1.0;
    }
  }
  std::vector<std::pair<std::string_view, Rows>> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [name, count] : sorted) {
    if (count.reference == 0.0) categories.added.push_back(categories.names.size());
    if (count.current == 0.0) categories.gone.push_back(categories.names.size());
    categories.names.emplace_back(name);
    categories.reference.push_back(count.reference);
    categories.current.push_back(count.current);
  }
  return categories;
}

}  // namespace firetower::drift
