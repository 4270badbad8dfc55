// The file of a summary, models/SUMMARY.md: canonical JSON out, checked counts in.
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "core/base/json.h"
#include "core/base/shortest.h"
#include "core/monitor/fill.h"
#include "core/monitor/log_linear.h"
#include "core/monitor/summary.h"

namespace firetower::monitor {
namespace {

constexpr std::string_view kFormat = "firetower-summary";
constexpr int kFormatVersion = 1;
constexpr int64_t kMaxTimeMs = int64_t{1} << 53;

class Writer {
 public:
  std::string Take() { return std::move(out_); }

  void Raw(std::string_view text) { out_ += text; }
  void Text(std::string_view text) { AppendJsonText(text, &out_); }
  // Without a sign for zero: it would not survive reading.
  void Number(double value) { AppendShortest(value + 0.0, &out_); }
  template <typename T>
  void Integer(T value) {
    out_ += std::to_string(value);
  }
  // before: what separates it from what stands before it.
  void Key(std::string_view before, std::string_view key) {
    Raw(before);
    Raw("\"");
    Raw(key);
    Raw("\":");
  }
  template <typename List, typename Write>
  void Array(const List& list, Write write, std::string_view separator = ",") {
    Raw("[");
    bool rest = false;
    for (const auto& item : list) {
      if (std::exchange(rest, true)) Raw(separator);
      write(item);
    }
    Raw("]");
  }
  void Counts(std::span<const uint64_t> counts) {
    Array(counts, [this](uint64_t count) { Integer(count); });
  }
  void Numbers(std::span<const double> numbers) {
    Array(numbers, [this](double number) { Number(number); });
  }
  void Texts(std::span<const std::string> texts) {
    Array(texts, [this](const std::string& text) { Text(text); });
  }
  void Buckets(const std::map<int32_t, uint64_t>& buckets) {
    Array(buckets, [this](const auto& bucket) {
      Raw("[");
      Integer(bucket.first);
      Raw(",");
      Integer(bucket.second);
      Raw("]");
    });
  }

 private:
  std::string out_;
};

// Reads with one error for all: the first is kept, and what is read after it is empty.
class Checker {
 public:
  bool ok() const { return status_.ok(); }
  const Error& error() const { return status_.error(); }
  void Fail(std::string_view place, std::string_view reason) {
    if (!ok()) return;
    status_ = Error{.code = ErrorCode::kDataInvalid, .message = Fill("{}: {}", place, reason)};
  }
  void Check(bool good, std::string_view place, std::string_view reason) {
    if (!good) Fail(place, reason);
  }

  double Number(const json::value& value, std::string_view place) {
    json::error_code error;
    const double number = value.is_number() ? value.to_number<double>(error) : 0.0;
    if (!value.is_number() || error || !std::isfinite(number)) {
      Fail(place, "is not a finite number");
      return 0.0;
    }
    return number + 0.0;
  }
  uint64_t Count(const json::value& value, std::string_view place, uint64_t most) {
    uint64_t count = 0;
    if (value.is_uint64()) {
      count = value.get_uint64();
    } else if (value.is_int64() && value.get_int64() >= 0) {
      count = static_cast<uint64_t>(value.get_int64());
    } else {
      Fail(place, "is not a count");
      return 0;
    }
    if (count > most) {
      Fail(place, Fill("{} is over {}", count, most));
      return 0;
    }
    return count;
  }

 private:
  Status status_;
};

// The members of one object of the file; known: all it may have.
class Fields {
 public:
  // place: of the object, "" for the document.
  Fields(Checker* checker, const json::value& value, std::string_view place,
         std::initializer_list<std::string_view> known)
      : checker_(checker), object_(value.if_object()) {
    if (!place.empty()) prefix_ = std::string(place) + ".";
    if (object_ == nullptr) {
      checker_->Fail(place.empty() ? "summary" : place, "is not an object");
      return;
    }
    for (const auto& member : *object_) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        checker_->Fail(Place(key), "is not known");
      }
    }
  }

  std::string Place(std::string_view key) const { return prefix_ + std::string(key); }

