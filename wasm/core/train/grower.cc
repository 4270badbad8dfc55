#include "core/train/grower.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "core/forest/forest.h"

namespace firetower::train {
namespace {

constexpr double kNoScore = -std::numeric_limits<double>::infinity();

// Weight per class and number of rows of one side of a cut, or of a whole node.
struct Sums {
  double weight[2] = {0.0, 0.0};
  uint32_t rows = 0;

  double total() const { return weight[0] + weight[1]; }
  void Add(const Sample& sample) {
    weight[sample.label] += sample.weight;
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

// A cut: rows with value <= threshold go left.
struct Split {
  double score = kNoScore;
  int32_t feature = -1;
  float threshold = 0.0F;
  bool default_left = false;
};

// A cut of a histogram: between the bins `left_bin` and `right_bin`, with no row of the node
// between them.
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

// A row's value in the order of floats, then its place in the node.
uint64_t SortKey(float value, uint32_t place) {
  value += 0.0F;  // -0 and 0 are the same value.
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits ^= (bits >> 31) != 0 ? 0xffffffffu : 0x80000000u;
  return (static_cast<uint64_t>(bits) << 32) | place;
}

float Midpoint(float low, float high) {
  const double middle = static_cast<double>(low) / 2.0 + static_cast<double>(high) / 2.0;
  return forest::RoundThreshold(middle, forest::Comparison::kLessEqual);
}

}  // namespace

struct TreeGrower::State {
  struct Pending {
    uint32_t begin = 0;
    uint32_t end = 0;
    int32_t depth = 0;
    int32_t parent = -1;
    bool is_left = false;
    Sums sums = {};
    uint32_t positives = 0;  // Rows.
  };

  GrowerInput input;
  ForestOptions options;
  uint32_t min_leaf = 1;
  int32_t max_depth = 0;
  std::vector<int32_t> feature_order;
  std::vector<Sums> histogram = std::vector<Sums>(static_cast<size_t>(kMaxBins));
  std::vector<Sample> scratch;
  std::vector<float> node_values;
  std::vector<uint64_t> keys;
  std::vector<Pending> stack;

  std::span<const float> Values(int32_t feature) const {
    return input.values.subspan(static_cast<size_t>(feature) * input.rows, input.rows);
  }

  // left and known leave out the rows without a value; those count for the heavier side.
  template <typename Criterion>
  double CutScore(Sums left, const Sums& known, const Sums& missing) const {
    Sums right = known;
    right.Subtract(left);
    if (missing.rows > 0) (LeftIsHeavier(left, known) ? left : right).Add(missing);
    if (left.rows < min_leaf || right.rows < min_leaf) return kNoScore;
    return Criterion::Purity(left) + Criterion::Purity(right);
  }

  // Tries every cut between neighbouring distinct values of the sorted keys; `left` holds the rows
  // below them.
  template <typename Criterion>
  void ScanKeys(std::span<const Sample> samples, std::span<const float> values, int32_t feature,
                Sums left, const Sums& known, const Sums& missing, Split* best) const {
    const auto sample = [&](size_t i) -> const Sample& {
      return samples[static_cast<uint32_t>(keys[i])];
    };
    size_t cut = 0;  // Best cut: before keys[cut].
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
      left.Add(sample(i));
      if ((keys[i] >> 32) == (keys[i + 1] >> 32)) continue;
      const double score = CutScore<Criterion>(left, known, missing);
      if (score > best->score) {
        best->score = score;
        best->feature = feature;
        best->default_left = LeftIsHeavier(left, known);
        cut = i + 1;
      }
    }
    if (cut > 0) {
      best->threshold = Midpoint(values[sample(cut - 1).row], values[sample(cut).row]);
    }
  }

  // Sorts all values of the node. Returns false for a constant feature.
  template <typename Criterion>
  bool FindExact(std::span<const Sample> samples, const Sums& node, int32_t feature, Split* best) {
    const std::span<const float> values = Values(feature);
    Sums missing;
    keys.clear();
    for (size_t i = 0; i < samples.size(); ++i) {
      const float value = values[samples[i].row];
      if (std::isnan(value)) {
        missing.Add(samples[i]);
      } else {
        keys.push_back(SortKey(value, static_cast<uint32_t>(i)));
      }
    }
    std::sort(keys.begin(), keys.end());
    if (keys.empty() || (keys.front() >> 32) == (keys.back() >> 32)) return false;
    Sums known = node;
    known.Subtract(missing);
    ScanKeys<Criterion>(samples, values, feature, Sums{}, known, missing, best);
    return true;
  }

