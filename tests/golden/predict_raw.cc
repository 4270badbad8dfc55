// predict_raw MODEL ROWS OUT: probabilities of float32 rows as they are, for comparisons that CSV
// cannot carry (infinities, signed zeros, subnormals). ROWS holds one feature after another,
// values[f * rows + i], in the machine's byte order, OUT one float64 per row. The feature pipeline
// is passed by.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"

namespace {

std::vector<uint8_t> ReadAll(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  using firetower::Result;
  namespace forest = firetower::forest;
  if (argc != 4) {
    std::fprintf(stderr, "usage: predict_raw MODEL ROWS OUT\n");
    return 2;
  }
  const Result<forest::Model> model = forest::ReadModel(ReadAll(argv[1]));
  if (!model.ok()) {
    std::fprintf(stderr, "predict_raw: %s: %s\n", argv[1], model.error().message.c_str());
    return 4;
  }
  const Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(model->forest);
  if (!compiled.ok()) {
    std::fprintf(stderr, "predict_raw: %s: %s\n", argv[1], compiled.error().message.c_str());
    return 4;
  }
  const std::vector<uint8_t> bytes = ReadAll(argv[2]);
  const size_t row_bytes = sizeof(float) * static_cast<size_t>(compiled->feature_count());
  if (bytes.empty() || bytes.size() % row_bytes != 0) {
    std::fprintf(stderr, "predict_raw: %s: %zu bytes are no whole rows of %d features\n", argv[2],
                 bytes.size(), compiled->feature_count());
    return 3;
  }
  const size_t rows = bytes.size() / row_bytes;
  std::vector<float> features(bytes.size() / sizeof(float));
  std::memcpy(features.data(), bytes.data(), bytes.size());
  std::vector<double> out(rows);
  compiled->PredictProba(features, rows, rows, out);
  std::ofstream file(argv[3], std::ios::binary);
  file.write(reinterpret_cast<const char*>(out.data()),
             static_cast<std::streamsize>(out.size() * sizeof(double)));
  return file.good() ? 0 : 3;
}
