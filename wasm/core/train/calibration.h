// The calibration of a model from probabilities of rows it has not seen: held out in
// cross-validation, or out of bag. Thread-safety: pure function.
#ifndef FIRETOWER_CORE_TRAIN_CALIBRATION_H_
#define FIRETOWER_CORE_TRAIN_CALIBRATION_H_

#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/forest/model.h"

namespace firetower::train {

// Isotonic. probabilities: NaN where a row takes no part; labels 0 or 1; weights empty or one per
// row; from: what the probabilities are, in words. Errors: those of metrics::FitIsotonic.
Result<forest::Calibration> FitCalibration(std::span<const double> probabilities,
                                           std::span<const uint8_t> labels,
                                           std::span<const double> weights, std::string from);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_CALIBRATION_H_
