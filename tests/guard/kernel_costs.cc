// Work whose instructions costs.py counts under callgrind: every function named Measure... runs
// once, on generated transactions and on forests grown here from them, so that the input is the
// same everywhere.
//
//   kernel_costs DATA.csv MODEL.safetensors
//
// DATA holds the columns of `firetower synth`; the forest like the benchmark's is written to MODEL,
// for its size.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/csv/reader.h"
#include "core/features/pipeline.h"
#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"

namespace {

using firetower::forest::CompiledForest;
using firetower::forest::Forest;

constexpr int32_t kFeatures = 30;
constexpr size_t kBlock = size_t{1} << 16;

// What the measured functions compute, so that no compiler may leave it out.
double checksum = 0.0;

struct Table {
  size_t rows = 0;
  std::vector<float> columns;  // Column-major, stride rows.
  float at(int32_t feature, size_t row) const {
    return columns[static_cast<size_t>(feature) * rows + row];
  }
};

struct Shape {
  int trees;
  int depth;
  size_t min_rows;  // A node of fewer rows is a leaf.
  bool boosted;     // Leaves of any value, summed; else probabilities, averaged.
};

// Trees that split a random feature at the value of a random row: what is left of scikit-learn's
// growing is the shape.
class Grower {
 public:
  Grower(const Table& table, Shape shape) : table_(table), shape_(shape) {
    forest_.feature_count = kFeatures;
    if (shape.boosted) {
      forest_.aggregation = firetower::forest::Aggregation::kSum;
      forest_.link = firetower::forest::Link::kLogistic;
    }
  }

  Forest Grow() {
    std::vector<size_t> all(table_.rows);
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    for (int tree = 0; tree < shape_.trees; ++tree) forest_.roots.push_back(AddNode(all, 0));
    return std::move(forest_);
  }

 private:
  uint64_t Draw(uint64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % below;
  }

  int32_t AddNode(const std::vector<size_t>& rows, int depth) {
    const auto node = static_cast<int32_t>(forest_.feature.size());
    const auto index = static_cast<size_t>(node);
    forest_.feature.push_back(-1);
    forest_.threshold.push_back(0.0F);
    forest_.left.push_back(-1);
    forest_.right.push_back(-1);
    forest_.default_left.push_back(0);
    forest_.value.push_back(0.0);
    if (depth < shape_.depth && rows.size() >= shape_.min_rows) {
      const auto feature = static_cast<int32_t>(Draw(kFeatures));
      const float threshold = table_.at(feature, rows[Draw(rows.size())]);
      std::vector<size_t> left;
      std::vector<size_t> right;
      for (const size_t row : rows) {
        (table_.at(feature, row) <= threshold ? left : right).push_back(row);
      }
      if (!right.empty()) {
        forest_.feature[index] = feature;
        forest_.threshold[index] = threshold;
        const int32_t first = AddNode(left, depth + 1);
        const int32_t second = AddNode(right, depth + 1);
        forest_.left[index] = first;
        forest_.right[index] = second;
        return node;
      }
    }
    // Most leaves of a deep forest are pure.
    const uint64_t kind = Draw(4);
    forest_.value[index] = shape_.boosted ? static_cast<double>(Draw(2001)) / 1000.0 - 1.0
                           : kind < 3     ? (kind == 0 ? 1.0 : 0.0)
                                          : static_cast<double>(Draw(16)) / 16.0;
    return node;
  }

