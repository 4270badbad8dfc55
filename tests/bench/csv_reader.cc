// The CSV reader alone as a WebAssembly module, to be timed from JavaScript in Node and in
// Chromium: bytes in memory to columns, row offsets and bad rows. Not part of the page.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "core/csv/dialect.h"
#include "core/csv/reader.h"

namespace {

constexpr size_t kSlice = size_t{4} << 20;  // What the page feeds at a time.

std::vector<uint8_t> file;

}  // namespace

extern "C" {

// Room for a file of `size` bytes; the caller fills it.
EMSCRIPTEN_KEEPALIVE uint8_t* FileBuffer(size_t size) {
  file.resize(size);
  return file.data();
}

// Reads every column of the file. Returns the number of good rows; -1: the file is no CSV.
EMSCRIPTEN_KEEPALIVE double ReadFile() {
  const std::span<const uint8_t> all(file);
  const auto layout =
      firetower::csv::SniffLayout(all.first(std::min(all.size(), firetower::csv::kSniffBytes)), {});
  if (!layout.ok()) return -1.0;
  std::vector<int32_t> fields(layout->column_names.size());
  std::iota(fields.begin(), fields.end(), 0);
  firetower::csv::Reader reader({.dialect = layout->dialect,
                                 .field_count = static_cast<int32_t>(fields.size()),
                                 .fields = fields,
                                 .start_offset = layout->data_offset,
                                 .start_line = layout->data_line});
  double rows = 0.0;
  const auto take = [&] {
    rows += static_cast<double>(reader.batch().rows()) -
            static_cast<double>(reader.batch().bad_rows.size());
    reader.ClearBatch();
  };
  for (size_t at = static_cast<size_t>(layout->data_offset); at < all.size(); at += kSlice) {
    reader.Feed(all.subspan(at, std::min(kSlice, all.size() - at)));
    take();
  }
  reader.Finish();
  take();
  return rows;
}

}  // extern "C"
