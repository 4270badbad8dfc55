#include "session/session.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/sha256.h"
#include "core/synth/scenario.h"
#include "session/state.h"
#include "session/summary_layout.h"
#include "session/text.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Rows of ScoreRows that are scored at a time.
constexpr size_t kBlockRows = 16384;

}  // namespace

std::string_view EngineVersion() { return FIRETOWER_VERSION; }

json::value JsonNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

void MarkMissing(const features::Pipeline& pipeline,
                 std::span<const std::span<const double>> columns, size_t rows, size_t stride,
                 std::span<float> features) {
  for (size_t f = 0; f < pipeline.features().size(); ++f) {
    const features::Feature& feature = pipeline.features()[f];
    if (feature.missing != features::MissingPolicy::kImpute) continue;
    const std::span<const double> input = columns[static_cast<size_t>(feature.input)];
    const std::span<float> out = features.subspan(f * stride, rows);
    for (size_t i = 0; i < rows; ++i) {
      if (IsMissing(feature, input[i])) out[i] = std::numeric_limits<float>::quiet_NaN();
    }
  }
}

Session::Session() : state_(std::make_unique<State>()) {}
Session::~Session() = default;

Status Session::LoadModel(std::span<const uint8_t> bytes) {
  Result<forest::CompiledModel> read = forest::ReadCompiledModel(bytes);
  if (!read.ok()) return read.error();
  state_->live.reset();
  auto layout = LayoutOf(read->model, Sha256Hex(bytes));
  monitor::Summary no_rows(layout);
  state_->loaded.emplace(LoadedModel{std::move(read->model), std::move(read->compiled),
                                     std::move(layout), std::move(no_rows)});
  state_->block = {};
  state_->job.reset();
  state_->file.reset();
  state_->export_settings.reset();
  return {};
}

bool Session::has_model() const { return state_->loaded.has_value(); }
const forest::Model& Session::model() const { return state_->loaded->model; }

std::string Session::ModelJson() const {
  if (!has_model()) return "null";
  const forest::Model& model = state_->loaded->model;
  const forest::ModelInfo& info = model.info;
  json::array inputs;
  for (const features::InputColumn& input : model.pipeline.inputs()) {
    json::object entry;
    entry["name"] = input.name;
    entry["unit"] = input.unit;
    inputs.push_back(std::move(entry));
  }
  json::array features;
  for (const features::Feature& feature : model.pipeline.features()) {
    json::object entry;
    entry["name"] = feature.name;
    entry["op"] = features::Name(feature.op);
    entry["input"] = model.pipeline.inputs()[static_cast<size_t>(feature.input)].name;
    entry["missing"] = features::Name(feature.missing);
    features.push_back(std::move(entry));
  }
  json::object card;
  card["name"] = info.name;
  card["version"] = info.version;
  card["description"] = info.description;
  card["positive_class"] = info.positive_class;
  card["engine_version"] = info.engine_version;
  card["inputs"] = std::move(inputs);
  card["features"] = std::move(features);
  card["trees"] = state_->loaded->compiled.tree_count();
  card["nodes"] = state_->loaded->compiled.node_count();
  card["max_depth"] = state_->loaded->compiled.max_depth();
  card["threshold"] = info.threshold;
  json::array cuts;
  for (const double cut : info.risk_cuts) cuts.push_back(cut);
  card["risk_cuts"] = std::move(cuts);
  card["label_column"] = info.label_column;
  card["weight_column"] = info.weight_column;
  card["training"] = info.training;
  return WriteJson(card);
}

