// Any bytes as a piece of the prediction log: scanning and decoding agree on what is whole, what is
// decoded encodes to a block of the same rows, and every line of it is well-formed. And any bytes
// as the body of a block whose length and checksum are right.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/monitor/prediction_log.h"

namespace {

namespace monitor = firetower::monitor;

void Require(bool held) {
  if (!held) std::abort();
}

size_t CountLines(std::string_view text) {
  size_t lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  return lines;
}

void CheckBlock(const monitor::LogBlock& block) {
  const size_t rows = block.probabilities.size();
  Require(block.timestamps_ms.size() == rows && block.rows.size() == rows);
  Require(block.references.empty() || block.references.size() == rows);

  std::string lines;
  monitor::AppendNdjson(block, &lines);
  Require(CountLines(lines) == rows && firetower::ValidUtf8(lines) == lines);
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = lines.find('\n', begin);
    const std::string_view line = std::string_view(lines).substr(begin, end - begin);
    Require(firetower::ParseJson(line, firetower::ErrorCode::kDataInvalid, "line").ok());
    begin = end + 1;
  }
  std::string csv;
  monitor::AppendLogCsv(block, &csv);
  Require(CountLines(csv) >= rows && firetower::ValidUtf8(csv) == csv);

  const std::vector<uint8_t> bytes = monitor::EncodeLogBlock(block);
  size_t used = 0;
  const auto again = monitor::DecodeLogBlock(bytes, &used);
  Require(again.ok() && used == bytes.size());
  std::string same;
  monitor::AppendNdjson(*again, &same);
  // References may grow where bytes that are no text are replaced, and are cut then.
  Require(CountLines(same) == rows);
  Require(monitor::EncodeLogBlock(*again) == bytes);
}

void CheckBytes(std::span<const uint8_t> bytes) {
  const monitor::LogScan scan = monitor::ScanLog(bytes);
  Require(scan.whole_bytes <= bytes.size());
  size_t at = 0;
  uint64_t blocks = 0;
  uint64_t rows = 0;
  uint64_t next = 0;
  while (true) {
    size_t used = 0;
    const auto block = monitor::DecodeLogBlock(bytes.subspan(at), &used);
    if (!block.ok()) {
      Require(used == 0 && !block.error().message.empty());
      break;
    }
    if (blocks == 0) Require(block->first_sequence == scan.first_sequence);
    CheckBlock(*block);
    at += used;
    ++blocks;
    rows += block->probabilities.size();
    next = block->first_sequence + block->probabilities.size();
  }
  Require(at == scan.whole_bytes && blocks == scan.blocks && rows == scan.rows);
  Require(next == scan.next_sequence);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  CheckBytes(bytes);

  std::vector<uint8_t> block = {'F', 'T', 'L', '1'};
  for (const uint32_t word : {static_cast<uint32_t>(size), monitor::Crc32c(bytes)}) {
    for (int i = 0; i < 4; ++i) block.push_back(static_cast<uint8_t>(word >> (8 * i)));
  }
  block.insert(block.end(), bytes.begin(), bytes.end());
  CheckBytes(block);
  return 0;
}
