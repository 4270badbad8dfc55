#include "core/drift/binned.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "core/base/portable_log.h"
#include "core/drift/chi_square.h"

namespace firetower::drift {
namespace {

constexpr double kLeastExpected = 5.0;
constexpr double kHalfRow = 0.5;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Pool {
  double reference = 0;
  double current = 0;
  size_t bins = 0;  // Given bins in it.
};

double Sum(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

std::vector<Pool> PoolBins(std::span<const double> reference, std::span<const double> current,
                           double n, double m) {
  // A bin's expected count on a side is its count on both sides times the side's share of all rows.
  const double least_share = std::min(n, m) / (n + m);
  std::vector<Pool> pools;
  Pool open;
  for (size_t b = 0; b < reference.size(); ++b) {
    open.reference += reference[b];
    open.current += current[b];
    ++open.bins;
    if ((open.reference + open.current) * least_share >= kLeastExpected) {
      pools.push_back(open);
      open = {};
    }
  }
  if (open.bins > 0) {
    if (pools.empty()) pools.push_back({});
    pools.back().reference += open.reference;
    pools.back().current += open.current;
    pools.back().bins += open.bins;
  }
  return pools;
}

double PsiOf(const Pool& pool, double n, double m, size_t pools) {
  const double added = kHalfRow * static_cast<double>(pools);
  const double p = (pool.reference + kHalfRow) / (n + added);
  const double q = (pool.current + kHalfRow) / (m + added);
  return (q - p) * PortableLog(q / p);
}

}  // namespace

std::string_view Name(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"too few rows", "stable",
                                                      "too small to matter", "drifted"};
  return kNames[static_cast<size_t>(verdict)];
}

BinnedDrift CompareCounts(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  if (!(n > 0.0 && m > 0.0)) return {.psi = kNaN, .psi_noise = kNaN, .p_value = kNaN};
  const std::vector<Pool> pools = PoolBins(reference, current, n, m);
  BinnedDrift drift;
  drift.bins = pools.size();
  drift.degrees = static_cast<double>(pools.size() - 1);
  drift.psi_noise = drift.degrees * (1.0 / n + 1.0 / m);
  for (const Pool& pool : pools) {
    drift.psi += PsiOf(pool, n, m, pools.size());
    const double both = pool.reference + pool.current;
    // (observed - expected)^2 is the same on both sides; so is 1/E + 1/E' = (n + m)^2 / (both n m).
    const double apart = pool.reference - both * (n / (n + m));
    if (both > 0.0) drift.statistic += apart * apart / both * ((n + m) / n) * ((n + m) / m);
  }
  if (pools.size() > 1) drift.p_value = ChiSquareTail(drift.statistic, pools.size() - 1);
  return drift;
}

std::vector<double> PsiByBin(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  if (!(n > 0.0 && m > 0.0)) return std::vector<double>(reference.size(), kNaN);
  const std::vector<Pool> pools = PoolBins(reference, current, n, m);
  std::vector<double> shares;
  shares.reserve(reference.size());
  for (const Pool& pool : pools) {
    const double share = PsiOf(pool, n, m, pools.size()) / static_cast<double>(pool.bins);
    shares.insert(shares.end(), pool.bins, share);
  }
  return shares;
}

std::vector<double> BenjaminiHochberg(std::span<const double> p_values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p_values.size(); ++i) {
    if (p_values[i] == p_values[i]) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return p_values[a] != p_values[b] ? p_values[a] < p_values[b] : a < b;
  });
  std::vector<double> corrected(p_values.size(), kNaN);
  const double tests = static_cast<double>(order.size());
  double least = 1.0;
  for (size_t rank = order.size(); rank > 0; --rank) {
    const size_t i = order[rank - 1];
    least = std::min(least, p_values[i] * tests / static_cast<double>(rank));
    corrected[i] = least;
  }
  return corrected;
}

Verdict Judge(const BinnedDrift& drift, double current_rows, double p_corrected, double level,
              double effect_floor) {
  if (!(current_rows >= kMinRows) || drift.psi != drift.psi || p_corrected != p_corrected) {
    return Verdict::kTooFewRows;
  }
  if (p_corrected >= level) return Verdict::kStable;
  return drift.psi - drift.psi_noise >= effect_floor ? Verdict::kDrifted
                                                     : Verdict::kTooSmallToMatter;
}

}  // namespace firetower::drift
