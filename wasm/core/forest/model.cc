#include "core/forest/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/forest/safetensors.h"
#include "core/forest/stored_nodes.h"

namespace firetower::forest {
namespace {

constexpr std::string_view kFormatVersion = "2.0";
constexpr std::string_view kFormatMajor = "2.";
constexpr std::string_view kDocumentKey = "firetower";
constexpr std::string_view kTask = "binary_classification";
constexpr std::string_view kIsotonic = "isotonic";
constexpr std::array<std::string_view, 2> kComparisonNames = {"<=", "<"};
constexpr std::array<std::string_view, 2> kAggregationNames = {"mean", "sum"};
constexpr std::array<std::string_view, 2> kLinkNames = {"identity", "logistic"};
// Where NaN goes: always right, or as the tensor default_left says node by node.
constexpr std::array<std::string_view, 2> kMissingNames = {"right", "per_node"};

// Besides those of the nodes.
constexpr std::array<std::string_view, 7> kTensorNames = {
    "feature_mean",   "feature_scale",   "feature_fill", "profile_edges",
    "profile_counts", "profile_missing", "profile_size"};

Error Invalid(std::string message, int64_t byte_offset = -1) {
  return {
      .code = ErrorCode::kModelInvalid, .message = std::move(message), .byte_offset = byte_offset};
}

Error InvalidMetadata(const std::string& place, const std::string& reason) {
  return Invalid("metadata " + place + ": " + reason);
}

// ---- checks that hold for a model in memory as well as for one just read

Status CheckInfo(const ModelInfo& info) {
  if (!(info.threshold >= 0.0 && info.threshold <= 1.0)) {
    return InvalidMetadata("threshold", "is not within 0..1");
  }
  double before = 0.0;
  for (double cut : info.risk_cuts) {
    if (!(cut > before && cut <= 1.0)) {
      return InvalidMetadata("risk_cuts", "are not rising within 0..1");
    }
    before = cut;
  }
  return {};
}

Status CheckProfile(const std::vector<FeatureProfile>& profile, size_t feature_count) {
  if (profile.empty()) return {};
  if (profile.size() != feature_count) {
    return Invalid("profile: it has " + std::to_string(profile.size()) +
                   " features, the pipeline " + std::to_string(feature_count));
  }
  for (size_t f = 0; f < profile.size(); ++f) {
    const FeatureProfile& one = profile[f];
    const auto at = [f](const char* what) {
      return Invalid("profile of feature " + std::to_string(f) + ": " + what);
    };
    if (one.edges.size() < 2 || one.counts.size() != one.edges.size() - 1) {
      return at("needs one bin or more, and one edge more than bins");
    }
    for (size_t e = 0; e < one.edges.size(); ++e) {
      if (!std::isfinite(one.edges[e])) return at("an edge is not finite");
      if (e > 0 && one.edges[e] <= one.edges[e - 1]) return at("its edges are not rising");
    }
    for (double count : one.counts) {
      if (!std::isfinite(count) || count < 0.0) return at("a count is negative or not finite");
    }
    if (!std::isfinite(one.missing) || one.missing < 0.0) {
      return at("its missing count is negative or not finite");
    }
  }
  return {};
}

std::string ListPlace(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Status CheckCalibration(const Calibration& calibration) {
  const std::vector<double>& scores = calibration.scores;
  const std::vector<double>& probabilities = calibration.probabilities;
  if (scores.size() != probabilities.size() || scores.size() > kMaxCalibrationKnots) {
    return InvalidMetadata("calibration", "needs as many scores as probabilities, at most 65536");
  }
  if (!(calibration.rows >= 0.0 && std::isfinite(calibration.rows))) {
    return InvalidMetadata("calibration.rows", "is negative or not finite");
  }
  double score = -1.0;
  double probability = 0.0;
  for (size_t k = 0; k < scores.size(); ++k) {
    const bool rises = scores[k] >= 0.0 && scores[k] <= 1.0 && scores[k] > score;
    if (!rises || !(probabilities[k] >= probability && probabilities[k] <= 1.0)) {
      return InvalidMetadata(
          ListPlace(rises ? "calibration.probabilities" : "calibration.scores", k),
          rises ? "falls or is outside 0..1" : "is not rising within 0..1");
    }
    score = scores[k];
    probability = probabilities[k];
  }
  return {};
}

Status CheckModel(const Model& model) {
  if (Status status = CheckInfo(model.info); !status.ok()) return status;
  if (Status status = CheckCalibration(model.calibration); !status.ok()) return status;
  if (static_cast<size_t>(model.forest.feature_count) != model.pipeline.features().size()) {
    return Invalid("forest: it has " + std::to_string(model.forest.feature_count) +
                   " features, the pipeline " + std::to_string(model.pipeline.features().size()));
  }
  return CheckProfile(model.profile, model.pipeline.features().size());
}

// ---- writing

bool AnyDefaultLeft(const std::vector<uint8_t>& default_left) {
  return std::find(default_left.begin(), default_left.end(), 1) != default_left.end();
}

json::value Text(std::string_view text) { return json::string(text.data(), text.size()); }

std::string MakeDocument(const Model& model, bool default_left) {
  const ModelInfo& info = model.info;
  const Forest& forest = model.forest;
  json::array inputs;
  for (const features::InputColumn& input : model.pipeline.inputs()) {
    inputs.push_back(json::object{{"name", Text(input.name)}, {"unit", Text(input.unit)}});
  }
  json::array features;
  for (const features::Feature& feature : model.pipeline.features()) {
    const auto& input = model.pipeline.inputs()[static_cast<size_t>(feature.input)];
    features.push_back(json::object{{"name", Text(feature.name)},
                                    {"input", Text(input.name)},
                                    {"op", Text(features::Name(feature.op))},
                                    {"missing", Text(features::Name(feature.missing))}});
  }
  json::array cuts;
  for (double cut : info.risk_cuts) cuts.push_back(cut);
  json::object document;
  const Calibration& calibration = model.calibration;
  document["format"] = Text(kFormatVersion);
  document["name"] = Text(info.name);
  document["version"] = Text(info.version);
  document["description"] = Text(info.description);
  document["task"] = Text(kTask);
  document["positive_class"] = Text(info.positive_class);
  document["label_column"] = Text(info.label_column);
  document["weight_column"] = Text(info.weight_column);
  document["engine_version"] = Text(info.engine_version);
  document["inputs"] = std::move(inputs);
  document["features"] = std::move(features);
  document["comparison"] = Text(kComparisonNames[static_cast<size_t>(forest.comparison)]);
  document["missing_direction"] = Text(kMissingNames[default_left ? 1 : 0]);
  document["aggregation"] = Text(kAggregationNames[static_cast<size_t>(forest.aggregation)]);
  document["link"] = Text(kLinkNames[static_cast<size_t>(forest.link)]);
  document["base_score"] = forest.base_score;
  document["threshold"] = info.threshold;
  document["risk_cuts"] = std::move(cuts);
  document["training"] = info.training;
  if (!calibration.scores.empty()) {
    document["calibration"] = json::object{
        {"method", Text(kIsotonic)},
        {"from", Text(calibration.from)},
        {"rows", calibration.rows},
        {"scores", json::array(calibration.scores.begin(), calibration.scores.end())},
        {"probabilities",
         json::array(calibration.probabilities.begin(), calibration.probabilities.end())}};
  }
  return WriteJson(document);
}

template <typename T>
void AddNodeFeatures(const std::vector<int32_t>& feature, SafetensorsWriter* writer) {
  std::vector<T> packed;
  packed.reserve(feature.size());
  // -1, the leaf, becomes the greatest value.
  for (int32_t f : feature) packed.push_back(static_cast<T>(f));
  writer->Add<T>("node_feature", packed);
}

void AddPipeline(const features::Pipeline& pipeline, SafetensorsWriter* writer) {
  std::vector<double> mean;
  std::vector<double> scale;
  std::vector<double> fill;
  for (const features::Feature& feature : pipeline.features()) {
    mean.push_back(feature.mean);
    scale.push_back(feature.scale);
    fill.push_back(feature.fill);
  }
  writer->Add<double>("feature_mean", mean);
  writer->Add<double>("feature_scale", scale);
  writer->Add<double>("feature_fill", fill);
}

void AddProfile(const std::vector<FeatureProfile>& profile, SafetensorsWriter* writer) {
  std::vector<double> edges;
  std::vector<double> counts;
  std::vector<double> missing;
  for (const FeatureProfile& one : profile) {
    edges.insert(edges.end(), one.edges.begin(), one.edges.end());
    counts.insert(counts.end(), one.counts.begin(), one.counts.end());
    missing.push_back(one.missing);
  }
  writer->Add<double>("profile_edges", edges);
  writer->Add<double>("profile_counts", counts);
  writer->Add<double>("profile_missing", missing);
}

// ---- reading the document

// One JSON object of the document and its place in it, for error messages.
class Fields {
 public:
  Fields(const json::object& object, std::string place)
      : object_(object), place_(std::move(place)) {}

  std::string Place(std::string_view key) const {
    return place_.empty() ? std::string(key) : place_ + "." + std::string(key);
  }
  Result<const json::value*> Get(std::string_view key) const {
    const json::value* value = object_.if_contains(json::string_view(key.data(), key.size()));
    if (value == nullptr) return InvalidMetadata(Place(key), "is missing");
    return value;
  }
  Result<std::string> String(std::string_view key) const {
    const Result<const json::value*> value = Get(key);
    if (!value.ok()) return value.error();
    const json::string* text = (*value)->if_string();
    if (text == nullptr) return InvalidMetadata(Place(key), "is no text");
    return std::string(text->data(), text->size());
  }
  Result<double> Number(std::string_view key) const {
    const Result<const json::value*> value = Get(key);
    if (!value.ok()) return value.error();
    return AsNumber(**value, Place(key));
  }
  Result<const json::array*> Array(std::string_view key) const {
    const Result<const json::value*> value = Get(key);
    if (!value.ok()) return value.error();
    const json::array* array = (*value)->if_array();
    if (array == nullptr) return InvalidMetadata(Place(key), "is no list");
    return array;
  }
  template <typename Enum>
  Status Choose(std::string_view key, const std::array<std::string_view, 2>& names,
                Enum* out) const {
    const Result<std::string> text = String(key);
    if (!text.ok()) return text.error();
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == *text) {
        *out = static_cast<Enum>(i);
        return {};
      }
    }
    return InvalidMetadata(Place(key), "\"" + *text + "\" is neither " + std::string(names[0]) +
                                           " nor " + std::string(names[1]));
  }
  static Result<double> AsNumber(const json::value& value, const std::string& place) {
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    return InvalidMetadata(place, "is no number");
  }

