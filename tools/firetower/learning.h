// What `train` and `tune` share: reading the data, judging by cross-validation, making and writing
// the model.
#ifndef FIRETOWER_TOOLS_FIRETOWER_LEARNING_H_
#define FIRETOWER_TOOLS_FIRETOWER_LEARNING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "commands.h"
#include "config.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/forest/model.h"
#include "core/train/cross_validation.h"
#include "table.h"

namespace firetower::tools {

// Options that both commands have.
struct LearningOptions {
  std::string data;
  std::string label;
  std::string weight;
  std::string config;
  std::string folds_column;
  std::string out;
  std::string report;
  uint64_t seed = 0;
  int32_t threads = 0;
  int32_t folds = 0;  // 0: no cross-validation.
  bool json = false;
  bool progress = false;
};

void AddLearningOptions(CLI::App* command, LearningOptions* options);

// Writes the report where it was asked for and prints it as JSON or else the summary: to standard
// error where standard output holds the model or the report. On failure prints the reason; returns
// the exit code.
int WriteReport(const LearningOptions& options, const json::object& report,
                const std::string& summary);

class Learning {
 public:
  explicit Learning(LearningOptions options) : options_(std::move(options)) {}

  // Reads configuration and data and makes the folds. On failure prints the reason and returns its
  // exit code.
  int Load();

  const LearningOptions& options() const { return options_; }
  const Config& config() const { return config_; }
  const Table& table() const { return table_; }
  train::TrainingData data() const;
  // Empty: no cross-validation was asked for.
  const std::vector<int32_t>& folds() const { return folds_; }
  // How the folds were made, in words.
  std::string Protocol() const;

  // Fits the final model on all rows and writes it; training gains what is known about it.
  // cross_validation may be null. On failure prints the reason and returns its exit code.
  int FitAndWrite(const train::ForestOptions& forest,
                  const train::CrossValidation* cross_validation, json::object* training);

 private:
  // Reports the rows that the fitted pipeline refuses and adds them to the table's list.
  void NoteRefused(const train::FittedModel& fitted);
  // Protocol in a few words.
  std::string HeldOut() const;
  json::object MetricsJson(const train::CrossValidation& figures) const;

  LearningOptions options_;
  Config config_;
  Table table_;
  std::vector<std::span<const double>> spans_;
  std::vector<int32_t> folds_;
};

// Figures of every fold and of all together.
json::object CrossValidationJson(const train::CrossValidation& figures);
std::string CrossValidationText(const train::CrossValidation& figures);

// "0.9806 (0.9721 .. 0.9865)"; "not defined".
std::string IntervalText(const metrics::Interval& interval);

}  // namespace firetower::tools

#endif  // FIRETOWER_TOOLS_FIRETOWER_LEARNING_H_
