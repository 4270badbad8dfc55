#include "core/drift/tally.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace firetower::drift {
namespace {

constexpr uint32_t kLastOfValue = uint32_t{1} << 31;
static_assert(kMaxTallyRows <= kLastOfValue, "a row's number leaves the top bit free");

// A value's most significant bits in the order of the values, and its row.
struct Entry {
  uint32_t key;
  uint32_t row;
};

// Bits of a number as an integer that rises with it.
template <typename Bits, typename T>
Bits OrderedBits(T value) {
  static_assert(sizeof(Bits) == sizeof(T));
  Bits bits;
  std::memcpy(&bits, &value, sizeof bits);
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  return (bits & kSign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | kSign);
}

template <typename T>
bool IsFloat(T value) {
  if constexpr (sizeof(T) == sizeof(float)) return true;
  constexpr T kLargest = std::numeric_limits<float>::max();
  return value >= -kLargest && value <= kLargest &&
         static_cast<T>(static_cast<float>(value)) == value;
}

// Least significant digit first, stable: rows stay rising within a key.
void SortByKey(std::vector<Entry>* entries) {
  constexpr uint32_t kBits = 11;
  constexpr uint32_t kBuckets = uint32_t{1} << kBits;
  constexpr size_t kDigits = 3;
  std::vector<std::array<uint32_t, kBuckets>> starts(kDigits);
  for (const Entry& entry : *entries) {
    for (size_t d = 0; d < kDigits; ++d) ++starts[d][(entry.key >> (kBits * d)) % kBuckets];
  }
  std::vector<Entry> sorted(entries->size());
  for (size_t d = 0; d < kDigits; ++d) {
    const uint32_t shift = kBits * static_cast<uint32_t>(d);
    std::array<uint32_t, kBuckets>& start = starts[d];
    if (entries->empty() || start[(entries->front().key >> shift) % kBuckets] == entries->size()) {
      continue;  // One bucket holds all.
    }
    uint32_t before = 0;
    for (uint32_t& count : start) {
      const uint32_t here = count;
      count = before;
      before += here;
    }
    for (const Entry& entry : *entries) sorted[start[(entry.key >> shift) % kBuckets]++] = entry;
    entries->swap(sorted);
  }
}

// Entries of one key whose values may still differ in the bits that the key lacks, put in order.
template <typename T>
void SortWithinKey(std::span<const T> values, std::span<Entry> group) {
  constexpr size_t kFew = 16;
  if (group.size() <= kFew) {
    for (size_t i = 1; i < group.size(); ++i) {
      const Entry entry = group[i];
      const T value = values[entry.row];
      size_t to = i;
      for (; to > 0 && values[group[to - 1].row] > value; --to) group[to] = group[to - 1];
      group[to] = entry;
    }
    return;
  }
  const auto by_value = [&](const Entry& a, const Entry& b) {
    const T va = values[a.row];
    const T vb = values[b.row];
    return va != vb ? va < vb : a.row < b.row;
  };
  if (!std::is_sorted(group.begin(), group.end(), by_value)) {
    std::sort(group.begin(), group.end(), by_value);
  }
}

// A side's rows of a window. Rows before begin wrap round to large numbers.
struct Membership {
  uint32_t begin;
  uint32_t length;
  explicit Membership(RowRange range)
      : begin(static_cast<uint32_t>(range.begin)),
        length(range.end > range.begin ? static_cast<uint32_t>(range.end - range.begin) : 0) {}
  uint32_t operator()(uint32_t row) const { return row - begin < length ? 1 : 0; }
};

struct Everything {
  uint32_t operator()(uint32_t) const { return 1; }
};
struct Kept {
  const uint8_t* keep;
  uint32_t operator()(uint32_t row) const { return keep[row] != 0 ? 1 : 0; }
};

template <typename Keep>
void Count(const std::vector<double>& values, const std::vector<uint32_t>& rows,
           const std::vector<uint32_t>& missing, const Windows& windows, Keep keep, Tally* tally) {
  const Membership in_reference(windows.reference);
  const Membership in_current(windows.current);
  // Every value is written where the next one counted goes, and stays if it has a row on a side:
  // no branch depends on the data.
  tally->values.resize(values.size());
  tally->reference.resize(values.size());
  tally->current.resize(values.size());
  double* const out_values = tally->values.data();
  uint32_t* const out_reference = tally->reference.data();
  uint32_t* const out_current = tally->current.data();
  size_t value = 0;
  size_t out = 0;
  uint32_t reference = 0;
  uint32_t current = 0;
  uint64_t reference_rows = 0;
  uint64_t current_rows = 0;
  for (const uint32_t marked : rows) {
    const uint32_t row = marked & ~kLastOfValue;
    const uint32_t last = marked >> 31;
    const uint32_t kept = keep(row);
    reference += in_reference(row) & kept;
    current += in_current(row) & kept;
    out_values[out] = values[value];
    out_reference[out] = reference;
    out_current[out] = current;
    reference_rows += reference & (0 - last);
    current_rows += current & (0 - last);
    out += last & ((reference | current) != 0 ? 1U : 0U);
    value += last;
    reference &= last - 1;  // 0 after the last of a value.
    current &= last - 1;
  }
  tally->values.resize(out);
  tally->reference.resize(out);
  tally->current.resize(out);
  tally->reference_rows = reference_rows;
  tally->current_rows = current_rows;
  tally->reference_missing = 0;
  tally->current_missing = 0;
  for (const uint32_t row : missing) {
    tally->reference_missing += in_reference(row) & keep(row);
    tally->current_missing += in_current(row) & keep(row);
  }
}

}  // namespace

