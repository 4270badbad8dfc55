// Any bytes as a detector's settings and a series: the request is a first line of JSON, the bytes
// after it the values. Refused with a message, or alarms that are rows of the series, the same ones
// again; false alarms and scores that can be.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/detect.h"
#include "core/base/json.h"

namespace {

namespace analysis = firetower::analysis;
namespace json = firetower::json;
using firetower::Result;

// Of a series; of the rows that shuffles and dummies go over.
constexpr size_t kMaxValues = 5000;

void Require(bool condition) {
  if (!condition) std::abort();
}

json::value Document(const std::string& text) {
  Result<json::value> document =
      firetower::ParseJson(text, firetower::ErrorCode::kDataInvalid, "document");
  Require(document.ok());
  return *std::move(document);
}

void RequireRows(const json::value& rows, size_t values) {
  double before = -1;
  for (const json::value& row : rows.get_array()) {
    const double number = row.to_number<double>();
    Require(number > before && number < static_cast<double>(values));
    before = number;
  }
}

void RequireMessage(const firetower::Error& error) {
  Require(!error.message.empty() && error.code != firetower::ErrorCode::kOk);
}

// The request with numbers that keep the work small, and those that were given where they do.
std::string Limited(std::string_view request, json::object more) {
  const Result<json::value> parsed =
      firetower::ParseJson(request, firetower::ErrorCode::kBadArgument, "request");
  if (!parsed.ok() || !parsed->is_object()) return std::string(request);
  json::object limited = parsed->get_object();
  for (const auto& entry : more) limited[entry.key()] = entry.value();
  return json::serialize(limited);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string request(input.substr(0, input.find('\n')));
  const std::string_view bytes =
      request.size() < input.size() ? input.substr(request.size() + 1) : std::string_view();
  if (bytes.size() > kMaxValues) return 0;
  std::vector<double> flags, numbers;
  for (const char byte : bytes) {
    const auto unsigned_byte = static_cast<unsigned char>(byte);
    flags.push_back(unsigned_byte % 2);
    // Small ones, and those of every size down to 2^-60 and up to 2^66.
    numbers.push_back(unsigned_byte < 128
                          ? unsigned_byte - 64.0
                          : std::ldexp(unsigned_byte % 3 - 1.0, unsigned_byte - 190));
  }

  for (const std::vector<double>* values : {&flags, &numbers}) {
    const Result<std::string> detected = analysis::DetectJson(request, *values);
    if (!detected.ok()) {
      RequireMessage(detected.error());
      continue;
    }
    const json::value document = Document(*detected);
    Require(document.at("values").to_number<double>() == static_cast<double>(values->size()));
    RequireRows(document.at("alarms"), values->size());
    RequireRows(document.at("warnings"), values->size());
    // What came back are settings that give the same alarms.
    const Result<std::string> again =
        analysis::DetectJson(Limited(request, {{"set", document.at("set")}}), *values);
    Require(again.ok() && *again == *detected);

    const Result<std::string> quiet =
        analysis::FalseAlarmsJson(Limited(request, {{"shuffles", 2}}), *values);
    if (quiet.ok()) {
      const json::value figures = Document(*quiet);
      const json::value& per = figures.at("per_10000");
      Require(per.at("low").to_number<double>() <= per.at("value").to_number<double>());
      Require(per.at("value").to_number<double>() <= per.at("high").to_number<double>());
    } else {
      RequireMessage(quiet.error());
    }

    const json::object counts = {{"rows", values->size()},
                                 {"alarms", document.at("alarms")},
                                 {"horizon", values->size() / 10},
                                 {"every", 1}};
    std::vector<double> drifts;
    for (size_t row = 7; row < values->size(); row += 100)
      drifts.push_back(static_cast<double>(row));
    const Result<std::string> scored =
        analysis::ScoreDetectorJson(Limited(request, counts), drifts);
    if (values->empty()) continue;
    Require(scored.ok());
    const json::value scores = Document(*scored);
    Require(scores.at("never").at("alarms").to_number<double>() == 0);
  }
  // The request as it is, and the values as drifts.
  const Result<std::string> scored = analysis::ScoreDetectorJson(request, numbers);
  if (!scored.ok()) RequireMessage(scored.error());
  return 0;
}
