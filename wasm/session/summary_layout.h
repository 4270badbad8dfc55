// What the summaries of a model count by: one place for the session, the monitor and the command
// line, so that what one of them writes the others can merge. Thread-safety: pure functions.
#ifndef FIRETOWER_SESSION_SUMMARY_LAYOUT_H_
#define FIRETOWER_SESSION_SUMMARY_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/forest/model.h"
#include "core/monitor/summary.h"

namespace firetower::session {

// model_hash: SHA-256 of the model file's bytes, hexadecimal. A feature without a profile gets the
// edges 0 and 1. Allocates.
std::shared_ptr<const monitor::SummaryLayout> LayoutOf(const forest::Model& model,
                                                       std::string_view model_hash);

// The input that is the data's own clock, for the times of a summary: the first one in seconds
// (unit "s"); -1: none.
int32_t TimeInput(const features::Pipeline& pipeline);

// Per feature the counts of the model's profile, missing rows last, scaled so that they add up to
// the number of training rows: weights are no rows. Empty: the model has no profile.
std::vector<std::vector<double>> ProfileCounts(const forest::Model& model);

// Counts over the same bins: what is beyond in the first and last, missing rows at the end.
std::vector<double> CountsOf(const monitor::FeatureCounts& counts);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_SUMMARY_LAYOUT_H_
