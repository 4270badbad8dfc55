// The control charts of statistical process control: Shewhart's, CUSUM and EWMA. Each learns the
// mean and the standard deviation of its first values and says when values have left them.
//
// By default, as the charts' authors have it, what was learnt stays after an alarm, only the chart
// begins anew; and values that are all equal teach nothing: learning goes on until one differs.
// With semantics kRiver everything is learnt anew after an alarm, EWMA compares with running
// moments instead of learnt ones, and equal values give limits of width 0. Sources: Shewhart,
// "Statistical method" (1939); Page, "Continuous inspection schemes", Biometrika 41 (1954);
// Roberts, "Control chart tests based on geometric moving averages", Technometrics 1 (1959).
// Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_CONTROL_CHARTS_H_
#define FIRETOWER_CORE_STREAM_CONTROL_CHARTS_H_

#include <vector>

#include "core/stream/detector.h"
#include "core/stream/running.h"

namespace firetower::stream {

// Options of all three. Distances are in learnt standard deviations.
struct ChartOptions {
  double min_instances = 30;  // Values to learn from. Range: >= 1 (river) or 2. Default: 30.
  Direction mode = Direction::kBoth;
  Semantics semantics = Semantics::kPaper;
};

// What the first values teach.
class ChartReference {
 public:
  explicit ChartReference(const ChartOptions& options) : options_(options) {}
  // Learns from x while there is something to learn. True: x is to be judged. kPaper: only values
  // that nothing was learnt from; kRiver: the last of those too.
  bool Judges(double x);
  void Forget() { *this = ChartReference(options_); }
  double mean() const { return seen_.mean(); }
  double standard_deviation() const { return seen_.standard_deviation(); }

 private:
  ChartOptions options_;
  RunningVariance seen_;
  bool learnt_ = false;
};

class Shewhart : public Detector {
 public:
  // k: distance of the limits. Range: > 0. Default: 3.
  Shewhart(const ChartOptions& options, double k) : options_(options), reference_(options), k_(k) {}
  DetectorState Update(double x) override;
  std::vector<DetectorFigure> Figures() const override;

 private:
  ChartOptions options_;
  ChartReference reference_;
  double k_;
  bool drift_ = false;
};

struct CusumOptions : ChartOptions {
  double slack = 0.5;    // What a sum loses with every value. Range: >= 0. Default: 0.5.
  double threshold = 5;  // Alarm above it. Range: > 0. Default: 5.
};

class Cusum : public Detector {
 public:
  explicit Cusum(const CusumOptions& options) : options_(options), reference_(options) {}
  DetectorState Update(double x) override;
  std::vector<DetectorFigure> Figures() const override;

 private:
  CusumOptions options_;
  ChartReference reference_;
  double up_ = 0;
  double down_ = 0;
  bool drift_ = false;
};

struct EwmaOptions : ChartOptions {
  double alpha = 0.1;    // Weight of the newest value. Range: 0 .. 1, not 0. Default: 0.1.
  double threshold = 4;  // Distance of the limits, in the average's own standard deviations.
                         // Range: > 0. Default: 4.
};

class Ewma : public Detector {
 public:
  explicit Ewma(const EwmaOptions& options)
      : options_(options), reference_(options), average_(options.alpha), squares_(options.alpha) {}
  DetectorState Update(double x) override;
  std::vector<DetectorFigure> Figures() const override;

 private:
  void Begin();
  bool Out(double center, double standard_deviation);

  EwmaOptions options_;
  ChartReference reference_;
  FadingMean average_;
  FadingMean squares_;  // Of squared values, kRiver only.
  RunningMean mean_;    // kRiver only.
  double rest_ = 1;     // (1 - alpha)^(2 rows)
  double off_ = 0;      // Average minus center.
  double bound_ = 0;
  bool drift_ = false;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_CONTROL_CHARTS_H_
