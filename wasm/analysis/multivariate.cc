#include "analysis/multivariate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/json_number.h"
#include "core/base/json.h"
#include "core/drift/mahalanobis.h"
#include "core/drift/mmd.h"
#include "core/drift/pca.h"

namespace firetower::analysis {
namespace {

constexpr std::array<std::string_view, 4> kTests = {"pca", "mahalanobis", "domain", "mmd"};

struct Settings {
  std::array<bool, kTests.size()> tests = {true, true, true, true};
  drift::PcaOptions pca;
  domain::DomainOptions domain = {.permutations = 39};
  drift::MmdOptions mmd;
};

Error Invalid(const std::string& what) {
  return {.code = ErrorCode::kDataInvalid, .message = "multivariate." + what};
}

// A whole number of the settings; what is not there stays as it is.
template <typename Number>
Status ReadWhole(const json::object& object, std::string_view key, double low, double high,
                 Number* out) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return {};
  const double number = value->is_int64()    ? static_cast<double>(value->get_int64())
                        : value->is_uint64() ? static_cast<double>(value->get_uint64())
                        : value->is_double() ? value->get_double()
                                             : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= low && number <= high) || number != std::floor(number)) {
    return Invalid(std::string(key) + " must be a whole number between " +
                   std::to_string(static_cast<int64_t>(low)) + " and " +
                   std::to_string(static_cast<int64_t>(high)));
  }
  *out = static_cast<Number>(number);
  return {};
}

Status ReadTests(const json::object& object, Settings* settings) {
  const json::value* value = object.if_contains("tests");
  if (value == nullptr || value->is_null()) return {};
  const json::array* names = value->if_array();
  if (names == nullptr) return Invalid("tests must be a list");
  settings->tests.fill(false);
  for (const json::value& name : *names) {
    const json::string* text = name.if_string();
    const auto found = text == nullptr ? kTests.end()
                                       : std::find(kTests.begin(), kTests.end(),
                                                   std::string_view(text->data(), text->size()));
    if (found == kTests.end()) {
      return Invalid("tests may hold \"pca\", \"mahalanobis\", \"domain\" and \"mmd\"");
    }
    settings->tests[static_cast<size_t>(found - kTests.begin())] = true;
  }
  return {};
}

Result<Settings> ReadSettings(std::string_view request) {
  Settings settings;
  if (request.empty()) return settings;
  const Result<json::value> document = ParseJson(request, ErrorCode::kDataInvalid, "request");
  if (!document.ok()) return document.error();
  const json::object* all = document->if_object();
  if (all == nullptr) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "the request is not an object"};
  }
  const json::value* part = all->if_contains("multivariate");
  if (part == nullptr || part->is_null()) return settings;
  const json::object* object = part->if_object();
  if (object == nullptr) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "multivariate must be an object"};
  }
  if (Status status = ReadTests(*object, &settings); !status.ok()) return status.error();
  if (const json::value* share = object->if_contains("explained");
      share != nullptr && !share->is_null()) {
    if (!share->is_double() || !(share->get_double() > 0.0 && share->get_double() < 1.0)) {
      return Invalid("explained must be between 0 and 1");
    }
    settings.pca.explained = share->get_double();
  }
  uint64_t seed = 1;
  constexpr double kMostSeed = 9007199254740992.0;  // 2^53
  for (const Status& status :
       {ReadWhole(*object, "trees", 10, 1000, &settings.domain.trees),
        ReadWhole(*object, "permutations", 0, 10000, &settings.domain.permutations),
        ReadWhole(*object, "permutation_trees", 10, 1000, &settings.domain.permutation_trees),
        ReadWhole(*object, "mmd_rows", 10, 2000, &settings.mmd.max_rows),
        ReadWhole(*object, "mmd_permutations", 1, 10000, &settings.mmd.permutations),
        ReadWhole(*object, "seed", 0, kMostSeed, &seed)}) {
    if (!status.ok()) return status.error();
  }
  settings.pca.seed = settings.domain.seed = settings.mmd.seed = seed;
  return settings;
}

json::object SettingsJson(const Settings& settings) {
  json::array tests;
  for (size_t i = 0; i < kTests.size(); ++i) {
    if (settings.tests[i]) tests.push_back(json::value(kTests[i]));
  }
  json::object out;
  out["tests"] = std::move(tests);
  out["explained"] = JsonNumber(settings.pca.explained);
  out["trees"] = settings.domain.trees;
  out["permutations"] = settings.domain.permutations;
  out["permutation_trees"] = settings.domain.permutation_trees;
  out["mmd_rows"] = settings.mmd.max_rows;
  out["mmd_permutations"] = settings.mmd.permutations;
  out["seed"] = settings.mmd.seed;
  return out;
}

json::object PcaJson(const drift::PcaDrift& pca) {
  json::object out;
  out["components"] = pca.components;
  out["explained"] = JsonNumber(pca.explained);
  out["reference_error"] = JsonNumber(pca.reference_error);
  out["current_error"] = JsonNumber(pca.current_error);
  out["ratio"] = JsonNumber(pca.current_error / pca.reference_error);
  out["auc"] = JsonNumber(pca.auc);
  out["p_value"] = JsonNumber(pca.p_value);
  out["fitted_rows"] = pca.fitted_rows;
  out["held_rows"] = pca.held_rows;
  out["missing"] = pca.missing;
  return out;
}

