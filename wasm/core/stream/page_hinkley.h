// The Page-Hinkley test: sums of what values lie above (below) the mean so far, less a slack; drift
// where a sum has moved from its lowest (highest) point by more than lambda.
//
// Source: Page, "Continuous inspection schemes", Biometrika 41 (1954); Mouss and others (2004) for
// streams; fading sums and both sides as river has them. The paper begins anew after an alarm, as
// river does: both semantics are the same here. Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_PAGE_HINKLEY_H_
#define FIRETOWER_CORE_STREAM_PAGE_HINKLEY_H_

#include <vector>

#include "core/stream/detector.h"
#include "core/stream/running.h"

namespace firetower::stream {

struct PageHinkleyOptions {
  double min_instances = 30;  // No alarm before so many values. Range: >= 1. Default: 30.
  double delta = 0.005;       // Slack, in the unit of the values. Range: >= 0. Default: 0.005.
  double lambda = 50;         // Alarm above it, in the unit of the values. Range: > 0. Default: 50.
  double alpha = 0.9999;  // A sum's share that stays, per value. Range: 0 .. 1. Default: 0.9999.
  Direction mode = Direction::kBoth;
};

class PageHinkley : public Detector {
 public:
  explicit PageHinkley(const PageHinkleyOptions& options) : options_(options) {}
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct State {
    RunningMean mean;
    double up = 0;
    double lowest = 0;
    double down = 0;
    double highest = 0;
    bool drift = false;
  };
  PageHinkleyOptions options_;
  State state_;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_PAGE_HINKLEY_H_