  const Table& table_;
  const Shape shape_;
  Forest forest_;
  uint64_t state_ = 20130901;
};

void Fail(const std::string& message) {
  std::fprintf(stderr, "kernel_costs: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
T Checked(firetower::Result<T> result) {
  if (!result.ok()) Fail(result.error().message);
  return *std::move(result);
}

void Score(const CompiledForest& forest, const Table& table, size_t rows, size_t times) {
  std::vector<double> scores(rows);
  for (size_t i = 0; i < times; ++i) {
    forest.PredictProba(std::span<const float>(table.columns).subspan(i * rows), rows, table.rows,
                        scores);
    checksum += scores[rows - 1];
  }
}

template <typename Use>
void Read(std::span<const uint8_t> text, Use use) {
  firetower::csv::ReaderOptions options;
  options.field_count = kFeatures + 1;
  for (int32_t i = 0; i < kFeatures; ++i) options.fields.push_back(i);
  firetower::csv::Reader reader(options);
  for (size_t at = 0; at < text.size(); at += kBlock) {
    reader.Feed(text.subspan(at, std::min(kBlock, text.size() - at)));
    use(reader.batch());
    reader.ClearBatch();
  }
}

Table ReadTable(std::span<const uint8_t> text) {
  std::vector<std::vector<float>> columns(kFeatures);
  Read(text, [&](const firetower::csv::Batch& batch) {
    for (size_t c = 0; c < columns.size(); ++c) {
      for (const double x : batch.columns[c]) columns[c].push_back(static_cast<float>(x));
    }
  });
  Table table;
  table.rows = columns[0].size();
  for (const std::vector<float>& column : columns) {
    table.columns.insert(table.columns.end(), column.begin(), column.end());
  }
  return table;
}

// A model of the forest with a pipeline that passes the columns through, as a file.
void Write(const Forest& forest, const char* path) {
  std::vector<firetower::features::InputColumn> inputs;
  std::vector<firetower::features::Feature> features;
  for (int32_t i = 0; i < kFeatures; ++i) {
    inputs.push_back({std::to_string(i), ""});
    features.push_back({.name = inputs.back().name, .input = i});
  }
  firetower::forest::Model model;
  model.info.name = "generated";
  model.info.version = "1.0.0";
  model.pipeline = Checked(firetower::features::Pipeline::Create(inputs, features));
  model.forest = forest;
  const std::vector<uint8_t> bytes = Checked(firetower::forest::WriteModel(model));
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) Fail(path);
}

}  // namespace

extern "C" {

[[gnu::noinline]] void MeasureReader(std::span<const uint8_t> text) {
  Read(text,
       [](const firetower::csv::Batch& batch) { checksum += static_cast<double>(batch.rows()); });
}
[[gnu::noinline]] void MeasureBlock(const CompiledForest& forest, const Table& table) {
  Score(forest, table, table.rows, 1);
}
[[gnu::noinline]] void Measure64Rows(const CompiledForest& forest, const Table& table) {
  Score(forest, table, 64, 16);
}
[[gnu::noinline]] void Measure8Rows(const CompiledForest& forest, const Table& table) {
  Score(forest, table, 8, 64);
}
[[gnu::noinline]] void Measure1Row(const CompiledForest& forest, const Table& table) {
  Score(forest, table, 1, 64);
}
[[gnu::noinline]] void MeasureBoosted(const CompiledForest& forest, const Table& table) {
  Score(forest, table, table.rows, 1);
}
[[gnu::noinline]] void MeasureStumps(const CompiledForest& forest, const Table& table) {
  Score(forest, table, table.rows, 1);
}

}  // extern "C"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: kernel_costs DATA.csv MODEL.safetensors\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::vector<uint8_t> text{std::istreambuf_iterator<char>(file), {}};
  text.erase(text.begin(), std::find(text.begin(), text.end(), '\n') + 1);
  if (text.empty()) Fail(std::string(argv[1]) + " has no rows");
  MeasureReader(text);
  const Table table = ReadTable(text);

  const Forest deep =
      Grower(table, {.trees = 100, .depth = 15, .min_rows = 100, .boosted = false}).Grow();
  Write(deep, argv[2]);
  const CompiledForest forest = Checked(CompiledForest::Build(deep));
  MeasureBlock(forest, table);
  Measure64Rows(forest, table);
  Measure8Rows(forest, table);
  Measure1Row(forest, table);
  const Forest boosted =
      Grower(table, {.trees = 200, .depth = 6, .min_rows = 2, .boosted = true}).Grow();
  MeasureBoosted(Checked(CompiledForest::Build(boosted)), table);
  const Forest stumps =
      Grower(table, {.trees = 500, .depth = 1, .min_rows = 2, .boosted = true}).Grow();
  MeasureStumps(Checked(CompiledForest::Build(stumps)), table);
  std::printf("%zu rows, %zu nodes, checksum %.6f\n", table.rows, deep.node_count(), checksum);
  return 0;
}