Status Session::ScoreRows(std::span<const double> columns, size_t rows) {
  State& state = *state_;
  if (!has_model()) return Error{.code = ErrorCode::kNotReady, .message = "no model is loaded"};
  const size_t inputs = state.loaded->model.pipeline.inputs().size();
  if (rows > kMaxRows)
    return Error{.code = ErrorCode::kTooBig, .message = "too many rows in one call"};
  if (columns.size() != inputs * rows) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = std::to_string(columns.size()) + " values for " + std::to_string(rows) +
                            " rows of " + std::to_string(inputs) + " inputs"};
  }
  state.job.reset();
  state.results = {};
  state.results.rows = rows;
  state.results.statuses.assign(rows, 0);
  state.results.status_inputs.assign(rows, -1);
  state.results.probabilities.assign(rows, kNaN);
  const LoadedModel& loaded = *state.loaded;
  const size_t stride = std::min(rows, kBlockRows);
  std::vector<float> features(loaded.model.pipeline.features().size() * stride);
  std::vector<std::span<const double>> block(inputs);
  for (size_t begin = 0; begin < rows; begin += stride) {
    const size_t count = std::min(stride, rows - begin);
    for (size_t c = 0; c < inputs; ++c) block[c] = columns.subspan(c * rows + begin, count);
    const auto statuses = std::span(state.results.statuses).subspan(begin, count);
    const auto out = std::span(state.results.probabilities).subspan(begin, count);
    loaded.model.pipeline.Transform(block, count, stride, features, statuses,
                                    std::span(state.results.status_inputs).subspan(begin, count));
    loaded.compiled.PredictProba(features, count, stride, out);
    for (size_t i = 0; i < count; ++i) {
      if (statuses[i] != 0) out[i] = kNaN;
    }
  }
  return {};
}

std::span<const int32_t> Session::statuses() const { return state_->results.statuses; }
std::span<const int32_t> Session::status_inputs() const { return state_->results.status_inputs; }

std::span<const uint8_t> Session::output() const {
  return {reinterpret_cast<const uint8_t*>(state_->output.data()), state_->output.size()};
}
void Session::ClearOutput() { state_->output.clear(); }

Status Session::LoadGenerator(std::string_view text) {
  Result<synth::Generator> generator = synth::Generator::FromJson(text);
  if (!generator.ok()) return generator.error();
  state_->stream.reset();
  state_->generator.emplace(std::move(*generator));
  return {};
}

Status Session::BeginSynth(uint64_t rows, uint64_t seed, double fraud_rate) {
  if (!state_->generator)
    return Error{.code = ErrorCode::kNotReady, .message = "no generator is loaded"};
  if (std::isnan(fraud_rate) || fraud_rate > 1.0) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "the share of fraud must be between 0 and 1"};
  }
  state_->output.clear();
  state_->stream.emplace(
      *state_->generator,
      synth::StreamOptions{.rows = rows, .seed = seed, .fraud_rate = fraud_rate});
  return {};
}

uint64_t Session::SynthRows(uint64_t max_rows) {
  return state_->stream ? state_->stream->AppendCsv(max_rows, &state_->output) : 0;
}

Status Session::ApplyScenario(std::string_view scenario, uint64_t since, size_t rows,
                              std::span<double> columns, std::span<double> labels) const {
  if (!has_model()) return Error{.code = ErrorCode::kNotReady, .message = "no model is loaded"};
  const Result<synth::Scenario> found = synth::ScenarioByName(scenario);
  if (!found.ok()) return found.error();
  std::vector<std::string> names;
  for (const features::InputColumn& input : model().pipeline.inputs()) names.push_back(input.name);
  if (columns.size() != names.size() * rows || (!labels.empty() && labels.size() != rows)) {
    return Error{.code = ErrorCode::kBadArgument, .message = "columns and rows differ in number"};
  }
  synth::Apply(*found, names, rows, since, columns, labels);
  return {};
}

Result<double> Session::ScenarioFraudRate(std::string_view scenario) const {
  if (!state_->generator)
    return Error{.code = ErrorCode::kNotReady, .message = "no generator is loaded"};
  const Result<synth::Scenario> found = synth::ScenarioByName(scenario);
  if (!found.ok()) return found.error();
  return synth::FraudRate(*found, state_->generator->positive_share());
}

Live* Session::live() { return state_->live.get(); }
void Session::CloseLive() { state_->live.reset(); }

}  // namespace firetower::session
