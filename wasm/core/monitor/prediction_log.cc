#include "core/monitor/prediction_log.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/csv/writer.h"

namespace firetower::monitor {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {'F', 'T', 'L', '1'};
constexpr size_t kHeadBytes = 12;  // Magic, length of the body, checksum.
constexpr size_t kMostNameBytes = 65535;
constexpr size_t kFixedBytes = 8 + 4 + 2 + 2 + 8 + 4 * 8;  // Of a body without rows and names.
constexpr size_t kRowBytes = 8 + 8 + 8 + 2;                // Of a row without its reference.
constexpr size_t kMostBodyBytes =
    kFixedBytes + 2 * kMostNameBytes + kMaxLogRows * (kRowBytes + kMaxReferenceBytes);
constexpr std::array<std::string_view, 5> kLevelNames = {"MINIMAL", "LOW", "MEDIUM", "HIGH",
                                                         "CRITICAL"};

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ ((c & 1u) != 0 ? 0x82F63B78u : 0u);
    table[i] = c;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

template <typename T>
void Set(T value, size_t at, std::vector<uint8_t>* out) {
  for (size_t i = 0; i < sizeof value; ++i) {
    (*out)[at + i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
  }
}

template <typename T>
void Put(T value, std::vector<uint8_t>* out) {
  const size_t at = out->size();
  out->resize(at + sizeof value);
  Set(value, at, out);
}

void PutDouble(double value, std::vector<uint8_t>* out) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  Put(bits, out);
}

void PutBytes(std::string_view text, std::vector<uint8_t>* out) {
  out->insert(out->end(), text.begin(), text.end());
}

// Reads front to back; the caller knows that the bytes are there.
class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t left() const { return bytes_.size(); }

  template <typename T>
  T Take() {
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) value |= uint64_t{bytes_[i]} << (8 * i);
    bytes_ = bytes_.subspan(sizeof(T));
    return static_cast<T>(value);
  }
  double TakeDouble() {
    const uint64_t bits = Take<uint64_t>();
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  std::string TakeText(size_t length) {
    std::string text(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(length));
    bytes_ = bytes_.subspan(length);
    return text;
  }

 private:
  std::span<const uint8_t> bytes_;
};

// Well-formed and at most `most` bytes, cut at a character.
std::string CutText(std::string_view text, size_t most) {
  std::string valid = ValidUtf8(text);
  if (valid.size() <= most) return valid;
  size_t end = most;
  while (end > 0 && (static_cast<uint8_t>(valid[end]) & 0xC0) == 0x80) --end;
  valid.resize(end);
  return valid;
}

Error Torn(std::string_view reason) {
  return {.code = ErrorCode::kDataInvalid, .message = "log block: " + std::string(reason)};
}

// The body of the block at the front, if it is there in full and its checksum is right.
Result<std::span<const uint8_t>> WholeBody(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeadBytes) return Torn("is cut off");
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    return Torn("does not begin with FTL1");
  Bytes head(bytes.subspan(kMagic.size(), kHeadBytes - kMagic.size()));
  const size_t length = head.Take<uint32_t>();
  const uint32_t checksum = head.Take<uint32_t>();
  if (length < kFixedBytes || length > kMostBodyBytes) return Torn("has an impossible length");
  if (bytes.size() - kHeadBytes < length) return Torn("is cut off");
  const std::span<const uint8_t> body = bytes.subspan(kHeadBytes, length);
  if (Crc32c(body) != checksum) return Torn("has another checksum");
  return body;
}

// First sequence number and rows of a body, checked against its length.
struct BodyHead {
  uint64_t first_sequence = 0;
  size_t rows = 0;
  size_t version_bytes = 0;
  size_t source_bytes = 0;
  size_t reference_bytes = 0;  // Of all rows together.
};
Result<BodyHead> ReadBodyHead(std::span<const uint8_t> body) {
  Bytes in(body);
  BodyHead head;
  head.first_sequence = in.Take<uint64_t>();
  head.rows = in.Take<uint32_t>();
  head.version_bytes = in.Take<uint16_t>();
  head.source_bytes = in.Take<uint16_t>();
  if (head.rows > kMaxLogRows) return Torn("has too many rows");
  if (head.first_sequence > std::numeric_limits<uint64_t>::max() - head.rows) {
    return Torn("has sequence numbers beyond 64 bits");
  }
  const size_t before_references =
      kFixedBytes + head.version_bytes + head.source_bytes + head.rows * kRowBytes;
  if (body.size() < before_references) return Torn("is shorter than its rows");
  Bytes lengths(body.first(before_references).last(2 * head.rows));
  for (size_t i = 0; i < head.rows; ++i) {
    const size_t length = lengths.Take<uint16_t>();
    if (length > kMaxReferenceBytes) return Torn("has a reference that is too long");
    head.reference_bytes += length;
  }
  if (body.size() != before_references + head.reference_bytes) {
    return Torn("is not as long as its rows");
  }
  return head;
}