  // Finds the best cut between bins. Returns false for a constant feature.
  template <typename Criterion>
  bool FindByHistogram(std::span<const Sample> samples, const Sums& node, int32_t feature,
                       Split* best, BinCut* best_cut) {
    const size_t column = static_cast<size_t>(feature);
    const uint8_t* bins = input.bins->bins(column).data();
    const std::span<const BinRange> ranges = input.bins->ranges(column);
    const bool has_missing = input.bins->has_missing(column);
    std::fill(histogram.begin(), histogram.begin() + static_cast<std::ptrdiff_t>(ranges.size()),
              Sums{});
    if (has_missing) histogram[kMissingBin] = Sums{};
    for (const Sample& sample : samples) histogram[bins[sample.row]].Add(sample);

    const Sums missing = has_missing ? histogram[kMissingBin] : Sums{};
    Sums known = node;
    known.Subtract(missing);
    if (known.rows == 0) return false;
    Sums before;  // Bins below `previous`.
    int32_t previous = -1;
    for (size_t b = 0;; ++b) {
      const Sums& bin = histogram[b];
      if (bin.rows == 0) continue;
      if (previous >= 0) {
        Sums left = before;
        left.Add(histogram[static_cast<size_t>(previous)]);
        const double score = CutScore<Criterion>(left, known, missing);
        if (score > best_cut->score && score > best->score) {
          *best_cut = {.score = score,
                       .feature = feature,
                       .left_bin = previous,
                       .right_bin = static_cast<int32_t>(b),
                       .before = before,
                       .left = histogram[static_cast<size_t>(previous)],
                       .known = known,
                       .missing = missing};
        }
        before = left;
      }
      previous = static_cast<int32_t>(b);
      if (before.rows + bin.rows == known.rows) break;
    }
    if (before.rows > 0) return true;
    const BinRange only = ranges[static_cast<size_t>(previous)];
    if (only.low == only.high) return false;
    return FindExact<Criterion>(samples, node, feature, best);
  }

  // Moves a cut between two bins to the best place among the node's values in them.
  template <typename Criterion>
  Split Refine(std::span<const Sample> samples, const BinCut& cut) {
    const size_t column = static_cast<size_t>(cut.feature);
    const std::span<const float> values = Values(cut.feature);
    const BinRange& low = input.bins->ranges(column)[static_cast<size_t>(cut.left_bin)];
    const BinRange& high = input.bins->ranges(column)[static_cast<size_t>(cut.right_bin)];
    Split split = {.score = cut.score, .feature = cut.feature};
    if (low.low == low.high && high.low == high.high) {
      Sums left = cut.before;
      left.Add(cut.left);
      split.threshold = Midpoint(low.high, high.low);
      split.default_left = LeftIsHeavier(left, cut.known);
      return split;
    }
    const std::span<const uint8_t> bins = input.bins->bins(column);
    keys.clear();
    for (size_t i = 0; i < samples.size(); ++i) {
      const int32_t bin = bins[samples[i].row];
      if (bin == cut.left_bin || bin == cut.right_bin) {
        keys.push_back(SortKey(values[samples[i].row], static_cast<uint32_t>(i)));
      }
    }
    std::sort(keys.begin(), keys.end());
    split.score = kNoScore;
    ScanKeys<Criterion>(samples, values, cut.feature, cut.before, cut.known, cut.missing, &split);
    return split;
  }

  // Draws one threshold. Returns false for a constant feature.
  template <typename Criterion>
  bool FindRandom(std::span<const Sample> samples, const Sums& node, int32_t feature,
                  Random* random, Split* best) {
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
        left.Add(samples[i]);
      } else if (std::isnan(node_values[i])) {
        missing.Add(samples[i]);
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
  Split FindSplit(std::span<const Sample> samples, const Sums& node, Random* random) {
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
  // children.
  void Partition(std::span<Sample> samples, const Split& split, Pending* left, Pending* right) {
    const std::span<const float> values = Values(split.feature);
    uint32_t kept = 0;
    uint32_t moved = 0;
    for (const Sample sample : samples) {
      const float value = values[sample.row];
      if (value <= split.threshold || (split.default_left && std::isnan(value))) {
        left->sums.Add(sample);
        left->positives += sample.label;
        samples[kept++] = sample;
      } else {
        right->sums.Add(sample);
        right->positives += sample.label;
        scratch[moved++] = sample;
      }
    }
    std::copy_n(scratch.data(), moved, samples.data() + kept);
  }

  bool IsLeaf(const Pending& node) const {
    const uint32_t rows = node.sums.rows;
    return node.depth >= max_depth || rows < static_cast<uint32_t>(options.min_samples_split) ||
           rows < 2 * min_leaf || node.positives == 0 || node.positives == rows;
  }

  template <typename Criterion>
  Tree Grow(std::span<Sample> all, Random random) {
    Tree tree;
    tree.importance.resize(input.feature_count);
    std::iota(feature_order.begin(), feature_order.end(), 0);
    if (scratch.size() < all.size()) scratch.resize(all.size());
    Pending root = {.end = static_cast<uint32_t>(all.size())};
    for (const Sample& sample : all) {
      root.sums.Add(sample);
      root.positives += sample.label;
    }
    stack.assign(1, root);
    while (!stack.empty()) {
      const Pending node = stack.back();
      stack.pop_back();
      const int32_t index = static_cast<int32_t>(tree.feature.size());
      if (node.parent >= 0) {
        (node.is_left ? tree.left : tree.right)[static_cast<size_t>(node.parent)] = index;
      }
      const std::span<Sample> samples = all.subspan(node.begin, node.end - node.begin);
      Split split;
      if (!IsLeaf(node)) split = FindSplit<Criterion>(samples, node.sums, &random);
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
      Partition(samples, split, &left, &right);
      left.begin = node.begin;
      left.end = right.begin = node.begin + left.sums.rows;
      right.end = node.end;
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

Tree TreeGrower::Grow(std::span<Sample> samples, Random random) {
  return state_->options.criterion == Criterion::kGini ? state_->Grow<Gini>(samples, random)
                                                       : state_->Grow<Entropy>(samples, random);
}

}  // namespace firetower::train
