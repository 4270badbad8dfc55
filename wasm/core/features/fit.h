// Fits a pipeline's parameters on the training part, with weights (Eigen). Use it on training rows
// only, and inside every fold of a cross-validation.
//
// Thread-safety: a pure function. Source of the definitions: scikit-learn 1.2.1, StandardScaler and
// SimpleImputer(strategy="median").
#ifndef FIRETOWER_CORE_FEATURES_FIT_H_
#define FIRETOWER_CORE_FEATURES_FIT_H_

#include "core/features/pipeline.h"

namespace firetower::features {

// Fills mean and scale (standard_scale: weighted mean and population standard deviation of the rows
// that are not missing, as StandardScaler.fit(X, sample_weight=w); scale 1 for a constant column)
// and fill (impute: weighted median; where the lower half weighs exactly half, the middle of the
// two values around it) of every feature. What an impute fills is counted into mean and scale as
// missing. columns[c][i] as in Pipeline::Transform; weights empty (all 1) or one per row; rows of
// weight 0 do not count. O(rows log rows) per imputed feature, O(rows) per other; allocates
// O(rows). Errors: kBadArgument (lengths differ, negative or non-finite weight, zero total),
// kDataInvalid (a column with no value or an infinite one where one is needed), those of
// Pipeline::Create.
Result<Pipeline> FitPipeline(std::vector<InputColumn> inputs, std::vector<Feature> features,
                             std::span<const std::span<const double>> columns,
                             std::span<const double> weights);

}  // namespace firetower::features

#endif  // FIRETOWER_CORE_FEATURES_FIT_H_
