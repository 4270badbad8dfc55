// What a restarted engine needs to go on: {"format": "firetower-checkpoint", "version": 1, ...}. It
// lives as long as the page that keeps it; no file of it is ever written.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "session/live.h"
#include "session/live_state.h"

namespace firetower::session {
namespace {

constexpr std::string_view kFormat = "firetower-checkpoint";
constexpr int kVersion = 1;

Error Broken(std::string_view place) {
  return {.code = ErrorCode::kDataInvalid,
          .message = "the checkpoint's \"" + std::string(place) + "\" is not what it should be"};
}

// Reads members of an object; the first that is not there or of another kind is the error.
class MemberReader {
 public:
  explicit MemberReader(const json::object& object) : object_(object) {}

  uint64_t Whole(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    boost::json::error_code failed;
    const uint64_t number =
        value != nullptr && value->is_number() ? value->to_number<uint64_t>(failed) : 0;
    if (value == nullptr || !value->is_number() || failed) Fail(key);
    return number;
  }
  int64_t Signed(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    boost::json::error_code failed;
    const int64_t number =
        value != nullptr && value->is_number() ? value->to_number<int64_t>(failed) : 0;
    if (value == nullptr || !value->is_number() || failed) Fail(key);
    return number;
  }
  double Number(std::string_view key) {  // null: NaN
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_number()) return value->to_number<double>();
    if (value == nullptr || !value->is_null()) Fail(key);
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::string Text(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr || !value->is_string()) {
      Fail(key);
      return {};
    }
    return {value->get_string().data(), value->get_string().size()};
  }
  const json::object& Object(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_object()) return value->get_object();
    Fail(key);
    return empty_object_;
  }
  // Arrays of `width` whole numbers each.
  std::vector<std::vector<uint64_t>> Table(std::string_view key, size_t width) {
    std::vector<std::vector<uint64_t>> table;
    const json::value* value = object_.if_contains(key);
    if (value == nullptr || !value->is_array()) {
      Fail(key);
      return table;
    }
    for (const json::value& line : value->get_array()) {
      std::vector<uint64_t> numbers;
      boost::json::error_code failed;
      if (line.is_array()) {
        for (const json::value& number : line.get_array()) {
          if (number.is_number() && !failed) numbers.push_back(number.to_number<uint64_t>(failed));
        }
      }
      if (failed || numbers.size() != width) {
        Fail(key);
        return {};
      }
      table.push_back(std::move(numbers));
    }
    return table;
  }

  void Fail(std::string_view key) {
    if (status_.ok()) status_ = Broken(key);
  }
  const Status& status() const { return status_; }

 private:
  const json::object& object_;
  const json::object empty_object_;
  Status status_;
};

}  // namespace

std::string Live::CheckpointJson() const {
  const State& state = *state_;
  json::object out;
  out["format"] = kFormat;
  out["version"] = kVersion;
  out["overall"] = state.windows.overall().Write();
  out["alerts"] = state.alerts.CheckpointJson();
  out["total"] = state.total;
  out["next_sequence"] = state.next_sequence;
  out["malformed"] = state.malformed;
  out["since_ms"] = state.since_ms;
  out["latest_ms"] = state.latest_ms;
  out["generation"] = state.generation;

  json::array latency;
  for (const auto& [bucket, count] : state.latency.buckets())
    latency.push_back(json::array{bucket, count});
  out["latency"] = std::move(latency);

  json::array scores;
  for (size_t bin = 0; bin < state.first_scores.size(); ++bin) {
    if (state.first_scores[bin] > 0) scores.push_back(json::array{bin, state.first_scores[bin]});
  }
  out["first_scores"] = std::move(scores);

  json::object series;
  series["width_ms"] = state.series.width_ms();
  json::array points;
  for (const monitor::SeriesPoint& point : state.series.points()) {
    json::array line{point.begin_ms, point.scored, point.flagged, point.score_sum};
    for (const uint64_t level : point.levels) line.push_back(level);
    points.push_back(std::move(line));
  }
  series["points"] = std::move(points);
  out["series"] = std::move(series);

  const RateDetector& detector = state.detector;
  json::object watched;
  watched["rate"] = JsonNumber(detector.rate);
  watched["threshold"] = detector.threshold;
  watched["learnt_rows"] = detector.learnt_rows;
  watched["learnt_flagged"] = detector.learnt_flagged;
  watched["sum"] = detector.cusum ? detector.cusum->sum() : 0.0;
  watched["cusum_rows"] = detector.cusum ? detector.cusum->rows() : 0;
  watched["alarms"] = detector.alarms;
  watched["rows"] = detector.rows;
  json::array alarm_rows;
  for (const uint64_t row : detector.alarm_rows) alarm_rows.push_back(json::array{row});
  watched["alarm_rows"] = std::move(alarm_rows);
  out["detector"] = std::move(watched);
  return WriteJson(out);
}

