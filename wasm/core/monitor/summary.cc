#include "core/monitor/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/monitor/fill.h"
#include "core/monitor/log_linear.h"

namespace firetower::monitor {
namespace {

constexpr uint64_t kRoom = uint64_t{1} << 24;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The least float32 that is >= edge: for a float32 x, x >= edge is x >= this.
float RoundUp(double edge) {
  constexpr float kAbove = std::numeric_limits<float>::infinity();
  constexpr float kMax = std::numeric_limits<float>::max();
  if (edge > static_cast<double>(kMax)) return kAbove;
  if (edge < -static_cast<double>(kMax)) return -kMax;
  const auto rounded = static_cast<float>(edge);
  return static_cast<double>(rounded) < edge ? std::nextafterf(rounded, kAbove) : rounded;
}

// round(p * kScoreUnit), halves up. REQUIRES: 0 <= p.
uint64_t ScoreUnits(double p) {
  const double units = p * kScoreUnit;
  const auto whole = static_cast<uint64_t>(units);
  return whole + (units - static_cast<double>(whole) >= 0.5 ? 1u : 0u);
}

// Counts of values beyond the edges by bucket, those below before those above, to be moved into a
// map at once: a map is slow where most values lie outside.
class OutsideCounts {
 public:
  static constexpr size_t kBuckets = size_t{kLastBucket} + 1;
  static constexpr size_t kNone = 2 * kBuckets;  // Counts for nothing.

  void Add(size_t slot) {
    if (counts_[slot]++ == 0) touched_[size_++] = static_cast<uint16_t>(slot);
  }
  void MoveTo(FeatureCounts* counts) {
    for (size_t i = 0; i < size_; ++i) {
      const size_t slot = touched_[i];
      const uint32_t count = std::exchange(counts_[slot], 0u);
      if (slot < kBuckets) {
        counts->below[static_cast<int32_t>(slot)] += count;
      } else if (slot != kNone) {
        counts->above[static_cast<int32_t>(slot - kBuckets)] += count;
      }
    }
    size_ = 0;
  }

 private:
  std::array<uint32_t, kNone + 1> counts_ = {};
  std::array<uint16_t, kNone + 1> touched_;
  size_t size_ = 0;
};

// Values side by side in CountNotAbove: their loads overlap.
constexpr size_t kLanes = 8;

// places[k] = how many of the n >= 1 rising edges are <= values[k]; 0 for NaN. No branch depends on
// the values.
inline void CountNotAbove(const float* edges, size_t n, const std::array<float, kLanes>& values,
                          std::array<size_t, kLanes>* places) {
  std::array<size_t, kLanes> base = {};
  while (n > 1) {
    const size_t half = n / 2;
    for (size_t k = 0; k < kLanes; ++k) {
      base[k] += static_cast<size_t>(values[k] >= edges[base[k] + half - 1]) * half;
    }
    n -= half;
  }
  for (size_t k = 0; k < kLanes; ++k) {
    (*places)[k] = base[k] + static_cast<size_t>(values[k] >= edges[base[k]]);
  }
}

uint64_t Sum(std::span<const uint64_t> counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) sum += count;
  return sum;
}

void AddAll(std::span<const uint64_t> from, std::span<uint64_t> to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}
void SubtractAll(std::span<const uint64_t> from, std::span<uint64_t> to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] -= from[i];
}
void SubtractAll(const std::map<int32_t, uint64_t>& from, std::map<int32_t, uint64_t>* to) {
  for (const auto& [bucket, count] : from) {
    const auto found = to->find(bucket);
    found->second -= count;
    if (found->second == 0) to->erase(found);
  }
}

}  // namespace

std::vector<double> ScoreEdges(const SummaryLayout& layout) {
  std::vector<double> edges;
  edges.reserve(kScoreSteps + 7);
  for (size_t i = 0; i <= kScoreSteps; ++i) {
    edges.push_back(static_cast<double>(i) / static_cast<double>(kScoreSteps));
  }
  edges.insert(edges.end(), layout.risk_cuts.begin(), layout.risk_cuts.end());
  edges.push_back(layout.threshold);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  edges.push_back(std::nextafter(1.0, 2.0));
  return edges;
}

