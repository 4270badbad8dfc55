#include "core/stream/bernoulli_cusum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"

namespace firetower::stream {
namespace {

constexpr double kLeastRate = 1e-9;
constexpr double kLeastRunLength = 100.0;
constexpr double kMostRunLength = 1e9;
// Rates below this are scaled up to it, and the run length down: rows are grouped. What the
// grouping leaves out is of the relative size of the rate.
constexpr double kFineRate = 1e-4;
constexpr size_t kMostPoints = size_t{1} << 23;

// The chart on a lattice of the smaller step's length.
struct Lattice {
  double unit = 0;       // Length of the smaller step.
  size_t steps = 0;      // The larger step is this many units
  double weight = 1;     // with this probability, and one more otherwise.
  bool whole = true;     // It is exactly `steps` units.
  double p_up = 0;       // Probability of a step up.
  bool small_up = true;  // The step up is the smaller one.
};

Lattice MakeLattice(double p0, double p1) {
  const double event = PortableLog(p1 / p0);
  const double no_event = PortableLog((1.0 - p1) / (1.0 - p0));
  const double up = event > 0.0 ? event : no_event;
  const double down = event > 0.0 ? -no_event : -event;
  Lattice lattice;
  lattice.p_up = event > 0.0 ? p0 : 1.0 - p0;
  lattice.small_up = up < down;
  lattice.unit = std::min(up, down);
  const double ratio = std::max(up, down) / lattice.unit;
  lattice.steps = static_cast<size_t>(ratio + 1e-9);
  const double over = ratio - static_cast<double>(lattice.steps);
  lattice.whole = over < 1e-9;
  if (!lattice.whole) {
    // weight e^a + (1 - weight) e^b = 1, a and b what the lattice's steps are longer than the real
    // one.
    const double sign = lattice.small_up ? -1.0 : 1.0;
    const double a = PortableExp(-sign * over * lattice.unit);
    const double b = PortableExp(sign * (1.0 - over) * lattice.unit);
    lattice.weight = (b - 1.0) / (b - a);
  }
  return lattice;
}

// values[i - steps] or its neighbour below, by their weights; 0 before the beginning.
double After(const std::vector<double>& values, size_t i, const Lattice& lattice) {
  const double near = i >= lattice.steps ? values[i - lattice.steps] : 0.0;
  const double far = i > lattice.steps ? values[i - lattice.steps - 1] : 0.0;
  return lattice.weight * near + (1.0 - lattice.weight) * far;
}

// Mean run lengths of the thresholds 1, 2, ... units, one after the other.
class RunLengths {
 public:
  explicit RunLengths(const Lattice& lattice) : lattice_(lattice) {}

  double Next() { return lattice_.small_up ? NextSmallUp() : NextSmallDown(); }

 private:
  // L(s): mean rows to the alarm from the sum s. L(s) = 1 + p L(s + 1) + q L(max(0, s - steps)), so
  // that D(s) = L(0) - L(s) begins with D(0) = 0, D(s + 1) = (D(s) + 1 - q D(max(0, s - steps))) /
  // p; and the threshold n has L(n) = 0: its run length is D(n).
  double NextSmallUp() {
    if (first_.empty()) first_.push_back(0.0);
    const size_t s = first_.size() - 1;
    const double p = lattice_.p_up;
    first_.push_back((first_[s] + 1.0 - (1.0 - p) * After(first_, s, lattice_)) / p);
    return first_.back();
  }

  // M(t) = L(n - t): mean rows to the alarm from t units below the threshold n, 0 for t <= 0.
  // M(t) = 1 + p M(t - steps) + q M(t + 1) for t < n whatever n is, so M(t) = A(t) + c B(t) with
  // c = M(1), A and B by this recursion; and at the sum 0, M(n) = 1 + p M(n - steps) + q M(n) gives
  // c.
  double NextSmallDown() {
    const double p = lattice_.p_up;
    if (first_.empty()) {
      first_ = {0.0, 0.0};
      second_ = {0.0, 1.0};
    } else {
      const size_t t = first_.size() - 1;
      first_.push_back((first_[t] - 1.0 - p * After(first_, t, lattice_)) / (1.0 - p));
      second_.push_back((second_[t] - p * After(second_, t, lattice_)) / (1.0 - p));
    }
    const size_t n = first_.size() - 1;
    const double a = first_[n] - After(first_, n, lattice_);
    const double b = second_[n] - After(second_, n, lattice_);
    return first_[n] + (1.0 / p - a) / b * second_[n];
  }

  Lattice lattice_;
  std::vector<double> first_, second_;
};

bool IsRate(double p) { return p >= kLeastRate && p <= 1.0 - kLeastRate; }

}  // namespace

Status CheckOptions(const BernoulliCusumOptions& options) {
  const auto bad = [](std::string message) {
    return Error{.code = ErrorCode::kBadArgument, .message = std::move(message)};
  };
  if (!IsRate(options.p0)) return bad("p0: is not between 1e-9 and 1 - 1e-9");
  if (!IsRate(options.p1)) return bad("p1: is not between 1e-9 and 1 - 1e-9");
  if (std::fabs(options.p1 - options.p0) < 1e-6 * options.p0) return bad("p1: is the same as p0");
  if (!(options.threshold > 0.0 && options.threshold < std::numeric_limits<double>::infinity())) {
    return bad("threshold: is not a number above 0");
  }
  return {};
}

BernoulliCusum::BernoulliCusum(const BernoulliCusumOptions& options)
    : options_(options),
      event_(PortableLog(options.p1 / options.p0)),
      no_event_(PortableLog((1.0 - options.p1) / (1.0 - options.p0))) {}

bool BernoulliCusum::Update(bool event) {
  if (sum_ >= options_.threshold) {
    sum_ = 0.0;
    rows_ = 0;
  }
  sum_ = std::max(0.0, sum_ + (event ? event_ : no_event_));
  ++rows_;
  if (sum_ < options_.threshold) return false;
  ++alarms_;
  return true;
}

void BernoulliCusum::Restore(double sum, uint64_t rows, uint64_t alarms) {
  sum_ = sum;
  rows_ = rows;
  alarms_ = alarms;
}

double CusumThreshold(double p0, double p1, double run_length) {
  run_length = std::min(std::max(run_length, kLeastRunLength), kMostRunLength);
  if (p0 > 0.5) {  // A rise of one is a fall of the other.
    p0 = 1.0 - p0;
    p1 = 1.0 - p1;
  }
  const double group = std::max(1.0, kFineRate / std::max(p0, p1));
  const Lattice lattice = MakeLattice(p0 * group, p1 * group);
  const double wanted = run_length / group;
  RunLengths lengths(lattice);
  double shorter = 0.0;
  size_t n = 1;
  double length = lengths.Next();
  for (; length < wanted && n < kMostPoints; ++n) {
    shorter = length;
    length = lengths.Next();
  }
  if (lattice.whole || n == 1) {
    // Half way to the point below: safe from what adding up many steps rounds.
    return (static_cast<double>(n) - 0.5) * lattice.unit;
  }
  // Off the lattice the run length changes smoothly with the threshold, about exponentially; and a
  // real sum stands half a unit above its lattice point on average.
  const double part = PortableLog(wanted / shorter) / PortableLog(length / shorter);
  return (static_cast<double>(n - 1) + part - 0.5) * lattice.unit;
}

}  // namespace firetower::stream
