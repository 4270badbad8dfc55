#include "core/stream/error_rate.h"

#include <cmath>

namespace firetower::stream {

DetectorState Ddm::Update(double x) {
  if (state_.said == DetectorState::kDrift) state_ = State();
  State& s = state_;
  s.rate.Add(x != 0.0 ? 1.0 : 0.0);
  s.errors += x != 0.0 ? 1.0 : 0.0;
  const double n = s.rate.count();
  const double p = s.rate.mean();
  // A rate of ones only can round to more than 1.
  const double deviation = std::sqrt(std::fmax(0.0, p * (1.0 - p) / n));
  if (n <= options_.warm_start) return s.said;
  const bool counts = options_.semantics == Semantics::kRiver ||
                      std::fmin(s.errors, n - s.errors) >= options_.min_errors;
  if (counts && p + deviation <= s.lowest_rate + s.lowest_deviation) {
    s.lowest_rate = p;
    s.lowest_deviation = deviation;
  }
  const double level = p + deviation;
  if (level > s.lowest_rate + options_.drift_threshold * s.lowest_deviation) {
    s.said = DetectorState::kDrift;
  } else if (level > s.lowest_rate + options_.warning_threshold * s.lowest_deviation) {
    s.said = DetectorState::kWarning;
  } else {
    s.said = DetectorState::kStable;
  }
  return s.said;
}

std::vector<DetectorFigure> Ddm::Figures() const {
  return {{"rows", state_.rate.count()},
          {"rate", state_.rate.mean()},
          {"lowest_rate", state_.lowest_rate},
          {"lowest_deviation", state_.lowest_deviation}};
}

DetectorState Eddm::Update(double x) {
  if (state_.said == DetectorState::kDrift) state_ = State();
  State& s = state_;
  const bool paper = options_.semantics == Semantics::kPaper;
  s.rows += 1.0;
  if (x == 0.0) return s.said;
  s.errors += 1.0;
  if (!paper || s.errors > 1.0) s.distances.Add(s.rows - s.last_error);
  s.last_error = s.rows;
  if ((paper ? s.errors : s.rows) <= options_.warm_start) return s.said;
  s.level = s.distances.mean() + 2.0 * s.distances.standard_deviation();
  if (s.level > s.highest) {
    s.highest = s.level;
  } else if (s.errors > options_.warm_start) {
    const double share = s.level / s.highest;
    s.said = share < options_.beta    ? DetectorState::kDrift
             : share < options_.alpha ? DetectorState::kWarning
                                      : DetectorState::kStable;
  }
  return s.said;
}

std::vector<DetectorFigure> Eddm::Figures() const {
  return {{"rows", state_.rows},
          {"errors", state_.errors},
          {"level", state_.level},
          {"highest_level", state_.highest}};
}

}  // namespace firetower::stream
