#include "config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "core/train/bins.h"
#include "core/train/forest_trainer.h"

namespace firetower::tools {
namespace {

using features::Feature;
using features::InputColumn;
using train::ForestOptions;

Error Bad(std::string_view place, std::string_view what) {
  std::string message(place);
  message.append(": ").append(what);
  return {.code = ErrorCode::kDataInvalid, .message = std::move(message)};
}

std::string At(std::string_view place, size_t index) {
  return std::string(place).append("[").append(std::to_string(index)).append("]");
}

std::string Joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

// REQUIRES: text is UTF-8 without NUL, as JSON strings read by ParseJson are.
std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

Result<json::object> ParseObject(std::string_view text) {
  Result<json::value> document = ParseJson(text, ErrorCode::kDataInvalid, "document");
  if (!document.ok()) {
    Error error = document.error();
    if (error.byte_offset >= 0) {
      const std::string_view before =
          text.substr(0, std::min(text.size(), static_cast<size_t>(error.byte_offset)));
      const size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
      error.line = 1 + std::count(before.begin(), before.end(), '\n');
      error.column = 1 + static_cast<int64_t>(before.size() - line_start);
    }
    return error;
  }
  if (!document->is_object()) return Bad("document", "must be an object");
  return std::move(document->get_object());
}

// place is empty for the document itself.
Status CheckKeys(const json::object& object, std::string_view place,
                 std::span<const std::string_view> allowed) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      std::string what = "unknown key \"";
      what.append(key).append("\"; allowed: ").append(Joined(allowed));
      return Bad(place.empty() ? "document" : place, what);
    }
  }
  return {};
}

std::optional<double> AsNumber(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return std::nullopt;
}

// A whole number from lowest to highest. Where JSON's null has a meaning the caller looks for it
// first.
Status ReadInt(const json::value& value, const std::string& place, int32_t lowest, int32_t* out,
               int32_t highest = std::numeric_limits<int32_t>::max()) {
  if (value.is_int64() && value.get_int64() >= lowest && value.get_int64() <= highest) {
    *out = static_cast<int32_t>(value.get_int64());
    return {};
  }
  return Bad(place, "must be a whole number from " + std::to_string(lowest) + " to " +
                        std::to_string(highest));
}

Status ReadBool(const json::value& value, const std::string& place, bool* out) {
  if (!value.is_bool()) return Bad(place, "must be true or false");
  *out = value.get_bool();
  return {};
}

Status ReadText(const json::value& value, const std::string& place, std::string* out) {
  if (!value.is_string()) return Bad(place, "must be a text");
  *out = View(value.get_string());
  return {};
}

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};

constexpr Choice<train::Criterion> kCriteria[] = {{"gini", train::Criterion::kGini},
                                                  {"entropy", train::Criterion::kEntropy}};
constexpr Choice<train::Splitter> kSplitters[] = {{"best", train::Splitter::kBest},
                                                  {"random", train::Splitter::kRandom}};
constexpr Choice<train::ClassWeight> kClassWeights[] = {
    {"balanced", train::ClassWeight::kBalanced},
    {"balanced_subsample", train::ClassWeight::kBalancedSubsample}};
constexpr Choice<train::MaxFeatures> kMaxFeatures[] = {{"sqrt", train::MaxFeatures::kSqrt},
                                                       {"log2", train::MaxFeatures::kLog2}};
constexpr Choice<train::Objective> kObjectives[] = {
    {"average_precision", train::Objective::kAveragePrecision},
    {"roc_auc", train::Objective::kRocAuc}};

// tail says what else is allowed, e.g. " or null".
template <typename T, size_t N>
Status ReadChoice(const json::value& value, const std::string& place, const Choice<T> (&choices)[N],
                  std::string_view tail, T* out) {
  std::string known;
  for (const Choice<T>& choice : choices) {
    if (value.is_string() && View(value.get_string()) == choice.name) {
      *out = choice.value;
      return {};
    }
    known.append(known.empty() ? "\"" : ", \"").append(choice.name).append("\"");
  }
  return Bad(place, std::string("must be one of ").append(known).append(tail));
}

