#include "core/stream/page_hinkley.h"

#include <algorithm>

namespace firetower::stream {

DetectorState PageHinkley::Update(double x) {
  if (state_.drift) state_ = State();
  State& s = state_;
  s.mean.Add(x);
  const double off = x - s.mean.mean();
  s.up = options_.alpha * s.up + off - options_.delta;
  s.down = options_.alpha * s.down + off + options_.delta;
  // The first value lies on its own mean: both sums begin at the slack.
  const bool first = s.mean.count() == 1.0;
  s.lowest = first ? s.up : std::min(s.lowest, s.up);
  s.highest = first ? s.down : std::max(s.highest, s.down);
  if (s.mean.count() < options_.min_instances) return DetectorState::kStable;
  const bool rose = s.up - s.lowest > options_.lambda;
  const bool fell = s.highest - s.down > options_.lambda;
  s.drift =
      (rose && options_.mode != Direction::kDown) || (fell && options_.mode != Direction::kUp);
  return s.drift ? DetectorState::kDrift : DetectorState::kStable;
}

std::vector<DetectorFigure> PageHinkley::Figures() const {
  return {{"rows", state_.mean.count()},
          {"mean", state_.mean.mean()},
          {"rise", state_.up - state_.lowest},
          {"fall", state_.highest - state_.down}};
}

}  // namespace firetower::stream
