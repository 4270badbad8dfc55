// Samples of correlated columns for the tests of all columns together.
#ifndef FIRETOWER_TESTS_UNIT_DRIFT_MADE_UP_SAMPLE_H_
#define FIRETOWER_TESTS_UNIT_DRIFT_MADE_UP_SAMPLE_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "core/base/random.h"
#include "core/drift/sample_matrix.h"

namespace firetower::drift {

struct MadeUp {
  size_t reference_rows = 100;
  size_t current_rows = 100;
  size_t columns = 5;
  uint64_t seed = 1;
  double correlation = 0.5;          // Of any two columns of the reference, by a common factor.
  double current_correlation = 0.5;  // Of the current.
  double shift = 0.0;                // Of the current's first column.
  bool heavy_tails = false;          // Cubes of normal numbers.
};

class Sample {
 public:
  explicit Sample(const MadeUp& made)
      : rows_(made.reference_rows + made.current_rows),
        columns_(made.columns),
        reference_rows_(made.reference_rows),
        values_(rows_ * columns_) {
    Random random(made.seed);
    const auto normal = [&] {  // Box and Muller
      const double radius = std::sqrt(-2.0 * std::log(1.0 - random.Uniform()));
      return radius * std::cos(2.0 * std::numbers::pi * random.Uniform());
    };
    for (size_t i = 0; i < rows_; ++i) {
      const bool current = i >= reference_rows_;
      const double rho = current ? made.current_correlation : made.correlation;
      const double common = normal();
      for (size_t c = 0; c < columns_; ++c) {
        double value = std::sqrt(rho) * common + std::sqrt(1.0 - rho) * normal();
        if (made.heavy_tails) value = value * value * value;
        at(i, c) = value + (current && c == 0 ? made.shift : 0.0);
      }
    }
  }

  double& at(size_t row, size_t column) { return values_[column * rows_ + row]; }
  SampleMatrix matrix() const {
    return {
        .values = values_, .rows = rows_, .columns = columns_, .reference_rows = reference_rows_};
  }

 private:
  size_t rows_, columns_, reference_rows_;
  std::vector<double> values_;
};

// True where `fired` of `runs` is within four standard deviations of a rate.
inline bool FiresAtRate(int fired, int runs, double rate) {
  return std::abs(fired - runs * rate) <= 4.0 * std::sqrt(runs * rate * (1.0 - rate));
}

}  // namespace firetower::drift

#endif  // FIRETOWER_TESTS_UNIT_DRIFT_MADE_UP_SAMPLE_H_
