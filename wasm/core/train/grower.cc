#include "core/train/grower.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/forest/forest.h"
#include "core/train/sort_key.h"

namespace firetower::train {
namespace {

constexpr double kNoScore = -std::numeric_limits<double>::infinity();

// Weight per class and number of rows of one side of a cut, or of a whole node.
struct Sums {
  double weight[2] = {0.0, 0.0};
  uint32_t rows = 0;

  double total() const { return weight[0] + weight[1]; }
  void Add(int label, const Sample& sample) {
    weight[label] += sample.weight;
    ++rows;
  }
  void Add(const Sums& other) {
    weight[0] += other.weight[0];
    weight[1] += other.weight[1];
    rows += other.rows;
  }
  void Subtract(const Sums& other) {
    weight[0] -= other.weight[0];
    weight[1] -= other.weight[1];
    rows -= other.rows;
  }
};

// Minus the weighted impurity, up to a constant of the node: larger is better.
struct Gini {
  static double Purity(const Sums& side) {
    const double total = side.total();
    if (!(total > 0.0)) return 0.0;
    return (side.weight[0] * side.weight[0] + side.weight[1] * side.weight[1]) / total;
  }
  static double Impurity(const Sums& side) {
    const double total = side.total();
    const double p = side.weight[0] / total;
    const double q = side.weight[1] / total;
    return 1.0 - p * p - q * q;
  }
};

struct Entropy {
  static double Term(double weight) { return weight > 0.0 ? weight * std::log2(weight) : 0.0; }
  static double Purity(const Sums& side) {
    return Term(side.weight[0]) + Term(side.weight[1]) - Term(side.total());
  }
  static double Impurity(const Sums& side) {
    const double total = side.total();
    return -(Term(side.weight[0] / total) + Term(side.weight[1] / total));
  }
};

// A node's rows, class by class. A row's place: the negatives count first.
struct NodeSamples {
  std::span<Sample> of[2];

  size_t size() const { return of[0].size() + of[1].size(); }
  int label(size_t place) const { return place < of[0].size() ? 0 : 1; }
  const Sample& operator[](size_t place) const {
    return place < of[0].size() ? of[0][place] : of[1][place - of[0].size()];
  }
};

// A cut: rows with value <= threshold go left.
struct Split {
  double score = kNoScore;
  int32_t feature = -1;
  float threshold = 0.0F;
  bool default_left = false;
  // Where bins were cut: the rows below left_bin go left, those above right_bin right, between the
  // two are none. -1: values decide.
  int32_t left_bin = -1;
  int32_t right_bin = -1;
};

// A cut of a histogram: between the bins `left_bin` and `right_bin`, with no row of the node
// between them. Rows are counted only where a side can have too few.
struct BinCut {
  double score = kNoScore;
  int32_t feature = -1;
  int32_t left_bin = 0;
  int32_t right_bin = 0;
  Sums before;   // Bins below left_bin.
  Sums left;     // left_bin.
  Sums known;    // Rows with a value.
  Sums missing;  // Rows without.
};

bool LeftIsHeavier(const Sums& left, const Sums& known) {
  return left.total() >= known.total() - left.total();
}

float Midpoint(float low, float high) {
  const double middle = static_cast<double>(low) / 2.0 + static_cast<double>(high) / 2.0;
  return forest::RoundThreshold(middle, forest::Comparison::kLessEqual);
}

}  // namespace

struct TreeGrower::State {
  struct Pending {
    NodeSamples samples = {};
    int32_t depth = 0;
    int32_t parent = -1;
    bool is_left = false;
    Sums sums = {};
  };

  GrowerInput input;
  ForestOptions options;
  uint32_t min_leaf = 1;
  int32_t max_depth = 0;
  std::vector<int32_t> feature_order;
  std::vector<Sample> scratch;
  std::vector<float> node_values;
  std::vector<uint64_t> keys;
  std::vector<uint32_t> places;
  std::vector<Pending> stack;

  std::span<const float> Values(int32_t feature) const {
    return input.values.subspan(static_cast<size_t>(feature) * input.rows, input.rows);
  }

  // Whether a side of a cut can have too few rows: one it always has.
  bool CountsRows() const { return min_leaf > 1; }

  // left and known leave out the rows without a value; those count for the heavier side.
  template <typename Criterion>
  double CutScore(Sums left, const Sums& known, const Sums& missing) const {
    Sums right = known;
    right.Subtract(left);
    if (missing.total() > 0.0) (LeftIsHeavier(left, known) ? left : right).Add(missing);
    if (CountsRows() && (left.rows < min_leaf || right.rows < min_leaf)) return kNoScore;
    return Criterion::Purity(left) + Criterion::Purity(right);
  }

