// Records as people read them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/csv/number.h"
#include "session/session.h"
#include "session/state.h"
#include "session/text.h"

namespace firetower::session {
namespace {

json::array JsonCells(std::span<const std::string> cells) {
  json::array array;
  for (const std::string& cell : cells) array.push_back(json::value(ValidUtf8(cell)));
  return array;
}

// Share of the training weight below value, the bin it falls into counted in proportion.
json::value PlaceInProfile(const forest::FeatureProfile& profile, double value) {
  double total = 0.0;
  for (const double count : profile.counts) total += count;
  if (std::isnan(value) || total <= 0.0) return nullptr;
  if (value <= profile.edges.front()) return 0.0;
  if (value >= profile.edges.back()) return 1.0;
  double below = 0.0;
  for (size_t bin = 0; bin < profile.counts.size(); ++bin) {
    const double low = profile.edges[bin];
    const double high = profile.edges[bin + 1];
    if (value < high) {
      below += profile.counts[bin] * (value - low) / (high - low);
      break;
    }
    below += profile.counts[bin];
  }
  return std::min(1.0, below / total);
}

std::string_view FeatureUnit(const features::Pipeline& pipeline, const features::Feature& feature) {
  switch (feature.op) {
    case features::Op::kPassthrough:
      return pipeline.inputs()[static_cast<size_t>(feature.input)].unit;
    case features::Op::kStandardScale:
      return "sd";
    case features::Op::kLog1p:
      return "log";
    case features::Op::kHourOfDay:
      return "h";
  }
  return "";
}

}  // namespace

Result<std::string> Session::DescribeRecordJson(std::string_view record) const {
  const State& state = *state_;
  if (!state.file)
    return Error{.code = ErrorCode::kNotReady, .message = "no file has been inspected"};
  const csv::FileLayout& layout = state.file->layout;
  const std::vector<std::string> cells = csv::SplitRecord(record, layout.dialect);
  json::array described;
  if (state.loaded && state.file->match.missing.empty()) {
    const forest::Model& model = state.loaded->model;
    const std::vector<int32_t>& fields = state.file->match.required;
    std::vector<double> values(fields.size(), std::numeric_limits<double>::quiet_NaN());
    std::vector<std::span<const double>> columns(fields.size());
    for (size_t c = 0; c < fields.size(); ++c) {
      const auto field = static_cast<size_t>(fields[c]);
      if (field < cells.size() && csv::ParseCell(cells[field], layout.dialect.decimal,
                                                 &values[c]) == csv::CellKind::kInvalid) {
        values[c] = std::numeric_limits<double>::quiet_NaN();
      }
      columns[c] = std::span<const double>(values).subspan(c, 1);
    }
    const size_t count = model.pipeline.features().size();
    std::vector<float> features(count, std::numeric_limits<float>::quiet_NaN());
    int32_t status = 0;
    int32_t status_input = -1;
    model.pipeline.Transform(columns, 1, 1, features, std::span(&status, 1),
                             std::span(&status_input, 1));
    for (size_t f = 0; f < count; ++f) {
      const features::Feature& feature = model.pipeline.features()[f];
      const double value = static_cast<double>(features[f]);
      json::object entry;
      entry["name"] = feature.name;
      entry["value"] = JsonNumber(value);
      entry["unit"] = FeatureUnit(model.pipeline, feature);
      entry["percentile"] =
          model.profile.empty() ? json::value(nullptr) : PlaceInProfile(model.profile[f], value);
      described.push_back(std::move(entry));
    }
  }
  json::object out;
  out["cells"] = JsonCells(cells);
  out["features"] = std::move(described);
  return WriteJson(out);
}

Result<std::string> Session::SplitRecordsJson(std::span<const uint32_t> lengths,
                                              std::string_view text) const {
  if (!state_->file)
    return Error{.code = ErrorCode::kNotReady, .message = "no file has been inspected"};
  json::array records;
  for (const uint32_t length : lengths) {
    if (length > text.size())
      return Error{.code = ErrorCode::kBadArgument, .message = "lengths go beyond the text"};
    records.push_back(
        JsonCells(csv::SplitRecord(text.substr(0, length), state_->file->layout.dialect)));
    text.remove_prefix(length);
  }
  return WriteJson(records);
}

}  // namespace firetower::session