 private:
  const json::object& object_;
  std::string place_;
};

Result<Fields> ObjectAt(const json::array& array, std::string_view list, size_t index) {
  const json::object* object = array[index].if_object();
  if (object == nullptr) return InvalidMetadata(ListPlace(list, index), "is no object");
  return Fields(*object, ListPlace(list, index));
}

Status CheckVersion(const Fields& fields) {
  const Result<std::string> format = fields.String("format");
  if (!format.ok()) return format.error();
  const std::string_view minor =
      std::string_view(*format).substr(std::min(format->size(), kFormatMajor.size()));
  const bool minor_is_number =
      !minor.empty() && minor.size() <= 9 &&
      std::all_of(minor.begin(), minor.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (format->compare(0, kFormatMajor.size(), kFormatMajor) != 0 || !minor_is_number) {
    return InvalidMetadata("format",
                           "version \"" + *format + "\" is not 2.x, which this engine reads");
  }
  return {};
}

Status ReadInfo(const Fields& fields, ModelInfo* info) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"name", &info->name},
      {"version", &info->version},
      {"description", &info->description},
      {"positive_class", &info->positive_class},
      {"label_column", &info->label_column},
      {"weight_column", &info->weight_column},
      {"engine_version", &info->engine_version}};
  for (const auto& [key, text] : texts) {
    Result<std::string> found = fields.String(key);
    if (!found.ok()) return found.error();
    *text = *std::move(found);
  }
  const Result<std::string> task = fields.String("task");
  if (!task.ok()) return task.error();
  if (*task != kTask)
    return InvalidMetadata("task", "\"" + *task + "\" is not " + std::string(kTask));

  const Result<double> threshold = fields.Number("threshold");
  if (!threshold.ok()) return threshold.error();
  info->threshold = *threshold;
  const Result<const json::array*> cuts = fields.Array("risk_cuts");
  if (!cuts.ok()) return cuts.error();
  if ((*cuts)->size() != info->risk_cuts.size())
    return InvalidMetadata("risk_cuts", "are not four");
  for (size_t i = 0; i < info->risk_cuts.size(); ++i) {
    const Result<double> cut = Fields::AsNumber((**cuts)[i], ListPlace("risk_cuts", i));
    if (!cut.ok()) return cut.error();
    info->risk_cuts[i] = *cut;
  }
  const Result<const json::value*> training = fields.Get("training");
  if (!training.ok()) return training.error();
  if (!(*training)->is_object()) return InvalidMetadata("training", "is no object");
  info->training = (*training)->get_object();
  return CheckInfo(*info);
}