  // Tries every cut between neighbouring distinct values of the sorted keys; `left` holds the rows
  // below them.
  template <typename Criterion>
  void ScanKeys(const NodeSamples& samples, std::span<const float> values, int32_t feature,
                Sums left, const Sums& known, const Sums& missing, Split* best) const {
    const auto place = [&](size_t i) -> size_t { return PlaceOf(keys[i]); };
    size_t cut = 0;  // Best cut: before keys[cut].
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
      left.Add(samples.label(place(i)), samples[place(i)]);
      if (SameValue(keys[i], keys[i + 1])) continue;
      const double score = CutScore<Criterion>(left, known, missing);
      if (score > best->score) {
        best->score = score;
        best->feature = feature;
        best->default_left = LeftIsHeavier(left, known);
        cut = i + 1;
      }
    }
    if (cut > 0) {
      best->threshold =
          Midpoint(values[samples[place(cut - 1)].row], values[samples[place(cut)].row]);
    }
  }

  // Sorts all values of the node. Returns false for a constant feature.
  template <typename Criterion>
  bool FindExact(const NodeSamples& samples, const Sums& node, int32_t feature, Split* best) {
    const std::span<const float> values = Values(feature);
    Sums missing;
    keys.clear();
    for (size_t i = 0; i < samples.size(); ++i) {
      const float value = values[samples[i].row];
      if (std::isnan(value)) {
        missing.Add(samples.label(i), samples[i]);
      } else {
        keys.push_back(SortKey(value, static_cast<uint32_t>(i)));
      }
    }
    std::sort(keys.begin(), keys.end());
    if (keys.empty() || SameValue(keys.front(), keys.back())) return false;
    Sums known = node;
    known.Subtract(missing);
    ScanKeys<Criterion>(samples, values, feature, Sums{}, known, missing, best);
    return true;
  }

  // Finds the best cut between bins. Returns false for a constant feature.
  template <typename Criterion>
  bool FindByHistogram(const NodeSamples& samples, const Sums& node, int32_t feature, Split* best,
                       BinCut* best_cut) {
    const size_t column = static_cast<size_t>(feature);
    const uint8_t* bins = input.bins->bins(column).data();
    const std::span<const BinRange> ranges = input.bins->ranges(column);
    const bool has_missing = input.bins->has_missing(column);
    double weight[2][kMaxBins] = {};
    uint32_t rows[kMaxBins] = {};
    for (int label = 0; label < 2; ++label) {
      double* sums = weight[label];
      for (const Sample& sample : samples.of[label]) sums[bins[sample.row]] += sample.weight;
      if (!CountsRows()) continue;
      for (const Sample& sample : samples.of[label]) ++rows[bins[sample.row]];
    }
    const auto bin = [&](size_t b) {
      return Sums{.weight = {weight[0][b], weight[1][b]}, .rows = rows[b]};
    };

    const Sums missing = has_missing ? bin(kMissingBin) : Sums{};
    Sums known = node;
    known.Subtract(missing);
    Sums before;  // Bins below `previous`.
    int32_t previous = -1;
    bool varies = false;
    for (size_t b = 0; b < ranges.size(); ++b) {
      if (!(weight[0][b] + weight[1][b] > 0.0)) continue;
      if (previous >= 0) {
        varies = true;
        Sums left = before;
        left.Add(bin(static_cast<size_t>(previous)));
        const double score = CutScore<Criterion>(left, known, missing);
        if (score > best_cut->score && score > best->score) {
          *best_cut = {.score = score,
                       .feature = feature,
                       .left_bin = previous,
                       .right_bin = static_cast<int32_t>(b),
                       .before = before,
                       .left = bin(static_cast<size_t>(previous)),
                       .known = known,
                       .missing = missing};
        }
        before = left;
      }
      previous = static_cast<int32_t>(b);
    }
    if (varies || previous < 0) return varies;
    const BinRange only = ranges[static_cast<size_t>(previous)];
    if (only.low == only.high) return false;
    return FindExact<Criterion>(samples, node, feature, best);
  }