template <typename T, size_t N>
std::string_view NameOf(T value, const Choice<T> (&choices)[N]) {
  for (const Choice<T>& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  return {};
}

Status ReadMaxFeatures(const json::value& value, const std::string& place, ForestOptions* options) {
  if (value.is_null()) {
    options->max_features = train::MaxFeatures::kAll;
    return {};
  }
  if (value.is_string()) {
    return ReadChoice(value, place, kMaxFeatures, ", a whole number, a fraction or null",
                      &options->max_features);
  }
  if (value.is_int64()) {
    int32_t count = 0;
    if (Status status = ReadInt(value, place, 1, &count); !status.ok()) return status;
    options->max_features = train::MaxFeatures::kCount;
    options->max_features_value = count;
    return {};
  }
  if (value.is_double() && value.get_double() > 0.0 && value.get_double() <= 1.0) {
    options->max_features = train::MaxFeatures::kFraction;
    options->max_features_value = value.get_double();
    return {};
  }
  return Bad(
      place,
      "must be \"sqrt\", \"log2\", a whole number of features, a fraction above 0 and at most "
      "1.0, or null for all");
}

constexpr std::string_view kDocumentKeys[] = {"name",           "version",   "description",
                                              "positive_class", "inputs",    "features",
                                              "forest",         "threshold", "risk_cuts"};
constexpr std::string_view kInputKeys[] = {"name", "unit"};
constexpr std::string_view kFeatureKeys[] = {"name", "op", "input", "missing"};
constexpr std::string_view kGridKeys[] = {"select_by", "grid"};
constexpr std::string_view kForestKeys[] = {"n_estimators",      "criterion",        "splitter",
                                            "bootstrap",         "class_weight",     "max_depth",
                                            "min_samples_split", "min_samples_leaf", "max_features",
                                            "max_bins",          "oob_score"};

// REQUIRES: key is one of kForestKeys.
Status ReadOption(std::string_view key, const json::value& value, const std::string& place,
                  ForestOptions* options) {
  if (key == "n_estimators")
    return ReadInt(value, place, 1, &options->n_estimators, forest::Limits::kMaxTrees);
  if (key == "criterion") return ReadChoice(value, place, kCriteria, "", &options->criterion);
  if (key == "splitter") return ReadChoice(value, place, kSplitters, "", &options->splitter);
  if (key == "bootstrap") return ReadBool(value, place, &options->bootstrap);
  if (key == "oob_score") return ReadBool(value, place, &options->oob_score);
  if (key == "min_samples_split") return ReadInt(value, place, 2, &options->min_samples_split);
  if (key == "min_samples_leaf") return ReadInt(value, place, 1, &options->min_samples_leaf);
  if (key == "max_bins") return ReadInt(value, place, 2, &options->max_bins, train::kMaxBins);
  if (key == "max_features") return ReadMaxFeatures(value, place, options);
  if (key == "max_depth") {
    options->max_depth = 0;
    return value.is_null() ? Status() : ReadInt(value, place, 1, &options->max_depth);
  }
  options->class_weight = train::ClassWeight::kNone;
  return value.is_null()
             ? Status()
             : ReadChoice(value, place, kClassWeights, " or null", &options->class_weight);
}

Status ReadForest(const json::value& value, const std::string& place, ForestOptions* options) {
  if (!value.is_object()) return Bad(place, "must be an object");
  if (Status status = CheckKeys(value.get_object(), place, kForestKeys); !status.ok()) {
    return status;
  }
  for (const auto& member : value.get_object()) {
    const std::string_view key = member.key();
    const std::string at = std::string(place).append(".").append(key);
    if (Status status = ReadOption(key, member.value(), at, options); !status.ok()) return status;
  }
  return {};
}

Status ReadInputs(const json::value& value, std::vector<InputColumn>* inputs) {
  if (!value.is_array()) return Bad("inputs", "must be a list");
  for (size_t i = 0; i < value.get_array().size(); ++i) {
    const json::value& item = value.get_array()[i];
    const std::string place = At("inputs", i);
    InputColumn input;
    if (item.is_string()) {
      input.name = View(item.get_string());
    } else if (item.is_object()) {
      const json::object& object = item.get_object();
      if (Status status = CheckKeys(object, place, kInputKeys); !status.ok()) return status;
      const json::value* name = object.if_contains("name");
      if (name == nullptr) return Bad(place, "has no name");
      if (Status status = ReadText(*name, place + ".name", &input.name); !status.ok())
        return status;
      if (const json::value* unit = object.if_contains("unit")) {
        if (Status status = ReadText(*unit, place + ".unit", &input.unit); !status.ok()) {
          return status;
        }
      }
    } else {
      return Bad(place, "must be a column's name or an object with name and unit");
    }
    for (const InputColumn& other : *inputs) {
      if (other.name == input.name) return Bad(place, "names \"" + input.name + "\" again");
    }
    inputs->push_back(std::move(input));
  }
  return {};
}

// given: the file lists the inputs, so that a feature must name one of them.
Status ReadFeature(const json::value& item, const std::string& place, bool given, Config* config) {
  Feature feature;
  std::string input;
  if (item.is_string()) {
    feature.name = input = View(item.get_string());
  } else if (item.is_object()) {
    const json::object& object = item.get_object();
    if (Status status = CheckKeys(object, place, kFeatureKeys); !status.ok()) {
      return status;
    }
    const json::value* name = object.if_contains("name");
    if (name == nullptr) return Bad(place, "has no name");
    if (Status status = ReadText(*name, place + ".name", &feature.name); !status.ok())
      return status;
    input = feature.name;
    if (const json::value* from = object.if_contains("input")) {
      if (Status status = ReadText(*from, place + ".input", &input); !status.ok()) return status;
    }
    std::string word;
    if (const json::value* op = object.if_contains("op")) {
      if (Status status = ReadText(*op, place + ".op", &word); !status.ok()) return status;
      Result<features::Op> parsed = features::ParseOp(word);
      if (!parsed.ok()) return Bad(place + ".op", parsed.error().message);
      feature.op = *parsed;
    }
    if (const json::value* missing = object.if_contains("missing")) {
      if (Status status = ReadText(*missing, place + ".missing", &word); !status.ok())
        return status;
      Result<features::MissingPolicy> parsed = features::ParseMissingPolicy(word);
      if (!parsed.ok()) return Bad(place + ".missing", parsed.error().message);
      feature.missing = *parsed;
    }
  } else {
    return Bad(place, "must be a column's name or an object with name, op, input and missing");
  }
  for (const Feature& other : config->features) {
    if (other.name == feature.name) return Bad(place, "names \"" + feature.name + "\" again");
  }
  const auto found = std::find_if(config->inputs.begin(), config->inputs.end(),
                                  [&](const InputColumn& column) { return column.name == input; });
  feature.input = static_cast<int32_t>(found - config->inputs.begin());
  if (found == config->inputs.end()) {
    if (given) return Bad(place, "\"" + input + "\" is not among the inputs");
    config->inputs.push_back({.name = input, .unit = ""});
  }
  config->features.push_back(std::move(feature));
  return {};
}

Status ReadRiskCuts(const json::value& value, std::array<double, 4>* cuts) {
  const Error error = Bad("risk_cuts", "must be four rising numbers between 0 and 1");
  if (!value.is_array() || value.get_array().size() != cuts->size()) return error;
  double before = 0.0;
  for (size_t i = 0; i < cuts->size(); ++i) {
    const std::optional<double> number = AsNumber(value.get_array()[i]);
    if (!number || !(*number > before) || !(*number <= 1.0)) return error;
    before = (*cuts)[i] = *number;
  }
  return {};
}

// All combinations of the values in one object of the grid.
Status ReadCombinations(const json::value& value, const std::string& place,
                        const ForestOptions& base, std::vector<Candidate>* candidates) {
  if (!value.is_object()) return Bad(place, "must be an object");
  const json::object& object = value.get_object();
  if (Status status = CheckKeys(object, place, kForestKeys); !status.ok()) return status;
  std::vector<Candidate> combinations = {{.parameters = {}, .options = base}};
  for (const auto& member : object) {
    const std::string_view key = member.key();
    const std::string at = std::string(place).append(".").append(key);
    json::array values;
    if (member.value().is_array()) {
      values = member.value().get_array();
    } else {
      values.push_back(member.value());
    }
    if (values.empty()) return Bad(at, "has no value to try");
    std::vector<Candidate> longer;
    for (const Candidate& combination : combinations) {
      for (const json::value& item : values) {
        Candidate next = combination;
        next.parameters[member.key()] = item;
        if (Status status = ReadOption(key, item, at, &next.options); !status.ok()) return status;
        longer.push_back(std::move(next));
      }
    }
    constexpr size_t kMostCandidates = 10000;
    if (longer.size() > kMostCandidates) return Bad(place, "has more than 10000 combinations");
    combinations = std::move(longer);
  }
  candidates->insert(candidates->end(), combinations.begin(), combinations.end());
  return {};
}

}  // namespace

