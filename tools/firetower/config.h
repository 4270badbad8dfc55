// The configuration file of `train` and the grid file of `tune`: JSON, options by scikit-learn's
// names. Unknown keys are refused by name, with those that are allowed.
//
//   {"name": "creditcard-rf", "version": "1.0.0", "description": "...", "positive_class": "1",
//    "inputs": [{"name": "Time", "unit": "s"}, "V1", ...],            // default: those that the
//    features use "features": ["V1", {"name": "Time_hour", "op": "hour_of_day", "input": "Time",
//    "missing": "reject"}], "forest": {"n_estimators": 500, "max_depth": 15, "class_weight":
//    "balanced_subsample"}, "threshold": 0.5, "risk_cuts": [0.05, 0.2, 0.5, 0.8]}
//
//   {"select_by": "average_precision", "grid": {"max_depth": [10, 15], "criterion": ["gini",
//   "entropy"]}}
//
// Every key may be left out. A text in place of an input or feature stands for a column as it is.
// "grid" may be a list of such objects; each stands for all combinations of its values, the last
// key changing fastest.
#ifndef FIRETOWER_TOOLS_FIRETOWER_CONFIG_H_
#define FIRETOWER_TOOLS_FIRETOWER_CONFIG_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/features/pipeline.h"
#include "core/forest/model.h"
#include "core/train/grid_search.h"
#include "core/train/options.h"

namespace firetower::tools {

struct Config {
  forest::ModelInfo info;  // name, version, description, positive_class, threshold, risk_cuts.
  // Features name their inputs by index. Both empty: every column of the file as it is.
  std::vector<features::InputColumn> inputs;
  std::vector<features::Feature> features;
  train::ForestOptions forest;
};

// Errors (kDataInvalid): text that is not JSON with line and column, "forest: unknown key
// \"max_dept\"; allowed: ...", "features[2].op: ...", "forest.max_depth: must be ...".
// What depends on the data's columns is not checked where every column is taken.
Result<Config> ParseConfig(std::string_view text);

// An error of training options or features as one of the file (kDataInvalid), "PLACE: reason".
// place may be empty.
Error InConfig(std::string_view place, Error error);

struct Candidate {
  json::object parameters;  // What the grid sets, as in the file.
  train::ForestOptions options;
};

struct Grid {
  train::Objective objective = train::Objective::kAveragePrecision;
  std::vector<Candidate> candidates;
};

// Candidates are variations of base. Errors as ParseConfig.
Result<Grid> ParseGrid(std::string_view text, const train::ForestOptions& base);

// All forest options by their names in the files, but seed and threads.
json::object OptionsJson(const train::ForestOptions& options);

std::string_view Name(train::Objective objective);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_CONFIG_H_
