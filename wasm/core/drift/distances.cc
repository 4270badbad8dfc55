#include "core/drift/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/base/portable_log.h"
#include "core/drift/chi_square.h"
#include "core/drift/log_terms.h"

namespace firetower::drift {
namespace {

constexpr double kHalfRow = 0.5;
constexpr double kLeastShare = 1e-4;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Sum(std::span<const double> numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

uint64_t Sum(std::span<const uint32_t> counts) {
  uint64_t sum = 0;
  for (const uint32_t count : counts) sum += count;
  return sum;
}

// A bin's expected count on a side is its count on both sides times the side's share of all rows:
// the smaller such share.
double LeastShare(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  return std::min(n, m) / (n + m);
}

// Counts as shares under a zero rule.
class Shares {
 public:
  Shares(std::span<const double> reference, std::span<const double> current, ZeroRule rule)
      : reference_(reference), current_(current), floor_(rule == ZeroRule::kFloor) {
    n_ = Sum(reference);
    m_ = Sum(current);
    known_ = n_ > 0.0 && m_ > 0.0;
    if (rule != ZeroRule::kAddHalf) return;
    added_ = kHalfRow;
    for (size_t b = 0; b < reference.size(); ++b) {
      if (!Has(b)) continue;
      n_ += kHalfRow;
      m_ += kHalfRow;
    }
  }

  bool known() const { return known_; }
  bool Has(size_t b) const { return reference_[b] > 0.0 || current_[b] > 0.0; }
  double Reference(size_t b) const { return Floored((reference_[b] + added_) / n_); }
  double Current(size_t b) const { return Floored((current_[b] + added_) / m_); }

 private:
  double Floored(double share) const { return floor_ ? std::max(share, kLeastShare) : share; }

  std::span<const double> reference_;
  std::span<const double> current_;
  bool floor_;
  bool known_ = false;
  double added_ = 0.0;
  double n_ = 0.0;
  double m_ = 0.0;
};

// Of both samples together: the values that occur (those of a tally may be of rows in neither
// window).
struct Pooled {
  double rows = 0;
  double minimum = 0;
  double maximum = 0;
};

Pooled PooledRange(const Tally& tally) {
  Pooled pooled;
  pooled.rows = static_cast<double>(tally.reference_rows + tally.current_rows);
  if (pooled.rows == 0.0) return pooled;
  size_t first = 0;
  size_t last = tally.values.size() - 1;
  while (tally.reference[first] + tally.current[first] == 0) ++first;
  while (tally.reference[last] + tally.current[last] == 0) --last;
  pooled.minimum = tally.values[first];
  pooled.maximum = tally.values[last];
  return pooled;
}

// numpy.linspace over a range that numpy.histogram opens where it has no width.
std::vector<double> Linspace(double low, double high, size_t bins) {
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  const double count = static_cast<double>(bins);
  const double step = (high - low) / count;
  std::vector<double> edges(bins + 1);
  for (size_t b = 0; b < bins; ++b) {
    const double at = static_cast<double>(b);
    edges[b] =
        std::isfinite(step) ? at * step + low : low * (1.0 - at / count) + high * (at / count);
  }
  edges[bins] = high;
  return edges;
}

// Bins of one width, as many as it needs (numpy.histogram_bin_edges); a width of 0: one.
std::vector<double> EdgesOfWidth(const Pooled& pooled, double width) {
  const double range = pooled.maximum - pooled.minimum;
  const double bins = width > 0.0 && std::isfinite(range) ? std::ceil(range / width) : 1.0;
  return Linspace(pooled.minimum, pooled.maximum, static_cast<size_t>(std::max(1.0, bins)));
}

// Values of the reference by rank; ranks must be asked for in rising order.
class RankedReference {
 public:
  explicit RankedReference(const Tally& tally) : tally_(tally) { Settle(); }
  double At(uint64_t rank) {
    // Whole blocks are added up first: a sum without branches.
    constexpr size_t kBlock = 4096;
    const std::span<const uint32_t> counts = tally_.reference;
    while (index_ + kBlock < counts.size()) {
      const uint64_t block = Sum(counts.subspan(index_, kBlock));
      if (before_ + block > rank) break;
      before_ += block;
      index_ += kBlock;
    }
    while (before_ + counts[index_] <= rank) before_ += counts[index_++];
    return tally_.values[index_];
  }

 private:
  void Settle() {
    while (index_ < tally_.reference.size() && tally_.reference[index_] == 0) ++index_;
  }
  const Tally& tally_;
  size_t index_ = 0;
  uint64_t before_ = 0;  // Reference rows before index_.
};

// Between a and b at t, as numpy's quantile rounds it.
double Lerp(double a, double b, double t) {
  const double apart = b - a;
  if (!std::isfinite(apart)) return a * (1.0 - t) + b * t;
  return t >= 0.5 ? b - apart * (1.0 - t) : a + apart * t;
}

// numpy.quantile(reference, [0, 1/bins, ..., 1]).
std::vector<double> ReferenceQuantiles(const Tally& tally, size_t bins) {
  RankedReference ranked(tally);
  const uint64_t last = tally.reference_rows - 1;
  const double step = 1.0 / static_cast<double>(bins);
  std::vector<double> quantiles;
  double low = 0.0;
  double high = 0.0;
  uint64_t at = last + 1;  // Rank of low; none yet.
  for (size_t i = 0; i <= bins; ++i) {
    const double share = i == bins ? 1.0 : static_cast<double>(i) * step;
    const double position = static_cast<double>(last) * share;
    const uint64_t rank = std::min(static_cast<uint64_t>(position), last);
    if (rank != at) {
      low = rank == at + 1 ? high : ranked.At(rank);
      high = rank < last ? ranked.At(rank + 1) : low;
      at = rank;
    }
    quantiles.push_back(Lerp(low, high, position - static_cast<double>(rank)));
  }
  return quantiles;
}

}  // namespace

std::vector<double> PsiContributions(std::span<const double> reference,
                                     std::span<const double> current, ZeroRule rule) {
  const Shares shares(reference, current, rule);
  if (!shares.known()) return std::vector<double>(reference.size(), kNaN);
  std::vector<double> parts(reference.size(), 0.0);
  for (size_t b = 0; b < reference.size(); ++b) {
    if (!shares.Has(b)) continue;
    const double p = shares.Reference(b);
    const double q = shares.Current(b);
    parts[b] = p > 0.0 && q > 0.0 ? (q - p) * PortableLog(q / p) : kInfinity;
  }
  return parts;
}

double Psi(std::span<const double> reference, std::span<const double> current, ZeroRule rule) {
  if (reference.empty()) return kNaN;
  return Sum(PsiContributions(reference, current, rule));
}

double KullbackLeibler(std::span<const double> current, std::span<const double> reference,
                       ZeroRule rule) {
  const Shares shares(reference, current, rule);
  if (!shares.known()) return kNaN;
  double p_sum = 0.0;
  double q_sum = 0.0;
  for (size_t b = 0; b < reference.size(); ++b) {
    if (!shares.Has(b)) continue;
    p_sum += shares.Current(b);
    q_sum += shares.Reference(b);
  }
  double sum = 0.0;
  for (size_t b = 0; b < reference.size(); ++b) {
    if (!shares.Has(b)) continue;
    const double p = shares.Current(b) / p_sum;
    const double q = shares.Reference(b) / q_sum;
    if (p > 0.0 && q == 0.0) return kInfinity;
    if (q > 0.0) sum += Deviance(p, q, p - q);  // Less p - q, which adds up to 0.
  }
  return sum;
}

double JensenShannon(std::span<const double> reference, std::span<const double> current,
                     double base) {
  const Shares shares(reference, current, ZeroRule::kNone);
  if (!shares.known()) return kNaN;
  double sum = 0.0;
  for (size_t b = 0; b < reference.size(); ++b)
    sum += JensenShannonTerm(shares.Reference(b), shares.Current(b));
  return std::sqrt(sum / PortableLog(base));
}

double Hellinger(std::span<const double> reference, std::span<const double> current) {
  const Shares shares(reference, current, ZeroRule::kNone);
  if (!shares.known()) return kNaN;
  double sum = 0.0;
  for (size_t b = 0; b < reference.size(); ++b) {
    const double apart = std::sqrt(shares.Reference(b)) - std::sqrt(shares.Current(b));
    sum += apart * apart;
  }
  return std::sqrt(sum) / std::numbers::sqrt2;
}

double TotalVariation(std::span<const double> reference, std::span<const double> current) {
  const Shares shares(reference, current, ZeroRule::kNone);
  if (!shares.known()) return kNaN;
  double sum = 0.0;
  for (size_t b = 0; b < reference.size(); ++b)
    sum += std::fabs(shares.Reference(b) - shares.Current(b));
  return 0.5 * sum;
}

double LInfinity(std::span<const double> reference, std::span<const double> current) {
  const Shares shares(reference, current, ZeroRule::kNone);
  if (!shares.known()) return kNaN;
  double most = 0.0;
  for (size_t b = 0; b < reference.size(); ++b)
    most = std::max(most, std::fabs(shares.Reference(b) - shares.Current(b)));
  return most;
}

PsiNull PsiUnderNull(size_t bins, double reference_rows, double current_rows) {
  if (!(reference_rows > 0.0 && current_rows > 0.0)) return {.expected = kNaN, .bound = kNaN};
  if (bins < 2) return {};
  const double scale = 1.0 / reference_rows + 1.0 / current_rows;
  return {.expected = static_cast<double>(bins - 1) * scale,
          .bound = ChiSquareQuantile(0.05, bins - 1) * scale};
}

std::vector<double> ReferenceQuantileEdges(const Tally& tally, size_t bins) {
  if (tally.reference_rows == 0 || bins == 0) return {};
  bins = static_cast<size_t>(std::min<uint64_t>(bins, tally.reference_rows));
  const std::vector<double> quantiles = ReferenceQuantiles(tally, bins);
  std::vector<double> edges = {-kInfinity};
  for (size_t i = 1; i < bins; ++i) {
    const double value = quantiles[i];
    if (value > edges.back()) edges.push_back(value);
    if (value == quantiles[i - 1] || value == quantiles[i + 1]) {
      // It holds a bin's share and more: a bin to itself.
      const double next = std::nextafter(value, kInfinity);
      if (next > edges.back()) edges.push_back(next);
    }
  }
  edges.push_back(kInfinity);
  return edges;
}

std::vector<double> EqualWidthEdges(const Tally& tally, size_t bins) {
  const Pooled pooled = PooledRange(tally);
  if (pooled.rows == 0.0 || bins == 0) return {};
  return Linspace(pooled.minimum, pooled.maximum, bins);
}

std::vector<double> SturgesEdges(const Tally& tally) {
  const Pooled pooled = PooledRange(tally);
  if (pooled.rows == 0.0) return {};
  return EdgesOfWidth(pooled, (pooled.maximum - pooled.minimum) / (std::log2(pooled.rows) + 1.0));
}

std::vector<double> DoaneEdges(const Tally& tally) {
  const Pooled pooled = PooledRange(tally);
  const double n = pooled.rows;
  if (n == 0.0) return {};
  const auto moment = [&](auto&& term) {
    double sum = 0.0;
    for (size_t i = 0; i < tally.values.size(); ++i)
      sum += (static_cast<double>(tally.reference[i]) + static_cast<double>(tally.current[i])) *
             term(tally.values[i]);
    return sum / n;
  };
  const double mean = moment([](double x) { return x; });
  const double deviation = std::sqrt(moment([&](double x) { return (x - mean) * (x - mean); }));
  double width = 0.0;
  if (n > 2.0 && deviation > 0.0) {
    const double skewness = moment([&](double x) {
      const double z = (x - mean) / deviation;
      return z * z * z;
    });
    const double noise = std::sqrt(6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0)));
    width = (pooled.maximum - pooled.minimum) /
            (1.0 + std::log2(n) + std::log2(1.0 + std::fabs(skewness) / noise));
  }
  return EdgesOfWidth(pooled, width);
}

