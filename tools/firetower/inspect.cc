// firetower inspect: what is inside a model file or a summary, for people or as JSON.
#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"
#include "core/base/json.h"
#include "core/forest/model.h"
#include "core/monitor/summary.h"
#include "files.h"
#include "json_text.h"
#include "summary_report.h"

namespace firetower::tools {
namespace {

struct InspectOptions {
  std::string model;
  bool json = false;
};

struct Shape {
  size_t trees = 0;
  size_t nodes = 0;
  size_t leaves = 0;
  size_t leaf_values = 0;  // Distinct.
  size_t nodes_min = 0;    // Per tree.
  size_t nodes_median = 0;
  size_t nodes_max = 0;
  int32_t max_depth = 0;
  bool default_left = false;   // Some split sends NaN left.
  std::vector<size_t> splits;  // Per feature.
};

Shape Measure(const forest::Forest& forest) {
  Shape shape;
  shape.trees = forest.tree_count();
  shape.nodes = forest.node_count();
  shape.splits.assign(static_cast<size_t>(forest.feature_count), 0);
  std::set<double> values;
  for (size_t i = 0; i < forest.node_count(); ++i) {
    if (forest.feature[i] == -1) {
      ++shape.leaves;
      values.insert(forest.value[i]);
    } else {
      ++shape.splits[static_cast<size_t>(forest.feature[i])];
      shape.default_left |= forest.default_left[i] != 0;
    }
  }
  shape.leaf_values = values.size();
  std::vector<size_t> sizes;
  std::vector<std::pair<int32_t, int32_t>> pending;  // Node, depth.
  for (int32_t root : forest.roots) {
    size_t size = 0;
    pending.assign(1, {root, 0});
    while (!pending.empty()) {
      const auto [node, depth] = pending.back();
      pending.pop_back();
      ++size;
      shape.max_depth = std::max(shape.max_depth, depth);
      const auto i = static_cast<size_t>(node);
      if (forest.feature[i] == -1) continue;
      pending.emplace_back(forest.left[i], depth + 1);
      pending.emplace_back(forest.right[i], depth + 1);
    }
    sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  shape.nodes_min = sizes.front();
  shape.nodes_median = sizes[sizes.size() / 2];
  shape.nodes_max = sizes.back();
  return shape;
}

std::string_view ComparisonName(const forest::Forest& forest) {
  return forest.comparison == forest::Comparison::kLess ? "<" : "<=";
}
std::string_view AggregationName(const forest::Forest& forest) {
  return forest.aggregation == forest::Aggregation::kSum ? "sum" : "mean";
}
std::string_view LinkName(const forest::Forest& forest) {
  return forest.link == forest::Link::kLogistic ? "logistic" : "identity";
}

std::string Formula(const forest::Model& model, const features::Feature& feature) {
  const std::string& input = model.pipeline.inputs()[static_cast<size_t>(feature.input)].name;
  std::string formula;
  switch (feature.op) {
    case features::Op::kPassthrough:
      formula = input;
      break;
    case features::Op::kStandardScale:
      formula = fmt::format("({} - {}) / {}", input, feature.mean, feature.scale);
      break;
    case features::Op::kLog1p:
      formula = fmt::format("log(1 + {})", input);
      break;
    case features::Op::kHourOfDay:
      formula = fmt::format("({} / 3600) mod 24", input);
      break;
  }
  switch (feature.missing) {
    case features::MissingPolicy::kReject:
      return formula;
    case features::MissingPolicy::kImpute:
      return formula + fmt::format(", missing {} = {}", input, feature.fill);
    case features::MissingPolicy::kPropagate:
      return formula + ", may be missing";
  }
  return formula;
}

json::object ToJson(const forest::Model& model, const Shape& shape, size_t file_bytes) {
  json::array inputs;
  for (const features::InputColumn& input : model.pipeline.inputs()) {
    inputs.push_back(json::object{{"name", input.name}, {"unit", input.unit}});
  }
  json::array features;
  for (size_t f = 0; f < model.pipeline.features().size(); ++f) {
    const features::Feature& feature = model.pipeline.features()[f];
    json::object entry;
    entry["name"] = feature.name;
    entry["input"] = model.pipeline.inputs()[static_cast<size_t>(feature.input)].name;
    entry["op"] = features::Name(feature.op);
    entry["missing"] = features::Name(feature.missing);
    if (feature.op == features::Op::kStandardScale) {
      entry["mean"] = feature.mean;
      entry["scale"] = feature.scale;
    }
    if (feature.missing == features::MissingPolicy::kImpute) entry["fill"] = feature.fill;
    entry["splits"] = shape.splits[f];
    features.push_back(std::move(entry));
  }
  json::array cuts;
  for (double cut : model.info.risk_cuts) cuts.push_back(cut);
  json::object forest;
  forest["trees"] = shape.trees;
  forest["nodes"] = shape.nodes;
  forest["leaves"] = shape.leaves;
  forest["distinct_leaf_values"] = shape.leaf_values;
  forest["nodes_per_tree"] = json::array{shape.nodes_min, shape.nodes_median, shape.nodes_max};
  forest["max_depth"] = shape.max_depth;
  forest["comparison"] = ComparisonName(model.forest);
  forest["missing_direction"] = shape.default_left ? "per_node" : "right";
  forest["aggregation"] = AggregationName(model.forest);
  forest["link"] = LinkName(model.forest);
  forest["base_score"] = model.forest.base_score;
  json::object document;
  document["name"] = model.info.name;
  document["version"] = model.info.version;
  document["description"] = model.info.description;
  document["positive_class"] = model.info.positive_class;
  document["label_column"] = model.info.label_column;
  document["weight_column"] = model.info.weight_column;
  document["engine_version"] = model.info.engine_version;
  document["file_bytes"] = file_bytes;
  document["threshold"] = model.info.threshold;
  document["risk_cuts"] = std::move(cuts);
  document["inputs"] = std::move(inputs);
  document["features"] = std::move(features);
  document["forest"] = std::move(forest);
  document["has_profile"] = !model.profile.empty();
  if (!model.calibration.scores.empty()) {
    document["calibration"] = json::object{{"method", "isotonic"},
                                           {"from", json::string(model.calibration.from)},
                                           {"rows", model.calibration.rows},
                                           {"knots", model.calibration.scores.size()}};
  } else {
    document["calibration"] = nullptr;
  }
  document["training"] = model.info.training;
  return document;
}

std::string OrNone(const std::string& text) { return text.empty() ? "(none)" : text; }

std::string ToText(const forest::Model& model, const Shape& shape, size_t file_bytes) {
  const forest::ModelInfo& info = model.info;
  std::string text = fmt::format("{} {}\n", info.name, info.version);
  if (!info.description.empty()) text += info.description + "\n";
  text += fmt::format("\nfile            {} bytes, written by {}\n", file_bytes,
                      OrNone(info.engine_version));
  text += fmt::format("predicts        the probability of class {}; flagged from {}\n",
                      info.positive_class, info.threshold);
  text += fmt::format("risk levels     LOW {}, MEDIUM {}, HIGH {}, CRITICAL {}\n",
                      info.risk_cuts[0], info.risk_cuts[1], info.risk_cuts[2], info.risk_cuts[3]);
  text += fmt::format("label, weight   {}, {}\n", OrNone(info.label_column),
                      OrNone(info.weight_column));
  text += fmt::format("forest          {} trees, {} nodes ({}..{} per tree), depth {}\n",
                      shape.trees, shape.nodes, shape.nodes_min, shape.nodes_max, shape.max_depth);
  text += fmt::format("leaves          {}, {} distinct values\n", shape.leaves, shape.leaf_values);
  text += fmt::format("a row goes left when feature {} threshold; NaN goes {}\n",
                      ComparisonName(model.forest),
                      shape.default_left ? "where each split says" : "right");
  text += fmt::format("leaves combine  {}, link {}, base score {}\n", AggregationName(model.forest),
                      LinkName(model.forest), model.forest.base_score);
  text +=
      fmt::format("profile         {}\n", model.profile.empty() ? "none" : "of the training rows");
  const forest::Calibration& calibration = model.calibration;
  text += calibration.scores.empty()
              ? std::string("calibration     none\n")
              : fmt::format("calibration     isotonic, {} knots, from {} rows: {}\n",
                            calibration.scores.size(), calibration.rows, calibration.from);
  text += "\nsplits  feature = how it is made\n";
  for (size_t f = 0; f < model.pipeline.features().size(); ++f) {
    const features::Feature& feature = model.pipeline.features()[f];
    const std::string& unit = model.pipeline.inputs()[static_cast<size_t>(feature.input)].unit;
    text += fmt::format("{:6}  {} = {}{}\n", shape.splits[f], feature.name, Formula(model, feature),
                        unit.empty() ? "" : fmt::format("  [{}]", unit));
  }
  if (!info.training.empty()) {
    text += "\ntraining\n";
    for (const auto& member : info.training) {
      text += fmt::format("  {}: {}\n", std::string_view(member.key().data(), member.key().size()),
                          json::serialize(member.value()));
    }
  }
  return text;
}

// A summary is JSON text; a model file's JSON begins at byte 8.
bool IsSummary(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != bytes.npos && bytes[first] == '{' && (bytes.size() < 9 || bytes[8] != '{');
}

int InspectSummary(const InspectOptions& options, std::string_view bytes) {
  const Result<monitor::Summary> summary = monitor::Summary::Read(bytes);
  if (!summary.ok()) return ReportError(options.model, summary.error());
  const Status printed =
      WriteFile("-", options.json ? PrettyJson(SummaryReport(*summary)) : SummaryText(*summary));
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

int RunInspect(const InspectOptions& options) {
  const Result<std::vector<uint8_t>> bytes = ReadFile(options.model);
  if (!bytes.ok()) return ReportError(options.model, bytes.error());
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (IsSummary(text)) return InspectSummary(options, text);
  const Result<forest::Model> model = forest::ReadModel(*bytes);
  if (!model.ok()) return ReportModelError(options.model, model.error());
  const Shape shape = Measure(model->forest);
  const Status printed =
      WriteFile("-", options.json ? json::serialize(ToJson(*model, shape, bytes->size())) + "\n"
                                  : ToText(*model, shape, bytes->size()));
  return printed.ok() ? kExitOk : ReportError("-", printed.error());
}

}  // namespace

void AddInspect(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("inspect", "Say what is inside a model file or a summary");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("model", options->model, "Model file or summary, - for standard input")
      ->required();
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, exit_code] { *exit_code = RunInspect(*options); });
}

}  // namespace firetower::tools