  const json::value& Find(std::string_view key) const {
    const json::value* found = object_ == nullptr ? nullptr : object_->if_contains(key);
    if (found == nullptr) {
      checker_->Fail(Place(key), "is missing");
      return nothing_;
    }
    return *found;
  }
  std::string Text(std::string_view key) const {
    const json::value& found = Find(key);
    if (!found.is_string()) {
      checker_->Fail(Place(key), "is not a text");
      return {};
    }
    return std::string(found.get_string());
  }
  double Number(std::string_view key) const { return checker_->Number(Find(key), Place(key)); }
  uint64_t Count(std::string_view key, uint64_t most) const {
    return checker_->Count(Find(key), Place(key), most);
  }
  // read(item, place) for each item of a list.
  template <typename Read>
  void List(std::string_view key, Read read) const {
    const json::value& found = Find(key);
    if (!found.is_array()) {
      checker_->Fail(Place(key), "is not a list");
      return;
    }
    const json::array& list = found.get_array();
    for (size_t i = 0; i < list.size() && checker_->ok(); ++i) {
      read(list[i], Fill("{}[{}]", Place(key), i));
    }
  }
  std::vector<std::string> Texts(std::string_view key) const {
    std::vector<std::string> texts;
    List(key, [&](const json::value& item, std::string_view place) {
      if (!item.is_string()) return checker_->Fail(place, "is not a text");
      texts.emplace_back(item.get_string());
    });
    return texts;
  }
  std::vector<double> Numbers(std::string_view key) const {
    std::vector<double> numbers;
    List(key, [&](const json::value& item, std::string_view place) {
      numbers.push_back(checker_->Number(item, place));
    });
    return numbers;
  }
  // As many counts as out has room for; their sum.
  uint64_t Counts(std::string_view key, uint64_t most, std::span<uint64_t> out) const {
    size_t read = 0;
    uint64_t sum = 0;
    List(key, [&](const json::value& item, std::string_view place) {
      const uint64_t count = checker_->Count(item, place, most);
      if (read < out.size()) out[read] = count;
      sum += count;
      ++read;
    });
    if (read != out.size()) {
      checker_->Fail(Place(key), Fill("{} counts where {} belong", read, out.size()));
    }
    return sum;
  }
  // [[bucket, count], ...]; the sum of the counts.
  uint64_t Buckets(std::string_view key, uint64_t most, std::map<int32_t, uint64_t>* out) const {
    uint64_t sum = 0;
    List(key, [&](const json::value& item, const std::string& place) {
      const json::array* pair = item.if_array();
      if (pair == nullptr || pair->size() != 2) {
        return checker_->Fail(place, "is not a bucket and its count");
      }
      const auto bucket =
          static_cast<int32_t>(checker_->Count((*pair)[0], place + "[0]", kLastBucket));
      const uint64_t count = checker_->Count((*pair)[1], place + "[1]", most);
      checker_->Check(count > 0, place, "the bucket is empty");
      checker_->Check(out->empty() || out->rbegin()->first < bucket, place,
                      "the bucket is not above the one before");
      (*out)[bucket] = count;
      sum += count;
    });
    return sum;
  }

 private:
  Checker* checker_;
  const json::object* object_;
  std::string prefix_;
  json::value nothing_;
};

SummaryLayout ReadLayout(const Fields& document, Checker* checker) {
  SummaryLayout layout;
  const Fields model(checker, document.Find("model"), "model", {"name", "version", "hash"});
  layout.model_name = model.Text("name");
  layout.model_version = model.Text("version");
  layout.model_hash = model.Text("hash");
  layout.threshold = document.Number("threshold");
  checker->Check(layout.threshold >= 0.0 && layout.threshold <= 1.0, "threshold",
                 "is not within 0..1");
  const std::vector<double> cuts = document.Numbers("risk_cuts");
  if (cuts.size() != layout.risk_cuts.size()) {
    checker->Fail("risk_cuts", "are not four");
    return layout;
  }
  for (size_t i = 0; i < cuts.size(); ++i) {
    const bool rises = i == 0 ? cuts[i] >= 0.0 : cuts[i] > cuts[i - 1];
    checker->Check(rises && cuts[i] <= 1.0, "risk_cuts", "are not rising within 0..1");
    layout.risk_cuts[i] = cuts[i];
  }
  layout.inputs = document.Texts("inputs");
  return layout;
}