  // Moves a cut between two bins to the best place among the node's values in them.
  template <typename Criterion>
  Split Refine(const NodeSamples& samples, const BinCut& cut) {
    const size_t column = static_cast<size_t>(cut.feature);
    const std::span<const float> values = Values(cut.feature);
    const BinRange& low = input.bins->ranges(column)[static_cast<size_t>(cut.left_bin)];
    const BinRange& high = input.bins->ranges(column)[static_cast<size_t>(cut.right_bin)];
    Split split = {.score = cut.score,
                   .feature = cut.feature,
                   .left_bin = cut.left_bin,
                   .right_bin = cut.right_bin};
    if (low.low == low.high && high.low == high.high) {
      Sums left = cut.before;
      left.Add(cut.left);
      split.threshold = Midpoint(low.high, high.low);
      split.default_left = LeftIsHeavier(left, cut.known);
      return split;
    }
    const uint8_t* bins = input.bins->bins(column).data();
    // Found without branches, of which the few that are found would each be guessed wrong.
    size_t found = 0;
    uint32_t place = 0;
    for (const std::span<const Sample> one_class : samples.of) {
      for (const Sample& sample : one_class) {
        const int32_t bin = bins[sample.row];
        places[found] = place++;
        found +=
            static_cast<size_t>(bin == cut.left_bin) | static_cast<size_t>(bin == cut.right_bin);
      }
    }
    keys.clear();
    for (const uint32_t of_cut : std::span(places).first(found)) {
      keys.push_back(SortKey(values[samples[of_cut].row], of_cut));
    }
    std::sort(keys.begin(), keys.end());
    split.score = kNoScore;
    ScanKeys<Criterion>(samples, values, cut.feature, cut.before, cut.known, cut.missing, &split);
    return split;
  }

