// The prediction log: what was decided about which row, in blocks of bytes that survive being cut
// off. A block is written and synced as a whole and acknowledged then; reading takes every whole
// block and drops a torn one at the end. Little-endian:
//
//   magic "FTL1" | u32 body bytes | u32 CRC-32C of the body | body
//   body: u64 first sequence number | u32 rows | u16 length, model version |
//         u16 length, source name | model version | source name | rows x f64 probability |
//         rows x i64 timestamp, ms since 1970 | rows x f64 row number (NaN: none) |
//         f64 threshold | 4 x f64 risk cuts | rows x u16 reference length | references (UTF-8)
//
// It holds scores and references, never inputs. Example:
//
//   std::vector<uint8_t> bytes = EncodeLogBlock(block);
//   for (size_t at = 0, used; at < ScanLog(bytes).whole_bytes; at += used) {
//     Result<LogBlock> next = DecodeLogBlock(std::span(bytes).subspan(at), &used);
//     AppendNdjson(*next, &text);
//   }
//
// Source of the checksum: CRC-32C (Castagnoli), RFC 3720, appendix B.4. Thread-safety: pure
// functions.
#ifndef FIRETOWER_CORE_MONITOR_PREDICTION_LOG_H_
#define FIRETOWER_CORE_MONITOR_PREDICTION_LOG_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::monitor {

inline constexpr size_t kMaxLogRows = 65536;       // Per block.
inline constexpr size_t kMaxReferenceBytes = 128;  // Longer references are cut at a character.

struct LogBlock {
  uint64_t first_sequence = 0;  // Of the block's first row; one more for each.
  std::string model_version;
  std::string source;  // "demo", "replay: file.csv", ...
  double threshold = 0.5;
  std::array<double, 4> risk_cuts = {};
  std::vector<double> probabilities;  // NaN: the row was set aside.
  std::vector<int64_t> timestamps_ms;
  std::vector<double> rows;             // Row of the source from 0; NaN: none.
  std::vector<std::string> references;  // Empty, or one per row (may be empty texts).
};

// The block's bytes. Names and references are made well-formed UTF-8; names are cut at 65,535
// bytes. REQUIRES: equal lengths, at most kMaxLogRows rows.
std::vector<uint8_t> EncodeLogBlock(const LogBlock& block);

struct LogScan {
  uint64_t blocks = 0;
  uint64_t rows = 0;
  uint64_t first_sequence = 0;  // Of what is there; 0 where nothing is.
  uint64_t next_sequence = 0;
  size_t whole_bytes = 0;  // Up to here blocks are whole; what follows is torn.
};
// Goes over the blocks of one piece of storage and stops at the first that is not whole.
LogScan ScanLog(std::span<const uint8_t> bytes);

// Decodes the block at the front of bytes; *used is its length, 0 on an error. References that are
// all empty come back as none. Errors: kDataInvalid if it is not whole or contradicts itself.
Result<LogBlock> DecodeLogBlock(std::span<const uint8_t> bytes, size_t* used);

// Appends one line per row. NDJSON: {"prediction":0,"probability":0.0012,"risk_level":"MINIMAL",
// "confidence":0.9988,"timestamp":"2026-01-02T03:04:05.678Z","model_version":"1.0.0","source":"demo",
// "row":17,"reference":"A-1"} (row null, reference left out where none; the first four null where
// the row was set aside). Numbers have the shortest digits that read back. CSV: the same columns in
// the same order, empty cells for null, text cells formula-safe (csv::AppendText), header line by
// CsvLogHeader(). Bytes that are not UTF-8 come out as U+FFFD in both.
void AppendNdjson(const LogBlock& block, std::string* out);
void AppendLogCsv(const LogBlock& block, std::string* out);
std::string_view CsvLogHeader();  // With its line end.

// UTC as ISO 8601 with milliseconds, "2026-01-02T03:04:05.678Z"; a year outside 0 .. 9999 has a
// sign and at least six digits, as JavaScript's toISOString.
std::string IsoTime(int64_t timestamp_ms);

// CRC-32C: polynomial 0x1EDC6F41, reflected.
uint32_t Crc32c(std::span<const uint8_t> bytes);

}  // namespace firetower::monitor

#endif  // FIRETOWER_CORE_MONITOR_PREDICTION_LOG_H_
