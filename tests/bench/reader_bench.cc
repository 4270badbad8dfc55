// Bytes per second of the CSV reader on a file in the Kaggle format, in slices as the page feeds
// them.
//
//   reader_bench FILE.csv [--benchmark_...]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/reader.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: reader_bench FILE.csv\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
  std::vector<uint8_t> bytes(static_cast<size_t>(file.tellg()));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const std::span<const uint8_t> all(bytes);
  const auto layout = firetower::csv::SniffLayout(
      all.first(std::min(bytes.size(), firetower::csv::kSniffBytes)), {});
  if (!layout.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], layout.error().message.c_str());
    return 3;
  }
  benchmark::RegisterBenchmark("Reader/4MiB slices", [&](benchmark::State& state) {
    std::vector<int32_t> fields(layout->column_names.size());
    std::iota(fields.begin(), fields.end(), 0);
    for (auto _ : state) {
      firetower::csv::Reader reader(
          {.dialect = layout->dialect,
           .field_count = static_cast<int32_t>(layout->column_names.size()),
           .fields = fields,
           .start_offset = layout->data_offset,
           .start_line = layout->data_line});
      uint64_t bad = 0;
      constexpr size_t kSlice = size_t{4} << 20;
      for (size_t at = layout->data_offset; at < all.size(); at += kSlice) {
        reader.Feed(all.subspan(at, std::min(kSlice, all.size() - at)));
        bad += reader.batch().bad_rows.size();
        reader.ClearBatch();
      }
      reader.Finish();
      if (bad != 0) state.SkipWithError("rows were set aside");
      benchmark::DoNotOptimize(reader.row_count());
    }
    state.SetBytesProcessed(static_cast<int64_t>(bytes.size()) * state.iterations());
  })->UseRealTime();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
