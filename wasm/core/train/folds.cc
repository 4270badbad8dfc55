#include "core/train/folds.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/random.h"

namespace firetower::train {
namespace {

// Rows that are exactly alike.
struct Group {
  std::vector<uint32_t> rows;
  uint32_t positives = 0;
  uint32_t negatives() const { return static_cast<uint32_t>(rows.size()) - positives; }
};

uint64_t Bits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Negative, 0 or positive as row a comes before, with or after row b.
int CompareRows(std::span<const std::span<const double>> columns, uint32_t a, uint32_t b) {
  for (const std::span<const double> column : columns) {
    const uint64_t left = Bits(column[a]);
    const uint64_t right = Bits(column[b]);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

// In the order of each group's first row.
std::vector<Group> GroupRows(std::span<const std::span<const double>> columns,
                             std::span<const uint8_t> labels) {
  std::vector<uint32_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int compared = CompareRows(columns, a, b);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<Group> groups;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || CompareRows(columns, order[i - 1], order[i]) != 0) groups.emplace_back();
    groups.back().rows.push_back(order[i]);
    groups.back().positives += labels[order[i]];
  }
  std::sort(groups.begin(), groups.end(),
            [](const Group& a, const Group& b) { return a.rows[0] < b.rows[0]; });
  return groups;
}

}  // namespace

Result<std::vector<int32_t>> StratifiedFolds(std::span<const std::span<const double>> columns,
                                             std::span<const uint8_t> labels,
                                             const FoldOptions& options) {
  if (options.folds < 2 || options.folds > 1000) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "the number of folds must be between 2 and 1000"};
  }
  for (const std::span<const double> column : columns) {
    if (column.size() != labels.size()) {
      return Error{.code = ErrorCode::kBadArgument,
                   .message = "columns and labels differ in length"};
    }
  }
  std::vector<Group> groups = GroupRows(columns, labels);
  const auto with_positives =
      std::count_if(groups.begin(), groups.end(), [](const Group& g) { return g.positives > 0; });
  const auto with_negatives =
      std::count_if(groups.begin(), groups.end(), [](const Group& g) { return g.negatives() > 0; });
  if (with_positives < options.folds || with_negatives < options.folds) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = std::to_string(options.folds) +
                            " folds need as many different rows of each class; there are " +
                            std::to_string(with_positives) + " positive and " +
                            std::to_string(with_negatives) + " negative"};
  }

  Random random(options.seed);
  for (size_t i = groups.size(); i > 1; --i) {
    std::swap(groups[i - 1], groups[random.Below(static_cast<uint32_t>(i))]);
  }
  // Groups with positives first, and large ones before small ones, so that later groups even out
  // what these leave uneven.
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return std::pair(a.positives > 0, a.rows.size()) > std::pair(b.positives > 0, b.rows.size());
  });
  struct Fold {
    uint32_t positives = 0;
    uint32_t negatives = 0;
  };
  std::vector<Fold> folds(static_cast<size_t>(options.folds));
  std::vector<int32_t> fold_of_row(labels.size());
  for (const Group& group : groups) {
    const auto fold =
        std::min_element(folds.begin(), folds.end(), [&](const Fold& a, const Fold& b) {
          return group.positives > 0
                     ? std::pair(a.positives, a.negatives) < std::pair(b.positives, b.negatives)
                     : a.negatives < b.negatives;
        });
    fold->positives += group.positives;
    fold->negatives += group.negatives();
    for (const uint32_t row : group.rows)
      fold_of_row[row] = static_cast<int32_t>(fold - folds.begin());
  }
  return fold_of_row;
}

}  // namespace firetower::train