PooledCounts PoolNeighbours(std::span<const double> reference, std::span<const double> current,
                            double least) {
  const double n = Sum(reference);
  const double expected_per_row = std::min(n, Sum(current)) / n;
  PooledCounts pools;
  double in_reference = 0.0;
  double in_current = 0.0;
  size_t bins = 0;
  const auto close = [&] {
    pools.reference.push_back(in_reference);
    pools.current.push_back(in_current);
    pools.bins.push_back(bins);
    in_reference = in_current = 0.0;
    bins = 0;
  };
  for (size_t b = 0; b < reference.size(); ++b) {
    in_reference += reference[b];
    in_current += current[b];
    ++bins;
    if (in_reference * expected_per_row >= least) close();
  }
  if (bins > 0 && pools.bins.empty()) {
    close();
  } else if (bins > 0) {
    pools.reference.back() += in_reference;
    pools.current.back() += in_current;
    pools.bins.back() += bins;
  }
  return pools;
}

BinCounts PoolRare(std::span<const double> reference, std::span<const double> current,
                   double least) {
  const double least_share = LeastShare(reference, current);
  const auto expected = [&](size_t b) { return (reference[b] + current[b]) * least_share; };
  std::vector<size_t> rarest;  // Rising by rows.
  for (size_t b = 0; b < reference.size(); ++b)
    if (reference[b] + current[b] > 0.0) rarest.push_back(b);
  std::sort(rarest.begin(), rarest.end(), [&](size_t a, size_t b) {
    return expected(a) != expected(b) ? expected(a) < expected(b) : a < b;
  });
  std::vector<bool> pooled(reference.size(), false);
  double in_reference = 0.0;
  double in_current = 0.0;
  bool any = false;
  for (const size_t b : rarest) {
    const bool enough = !any || (in_reference + in_current) * least_share >= least;
    if (expected(b) >= least && enough) break;
    pooled[b] = any = true;
    in_reference += reference[b];
    in_current += current[b];
  }
  BinCounts counts;
  for (size_t b = 0; b < reference.size(); ++b) {
    if (pooled[b] || reference[b] + current[b] == 0.0) continue;
    counts.reference.push_back(reference[b]);
    counts.current.push_back(current[b]);
  }
  if (any) {
    counts.reference.push_back(in_reference);
    counts.current.push_back(in_current);
  }
  return counts;
}

BinCounts CountInto(const Tally& tally, std::span<const double> edges, bool with_missing) {
  BinCounts counts;
  const size_t bins = edges.size() < 2 ? 0 : edges.size() - 1;
  const auto begin = tally.values.begin();
  const auto end = tally.values.end();
  auto first = bins == 0 ? end : std::lower_bound(begin, end, edges[0]);
  for (size_t b = 0; b < bins; ++b) {
    const auto last = b + 1 == bins ? std::upper_bound(first, end, edges[bins])
                                    : std::lower_bound(first, end, edges[b + 1]);
    const size_t offset = static_cast<size_t>(first - begin);
    const size_t length = static_cast<size_t>(last - first);
    const std::span<const uint32_t> reference = tally.reference;
    const std::span<const uint32_t> current = tally.current;
    counts.reference.push_back(static_cast<double>(Sum(reference.subspan(offset, length))));
    counts.current.push_back(static_cast<double>(Sum(current.subspan(offset, length))));
    first = last;
  }
  if (with_missing) {
    counts.reference.push_back(static_cast<double>(tally.reference_missing));
    counts.current.push_back(static_cast<double>(tally.current_missing));
  }
  return counts;
}

}  // namespace firetower::drift