json::object MahalanobisJson(const drift::HotellingResult& hotelling) {
  json::object out;
  out["statistic"] = JsonNumber(hotelling.statistic);
  out["f"] = JsonNumber(hotelling.f);
  out["degrees"] = json::array{JsonNumber(hotelling.degrees_numerator),
                               JsonNumber(hotelling.degrees_denominator)};
  out["p_value"] = JsonNumber(hotelling.p_value);
  out["distance"] = JsonNumber(hotelling.distance);
  out["rank"] = hotelling.rank;
  out["left_out"] = hotelling.left_out;
  out["missing"] = hotelling.missing;
  return out;
}

json::object DomainJson(const domain::DomainClassifier& classifier,
                        const domain::DomainOptions& options, std::span<const std::string> names) {
  const metrics::Interval auc = classifier.auc();
  json::object interval;
  interval["value"] = JsonNumber(auc.value);
  interval["low"] = JsonNumber(auc.low);
  interval["high"] = JsonNumber(auc.high);
  const std::span<const double> values = classifier.importances();
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const double first = Rounded(values[a]);
    const double second = Rounded(values[b]);
    return first != second ? first > second : a < b;
  });
  json::array importances;
  for (const size_t feature : order) {
    json::object entry;
    entry["name"] = names[feature];
    entry["value"] = JsonNumber(values[feature]);
    importances.push_back(std::move(entry));
  }
  json::object out;
  out["auc"] = std::move(interval);
  out["p_value"] = JsonNumber(classifier.p_value());
  out["permutations"] = options.permutations;
  out["permutation_trees"] = options.permutation_trees;
  out["trees"] = options.trees;
  out["importances"] = std::move(importances);
  return out;
}

json::object MmdJson(const drift::MmdResult& mmd) {
  json::object out;
  out["mmd2"] = JsonNumber(mmd.mmd2);
  out["sigma"] = JsonNumber(mmd.sigma);
  out["p_value"] = JsonNumber(mmd.p_value);
  out["permutations"] = mmd.permutations;
  out["rows"] = mmd.reference_rows + mmd.current_rows;
  out["left_out"] = mmd.left_out;
  out["missing"] = mmd.missing;
  return out;
}

}  // namespace

std::vector<float> DomainFeatures(std::span<const double> matrix) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  std::vector<float> features(matrix.size());
  std::transform(matrix.begin(), matrix.end(), features.begin(), [&](double value) {
    if (!std::isfinite(value)) return std::numeric_limits<float>::quiet_NaN();
    return static_cast<float>(std::clamp(value, -kLargest, kLargest));
  });
  return features;
}

Result<MultivariateResult> Multivariate(std::span<const std::string> names,
                                        std::span<const double> matrix, size_t rows,
                                        size_t reference_rows, std::string_view request) {
  const Result<Settings> settings = ReadSettings(request);
  if (!settings.ok()) return settings.error();
  const drift::SampleMatrix sample = {
      .values = matrix, .rows = rows, .columns = names.size(), .reference_rows = reference_rows};
  if (Status status = drift::CheckSample(sample, 0);
      !status.ok() && status.error().code == ErrorCode::kBadArgument) {
    return status.error();
  }

  json::array notes;
  const auto note = [&](std::string_view test, const std::string& text) {
    notes.push_back(json::value(std::string(test) + ": " + text));
  };
  MultivariateResult result;
  json::object out;
  json::object sides;
  sides["reference"] = reference_rows;
  sides["current"] = rows - reference_rows;
  out["rows"] = std::move(sides);
  for (const std::string_view test : kTests) out[test] = nullptr;

  if (settings->tests[0]) {
    if (const Result<drift::PcaDrift> pca = drift::ComparePca(sample, settings->pca); pca.ok()) {
      out["pca"] = PcaJson(*pca);
      if (std::isnan(pca->p_value)) {
        note("pca", "there are as many components as columns, so every row is rebuilt exactly");
      }
    } else {
      note("pca", pca.error().message);
    }
  }
  if (settings->tests[1]) {
    if (const Result<drift::HotellingResult> hotelling = drift::Hotelling(sample); hotelling.ok()) {
      out["mahalanobis"] = MahalanobisJson(*hotelling);
      note("mahalanobis",
           hotelling->apart
               ? "the means differ where neither side varies: the distance is infinite"
               : "the p-value is exact for normal columns, for others it holds with many rows");
    } else {
      note("mahalanobis", hotelling.error().message);
    }
  }
  if (settings->tests[2]) {
    std::vector<uint8_t> current(rows, 0);
    std::fill(current.begin() + static_cast<std::ptrdiff_t>(reference_rows), current.end(),
              uint8_t{1});
    Result<domain::DomainClassifier> classifier = domain::DomainClassifier::Train(
        DomainFeatures(matrix), rows, names.size(), current, settings->domain);
    if (classifier.ok()) {
      out["domain"] = DomainJson(*classifier, settings->domain, names);
      note("domain",
           "the interval describes the AUC and leaves out 0.5 too often; drift is for the p-value "
           "to tell");
      result.classifier = *std::move(classifier);
    } else {
      note("domain", classifier.error().message);
    }
  }
  if (settings->tests[3]) {
    if (const Result<drift::MmdResult> mmd = drift::Mmd(sample, settings->mmd); mmd.ok()) {
      out["mmd"] = MmdJson(*mmd);
    } else {
      note("mmd", mmd.error().message);
    }
  }
  out["notes"] = std::move(notes);
  out["settings"] = SettingsJson(*settings);
  result.json = WriteJson(out);
  return result;
}

}  // namespace firetower::analysis
