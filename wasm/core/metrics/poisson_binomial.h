// How many of independent trials succeed when each has a probability of its own: the
// Poisson-binomial distribution. Exact by adding one trial after another while that is quick, else
// the normal distribution with its continuity correction.
//
//   CountDistribution fraud = PoissonBinomial(probabilities);
//   double low = fraud.Quantile(0.025), high = fraud.Quantile(0.975);
//
// Source: Hong, "On computing the distribution function for the Poisson binomial distribution",
// Computational Statistics & Data Analysis 59 (2013), the recursion of section 2.5. Thread-safety:
// pure functions, const methods.
#ifndef FIRETOWER_CORE_METRICS_POISSON_BINOMIAL_H_
#define FIRETOWER_CORE_METRICS_POISSON_BINOMIAL_H_

#include <cstddef>
#include <span>
#include <vector>

namespace firetower::metrics {

struct CountDistribution {
  size_t first = 0;                 // Counts below it have no weight worth naming.
  std::vector<double> probability;  // Of first, first + 1, ...; not empty; sums to 1.
  std::vector<double> cumulative;   // P(count <= first + i).
  bool exact = true;                // Not the normal distribution.

  size_t last() const { return first + probability.size() - 1; }
  double CumulativeAt(double count) const;  // P(X <= count)
  double Quantile(double share) const;      // The smallest k with P(X <= k) >= share.
};

// probabilities within 0..1. Counts that together have less than 1e-12 are cut off. O(n width) with
// width about 18 standard deviations; the normal distribution where that is over max_steps.
CountDistribution PoissonBinomial(std::span<const double> probabilities, double max_steps = 1e8);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_POISSON_BINOMIAL_H_