Result<Config> ParseConfig(std::string_view text) {
  Result<json::object> document = ParseObject(text);
  if (!document.ok()) return document.error();
  Config config;
  config.info.name = "forest";
  config.info.version = "1.0.0";
  config.info.positive_class = "1";
  if (Status status = CheckKeys(*document, "", kDocumentKeys); !status.ok()) {
    return status.error();
  }
  const std::pair<const char*, std::string*> texts[] = {
      {"name", &config.info.name},
      {"version", &config.info.version},
      {"description", &config.info.description},
      {"positive_class", &config.info.positive_class}};
  for (const auto& [key, out] : texts) {
    if (const json::value* value = document->if_contains(key)) {
      if (Status status = ReadText(*value, key, out); !status.ok()) return status.error();
    }
  }
  const json::value* inputs = document->if_contains("inputs");
  if (inputs != nullptr) {
    if (Status status = ReadInputs(*inputs, &config.inputs); !status.ok()) return status.error();
  }
  if (const json::value* list = document->if_contains("features")) {
    if (!list->is_array()) return Bad("features", "must be a list");
    for (size_t i = 0; i < list->get_array().size(); ++i) {
      const json::value& item = list->get_array()[i];
      if (Status status = ReadFeature(item, At("features", i), inputs != nullptr, &config);
          !status.ok()) {
        return status.error();
      }
    }
  } else {
    for (size_t i = 0; i < config.inputs.size(); ++i) {
      config.features.push_back({.name = config.inputs[i].name, .input = static_cast<int32_t>(i)});
    }
  }
  if (const json::value* forest = document->if_contains("forest")) {
    if (Status status = ReadForest(*forest, "forest", &config.forest); !status.ok()) {
      return status.error();
    }
  }
  if (const json::value* value = document->if_contains("threshold")) {
    const std::optional<double> number = AsNumber(*value);
    if (!number || !(*number >= 0.0) || !(*number <= 1.0)) {
      return Bad("threshold", "must be a number between 0 and 1");
    }
    config.info.threshold = *number;
  }
  if (const json::value* value = document->if_contains("risk_cuts")) {
    if (Status status = ReadRiskCuts(*value, &config.info.risk_cuts); !status.ok()) {
      return status.error();
    }
  }
  // As a count, max_features is judged later where every column becomes a feature.
  const size_t feature_count =
      config.features.empty() ? std::numeric_limits<size_t>::max() : config.features.size();
  if (Status status = train::CheckOptions(config.forest, feature_count); !status.ok()) {
    return InConfig("forest", status.error());
  }
  if (!config.inputs.empty()) {
    const Result<features::Pipeline> pipeline =
        features::Pipeline::Create(config.inputs, config.features);
    if (!pipeline.ok()) return InConfig("", pipeline.error());
  }
  return config;
}