Result<std::vector<features::InputColumn>> ReadInputs(const Fields& fields) {
  const Result<const json::array*> list = fields.Array("inputs");
  if (!list.ok()) return list.error();
  std::vector<features::InputColumn> inputs;
  for (size_t i = 0; i < (*list)->size(); ++i) {
    const Result<Fields> item = ObjectAt(**list, "inputs", i);
    if (!item.ok()) return item.error();
    Result<std::string> name = item->String("name");
    if (!name.ok()) return name.error();
    Result<std::string> unit = item->String("unit");
    if (!unit.ok()) return unit.error();
    inputs.push_back({*std::move(name), *std::move(unit)});
  }
  return inputs;
}

// Names, operations and policies; the numbers come from tensors.
Result<std::vector<features::Feature>> ReadFeatures(
    const Fields& fields, const std::vector<features::InputColumn>& inputs) {
  const Result<const json::array*> list = fields.Array("features");
  if (!list.ok()) return list.error();
  if ((*list)->empty() || (*list)->size() > static_cast<size_t>(Limits::kMaxFeatures)) {
    return InvalidMetadata("features", std::to_string((*list)->size()) +
                                           " of them are outside 1.." +
                                           std::to_string(Limits::kMaxFeatures));
  }
  std::vector<features::Feature> result;
  for (size_t i = 0; i < (*list)->size(); ++i) {
    const Result<Fields> item = ObjectAt(**list, "features", i);
    if (!item.ok()) return item.error();
    features::Feature feature;
    Result<std::string> name = item->String("name");
    if (!name.ok()) return name.error();
    feature.name = *std::move(name);
    const Result<std::string> input = item->String("input");
    if (!input.ok()) return input.error();
    const auto found = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const auto& column) { return column.name == *input; });
    if (found == inputs.end()) {
      return InvalidMetadata(item->Place("input"), "\"" + *input + "\" is not among the inputs");
    }
    feature.input = static_cast<int32_t>(found - inputs.begin());
    const Result<std::string> op = item->String("op");
    if (!op.ok()) return op.error();
    const Result<features::Op> parsed_op = features::ParseOp(*op);
    if (!parsed_op.ok()) return InvalidMetadata(item->Place("op"), parsed_op.error().message);
    feature.op = *parsed_op;
    const Result<std::string> missing = item->String("missing");
    if (!missing.ok()) return missing.error();
    const Result<features::MissingPolicy> policy = features::ParseMissingPolicy(*missing);
    if (!policy.ok()) return InvalidMetadata(item->Place("missing"), policy.error().message);
    feature.missing = *policy;
    result.push_back(std::move(feature));
  }
  return result;
}

