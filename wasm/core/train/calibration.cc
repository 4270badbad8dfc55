#include "core/train/calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/metrics/isotonic.h"

namespace firetower::train {

Result<forest::Calibration> FitCalibration(std::span<const double> probabilities,
                                           std::span<const uint8_t> labels,
                                           std::span<const double> weights, std::string from) {
  const std::vector<double> outcomes(labels.begin(), labels.end());
  Result<metrics::Isotonic> fit = metrics::FitIsotonic(probabilities, outcomes, weights);
  if (!fit.ok()) return fit.error();
  const auto known = std::count_if(probabilities.begin(), probabilities.end(),
                                   [](double p) { return !std::isnan(p); });
  return forest::Calibration{.from = std::move(from),
                             .rows = static_cast<double>(known),
                             .scores = std::move(fit->scores),
                             .probabilities = std::move(fit->probabilities)};
}

}  // namespace firetower::train
