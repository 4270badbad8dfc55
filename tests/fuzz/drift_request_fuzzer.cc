// Any bytes as a drift request and its two tables: three parts apart by a byte 0xFF, the request's
// JSON, the reference's CSV, the current's. Refused with a message, or documents that are JSON, the
// same from one table as from a table fed byte by byte and measured column by column, whose
// contributions add up, and an HTML page below its size. The first part is also taken for a
// measured document and for a report.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/report_html.h"
#include "core/base/json.h"

namespace {

namespace json = firetower::json;
using firetower::Error;
using firetower::ErrorCode;
using firetower::Result;
using firetower::Status;
using firetower::analysis::Analysis;
using firetower::analysis::RowQuery;
using firetower::analysis::Table;

constexpr size_t kMaxBytes = 6000;

void Require(bool condition) {
  if (!condition) std::abort();
}

void RequireMessage(const Error& error) {
  Require(!error.message.empty() && error.code != ErrorCode::kOk);
}

json::value Document(const Result<std::string>& text) {
  const Result<json::value> document = firetower::ParseJson(*text, ErrorCode::kDataInvalid, "it");
  Require(document.ok());
  return *document;
}

// True: the table was taken. pieces: fed so many bytes at once.
bool Load(Analysis* analysis, Table which, std::string_view csv, size_t pieces,
          std::vector<std::string> columns) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(csv.data()), csv.size());
  const Status begun =
      analysis->BeginTable(which, bytes, {.columns = std::move(columns), .complete = true});
  if (!begun.ok()) {
    RequireMessage(begun.error());
    return false;
  }
  for (size_t i = 0; i < bytes.size(); i += pieces) {
    Require(analysis->Feed(bytes.subspan(i, std::min(pieces, bytes.size() - i))).ok());
  }
  const Status finished = analysis->FinishTable();
  if (!finished.ok()) RequireMessage(finished.error());
  return finished.ok();
}

void CheckColumn(const Analysis& analysis, const std::string& name, std::string_view request) {
  const Result<std::string> column = analysis.ColumnJson(name, request);
  if (!column.ok()) return RequireMessage(column.error());
  const json::value document = Document(column);
  if (document.at("total").is_null()) return;
  double sum = 0;
  for (const json::value& bin : document.at("bins").get_array()) {
    const json::value& part = bin.at("contribution");
    if (!part.is_null()) sum += part.to_number<double>();
  }
  const double total = document.at("total").to_number<double>();
  Require(std::fabs(sum - total) <= 1e-9 * (1 + std::fabs(total)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kMaxBytes) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t first = std::min(input.find('\xFF'), size);
  const size_t second = std::min(input.find('\xFF', first + 1), size);
  const std::string_view request = input.substr(0, first);
  const std::string_view reference =
      first < size ? input.substr(first + 1, second - first - 1) : "";
  const std::string_view current = second < size ? input.substr(second + 1) : "";

  const Result<std::string> page = firetower::analysis::ReportHtmlOf(request);
  if (!page.ok()) RequireMessage(page.error());
  Require(!page.ok() || page->size() <= firetower::analysis::kMaxReportBytes);

  Analysis whole;
  const std::string_view measured_given[] = {request};
  for (const std::string_view sides :
       {"{}", R"({"reference":{"from":"current","rows":[0,5]},"current":{"from":"current"}})"}) {
    const Result<std::string> judged = whole.JudgeJson(measured_given, sides, request);
    if (!judged.ok()) RequireMessage(judged.error());
  }
  if (!Load(&whole, Table::kReference, reference, size + 1, {})) return 0;
  if (!Load(&whole, Table::kCurrent, current, size + 1, {})) return 0;
  const Result<std::string> measured = whole.MeasureJson(request);
  if (!measured.ok()) {
    RequireMessage(measured.error());
    return 0;
  }
  const std::string_view parts[] = {*measured};
  const Result<std::string> report = whole.JudgeJson(parts, request, "");
  Require(report.ok());
  const json::value document = Document(report);
  const Result<std::string> html = whole.ReportHtml(*report);
  Require(html.ok() && html->size() <= firetower::analysis::kMaxReportBytes);

  // Byte by byte the same; given its own settings the same.
  Analysis again;
  Require(Load(&again, Table::kReference, reference, 1, {}));
  Require(Load(&again, Table::kCurrent, current, 1, {}));
  const std::string settings = json::serialize(document.at("settings"));
  const Result<std::string> measured_again = again.MeasureJson(settings);
  Require(measured_again.ok());
  const std::string_view parts_again[] = {*measured_again};
  const Result<std::string> report_again = again.JudgeJson(parts_again, settings, "");
  Require(report_again.ok() && *report_again == *report);

  for (const json::value& column : document.at("columns").get_array()) {
    const json::string& text = column.at("name").get_string();
    const std::string name(text.data(), text.size());
    CheckColumn(whole, name, request);
    const Result<std::string> trend = whole.TrendJson(name, request, 3);
    if (!trend.ok()) RequireMessage(trend.error());
    for (const RowQuery::Kind kind :
         {RowQuery::Kind::kNumbers, RowQuery::Kind::kCategory, RowQuery::Kind::kMissing}) {
      const Result<std::string> rows =
          whole.RowsJson(name, {.kind = kind, .category = name}, {}, 5, request);
      if (!rows.ok()) RequireMessage(rows.error());
    }
  }
  return 0;
}