// May be absent. A method that is not known is another engine's, and left alone. Knots
// are checked with the rest of the model.
Status ReadCalibration(const json::object& document, Calibration* calibration) {
  const json::value* value = document.if_contains("calibration");
  if (value == nullptr) return {};
  if (!value->is_object()) return InvalidMetadata("calibration", "is no object");
  const Fields fields(value->get_object(), "calibration");
  const Result<std::string> method = fields.String("method");
  if (!method.ok()) return method.error();
  if (*method != kIsotonic) return {};
  Result<std::string> from = fields.String("from");
  if (!from.ok()) return from.error();
  const Result<double> rows = fields.Number("rows");
  if (!rows.ok()) return rows.error();
  calibration->from = *std::move(from);
  calibration->rows = *rows;
  const std::pair<std::string_view, std::vector<double>*> lists[] = {
      {"scores", &calibration->scores}, {"probabilities", &calibration->probabilities}};
  for (const auto& [key, numbers] : lists) {
    const Result<const json::array*> list = fields.Array(key);
    if (!list.ok()) return list.error();
    if ((*list)->empty() || (*list)->size() > kMaxCalibrationKnots) {
      return InvalidMetadata(fields.Place(key), "has not 1..65536 numbers");
    }
    for (const json::value& item : **list) {
      const Result<double> number =
          Fields::AsNumber(item, ListPlace(fields.Place(key), numbers->size()));
      if (!number.ok()) return number.error();
      numbers->push_back(*number);
    }
  }
  return {};
}

