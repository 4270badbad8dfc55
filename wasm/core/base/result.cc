#include "core/base/result.h"

#include <array>

namespace firetower {
namespace {

struct CodeText {
  ErrorCode code;
  std::string_view name;
  std::string_view message;
};

constexpr std::array<CodeText, kErrorCodeCount> kCodeTexts = {{
    {ErrorCode::kOk, "OK", "No error."},
    {ErrorCode::kBadArgument, "BAD_ARGUMENT", "An argument is outside its range."},
    {ErrorCode::kNotCsv, "NOT_CSV", "The input is not a table in CSV format."},
    {ErrorCode::kSchemaMismatch, "SCHEMA_MISMATCH", "Columns that the model needs are missing."},
    {ErrorCode::kBadRow, "BAD_ROW", "A row cannot be read."},
    {ErrorCode::kTooBig, "TOO_BIG", "The input is larger than the stated limit."},
    {ErrorCode::kOutOfMemory, "OUT_OF_MEMORY", "There is not enough memory."},
    {ErrorCode::kModelInvalid, "MODEL_INVALID", "The model file is not valid."},
    {ErrorCode::kUnsupported, "UNSUPPORTED", "The input is valid but not supported."},
    {ErrorCode::kNotReady, "NOT_READY", "The call came before the step it depends on."},
    {ErrorCode::kGeneratorInvalid, "GENERATOR_INVALID", "The generator file is not valid."},
    {ErrorCode::kDataInvalid, "DATA_INVALID", "The data cannot be used for this."},
}};

constexpr bool TableMatchesEnum() {
  for (size_t i = 0; i < kCodeTexts.size(); ++i) {
    if (static_cast<size_t>(kCodeTexts[i].code) != i) return false;
  }
  return true;
}
static_assert(TableMatchesEnum(), "kCodeTexts must list the codes in order");

}  // namespace

std::string_view Name(ErrorCode code) { return kCodeTexts[static_cast<size_t>(code)].name; }

std::string_view Message(ErrorCode code) { return kCodeTexts[static_cast<size_t>(code)].message; }

}  // namespace firetower
