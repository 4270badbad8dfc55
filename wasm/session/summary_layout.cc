#include "session/summary_layout.h"

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

}  // namespace firetower::session