Status Live::Restore(std::string_view checkpoint) {
  State& state = *state_;
  Result<json::value> parsed = ParseJson(checkpoint, ErrorCode::kDataInvalid, "checkpoint");
  if (!parsed.ok()) return parsed.error();
  if (!parsed->is_object()) return Broken("checkpoint");
  MemberReader reader(parsed->get_object());
  if (reader.Text("format") != kFormat || reader.Signed("version") != kVersion)
    reader.Fail("format");
  const std::string alerts = reader.Text("alerts");
  const uint64_t total = reader.Whole("total");
  const uint64_t next_sequence = reader.Whole("next_sequence");
  const uint64_t malformed = reader.Whole("malformed");
  const int64_t since_ms = reader.Signed("since_ms");
  const int64_t latest_ms = reader.Signed("latest_ms");
  const uint64_t generation = reader.Whole("generation");
  const auto latency = reader.Table("latency", 2);
  const auto scores = reader.Table("first_scores", 2);

  MemberReader series_reader(reader.Object("series"));
  const int64_t width_ms = series_reader.Signed("width_ms");
  std::vector<monitor::SeriesPoint> points;
  for (const std::vector<uint64_t>& line : series_reader.Table("points", 4 + monitor::kLevels)) {
    monitor::SeriesPoint point;
    point.begin_ms = static_cast<int64_t>(line[0]);
    point.scored = line[1];
    point.flagged = line[2];
    point.score_sum = line[3];
    std::copy(line.begin() + 4, line.end(), point.levels.begin());
    points.push_back(point);
  }

  MemberReader detector_reader(reader.Object("detector"));
  RateDetector detector = state.detector;
  const double rate = detector_reader.Number("rate");
  const double sum = detector_reader.Number("sum");
  const double threshold = detector_reader.Number("threshold");
  const uint64_t cusum_rows = detector_reader.Whole("cusum_rows");
  detector.learnt_rows = detector_reader.Whole("learnt_rows");
  detector.learnt_flagged = detector_reader.Whole("learnt_flagged");
  detector.alarms = detector_reader.Whole("alarms");
  detector.rows = detector_reader.Whole("rows");
  detector.alarm_rows.clear();
  for (const std::vector<uint64_t>& line : detector_reader.Table("alarm_rows", 1))
    detector.alarm_rows.push_back(line[0]);

  for (const MemberReader* part : {&reader, &series_reader, &detector_reader})
    if (!part->status().ok()) return part->status();
  if (!std::isnan(rate)) {
    if (!(rate > 0.0 && rate < 1.0)) return Broken("detector.rate");
    if (!(threshold > 0.0)) return Broken("detector.threshold");
    detector.Watch(rate, threshold);
    detector.cusum->Restore(sum, cusum_rows, detector.alarms);
  } else if (detector.learnt_rows >= kLearningRows) {
    return Broken("detector.learnt_rows");
  }
  std::vector<uint64_t> first_scores(state.first_scores.size(), 0);
  uint64_t first_scored = 0;
  for (const std::vector<uint64_t>& line : scores) {
    if (line[0] >= first_scores.size() || line[1] > kLearningRows) return Broken("first_scores");
    first_scores[static_cast<size_t>(line[0])] = line[1];
    first_scored += line[1];
  }
  monitor::LogLinear restored_latency;
  for (const std::vector<uint64_t>& line : latency) {
    if (line[0] > static_cast<uint64_t>(monitor::kLastBucket)) return Broken("latency");
    restored_latency.Add(monitor::BucketEdge(static_cast<int32_t>(line[0])), line[1]);
  }
  monitor::Series series(state.settings.points);
  if (!series.Restore(width_ms, points)) return Broken("series.points");
  Result<monitor::Summary> overall = monitor::Summary::Read(reader.Text("overall"));
  if (!overall.ok()) return overall.error();
  monitor::AlertBook book = state.alerts;
  Status status = book.Restore(alerts);
  if (!status.ok()) return status;
  status = state.windows.Restore(*overall);
  if (!status.ok()) return status;

  state.alerts = std::move(book);
  state.series = std::move(series);
  state.latency = std::move(restored_latency);
  state.detector = std::move(detector);
  state.first_scores = std::move(first_scores);
  state.first_scored = first_scored;
  state.total = total;
  state.next_sequence = next_sequence;
  state.malformed = malformed;
  state.since_ms = since_ms;
  state.latest_ms = latest_ms;
  state.generation = generation;
  state.arrivals.clear();
  state.recent.Clear();
  state.stale = true;
  state.charts_ms = INT64_MIN;
  return {};
}

}  // namespace firetower::session