struct Summary::Tables {
  struct FeatureEdges {
    size_t begin = 0;  // Of its edges in `edges`.
    size_t count = 0;
    double front = 0;
    double back = 0;
    double width = 0;
  };
  std::vector<double> score_edges;
  // Per step of 1 / kScoreSteps, where to begin to look in score_edges.
  std::vector<uint32_t> score_start;
  std::vector<float> edges;  // RoundUp of every feature's edges, one feature after the other.
  std::vector<FeatureEdges> features;

  explicit Tables(const SummaryLayout& layout) : score_edges(ScoreEdges(layout)) {
    for (size_t i = 0; i <= kScoreSteps; ++i) {
      const double from = static_cast<double>(i) / static_cast<double>(kScoreSteps);
      const auto place = std::lower_bound(score_edges.begin(), score_edges.end(), from);
      // One step earlier, as p x kScoreSteps may be rounded up.
      const auto index = static_cast<uint32_t>(place - score_edges.begin());
      score_start.push_back(index == 0 ? 0 : index - 1);
    }
    for (const std::vector<double>& of_feature : layout.edges) {
      features.push_back({.begin = edges.size(),
                          .count = of_feature.size(),
                          .front = of_feature.front(),
                          .back = of_feature.back(),
                          .width = of_feature.back() - of_feature.front()});
      for (const double edge : of_feature) edges.push_back(RoundUp(edge));
    }
  }

  size_t ScoreBin(double p) const {
    size_t bin = score_start[static_cast<size_t>(p * static_cast<double>(kScoreSteps))];
    while (bin + 2 < score_edges.size() && p >= score_edges[bin + 1]) ++bin;
    return bin;
  }

  // Counts values[k], whose places CountNotAbove has found, at least one of them outside the bins
  // or on the last edge. Where they are cannot be foreseen: no branch depends on it.
  static void CountAnywhere(const FeatureEdges& of_feature, std::span<const float> values,
                            const std::array<size_t, kLanes>& places, FeatureCounts* counts,
                            OutsideCounts* outside) {
    std::array<size_t, kLanes> slots;
    std::array<size_t, kLanes> bins;
    std::array<size_t, kLanes> inside;
    for (size_t k = 0; k < values.size(); ++k) {
      const bool finite = std::fabs(values[k]) <= std::numeric_limits<float>::max();
      const double value = finite ? static_cast<double>(values[k]) : of_feature.front;
      const std::array<double, 2> distances = {value - of_feature.back, of_feature.front - value};
      const double beyond = distances[static_cast<size_t>(value < of_feature.front)];
      const auto is_out = static_cast<size_t>(beyond > 0.0);
      const size_t slot = static_cast<size_t>(BucketOf(beyond / of_feature.width)) +
                          static_cast<size_t>(value > of_feature.back) * OutsideCounts::kBuckets;
      slots[k] = OutsideCounts::kNone - is_out * (OutsideCounts::kNone - slot);
      bins[k] = std::min(places[k] - static_cast<size_t>(places[k] > 0), of_feature.count - 2);
      inside[k] = static_cast<size_t>(finite) * (1 - is_out);
      if (!finite) CountNoNumber(values[k], counts);
    }
    for (size_t k = 0; k < values.size(); ++k) {
      outside->Add(slots[k]);
      counts->bins[bins[k]] += inside[k];
    }
  }
  static void CountNoNumber(float x, FeatureCounts* counts) {
    ++(std::isnan(x) ? counts->missing
       : x > 0       ? counts->positive_infinite
                     : counts->negative_infinite);
  }
};

Summary::Summary(std::shared_ptr<const SummaryLayout> layout)
    : invalid(layout->inputs.size(), 0),
      features(layout->features.size()),
      layout_(std::move(layout)),
      tables_(std::make_shared<const Tables>(*layout_)) {
  const size_t bins = tables_->score_edges.size() - 1;
  scores.assign(bins, 0);
  positives.assign(bins, 0);
  negatives.assign(bins, 0);
  for (size_t f = 0; f < features.size(); ++f)
    features[f].bins.assign(layout_->edges[f].size() - 1, 0);
}

