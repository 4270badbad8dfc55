#include "core/drift/student.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace firetower::drift {
namespace {

namespace policies = boost::math::policies;

// Errors are answered with NaN or infinity: nothing throws. No long double: it differs between
// machines.
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>,
                               policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>,
                               policies::underflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>,
                               policies::rounding_error<policies::ignore_error>,
                               policies::indeterminate_result_error<policies::ignore_error>,
                               policies::promote_double<false>, policies::promote_float<false>>;
using Student = boost::math::students_t_distribution<double, Quiet>;

}  // namespace

double StudentTwoSidedTail(double t, double degrees) {
  if (std::isinf(t)) return 0.0;
  return 2.0 * boost::math::cdf(boost::math::complement(Student(degrees), std::abs(t)));
}

double StudentQuantile95(double degrees) {
  return boost::math::quantile(boost::math::complement(Student(degrees), 0.025));
}

}  // namespace firetower::drift