struct LogLine {
  bool aside = false;  // No probability: the row was set aside.
  bool flagged = false;
  double probability = 0;
  double confidence = 0;
  std::string_view level;
  std::string timestamp;
  double row = 0;
  std::string reference;
};

LogLine Line(const LogBlock& block, size_t i) {
  LogLine line;
  const double p = block.probabilities[i];
  line.aside = !(p >= 0.0 && p <= 1.0);
  if (!line.aside) {
    line.probability = p;
    line.flagged = p >= block.threshold;
    line.confidence = std::max(p, 1.0 - p);
    size_t level = 0;
    for (size_t k = 0; k < block.risk_cuts.size(); ++k) {
      if (p >= block.risk_cuts[k]) level = k + 1;
    }
    line.level = kLevelNames[level];
  }
  line.timestamp = IsoTime(block.timestamps_ms[i]);
  line.row =
      std::isfinite(block.rows[i]) ? block.rows[i] : std::numeric_limits<double>::quiet_NaN();
  if (!block.references.empty()) line.reference = ValidUtf8(block.references[i]);
  return line;
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonText(text, &quoted);
  return quoted;
}

void AppendPadded(uint64_t value, size_t digits, std::string* out) {
  const std::string text = std::to_string(value);
  if (text.size() < digits) out->append(digits - text.size(), '0');
  *out += text;
}

}  // namespace

uint32_t Crc32c(std::span<const uint8_t> bytes) {
  uint32_t c = 0xFFFFFFFFu;
  for (const uint8_t byte : bytes) c = kCrcTable[(c ^ byte) & 0xFFu] ^ (c >> 8);
  return c ^ 0xFFFFFFFFu;
}

std::string IsoTime(int64_t timestamp_ms) {
  // Whole days before the time, and milliseconds into the day.
  constexpr int64_t kDay = 86400000;
  int64_t days = timestamp_ms / kDay;
  int64_t rest = timestamp_ms % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  // Proleptic Gregorian calendar in years that begin on 1 March, in eras of 400 years.
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
  const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);

  std::string text;
  const bool common = year >= 0 && year <= 9999;
  if (!common) text += year < 0 ? '-' : '+';
  AppendPadded(static_cast<uint64_t>(year < 0 ? -year : year), common ? 4 : 6, &text);
  const auto part = [&](char before, int64_t value, size_t digits) {
    text += before;
    AppendPadded(static_cast<uint64_t>(value), digits, &text);
  };
  part('-', month, 2);
  part('-', day, 2);
  part('T', rest / 3600000, 2);
  part(':', rest / 60000 % 60, 2);
  part(':', rest / 1000 % 60, 2);
  part('.', rest % 1000, 3);
  text += 'Z';
  return text;
}

std::vector<uint8_t> EncodeLogBlock(const LogBlock& block) {
  const size_t rows = block.probabilities.size();
  std::vector<std::string> references;
  references.reserve(block.references.size());
  for (const std::string& text : block.references) {
    references.push_back(CutText(text, kMaxReferenceBytes));
  }
  const std::string version = CutText(block.model_version, kMostNameBytes);
  const std::string source = CutText(block.source, kMostNameBytes);

  std::vector<uint8_t> out;
  out.reserve(kHeadBytes + kFixedBytes + version.size() + source.size() +
              rows * (kRowBytes + (references.empty() ? 0 : kMaxReferenceBytes)));
  for (const uint8_t byte : kMagic) out.push_back(byte);
  Put(uint64_t{0}, &out);  // Length and checksum, when they are known.
  Put(block.first_sequence, &out);
  Put(static_cast<uint32_t>(rows), &out);
  Put(static_cast<uint16_t>(version.size()), &out);
  Put(static_cast<uint16_t>(source.size()), &out);
  PutBytes(version, &out);
  PutBytes(source, &out);
  for (const double p : block.probabilities) PutDouble(p, &out);
  for (const int64_t time : block.timestamps_ms) Put(time, &out);
  for (const double row : block.rows) PutDouble(row, &out);
  PutDouble(block.threshold, &out);
  for (const double cut : block.risk_cuts) PutDouble(cut, &out);
  for (size_t i = 0; i < rows; ++i) {
    Put(static_cast<uint16_t>(references.empty() ? 0 : references[i].size()), &out);
  }
  for (const std::string& text : references) PutBytes(text, &out);

  const std::span<const uint8_t> body = std::span(out).subspan(kHeadBytes);
  const uint32_t checksum = Crc32c(body);
  Set(static_cast<uint32_t>(body.size()), kMagic.size(), &out);
  Set(checksum, kMagic.size() + sizeof(uint32_t), &out);
  return out;
}