std::span<const double> Summary::score_edges() const { return tables_->score_edges; }

void Summary::AddScore(const SummaryBlock& block, size_t i) {
  const double p = block.probabilities[i];
  score_sum += ScoreUnits(p);
  flagged += p >= layout_->threshold ? 1u : 0u;
  size_t level = 0;
  for (const double cut : layout_->risk_cuts) level += p >= cut ? 1u : 0u;
  ++levels[level];
  const size_t bin = tables_->ScoreBin(p);
  ++scores[bin];
  if (!block.labels.empty()) {
    positives[bin] += block.labels[i] == 1.0 ? 1u : 0u;
    negatives[bin] += block.labels[i] == 0.0 ? 1u : 0u;
  }
}

void Summary::AddTimes(std::span<const double> times) {
  double first = kInfinity;
  double last = -kInfinity;
  for (const double time : times) {
    const bool usable = std::fabs(time) <= kMaxTimeSeconds;
    first = usable && time < first ? time : first;
    last = usable && time > last ? time : last;
  }
  if (first > last) return;
  first_time_ms = std::min<int64_t>(first_time_ms, std::llround(first * 1000.0));
  last_time_ms = std::max<int64_t>(last_time_ms, std::llround(last * 1000.0));
}

void Summary::Add(const SummaryBlock& block, size_t first, size_t count) {
  constexpr size_t kSpan = 16384;
  std::array<uint16_t, kSpan> good;  // Rows of the span that were scored, from its begin.
  std::array<float, kSpan> compact;  // Their values, where some were not.
  OutsideCounts outside;
  if (!block.times.empty()) AddTimes(block.times.subspan(first, count));
  for (size_t begin = first; begin < first + count; begin += kSpan) {
    const size_t rows = std::min(kSpan, first + count - begin);
    size_t n = 0;
    for (size_t k = 0; k < rows; ++k) {
      const size_t i = begin + k;
      const int32_t status = block.statuses.empty() ? 0 : block.statuses[i];
      if (status == 0 && !std::isnan(block.probabilities[i])) {
        good[n++] = static_cast<uint16_t>(k);
        AddScore(block, i);
        continue;
      }
      ++aside;
      ++reasons[status > 0 && status < kReasons ? static_cast<size_t>(status) : 0];
      const int32_t input = block.status_inputs.empty() ? -1 : block.status_inputs[i];
      if (input >= 0 && static_cast<size_t>(input) < invalid.size()) {
        ++invalid[static_cast<size_t>(input)];
      }
    }
    scored += n;
    for (size_t f = 0; f < features.size(); ++f) {
      const Tables::FeatureEdges& of_feature = tables_->features[f];
      const float* edges = tables_->edges.data() + of_feature.begin;
      const float* column = block.features.data() + f * block.stride + begin;
      if (n < rows) {
        for (size_t k = 0; k < n; ++k) compact[k] = column[good[k]];
        column = compact.data();
      }
      uint64_t* bins = features[f].bins.data();
      std::array<float, kLanes> values = {};
      std::array<size_t, kLanes> places;
      for (size_t k = 0; k < n; k += kLanes) {
        const size_t lanes = std::min(kLanes, n - k);
        std::copy_n(column + k, lanes, values.begin());
        CountNotAbove(edges, of_feature.count, values, &places);
        bool inside = true;
        for (size_t lane = 0; lane < kLanes; ++lane) {
          inside &= places[lane] - 1 < of_feature.count - 1;
        }
        if (inside && lanes == kLanes) {
          for (size_t lane = 0; lane < kLanes; ++lane) ++bins[places[lane] - 1];
        } else {
          Tables::CountAnywhere(of_feature, std::span(values).first(lanes), places, &features[f],
                                &outside);
        }
      }
      outside.MoveTo(&features[f]);
    }
  }
}

bool Summary::full() const { return rows() > kMaxSummaryRows - kRoom; }

