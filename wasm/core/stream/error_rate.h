// DDM and EDDM: drift of an error rate, seen in the rate and in the rows between errors.
//
// Both compare with the best they have seen, and both begin anew after an alarm. Published
// implementations take the best from a handful of errors, or from none: at a rate of 0.0017 they
// then alarm at the first error. By default the best counts only once there were enough errors for
// the approximation that each paper rests on; with semantics kRiver it counts as published. Even
// so they are made for rates of a tenth: at rates of fraud use the Bernoulli CUSUM. Sources: Gama
// and others, "Learning with drift detection" (SBIA 2004); Baena-Garcia and others, "Early drift
// detection method" (IWKDDS 2006). Thread-safety: one object per thread.
#ifndef FIRETOWER_CORE_STREAM_ERROR_RATE_H_
#define FIRETOWER_CORE_STREAM_ERROR_RATE_H_

#include <limits>
#include <vector>

#include "core/stream/detector.h"
#include "core/stream/running.h"

namespace firetower::stream {

struct DdmOptions {
  double warm_start = 30;        // Rows that are not judged. Range: >= 1. Default: 30.
  double warning_threshold = 2;  // In standard deviations of the rate. Range: >= 0. Default: 2.
  double drift_threshold = 3;    // Range: >= 0. Default: 3.
  // kPaper: errors, and rows without one, before the rate can be the lowest: the paper's normal
  // approximation of the binomial needs both. Range: >= 0. Default: 30.
  double min_errors = 30;
  Semantics semantics = Semantics::kPaper;
};

class Ddm : public Detector {
 public:
  explicit Ddm(const DdmOptions& options) : options_(options) {}
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct State {
    RunningMean rate;
    double errors = 0;
    double lowest_rate = std::numeric_limits<double>::infinity();
    double lowest_deviation = std::numeric_limits<double>::infinity();
    DetectorState said = DetectorState::kStable;
  };
  DdmOptions options_;
  State state_;
};

struct EddmOptions {
  // Errors before anything is judged. kRiver: also rows before the largest distance counts; kPaper:
  // it counts after so many errors, and the rows before the first error are no distance. Range: >=
  // 1. Default: 30.
  double warm_start = 30;
  double alpha = 0.95;  // Warning below this share of the largest distance. Range: 0 .. 1.
  double beta = 0.9;    // Drift below it. Range: 0 .. alpha.
  Semantics semantics = Semantics::kPaper;
};

class Eddm : public Detector {
 public:
  explicit Eddm(const EddmOptions& options) : options_(options) {}
  DetectorState Update(double x) override;  // O(1), does not allocate.
  std::vector<DetectorFigure> Figures() const override;

 private:
  struct State {
    RunningVariance distances;
    double rows = 0;
    double last_error = 0;
    double errors = 0;
    double level = 0;     // Mean plus two standard deviations of the distances.
    double highest = -1;  // Of the levels.
    DetectorState said = DetectorState::kStable;
  };
  EddmOptions options_;
  State state_;
};

}  // namespace firetower::stream

#endif  // FIRETOWER_CORE_STREAM_ERROR_RATE_H_