LogScan ScanLog(std::span<const uint8_t> bytes) {
  LogScan scan;
  while (scan.whole_bytes < bytes.size()) {
    const Result<std::span<const uint8_t>> body = WholeBody(bytes.subspan(scan.whole_bytes));
    if (!body.ok()) break;
    const Result<BodyHead> head = ReadBodyHead(*body);
    if (!head.ok()) break;
    if (scan.blocks == 0) scan.first_sequence = head->first_sequence;
    scan.next_sequence = head->first_sequence + head->rows;
    scan.rows += head->rows;
    ++scan.blocks;
    scan.whole_bytes += kHeadBytes + body->size();
  }
  return scan;
}

Result<LogBlock> DecodeLogBlock(std::span<const uint8_t> bytes, size_t* used) {
  *used = 0;
  const Result<std::span<const uint8_t>> body = WholeBody(bytes);
  if (!body.ok()) return body.error();
  const Result<BodyHead> head = ReadBodyHead(*body);
  if (!head.ok()) return head.error();

  LogBlock block;
  block.first_sequence = head->first_sequence;
  Bytes in(body->subspan(16));  // What ReadBodyHead has read.
  block.model_version = in.TakeText(head->version_bytes);
  block.source = in.TakeText(head->source_bytes);
  for (size_t i = 0; i < head->rows; ++i) block.probabilities.push_back(in.TakeDouble());
  for (size_t i = 0; i < head->rows; ++i) block.timestamps_ms.push_back(in.Take<int64_t>());
  for (size_t i = 0; i < head->rows; ++i) block.rows.push_back(in.TakeDouble());
  block.threshold = in.TakeDouble();
  for (double& cut : block.risk_cuts) cut = in.TakeDouble();
  std::vector<size_t> lengths;
  for (size_t i = 0; i < head->rows; ++i) lengths.push_back(in.Take<uint16_t>());
  if (head->reference_bytes > 0) {
    for (const size_t length : lengths) block.references.push_back(in.TakeText(length));
  }
  *used = kHeadBytes + body->size();
  return block;
}

void AppendNdjson(const LogBlock& block, std::string* out) {
  const csv::Dialect dialect;
  const std::string names = ",\"model_version\":" + Quoted(ValidUtf8(block.model_version)) +
                            ",\"source\":" + Quoted(ValidUtf8(block.source)) + ",\"row\":";
  for (size_t i = 0; i < block.probabilities.size(); ++i) {
    const LogLine line = Line(block, i);
    if (line.aside) {
      *out += "{\"prediction\":null,\"probability\":null,\"risk_level\":null,\"confidence\":null";
    } else {
      *out += line.flagged ? "{\"prediction\":1,\"probability\":"
                           : "{\"prediction\":0,\"probability\":";
      csv::AppendNumber(line.probability, dialect, out);
      *out += ",\"risk_level\":\"";
      *out += line.level;
      *out += "\",\"confidence\":";
      csv::AppendNumber(line.confidence, dialect, out);
    }
    *out += ",\"timestamp\":\"";
    *out += line.timestamp;
    *out += '"';
    *out += names;
    if (line.row == line.row) {
      csv::AppendNumber(line.row, dialect, out);
    } else {
      *out += "null";
    }
    if (!line.reference.empty()) *out += ",\"reference\":" + Quoted(line.reference);
    *out += "}\n";
  }
}

void AppendLogCsv(const LogBlock& block, std::string* out) {
  const csv::Dialect dialect;
  std::string names;
  csv::AppendText(ValidUtf8(block.model_version), dialect, &names);
  names += ',';
  csv::AppendText(ValidUtf8(block.source), dialect, &names);
  for (size_t i = 0; i < block.probabilities.size(); ++i) {
    const LogLine line = Line(block, i);
    if (line.aside) {
      *out += ",,,,";
    } else {
      *out += line.flagged ? "1," : "0,";
      csv::AppendNumber(line.probability, dialect, out);
      *out += ',';
      *out += line.level;
      *out += ',';
      csv::AppendNumber(line.confidence, dialect, out);
      *out += ',';
    }
    *out += line.timestamp;
    *out += ',';
    *out += names;
    *out += ',';
    csv::AppendNumber(line.row, dialect, out);
    *out += ',';
    csv::AppendText(line.reference, dialect, out);
    *out += '\n';
  }
}

std::string_view CsvLogHeader() {
  return "prediction,probability,risk_level,confidence,timestamp,model_version,source,row,"
         "reference\n";
}

}  // namespace firetower::monitor