// How far the counts of the score bins go with the others.
void CheckScores(const Summary& summary, Checker* checker) {
  const std::span<const double> edges = summary.score_edges();
  const SummaryLayout& layout = summary.layout();
  uint64_t flagged = 0;
  uint64_t least = 0;  // Of score_sum.
  uint64_t most = 0;
  std::array<uint64_t, kLevels> levels = {};
  for (size_t bin = 0; bin < summary.scores.size(); ++bin) {
    const uint64_t count = summary.scores[bin];
    size_t level = 0;
    for (const double cut : layout.risk_cuts) level += edges[bin] >= cut ? 1u : 0u;
    levels[level] += count;
    flagged += edges[bin] >= layout.threshold ? count : 0;
    least += count * static_cast<uint64_t>(std::llround(edges[bin] * kScoreUnit));
    most += count * static_cast<uint64_t>(std::llround(std::min(edges[bin + 1], 1.0) * kScoreUnit));
    checker->Check(summary.positives[bin] + summary.negatives[bin] <= count,
                   Fill("positives[{}]", bin), "more labels than rows in this score bin");
  }
  for (size_t level = 0; level < levels.size(); ++level) {
    checker->Check(levels[level] == summary.levels[level], Fill("levels[{}]", level),
                   Fill("{} where the scores say {}", summary.levels[level], levels[level]));
  }
  checker->Check(flagged == summary.flagged, "flagged",
                 Fill("{} where the scores say {}", summary.flagged, flagged));
  checker->Check(least <= summary.score_sum && summary.score_sum <= most, "score_sum",
                 Fill("{} is not within the {}..{} of the scores", summary.score_sum, least, most));
}

void ReadFeature(const json::value& value, const std::string& place, SummaryLayout* layout,
                 std::vector<FeatureCounts>* features, uint64_t scored, Checker* checker) {
  const Fields fields(checker, value, place,
                      {"name", "edges", "bins", "below", "above", "missing", "negative_infinite",
                       "positive_infinite"});
  layout->features.push_back(fields.Text("name"));
  std::vector<double> edges = fields.Numbers("edges");
  checker->Check(edges.size() >= 2, fields.Place("edges"), "are fewer than two");
  for (size_t i = 1; i < edges.size(); ++i) {
    checker->Check(edges[i] > edges[i - 1], Fill("{}[{}]", fields.Place("edges"), i),
                   "is not above the one before");
  }
  if (!checker->ok()) return;
  FeatureCounts counts;
  counts.bins.assign(edges.size() - 1, 0);
  layout->edges.push_back(std::move(edges));
  uint64_t sum = fields.Counts("bins", scored, counts.bins);
  sum += fields.Buckets("below", scored, &counts.below);
  sum += fields.Buckets("above", scored, &counts.above);
  counts.missing = fields.Count("missing", scored);
  counts.negative_infinite = fields.Count("negative_infinite", scored);
  counts.positive_infinite = fields.Count("positive_infinite", scored);
  sum += counts.missing + counts.negative_infinite + counts.positive_infinite;
  checker->Check(sum == scored, place,
                 Fill("the counts add up to {}, not to the {} rows scored", sum, scored));
  features->push_back(std::move(counts));
}

}  // namespace

std::string Summary::Write() const {
  Writer out;
  out.Key("{", "format");
  out.Text(kFormat);
  out.Key(",\n", "version");
  out.Integer(kFormatVersion);
  out.Key(",\n", "model");
  out.Key("{", "name");
  out.Text(layout_->model_name);
  out.Key(",", "version");
  out.Text(layout_->model_version);
  out.Key(",", "hash");
  out.Text(layout_->model_hash);
  out.Key("},\n", "threshold");
  out.Number(layout_->threshold);
  out.Key(",\n", "risk_cuts");
  out.Numbers(layout_->risk_cuts);
  out.Key(",\n", "scored");
  out.Integer(scored);
  out.Key(",\n", "aside");
  out.Integer(aside);
  out.Key(",\n", "flagged");
  out.Integer(flagged);
  out.Key(",\n", "score_sum");
  out.Integer(score_sum);
  out.Key(",\n", "levels");
  out.Counts(levels);
  out.Key(",\n", "reasons");
  out.Counts(reasons);
  out.Key(",\n", "times_ms");
  if (first_time_ms > last_time_ms) {
    out.Raw("null");
  } else {
    out.Raw("[");
    out.Integer(first_time_ms);
    out.Raw(",");
    out.Integer(last_time_ms);
    out.Raw("]");
  }
  out.Key(",\n", "inputs");
  out.Texts(layout_->inputs);
  out.Key(",\n", "invalid");
  out.Counts(invalid);
  out.Key(",\n", "scores");
  out.Counts(scores);
  out.Key(",\n", "positives");
  out.Counts(positives);
  out.Key(",\n", "negatives");
  out.Counts(negatives);
  out.Key(",\n", "features");
  size_t f = 0;
  out.Array(
      features,
      [&](const FeatureCounts& counts) {
        out.Key("{", "name");
        out.Text(layout_->features[f]);
        out.Key(",", "edges");
        out.Numbers(layout_->edges[f]);
        out.Key(",", "bins");
        out.Counts(counts.bins);
        out.Key(",", "below");
        out.Buckets(counts.below);
        out.Key(",", "above");
        out.Buckets(counts.above);
        out.Key(",", "missing");
        out.Integer(counts.missing);
        out.Key(",", "negative_infinite");
        out.Integer(counts.negative_infinite);
        out.Key(",", "positive_infinite");
        out.Integer(counts.positive_infinite);
        out.Raw("}");
        ++f;
      },
      ",\n");
  out.Raw("}\n");
  return out.Take();
}

