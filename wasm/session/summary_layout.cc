#include "session/summary_layout.h"

#include <utility>

#include "core/base/json.h"

namespace firetower::session {

std::shared_ptr<const monitor::SummaryLayout> LayoutOf(const forest::Model& model,
                                                       std::string_view model_hash) {
  monitor::SummaryLayout layout;
  layout.model_name = model.info.name;
  layout.model_version = model.info.version;
  layout.model_hash = model_hash;
  layout.threshold = model.info.threshold;
  layout.risk_cuts = model.info.risk_cuts;
  for (const features::InputColumn& input : model.pipeline.inputs()) {
    layout.inputs.push_back(input.name);
  }
  for (size_t f = 0; f < model.pipeline.features().size(); ++f) {
    layout.features.push_back(model.pipeline.features()[f].name);
    layout.edges.push_back(model.profile.empty() ? std::vector<double>{0.0, 1.0}
                                                 : model.profile[f].edges);
  }
  return std::make_shared<const monitor::SummaryLayout>(std::move(layout));
}

int32_t TimeInput(const features::Pipeline& pipeline) {
  for (size_t c = 0; c < pipeline.inputs().size(); ++c) {
    if (pipeline.inputs()[c].unit == "s") return static_cast<int32_t>(c);
  }
  return -1;
}

std::vector<std::vector<double>> ProfileCounts(const forest::Model& model) {
  double rows = 0.0;
  if (const json::value* given = model.info.training.if_contains("rows");
      given && given->is_number())
    rows = given->to_number<double>();
  std::vector<std::vector<double>> profile;
  for (const forest::FeatureProfile& feature : model.profile) {
    std::vector<double> counts = feature.counts;
    counts.push_back(feature.missing);
    double sum = 0.0;
    for (const double count : counts) sum += count;
    const double scale = rows > 0.0 && sum > 0.0 ? rows / sum : 1.0;
    for (double& count : counts) count *= scale;
    profile.push_back(std::move(counts));
  }
  return profile;
}

std::vector<double> CountsOf(const monitor::FeatureCounts& counts) {
  const auto number = [](uint64_t count) { return static_cast<double>(count); };
  std::vector<double> current;
  current.reserve(counts.bins.size() + 1);
  for (const uint64_t count : counts.bins) current.push_back(number(count));
  double below = number(counts.negative_infinite);
  double above = number(counts.positive_infinite);
  for (const auto& [bucket, count] : counts.below) below += number(count);
  for (const auto& [bucket, count] : counts.above) above += number(count);
  current.front() += below;
  current.back() += above;
  current.push_back(number(counts.missing));
  return current;
}

}  // namespace firetower::session
