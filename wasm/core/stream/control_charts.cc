#include "core/stream/control_charts.h"

#include <algorithm>
#include <cmath>

namespace firetower::stream {
namespace {

bool IsOut(Direction mode, double off, double limit) {
  return (off > limit && mode != Direction::kDown) || (-off > limit && mode != Direction::kUp);
}

DetectorState StateOf(bool drift) { return drift ? DetectorState::kDrift : DetectorState::kStable; }

}  // namespace

bool ChartReference::Judges(double x) {
  if (learnt_) return true;
  const bool river = options_.semantics == Semantics::kRiver;
  seen_.Add(x);
  learnt_ = seen_.count() >= options_.min_instances && (river || seen_.variance() > 0.0);
  return learnt_ && river;
}

DetectorState Shewhart::Update(double x) {
  if (drift_ && options_.semantics == Semantics::kRiver) reference_.Forget();
  drift_ = reference_.Judges(x) &&
           IsOut(options_.mode, x - reference_.mean(), k_ * reference_.standard_deviation());
  return StateOf(drift_);
}

std::vector<DetectorFigure> Shewhart::Figures() const {
  return {{"mean", reference_.mean()}, {"standard_deviation", reference_.standard_deviation()}};
}

DetectorState Cusum::Update(double x) {
  if (drift_) {
    up_ = down_ = 0.0;
    if (options_.semantics == Semantics::kRiver) reference_.Forget();
  }
  drift_ = false;
  if (!reference_.Judges(x)) return DetectorState::kStable;
  const double slack = options_.slack * reference_.standard_deviation();
  const double limit = options_.threshold * reference_.standard_deviation();
  const double off = x - reference_.mean();
  up_ = std::max(0.0, up_ + off - slack);
  down_ = std::max(0.0, down_ - off - slack);
  drift_ = (up_ > limit && options_.mode != Direction::kDown) ||
           (down_ > limit && options_.mode != Direction::kUp);
  return StateOf(drift_);
}

std::vector<DetectorFigure> Cusum::Figures() const {
  return {{"mean", reference_.mean()},
          {"standard_deviation", reference_.standard_deviation()},
          {"rise", up_},
          {"fall", down_}};
}

void Ewma::Begin() {
  average_ = FadingMean(options_.alpha);
  rest_ = 1.0;
  if (options_.semantics == Semantics::kRiver) {
    squares_ = FadingMean(options_.alpha);
    mean_ = RunningMean();
  } else {
    average_.Add(reference_.mean());
  }
}

bool Ewma::Out(double center, double standard_deviation) {
  const double share = options_.alpha / (2.0 - options_.alpha) * (1.0 - rest_);
  bound_ = options_.threshold * standard_deviation * std::sqrt(share);
  off_ = average_.mean() - center;
  return IsOut(options_.mode, off_, bound_);
}

DetectorState Ewma::Update(double x) {
  if (drift_) Begin();
  drift_ = false;
  const bool river = options_.semantics == Semantics::kRiver;
  if (!river && !reference_.Judges(x)) {
    average_ = FadingMean(options_.alpha);
    average_.Add(reference_.mean());
    return DetectorState::kStable;
  }
  average_.Add(x);
  rest_ *= (1.0 - options_.alpha) * (1.0 - options_.alpha);
  if (!river) {
    drift_ = Out(reference_.mean(), reference_.standard_deviation());
    return StateOf(drift_);
  }
  squares_.Add(x * x);
  mean_.Add(x);
  if (mean_.count() >= options_.min_instances) {
    const double variance = squares_.mean() - average_.mean() * average_.mean();
    drift_ = Out(mean_.mean(), std::sqrt(std::max(0.0, variance)));
  }
  return StateOf(drift_);
}

std::vector<DetectorFigure> Ewma::Figures() const {
  return {{"average", average_.mean()}, {"off", off_}, {"bound", bound_}};
}

}  // namespace firetower::stream