Error InConfig(std::string_view place, Error error) {
  error.code = ErrorCode::kDataInvalid;
  if (!place.empty()) error.message = std::string(place) + ": " + error.message;
  return error;
}

Result<Grid> ParseGrid(std::string_view text, const ForestOptions& base) {
  Result<json::object> document = ParseObject(text);
  if (!document.ok()) return document.error();
  if (Status status = CheckKeys(*document, "", kGridKeys); !status.ok()) {
    return status.error();
  }
  Grid grid;
  if (const json::value* value = document->if_contains("select_by")) {
    if (Status status = ReadChoice(*value, "select_by", kObjectives, "", &grid.objective);
        !status.ok()) {
      return status.error();
    }
  }
  const json::value* combinations = document->if_contains("grid");
  if (combinations == nullptr) return Bad("document", "has no grid");
  if (combinations->is_array()) {
    const json::array& list = combinations->get_array();
    for (size_t i = 0; i < list.size(); ++i) {
      if (Status status = ReadCombinations(list[i], At("grid", i), base, &grid.candidates);
          !status.ok()) {
        return status.error();
      }
    }
  } else if (Status status = ReadCombinations(*combinations, "grid", base, &grid.candidates);
             !status.ok()) {
    return status.error();
  }
  if (grid.candidates.empty()) return Bad("grid", "is empty");
  return grid;
}

json::object OptionsJson(const ForestOptions& options) {
  const auto text_or_null = [](std::string_view name) {
    return name.empty() ? json::value(nullptr) : json::value(name);
  };
  json::object object;
  object["n_estimators"] = options.n_estimators;
  object["criterion"] = NameOf(options.criterion, kCriteria);
  object["splitter"] = NameOf(options.splitter, kSplitters);
  object["bootstrap"] = options.bootstrap;
  object["class_weight"] = text_or_null(NameOf(options.class_weight, kClassWeights));
  object["max_depth"] =
      options.max_depth > 0 ? json::value(options.max_depth) : json::value(nullptr);
  object["min_samples_split"] = options.min_samples_split;
  object["min_samples_leaf"] = options.min_samples_leaf;
  switch (options.max_features) {
    case train::MaxFeatures::kFraction:
      object["max_features"] = options.max_features_value;
      break;
    case train::MaxFeatures::kCount:
      object["max_features"] = static_cast<int64_t>(options.max_features_value);
      break;
    default:
      object["max_features"] = text_or_null(NameOf(options.max_features, kMaxFeatures));
  }
  object["max_bins"] = options.max_bins;
  object["oob_score"] = options.oob_score;
  return object;
}

std::string_view Name(train::Objective objective) { return NameOf(objective, kObjectives); }

}  // namespace firetower::tools