Status ReadRules(const Fields& fields, Forest* forest, bool* per_node) {
  if (Status status = fields.Choose("comparison", kComparisonNames, &forest->comparison);
      !status.ok()) {
    return status;
  }
  if (Status status = fields.Choose("missing_direction", kMissingNames, per_node); !status.ok()) {
    return status;
  }
  if (Status status = fields.Choose("aggregation", kAggregationNames, &forest->aggregation);
      !status.ok()) {
    return status;
  }
  if (Status status = fields.Choose("link", kLinkNames, &forest->link); !status.ok()) return status;
  const Result<double> base_score = fields.Number("base_score");
  if (!base_score.ok()) return base_score.error();
  forest->base_score = *base_score;
  return {};
}

// ---- reading tensors

Result<features::Pipeline> ReadPipeline(const SafetensorsFile& file,
                                        std::vector<features::InputColumn> inputs,
                                        std::vector<features::Feature> features) {
  const std::pair<std::string_view, double features::Feature::*> parameters[] = {
      {"feature_mean", &features::Feature::mean},
      {"feature_scale", &features::Feature::scale},
      {"feature_fill", &features::Feature::fill}};
  for (const auto& [tensor, member] : parameters) {
    const Result<std::vector<double>> values = file.Read<double>(tensor, features.size());
    if (!values.ok()) return values.error();
    for (size_t f = 0; f < features.size(); ++f) features[f].*member = (*values)[f];
  }
  Result<features::Pipeline> pipeline =
      features::Pipeline::Create(std::move(inputs), std::move(features));
  if (!pipeline.ok()) return Invalid("metadata " + pipeline.error().message);
  return pipeline;
}

Result<std::vector<FeatureProfile>> ReadProfile(const SafetensorsFile& file, size_t features) {
  std::vector<FeatureProfile> profile;
  const std::string_view names[] = {"profile_size", "profile_edges", "profile_counts",
                                    "profile_missing"};
  if (std::none_of(std::begin(names), std::end(names), [&](auto name) { return file.Has(name); })) {
    return profile;
  }
  const Result<std::vector<int32_t>> sizes = file.Read<int32_t>("profile_size", features);
  if (!sizes.ok()) return sizes.error();
  size_t bins = 0;
  for (size_t f = 0; f < features; ++f) {
    if ((*sizes)[f] < 1) {
      return Invalid("tensor profile_size: element " + std::to_string(f) + " is below 1",
                     file.ByteOffset("profile_size", f));
    }
    bins += static_cast<size_t>((*sizes)[f]);
  }
  const Result<std::vector<double>> edges = file.Read<double>("profile_edges", bins + features);
  if (!edges.ok()) return edges.error();
  const Result<std::vector<double>> counts = file.Read<double>("profile_counts", bins);
  if (!counts.ok()) return counts.error();
  const Result<std::vector<double>> missing = file.Read<double>("profile_missing", features);
  if (!missing.ok()) return missing.error();
  auto edge = edges->begin();
  auto count = counts->begin();
  for (size_t f = 0; f < features; ++f) {
    const int32_t size = (*sizes)[f];
    profile.push_back({{edge, edge + size + 1}, {count, count + size}, (*missing)[f]});
    edge += size + 1;
    count += size;
  }
  return profile;
}

}  // namespace

std::string_view Name(RiskLevel level) {
  constexpr std::array<std::string_view, kRiskLevelCount> kNames = {"MINIMAL", "LOW", "MEDIUM",
                                                                    "HIGH", "CRITICAL"};
  return kNames[static_cast<size_t>(level)];
}

RiskLevel LevelOf(const ModelInfo& info, double probability) {
  int32_t level = 0;
  for (double cut : info.risk_cuts) level += probability >= cut ? 1 : 0;
  return static_cast<RiskLevel>(level);
}