template <typename T>
Result<SortedColumn> SortedColumn::CreateFrom(std::span<const T> values) {
  if (values.size() > kMaxTallyRows) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "a column of more than " + std::to_string(kMaxTallyRows) + " rows"};
  }
  using Bits = std::conditional_t<sizeof(T) == sizeof(float), uint32_t, uint64_t>;
  SortedColumn column;
  column.total_ = values.size();
  // The key is the number itself where 32 bits hold it (as float32); of other numbers the 32 most
  // significant bits in which the column's values differ.
  bool floats = true;
  Bits least = std::numeric_limits<Bits>::max();
  Bits most = 0;
  size_t finite = 0;
  for (const T raw : values) {
    if (!std::isfinite(raw)) continue;
    ++finite;
    const T value = raw + T{0};  // -0 becomes 0.
    floats = floats && IsFloat(value);
    const Bits bits = OrderedBits<Bits>(value);
    least = std::min(least, bits);
    most = std::max(most, bits);
  }
  const auto range_bits =
      finite == 0 ? 0U : static_cast<uint32_t>(std::bit_width(static_cast<Bits>(most - least)));
  const bool whole = range_bits <= 32;
  const uint32_t shift = whole ? 0U : range_bits - 32U;
  floats = floats && !whole;

  std::vector<Entry> entries;
  entries.reserve(finite);
  column.missing_.reserve(values.size() - finite);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<uint32_t>(i);
    if (!std::isfinite(values[i])) {
      column.missing_.push_back(row);
      continue;
    }
    const T value = values[i] + T{0};
    const uint32_t key = floats
                             ? OrderedBits<uint32_t>(static_cast<float>(value))
                             : static_cast<uint32_t>((OrderedBits<Bits>(value) - least) >> shift);
    entries.push_back({.key = key, .row = row});
  }
  SortByKey(&entries);
  if (!floats && !whole) {
    size_t end = 0;
    for (size_t begin = 0; begin < entries.size(); begin = end) {
      for (end = begin + 1; end < entries.size() && entries[end].key == entries[begin].key;) ++end;
      if (end - begin > 1) SortWithinKey(values, std::span(entries).subspan(begin, end - begin));
    }
  }

  // Equal keys are equal values but where the key lacks bits.
  const bool exact_keys = floats || whole;
  const auto same = [&](const Entry& a, const Entry& b) {
    return a.key == b.key && (exact_keys || values[a.row] == values[b.row]);
  };
  size_t distinct = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    distinct += i + 1 == entries.size() || !same(entries[i], entries[i + 1]) ? 1U : 0U;
  }
  column.values_.reserve(distinct);
  column.rows_.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool last = i + 1 == entries.size() || !same(entries[i], entries[i + 1]);
    column.rows_.push_back(entries[i].row | (last ? kLastOfValue : 0));
    if (last) column.values_.push_back(static_cast<double>(values[entries[i].row]) + 0.0);
  }
  return column;
}

Result<SortedColumn> SortedColumn::Create(std::span<const double> values) {
  return CreateFrom(values);
}

Result<SortedColumn> SortedColumn::Create(std::span<const float> values) {
  return CreateFrom(values);
}

void SortedColumn::Split(const Windows& windows, Tally* tally,
                         std::span<const uint8_t> keep) const {
  if (keep.empty()) {
    Count(values_, rows_, missing_, windows, Everything{}, tally);
  } else {
    Count(values_, rows_, missing_, windows, Kept{keep.data()}, tally);
  }
}

Tally TallyOf(std::span<const double> reference, std::span<const double> current) {
  std::vector<double> pooled(reference.begin(), reference.end());
  pooled.insert(pooled.end(), current.begin(), current.end());
  Tally tally;
  const Result<SortedColumn> column = SortedColumn::Create(pooled);
  if (!column.ok()) return tally;
  column->Split({.reference = {0, reference.size()}, .current = {reference.size(), pooled.size()}},
                &tally);
  return tally;
}

}  // namespace firetower::drift
