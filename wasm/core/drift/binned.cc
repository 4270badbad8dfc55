#include "core/drift/binned.h"

#include <limits>
#include <numeric>

#include "core/drift/chi_square.h"
#include "core/drift/distances.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Sum(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

}  // namespace

BinnedDrift CompareCounts(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  if (!(n > 0.0 && m > 0.0)) return {.psi = kNaN, .psi_noise = kNaN, .p_value = kNaN};
  const PooledCounts pools = PoolNeighbours(reference, current);
  BinnedDrift drift;
  drift.bins = pools.bins.size();
  drift.degrees = static_cast<double>(drift.bins - 1);
  drift.psi_noise = drift.degrees * (1.0 / n + 1.0 / m);
  drift.psi = Psi(pools.reference, pools.current, ZeroRule::kAddHalf);
  for (size_t i = 0; i < drift.bins; ++i) {
    const double both = pools.reference[i] + pools.current[i];
    // (observed - expected)^2 is the same on both sides; so is 1/E + 1/E' = (n + m)^2 / (both n m).
    const double apart = pools.reference[i] - both * (n / (n + m));
    if (both > 0.0) drift.statistic += apart * apart / both * ((n + m) / n) * ((n + m) / m);
  }
  if (drift.bins > 1) drift.p_value = ChiSquareTail(drift.statistic, drift.bins - 1);
  return drift;
}

std::vector<double> PsiByBin(std::span<const double> reference, std::span<const double> current) {
  const PooledCounts pools = PoolNeighbours(reference, current);
  const std::vector<double> parts =
      PsiContributions(pools.reference, pools.current, ZeroRule::kAddHalf);
  std::vector<double> shares;
  shares.reserve(reference.size());
  for (size_t i = 0; i < parts.size(); ++i)
    shares.insert(shares.end(), pools.bins[i], parts[i] / static_cast<double>(pools.bins[i]));
  return shares;
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
