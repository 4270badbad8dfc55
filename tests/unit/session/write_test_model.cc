// Writes the test model to the file named on the command line.
#include <cstdio>
#include <vector>

#include "test_model.h"

int main(int argc, char** argv) {
  const firetower::Result<std::vector<uint8_t>> bytes =
      firetower::forest::WriteModel(firetower::session::TestModel());
  if (argc != 2 || !bytes.ok()) return 2;
  std::FILE* file = std::fopen(argv[1], "wb");
  if (file == nullptr) return 2;
  const bool written = std::fwrite(bytes->data(), 1, bytes->size(), file) == bytes->size();
  return std::fclose(file) == 0 && written ? 0 : 2;
}