namespace {

// What the first difference of two layouts is; empty where there is none.
std::string Difference(const SummaryLayout& a, const SummaryLayout& b) {
  const auto is_not = [](std::string_view what, const auto& x, const auto& y) {
    return Fill("{} {} is not {}", what, x, y);
  };
  if (a.model_name != b.model_name) return is_not("model", a.model_name, b.model_name);
  if (a.model_version != b.model_version) {
    return is_not("model version", a.model_version, b.model_version);
  }
  if (a.model_hash != b.model_hash) return is_not("model file", a.model_hash, b.model_hash);
  if (a.threshold != b.threshold) return is_not("threshold", a.threshold, b.threshold);
  for (size_t i = 0; i < a.risk_cuts.size(); ++i) {
    if (a.risk_cuts[i] != b.risk_cuts[i]) {
      return is_not(Fill("risk_cuts[{}]", i), a.risk_cuts[i], b.risk_cuts[i]);
    }
  }
  if (a.inputs.size() != b.inputs.size()) {
    return is_not("number of inputs", a.inputs.size(), b.inputs.size());
  }
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    if (a.inputs[i] != b.inputs[i]) {
      return is_not(Fill("inputs[{}]", i), a.inputs[i], b.inputs[i]);
    }
  }
  if (a.features.size() != b.features.size()) {
    return is_not("number of features", a.features.size(), b.features.size());
  }
  for (size_t f = 0; f < a.features.size(); ++f) {
    if (a.features[f] != b.features[f]) {
      return is_not(Fill("features[{}]", f), a.features[f], b.features[f]);
    }
    if (a.edges[f].size() != b.edges[f].size()) {
      return is_not(Fill("feature {}: number of edges", a.features[f]), a.edges[f].size(),
                    b.edges[f].size());
    }
    for (size_t e = 0; e < a.edges[f].size(); ++e) {
      if (a.edges[f][e] != b.edges[f][e]) {
        return is_not(Fill("feature {}: edge {}", a.features[f], e), a.edges[f][e], b.edges[f][e]);
      }
    }
  }
  return {};
}

}  // namespace

Status Summary::Merge(const Summary& other) {
  if (layout_ != other.layout_) {
    const std::string difference = Difference(*other.layout_, *layout_);
    if (!difference.empty()) {
      return Error{.code = ErrorCode::kSchemaMismatch,
                   .message = "the summary is of another model: " + difference};
    }
  }
  if (other.rows() > kMaxSummaryRows - rows()) {
    return Error{
        .code = ErrorCode::kTooBig,
        .message = Fill("{} rows and {} more are over {}", rows(), other.rows(), kMaxSummaryRows)};
  }
  scored += other.scored;
  aside += other.aside;
  flagged += other.flagged;
  score_sum += other.score_sum;
  AddAll(other.levels, levels);
  AddAll(other.reasons, reasons);
  AddAll(other.invalid, invalid);
  AddAll(other.scores, scores);
  AddAll(other.positives, positives);
  AddAll(other.negatives, negatives);
  for (size_t f = 0; f < features.size(); ++f) {
    const FeatureCounts& from = other.features[f];
    FeatureCounts& to = features[f];
    AddAll(from.bins, to.bins);
    for (const auto& [bucket, count] : from.below) to.below[bucket] += count;
    for (const auto& [bucket, count] : from.above) to.above[bucket] += count;
    to.missing += from.missing;
    to.negative_infinite += from.negative_infinite;
    to.positive_infinite += from.positive_infinite;
  }
  first_time_ms = std::min(first_time_ms, other.first_time_ms);
  last_time_ms = std::max(last_time_ms, other.last_time_ms);
  return {};
}

template <typename Self, typename Use>
void Summary::EachCount(Self& self, Use use) {
  for (auto* count : {&self.scored, &self.aside, &self.flagged, &self.score_sum}) use(*count);
  for (auto& count : self.levels) use(count);
  for (auto& count : self.reasons) use(count);
  for (auto* counts : {&self.invalid, &self.scores, &self.positives, &self.negatives}) {
    for (auto& count : *counts) use(count);
  }
  for (auto& feature : self.features) {
    for (auto& count : feature.bins) use(count);
    for (auto* count : {&feature.missing, &feature.negative_infinite, &feature.positive_infinite}) {
      use(*count);
    }
  }
}

