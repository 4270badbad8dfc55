// Pipeline and forest together: fitting both, and judging them on rows that neither has seen.
//
//   Result<std::vector<int32_t>> folds = StratifiedFolds(columns, labels, {.folds = 5});
//   Result<CrossValidation> figures = CrossValidate(data, *folds, options);
//   Result<FittedModel> final = FitModel(data, {}, options);
//
// Everything that is fitted (scaling, imputing, bins, trees) is fitted on the training part of a
// fold only.
//
// Thread-safety: functions without shared state; training uses options.threads threads of its own.
#ifndef FIRETOWER_CORE_TRAIN_CROSS_VALIDATION_H_
#define FIRETOWER_CORE_TRAIN_CROSS_VALIDATION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/features/pipeline.h"
#include "core/metrics/binary.h"
#include "core/train/forest_trainer.h"
#include "core/train/options.h"

namespace firetower::train {

// What is learnt from. Refers to the caller's arrays.
struct TrainingData {
  std::vector<features::InputColumn> inputs;
  std::vector<features::Feature> features;  // Operations; their parameters are fitted.
  std::span<const std::span<const double>>
      columns;                      // columns[c][i] = input c of row i, NaN = missing.
  std::span<const uint8_t> labels;  // 0 or 1.
  std::span<const double> weights;  // Empty (all 1) or one per row, >= 0.
};

struct FittedModel {
  features::Pipeline pipeline;
  TrainedForest trained;
  std::vector<uint32_t>
      rows;  // Rows trained on: those asked for that the pipeline does not set aside.
  std::vector<float> features;  // features[f * rows.size() + k] = feature f of row rows[k].
};

// Fits on the rows given (empty: all). Errors: those of FitPipeline and TrainForest; rows count as
// in data.
Result<FittedModel> FitModel(const TrainingData& data, std::span<const uint32_t> rows,
                             const ForestOptions& options);

// The mean over folds with its standard error, sd / sqrt(folds). NaN where a fold has no figure.
struct FoldMean {
  double mean = 0.0;
  double standard_error = 0.0;
};

struct FoldFigures {
  size_t training_rows = 0;
  size_t rows = 0;  // Held out.
  size_t positives = 0;
  metrics::Interval auc;
  metrics::Interval average_precision;
};

struct CrossValidation {
  std::vector<FoldFigures> folds;
  FoldMean auc;
  FoldMean average_precision;
  // Of all held-out rows together, each scored by the model that has not seen it.
  metrics::Interval pooled_auc;
  metrics::Interval pooled_average_precision;
  double pooled_brier = 0.0;
  double pooled_log_loss = 0.0;
  std::vector<double> probabilities;  // One per row; NaN where the pipeline sets the row aside.
};

// fold_of_row: one per row, from 0 on, every number up to the largest in use. options.progress
// counts the trees of all folds. Errors: those of FitModel; kBadArgument (folds).
Result<CrossValidation> CrossValidate(const TrainingData& data,
                                      std::span<const int32_t> fold_of_row,
                                      const ForestOptions& options);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_CROSS_VALIDATION_H_
