// Distances between two distributions over the same bins or categories, from counts. The rule for
// zeros is part of the name or of an argument and is stated in every output. Agreement with
// scipy/numpy to 1e-12 relative. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_DISTANCES_H_
#define FIRETOWER_CORE_DRIFT_DISTANCES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/drift/tally.h"

namespace firetower::drift {

// Counts are >= 0 and finite, one per bin, equal sizes. A side without rows: NaN. Bins that both
// sides lack count for nothing. All are O(bins).
// What is done about empty bins before a logarithm is taken:
enum class ZeroRule : int32_t {
  kAddHalf = 0,  // Half a row added to every bin that a side has, renormalised.
  kFloor = 1,    // Shares below 1e-4 become 1e-4, not renormalised (Evidently's).
  kNone = 2,     // As they are: infinite where one side is empty.
};
// Population stability index: sum (q - p) ln(q / p), p the reference's shares, q the current's.
double Psi(std::span<const double> reference, std::span<const double> current, ZeroRule rule);
// Each bin's part of it, >= 0; their sum in order is Psi. All NaN where a side has no rows.
std::vector<double> PsiContributions(std::span<const double> reference,
                                     std::span<const double> current, ZeroRule rule);
// sum p ln(p / q), p the current's shares, q the reference's (nats): scipy.stats.entropy(p, q),
// which renormalises after any rule.
double KullbackLeibler(std::span<const double> current, std::span<const double> reference,
                       ZeroRule rule);
// The distance sqrt(JSD), scipy.spatial.distance.jensenshannon; base 2 is bounded by 1. REQUIRES:
// base > 1.
double JensenShannon(std::span<const double> reference, std::span<const double> current,
                     double base);
double Hellinger(std::span<const double> reference, std::span<const double> current);
double TotalVariation(std::span<const double> reference, std::span<const double> current);
double LInfinity(std::span<const double> reference, std::span<const double> current);
// The noise of PSI without drift: (bins - 1)(1/n + 1/m), and its 95 % bound chi2(.95, bins - 1)(1/n
// + 1/m).
struct PsiNull {
  double expected = 0;
  double bound = 0;
};
PsiNull PsiUnderNull(size_t bins, double reference_rows, double current_rows);

// --- bins
// Edges of bins that hold equal shares of the reference's rows: numpy.quantile's between, -inf and
// +inf at the ends. Ties make fewer; a value that holds more than a bin's share has a bin to
// itself, so that a constant that changes is seen, and where it is the least or the greatest there
// is an empty bin beyond it: at most bins + 2. Empty: the reference has no rows. O(distinct
// values).
std::vector<double> ReferenceQuantileEdges(const Tally& tally, size_t bins);
// `bins` of equal width over the pooled range, first and last closed (numpy.histogram's). These
// three are empty where neither side has rows.
std::vector<double> EqualWidthEdges(const Tally& tally, size_t bins);
// numpy.histogram_bin_edges(pooled, 'sturges' | 'doane').
std::vector<double> SturgesEdges(const Tally& tally);
std::vector<double> DoaneEdges(const Tally& tally);
struct BinCounts {
  std::vector<double> reference;  // edges.size() - 1, or one more: the missing rows last
  std::vector<double> current;
};
// Bin b: edges[b] <= x < edges[b+1], the last with its upper edge; what is outside is not counted.
// with_missing adds the rows without a value as a last bin. One sum over the counts, without
// branches: it runs for every column while a window is dragged.
BinCounts CountInto(const Tally& tally, std::span<const double> edges, bool with_missing);

// --- few rows in a bin: what to compare with a chi-square distribution (Cochran 1954)
inline constexpr double kLeastExpected = 5.0;
struct PooledCounts : BinCounts {
  std::vector<size_t> bins;  // Given bins in each pool; adds up to those given.
};
// Bins in order: neighbours pooled, left to right, until each pool expects `least` rows on the
// smaller side, going by the reference's shares; what is left at the end joins the last pool. Only
// the reference decides: its bins are mostly its own quantiles, and then the rows of both sides
// together tell what the current has; pools that ask for them err twice as often as they should.
PooledCounts PoolNeighbours(std::span<const double> reference, std::span<const double> current,
                            double least = kLeastExpected);
// Categories: those that expect fewer than `least` on a side, going by both sides together, are one
// pool, which comes last and takes the rarest of the others as long as it expects too few itself.
// Those that both sides lack are left out.
BinCounts PoolRare(std::span<const double> reference, std::span<const double> current,
                   double least = kLeastExpected);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_DISTANCES_H_