Result<Summary> Summary::Read(std::string_view text) {
  if (text.size() > kMaxSummaryBytes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = Fill("the summary is over {} MiB", kMaxSummaryBytes >> 20)};
  }
  const Result<json::value> parsed = ParseJson(text, ErrorCode::kDataInvalid, "summary");
  if (!parsed.ok()) return parsed.error();
  Checker checker;
  const Fields document(&checker, *parsed, "",
                        {"format", "version", "model", "threshold", "risk_cuts", "scored", "aside",
                         "flagged", "score_sum", "levels", "reasons", "times_ms", "inputs",
                         "invalid", "scores", "positives", "negatives", "features"});
  // Other files say what they are not before anything else is looked for.
  const json::object* object = parsed->if_object();
  const json::value* format = object == nullptr ? nullptr : object->if_contains("format");
  if (format == nullptr || !format->is_string() || format->get_string() != kFormat) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "format: this is no firetower summary"};
  }
  const json::value* version = object->if_contains("version");
  if (version == nullptr || !version->is_int64() || version->get_int64() != kFormatVersion) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = Fill("version: is not {}, which this engine reads", kFormatVersion)};
  }

  SummaryLayout layout = ReadLayout(document, &checker);
  const uint64_t scored = document.Count("scored", kMaxSummaryRows);
  std::vector<FeatureCounts> features;
  document.List("features", [&](const json::value& item, const std::string& place) {
    ReadFeature(item, place, &layout, &features, scored, &checker);
  });
  if (!checker.ok()) return checker.error();

  Summary summary(std::make_shared<const SummaryLayout>(std::move(layout)));
  summary.features = std::move(features);
  summary.scored = scored;
  summary.aside = document.Count("aside", kMaxSummaryRows - scored);
  summary.flagged = document.Count("flagged", scored);
  summary.score_sum = document.Count("score_sum", UINT64_MAX);
  document.Counts("levels", scored, summary.levels);
  const uint64_t reasons = document.Counts("reasons", summary.aside, summary.reasons);
  checker.Check(reasons == summary.aside, "reasons",
                Fill("add up to {}, not to the {} rows set aside", reasons, summary.aside));
  const uint64_t at_fault = document.Counts("invalid", summary.aside, summary.invalid);
  checker.Check(at_fault <= summary.aside, "invalid",
                Fill("add up to {}, more than the {} rows set aside", at_fault, summary.aside));
  const uint64_t in_bins = document.Counts("scores", scored, summary.scores);
  checker.Check(in_bins == scored, "scores",
                Fill("add up to {}, not to the {} rows scored", in_bins, scored));
  document.Counts("positives", scored, summary.positives);
  document.Counts("negatives", scored, summary.negatives);
  if (!document.Find("times_ms").is_null()) {
    std::vector<int64_t> times;
    document.List("times_ms", [&](const json::value& item, std::string_view place) {
      const bool whole =
          item.is_int64() && item.get_int64() >= -kMaxTimeMs && item.get_int64() <= kMaxTimeMs;
      if (!whole) return checker.Fail(place, "is not a whole number of milliseconds");
      times.push_back(item.get_int64());
    });
    checker.Check(times.size() == 2 && times[0] <= times[1] && summary.rows() > 0, "times_ms",
                  "are not the first and the last time of the rows");
    if (checker.ok()) {
      summary.first_time_ms = times[0];
      summary.last_time_ms = times[1];
    }
  }
  if (checker.ok()) CheckScores(summary, &checker);
  if (!checker.ok()) return checker.error();
  return summary;
}

}  // namespace firetower::monitor
