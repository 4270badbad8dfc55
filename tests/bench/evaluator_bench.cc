// Rows per second of CompiledForest on the benchmark forest and table, one thread.
//
//   evaluator_bench MODEL.safetensors TABLE.f32 EXPECTED.f64 [--benchmark_...]
//
// TABLE holds rows x features float32, row-major; EXPECTED scikit-learn's probability per row,
// which must come out to the last bit before anything is timed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"

namespace {

template <typename T>
std::vector<T> ReadArray(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> values(static_cast<size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 4) {
    std::fprintf(stderr, "usage: evaluator_bench MODEL.safetensors TABLE.f32 EXPECTED.f64\n");
    return 2;
  }
  const auto model = firetower::forest::ReadModel(ReadArray<uint8_t>(argv[1]));
  if (!model.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], model.error().message.c_str());
    return 4;
  }
  const auto forest = firetower::forest::CompiledForest::Build(model->forest);
  if (!forest.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], forest.error().message.c_str());
    return 4;
  }
  const std::vector<float> table = ReadArray<float>(argv[2]);
  const std::vector<double> expected = ReadArray<double>(argv[3]);
  const auto features = static_cast<size_t>(forest->feature_count());
  const size_t rows = table.size() / features;
  std::vector<float> columns(table.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t f = 0; f < features; ++f) columns[f * rows + i] = table[i * features + f];
  }
  std::vector<double> scores(rows);
  forest->PredictProba(columns, rows, rows, scores);
  int64_t different = 0;
  for (size_t i = 0; i < rows; ++i) different += scores[i] != expected[i] ? 1 : 0;
  if (expected.size() != rows || different != 0) {
    std::fprintf(stderr, "%lld of %zu scores differ from %s\n", static_cast<long long>(different),
                 rows, argv[3]);
    return 1;
  }
  for (const size_t batch :
       {size_t{1}, size_t{8}, size_t{64}, size_t{255}, size_t{4096}, size_t{16384}}) {
    benchmark::RegisterBenchmark(
        ("PredictProba/" + std::to_string(batch)).c_str(),
        [&, batch](benchmark::State& state) {
          size_t start = 0;
          for (auto _ : state) {
            if (start + batch > rows) start = 0;
            forest->PredictProba(std::span<const float>(columns).subspan(start), batch, rows,
                                 std::span<double>(scores).first(batch));
            start += batch;
          }
          state.SetItemsProcessed(static_cast<int64_t>(batch) * state.iterations());
        })
        ->UseRealTime();
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
