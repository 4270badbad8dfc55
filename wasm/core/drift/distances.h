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

// Counts are >= 0 and finite, one per bin, equal sizes. A side without rows: NaN.
// What is done about empty bins before a logarithm is taken:
enum class ZeroRule : int32_t {
  kAddHalf = 0,  // Half a row added to every bin, renormalised.
  kFloor = 1,    // Shares below 1e-4 become 1e-4, not renormalised (Evidently's).
  kNone = 2,     // As they are: infinite where one side is empty.
};
double Psi(std::span<const double> reference, std::span<const double> current, ZeroRule rule);
// sum p ln(p / q), p the current's shares, q the reference's (nats): scipy.stats.entropy(p, q).
double KullbackLeibler(std::span<const double> current, std::span<const double> reference,
                       ZeroRule rule);
// The distance sqrt(JSD), scipy.spatial.distance.jensenshannon; base 2 is bounded by 1.
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
// Edges of at most `bins` bins that hold equal shares of the reference's rows; ties make fewer.
// First and last are -inf and +inf. Empty: the reference has no rows.
std::vector<double> ReferenceQuantileEdges(const Tally& tally, size_t bins);
// `bins` of equal width over the pooled range, first and last closed (numpy.histogram's).
std::vector<double> EqualWidthEdges(const Tally& tally, size_t bins);
// numpy.histogram_bin_edges(pooled, 'sturges' | 'doane').
std::vector<double> SturgesEdges(const Tally& tally);
std::vector<double> DoaneEdges(const Tally& tally);
struct BinCounts {
  std::vector<double> reference;  // edges.size() - 1, or one more: the missing rows last
  std::vector<double> current;
};
// Bin b: edges[b] <= x < edges[b+1], the last with its upper edge. with_missing adds the rows
// without a value as a last bin.
BinCounts CountInto(const Tally& tally, std::span<const double> edges, bool with_missing);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_DISTANCES_H_