  // Draws one threshold. Returns false for a constant feature.
  template <typename Criterion>
  bool FindRandom(const NodeSamples& samples, const Sums& node, int32_t feature, Random* random,
                  Split* best) {
    const std::span<const float> values = Values(feature);
    node_values.resize(samples.size());
    float low = std::numeric_limits<float>::infinity();
    float high = -std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < samples.size(); ++i) {
      const float value = values[samples[i].row];
      node_values[i] = value;
      low = value < low ? value : low;  // NaN changes nothing.
      high = value > high ? value : high;
    }
    if (!(low < high)) return false;
    const double drawn = static_cast<double>(low) +
                         random->Uniform() * (static_cast<double>(high) - static_cast<double>(low));
    float threshold = forest::RoundThreshold(drawn, forest::Comparison::kLessEqual);
    if (threshold >= high) threshold = low;
    Sums left;
    Sums missing;
    for (size_t i = 0; i < samples.size(); ++i) {
      if (node_values[i] <= threshold) {
        left.Add(samples.label(i), samples[i]);
      } else if (std::isnan(node_values[i])) {
        missing.Add(samples.label(i), samples[i]);
      }
    }
    Sums known = node;
    known.Subtract(missing);
    const double score = CutScore<Criterion>(left, known, missing);
    if (score > best->score) {
      *best = {.score = score,
               .feature = feature,
               .threshold = threshold,
               .default_left = LeftIsHeavier(left, known)};
    }
    return true;
  }

  // Returns a split with feature -1 when there is none.
  template <typename Criterion>
  Split FindSplit(const NodeSamples& samples, const Sums& node, Random* random) {
    Split best;
    BinCut best_cut;
    const uint32_t count = static_cast<uint32_t>(feature_order.size());
    bool found = false;
    for (uint32_t drawn = 0;
         drawn < count && (drawn < static_cast<uint32_t>(input.features_per_node) || !found);
         ++drawn) {
      std::swap(feature_order[drawn], feature_order[drawn + random->Below(count - drawn)]);
      const int32_t feature = feature_order[drawn];
      bool varies;
      if (options.splitter == Splitter::kRandom) {
        varies = FindRandom<Criterion>(samples, node, feature, random, &best);
      } else if (samples.size() <= kExactRows) {
        varies = FindExact<Criterion>(samples, node, feature, &best);
      } else {
        varies = FindByHistogram<Criterion>(samples, node, feature, &best, &best_cut);
      }
      found = found || varies;
    }
    return best_cut.score > best.score ? Refine<Criterion>(samples, best_cut) : best;
  }

  // Moves the rows that go left to the front, keeping their order on both sides, and sets the
  // children. Without branches that depend on the rows: half of them would be guessed wrong.
  template <typename GoesLeft>
  void Move(std::span<Sample> samples, int label, GoesLeft goes_left, Pending* left,
            Pending* right) {
    constexpr double kTaken[2] = {0.0, 1.0};
    size_t kept = 0;
    size_t moved = 0;
    double left_weight = 0.0;
    double right_weight = 0.0;
    for (const Sample sample : samples) {
      const size_t is_left = goes_left(sample.row) ? 1 : 0;
      samples[kept] = sample;
      scratch[moved] = sample;
      kept += is_left;
      moved += 1 - is_left;
      left_weight += sample.weight * kTaken[is_left];
      right_weight += sample.weight * kTaken[1 - is_left];
    }
    std::copy_n(scratch.data(), moved, samples.data() + kept);
    left->samples.of[label] = samples.first(kept);
    left->sums.weight[label] = left_weight;
    right->samples.of[label] = samples.subspan(kept);
    right->sums.weight[label] = right_weight;
  }

  void Partition(const NodeSamples& samples, const Split& split, Pending* left, Pending* right) {
    const float* values = Values(split.feature).data();
    const auto value_goes_left = [&](uint32_t row) {
      const float value = values[row];
      return value <= split.threshold || (split.default_left && std::isnan(value));
    };
    if (split.left_bin < 0) {
      for (int label = 0; label < 2; ++label) {
        Move(samples.of[label], label, value_goes_left, left, right);
      }
    } else {
      const size_t column = static_cast<size_t>(split.feature);
      const uint8_t* bins = input.bins->bins(column).data();
      enum : uint8_t { kRight, kLeft, kLook };
      uint8_t side[kMaxBins] = {};
      std::fill_n(side, split.left_bin, kLeft);
      side[split.left_bin] = side[split.right_bin] = kLook;
      if (input.bins->has_missing(column)) side[kMissingBin] = kLook;
      const auto goes_left = [&](uint32_t row) {
        const uint8_t found = side[bins[row]];
        return found == kLook ? value_goes_left(row) : found == kLeft;
      };
      for (int label = 0; label < 2; ++label) {
        Move(samples.of[label], label, goes_left, left, right);
      }
    }
    left->sums.rows = static_cast<uint32_t>(left->samples.size());
    right->sums.rows = static_cast<uint32_t>(right->samples.size());
  }

  bool IsLeaf(const Pending& node) const {
    const uint32_t rows = node.sums.rows;
    return node.depth >= max_depth || rows < static_cast<uint32_t>(options.min_samples_split) ||
           rows < 2 * min_leaf || node.samples.of[0].empty() || node.samples.of[1].empty();
  }

  template <typename Criterion>
  Tree Grow(const NodeSamples& all, Random random) {
    Tree tree;
    tree.importance.resize(input.feature_count);
    std::iota(feature_order.begin(), feature_order.end(), 0);
    places.resize(std::max(places.size(), all.size() + 1));
    scratch.resize(std::max({scratch.size(), all.of[0].size(), all.of[1].size()}));
    Pending root = {.samples = all};
    for (int label = 0; label < 2; ++label) {
      for (const Sample& sample : all.of[label]) root.sums.Add(label, sample);
    }
    stack.assign(1, root);
    while (!stack.empty()) {
      const Pending node = stack.back();
      stack.pop_back();
      const int32_t index = static_cast<int32_t>(tree.feature.size());
      if (node.parent >= 0) {
        (node.is_left ? tree.left : tree.right)[static_cast<size_t>(node.parent)] = index;
      }
      Split split;
      if (!IsLeaf(node)) split = FindSplit<Criterion>(node.samples, node.sums, &random);
      const bool leaf = split.feature < 0;
      tree.feature.push_back(split.feature);
      tree.threshold.push_back(split.threshold);
      tree.left.push_back(-1);
      tree.right.push_back(-1);
      tree.default_left.push_back(split.default_left ? 1 : 0);
      tree.value.push_back(leaf ? node.sums.weight[1] / node.sums.total() : 0.0);
      if (leaf) continue;

      Pending left = {.depth = node.depth + 1, .parent = index, .is_left = true};
      Pending right = {.depth = node.depth + 1, .parent = index};
      Partition(node.samples, split, &left, &right);
      tree.importance[static_cast<size_t>(split.feature)] +=
          node.sums.total() * Criterion::Impurity(node.sums) -
          left.sums.total() * Criterion::Impurity(left.sums) -
          right.sums.total() * Criterion::Impurity(right.sums);
      stack.push_back(right);
      stack.push_back(left);
    }
    double total = 0.0;
    for (const double decrease : tree.importance) total += decrease;
    for (double& decrease : tree.importance) decrease = total > 0.0 ? decrease / total : 0.0;
    return tree;
  }
};

TreeGrower::TreeGrower(const GrowerInput& input, const ForestOptions& options)
    : state_(std::make_unique<State>()) {
  state_->input = input;
  state_->options = options;
  state_->min_leaf = static_cast<uint32_t>(options.min_samples_leaf);
  constexpr int32_t kDeepest = forest::Limits::kMaxDepth - 1;
  state_->max_depth = options.max_depth > 0 ? std::min(options.max_depth, kDeepest) : kDeepest;
  state_->feature_order.resize(input.feature_count);
}

TreeGrower::~TreeGrower() = default;

Tree TreeGrower::Grow(std::span<Sample> negatives, std::span<Sample> positives, Random random) {
  const NodeSamples samples = {.of = {negatives, positives}};
  return state_->options.criterion == Criterion::kGini ? state_->Grow<Gini>(samples, random)
                                                       : state_->Grow<Entropy>(samples, random);
}

}  // namespace firetower::train