std::vector<uint64_t> Summary::Words() const {
  std::vector<uint64_t> words;
  EachCount(*this, [&](uint64_t count) { words.push_back(count); });
  words.push_back(static_cast<uint64_t>(first_time_ms));
  words.push_back(static_cast<uint64_t>(last_time_ms));
  for (const FeatureCounts& feature : features) {
    for (const auto* buckets : {&feature.below, &feature.above}) {
      words.push_back(buckets->size());
      for (const auto& [bucket, count] : *buckets) {
        words.push_back(static_cast<uint64_t>(bucket));
        words.push_back(count);
      }
    }
  }
  return words;
}

Status Summary::MergeWords(std::span<const uint64_t> words) {
  Summary other = *this;
  other.Clear();
  size_t at = 0;
  bool good = true;
  const auto next = [&]() -> uint64_t {
    good = good && at < words.size();
    return good ? words[at++] : 0;
  };
  EachCount(other, [&](uint64_t& count) { count = next(); });
  other.first_time_ms = static_cast<int64_t>(next());
  other.last_time_ms = static_cast<int64_t>(next());
  for (FeatureCounts& feature : other.features) {
    for (auto* buckets : {&feature.below, &feature.above}) {
      for (uint64_t left = next(); left > 0 && good; --left) {
        const uint64_t bucket = next();
        good = good && bucket <= uint64_t{kLastBucket};
        if (good) (*buckets)[static_cast<int32_t>(bucket)] = next();
      }
    }
  }
  good = good && at == words.size() && other.scored <= kMaxSummaryRows &&
         other.aside <= kMaxSummaryRows;
  if (!good) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "these are no counts of this model"};
  }
  return Merge(other);
}

void Summary::Subtract(const Summary& part) {
  scored -= part.scored;
  aside -= part.aside;
  flagged -= part.flagged;
  score_sum -= part.score_sum;
  SubtractAll(part.levels, levels);
  SubtractAll(part.reasons, reasons);
  SubtractAll(part.invalid, invalid);
  SubtractAll(part.scores, scores);
  SubtractAll(part.positives, positives);
  SubtractAll(part.negatives, negatives);
  for (size_t f = 0; f < features.size(); ++f) {
    const FeatureCounts& from = part.features[f];
    FeatureCounts& to = features[f];
    SubtractAll(from.bins, to.bins);
    SubtractAll(from.below, &to.below);
    SubtractAll(from.above, &to.above);
    to.missing -= from.missing;
    to.negative_infinite -= from.negative_infinite;
    to.positive_infinite -= from.positive_infinite;
  }
}

void Summary::Clear() {
  scored = aside = flagged = score_sum = 0;
  levels.fill(0);
  reasons.fill(0);
  for (std::vector<uint64_t>* counts : {&invalid, &scores, &positives, &negatives}) {
    std::fill(counts->begin(), counts->end(), uint64_t{0});
  }
  for (FeatureCounts& counts : features) {
    std::fill(counts.bins.begin(), counts.bins.end(), uint64_t{0});
    counts.below.clear();
    counts.above.clear();
    counts.missing = counts.negative_infinite = counts.positive_infinite = 0;
  }
  first_time_ms = INT64_MAX;
  last_time_ms = INT64_MIN;
}

double Summary::average_probability() const {
  if (scored == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(score_sum) / kScoreUnit / static_cast<double>(scored);
}

uint64_t Summary::FlaggedAt(double at) const {
  const std::vector<double>& edges = tables_->score_edges;
  const auto place = std::lower_bound(edges.begin(), edges.end(), at) - edges.begin();
  const auto bin = std::min(static_cast<size_t>(place), scores.size());
  return Sum(std::span(scores).subspan(bin));
}

}  // namespace firetower::monitor
