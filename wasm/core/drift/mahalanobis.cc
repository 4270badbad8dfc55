#include "core/drift/mahalanobis.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace firetower::drift {
namespace {

constexpr double kNoVariance = 1e-10;   // Of the largest.
constexpr double kNoDifference = 1e-6;  // In standard deviations of all rows.

// Errors become values; long double, which differs between machines, is not used.
using Policy = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;

// P(X >= f) for F with the degrees of freedom given.
double FTail(double f, double numerator, double denominator) {
  const double scaled = numerator * f;
  return boost::math::ibeta(denominator / 2.0, numerator / 2.0,
                            denominator / (denominator + scaled), Policy());
}

// Mean of the rows first .. end - 1.
Eigen::VectorXd MeanOf(const StandardisedRows& rows, size_t first, size_t end) {
  const size_t width = rows.columns.size();
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(width));
  for (size_t i = first; i < end; ++i) {
    for (size_t c = 0; c < width; ++c) {
      mean[static_cast<Eigen::Index>(c)] += rows.z[i * width + c];
    }
  }
  return mean / static_cast<double>(end - first);
}

// Adds products of differences from the mean to the lower triangle, row by row in a fixed order.
void AddScatter(const StandardisedRows& rows, size_t first, size_t end, const Eigen::VectorXd& mean,
                Eigen::MatrixXd* scatter) {
  const Eigen::Index width = mean.size();
  Eigen::VectorXd difference(width);
  for (size_t i = first; i < end; ++i) {
    for (Eigen::Index c = 0; c < width; ++c) {
      difference[c] = rows.z[i * static_cast<size_t>(width) + static_cast<size_t>(c)] - mean[c];
    }
    for (Eigen::Index a = 0; a < width; ++a) {
      for (Eigen::Index b = a; b < width; ++b) (*scatter)(b, a) += difference[a] * difference[b];
    }
  }
}

}  // namespace

Result<HotellingResult> Hotelling(const SampleMatrix& sample) {
  if (Status status = CheckSample(sample, 2); !status.ok()) return status.error();
  std::vector<uint32_t> all(sample.rows);
  std::iota(all.begin(), all.end(), uint32_t{0});
  // Over both sides together: what is done about missing values does not depend on the side.
  const StandardisedRows rows = Standardise(sample, all);
  if (rows.columns.empty()) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "no column varies"};
  }
  if (rows.columns.size() > sample.rows - 2) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "there are too few rows for so many columns"};
  }
  const Eigen::VectorXd reference = MeanOf(rows, 0, sample.reference_rows);
  const Eigen::VectorXd current = MeanOf(rows, sample.reference_rows, sample.rows);
  const Eigen::VectorXd difference = current - reference;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(difference.size(), difference.size());
  AddScatter(rows, 0, sample.reference_rows, reference, &covariance);
  AddScatter(rows, sample.reference_rows, sample.rows, current, &covariance);
  const double n = static_cast<double>(sample.reference_rows);
  const double m = static_cast<double>(sample.rows - sample.reference_rows);
  covariance /= n + m - 2.0;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  if (solver.info() != Eigen::Success) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "the covariance has no inverse"};
  }

  HotellingResult result = {.left_out = sample.columns - rows.columns.size(),
                            .missing = rows.missing};
  const Eigen::VectorXd& variances = solver.eigenvalues();  // Rising.
  const double least = kNoVariance * std::max(variances[variances.size() - 1], kNoVariance);
  double square = 0.0;
  for (Eigen::Index k = 0; k < variances.size(); ++k) {
    double along = 0.0;
    for (Eigen::Index c = 0; c < difference.size(); ++c) {
      along += solver.eigenvectors()(c, k) * difference[c];
    }
    if (variances[k] > least) {
      ++result.rank;
      square += along * along / variances[k];
    } else if (std::abs(along) > kNoDifference) {
      result.apart = true;
    }
  }
  const double degrees = n + m - 2.0;
  const double rank = static_cast<double>(result.rank);
  result.degrees_numerator = rank;
  result.degrees_denominator = degrees - rank + 1.0;
  if (result.apart) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    result.statistic = result.f = result.distance = kInfinity;
    result.p_value = 0.0;
    return result;
  }
  result.distance = std::sqrt(square);
  result.statistic = n * m / (n + m) * square;
  result.f = result.statistic * result.degrees_denominator / (degrees * rank);
  result.p_value = FTail(result.f, rank, result.degrees_denominator);
  return result;
}

}  // namespace firetower::drift
