// Fits a pipeline's parameters on the training part, with weights (Eigen).
#ifndef FIRETOWER_CORE_FEATURES_FIT_H_
#define FIRETOWER_CORE_FEATURES_FIT_H_

#include "core/features/pipeline.h"

namespace firetower::features {

// Fills mean and scale (standard_scale: weighted mean and population standard deviation of the rows that are not
// missing, as StandardScaler.fit(X, sample_weight=w); scale 1 for a constant column) and fill (impute:
// weighted median) of every feature. columns[c][i] as in Pipeline::Transform; weights empty (all 1) or one per row.
// Errors: kBadArgument (lengths differ, negative or non-finite weight, zero total), kDataInvalid (a column with no value).
Result<Pipeline> FitPipeline(std::vector<InputColumn> inputs, std::vector<Feature> features,
                             std::span<const std::span<const double>> columns, std::span<const double> weights);

}  // namespace firetower::features

#endif  // FIRETOWER_CORE_FEATURES_FIT_H_