Result<std::vector<uint8_t>> WriteModel(const Model& model) {
  if (Status status = Validate(model.forest); !status.ok()) return status.error();
  if (Status status = CheckModel(model); !status.ok()) return status.error();
  const NodeTables tables = MakeNodeTables(model.forest);
  const bool default_left = AnyDefaultLeft(tables.default_left);
  const std::string document = MakeDocument(model, default_left);
  // A name that is not UTF-8 or a training figure that is not finite would make a file that nobody
  // can read.
  if (Result<json::value> parsed = ParseJson(document, ErrorCode::kModelInvalid, "metadata");
      !parsed.ok()) {
    return parsed.error();
  }

  SafetensorsWriter writer;  // Falling element size keeps every tensor aligned.
  AddPipeline(model.pipeline, &writer);
  writer.Add<double>("leaf_value", tables.leaf_value);
  if (!model.profile.empty()) AddProfile(model.profile, &writer);
  writer.Add<int32_t>("tree_nodes", tables.tree_nodes);
  if (!model.profile.empty()) {
    std::vector<int32_t> sizes;
    for (const FeatureProfile& one : model.profile) {
      sizes.push_back(static_cast<int32_t>(one.counts.size()));
    }
    writer.Add<int32_t>("profile_size", sizes);
  }
  writer.Add<float>("threshold", tables.threshold);
  const bool wide_index = tables.leaf_value.size() > kMaxNarrowLeafValues;
  const bool wide_feature = !NarrowFeatures(model.forest.feature_count);
  if (wide_index) writer.Add<uint32_t>("leaf_index", tables.leaf_index);
  if (!wide_index) {
    const std::vector<uint16_t> narrow(tables.leaf_index.begin(), tables.leaf_index.end());
    writer.Add<uint16_t>("leaf_index", narrow);
  }
  if (wide_feature) AddNodeFeatures<uint16_t>(tables.feature, &writer);
  if (!wide_feature) AddNodeFeatures<uint8_t>(tables.feature, &writer);
  if (default_left) writer.Add<uint8_t>("default_left", tables.default_left);
  const std::pair<std::string, std::string> metadata[] = {{std::string(kDocumentKey), document}};
  return writer.Finish(metadata);
}

namespace {

// All but the trees, which the sink is given.
Result<Model> ReadModel(std::span<const uint8_t> bytes, TreeSink* trees) {
  const Result<SafetensorsFile> file = SafetensorsFile::Parse(bytes);
  if (!file.ok()) return file.error();
  for (std::string_view name : file->tensor_names()) {
    const auto is_one_of = [name](const auto& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (!is_one_of(kTensorNames) && !is_one_of(kNodeTensors)) {
      return Invalid("tensor " + std::string(name) + ": is not part of the format");
    }
  }
  const Result<std::string_view> text = file->Metadata(kDocumentKey);
  if (!text.ok()) return text.error();
  const Result<json::value> document = ParseJson(*text, ErrorCode::kModelInvalid, "metadata");
  if (!document.ok()) return document.error();
  if (!document->is_object()) return Invalid("metadata: is no object");
  if (const auto key = FindDuplicateKey(*text)) {
    return Invalid("metadata: \"" + *key + "\" is there twice");
  }
  const Fields fields(document->get_object(), "");
  if (Status status = CheckVersion(fields); !status.ok()) return status.error();

  Model model;
  if (Status status = ReadInfo(fields, &model.info); !status.ok()) return status.error();
  Result<std::vector<features::InputColumn>> inputs = ReadInputs(fields);
  if (!inputs.ok()) return inputs.error();
  Result<std::vector<features::Feature>> features = ReadFeatures(fields, *inputs);
  if (!features.ok()) return features.error();
  if (Status status = ReadCalibration(document->get_object(), &model.calibration); !status.ok()) {
    return status.error();
  }
  bool per_node = false;
  if (Status status = ReadRules(fields, &model.forest, &per_node); !status.ok())
    return status.error();
  Result<features::Pipeline> pipeline =
      ReadPipeline(*file, *std::move(inputs), *std::move(features));
  if (!pipeline.ok()) return pipeline.error();
  model.pipeline = *std::move(pipeline);
  model.forest.feature_count = static_cast<int32_t>(model.pipeline.features().size());
  if (Status status = ReadNodes(*file, per_node, model.forest, trees); !status.ok())
    return status.error();
  Result<std::vector<FeatureProfile>> profile =
      ReadProfile(*file, model.pipeline.features().size());
  if (!profile.ok()) return profile.error();
  model.profile = *std::move(profile);
  if (Status status = CheckModel(model); !status.ok()) return status.error();
  return model;
}

}  // namespace

Result<Model> ReadModel(std::span<const uint8_t> bytes) {
  ForestBuilder trees;
  Result<Model> model = ReadModel(bytes, &trees);
  if (model.ok()) model->forest = trees.Take();
  return model;
}

Result<CompiledModel> ReadCompiledModel(std::span<const uint8_t> bytes) {
  CompiledForestBuilder trees;
  Result<Model> model = ReadModel(bytes, &trees);
  if (!model.ok()) return model.error();
  return CompiledModel{*std::move(model), trees.Take()};
}

}  // namespace firetower::forest
