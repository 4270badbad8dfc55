// A DriftRequest (web/js/engine/analysis/types.js), read and written out. Internal to analysis/.
// Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_SETTINGS_H_
#define FIRETOWER_ANALYSIS_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/drift/verdict.h"

namespace firetower::analysis {

enum class From : int32_t { kProfile = 0, kReference = 1, kCurrent = 2, kSummary = 3 };
std::string_view Name(From from);

struct SideSettings {
  From from = From::kCurrent;
  bool whole = true;
  uint64_t first = 0;  // Rows [first, end), unless whole.
  uint64_t end = 0;

  bool table() const { return from == From::kReference || from == From::kCurrent; }
};

struct DriftSettings {
  SideSettings reference{.from = From::kReference};
  SideSettings current{.from = From::kCurrent};
  std::vector<uint64_t> without;
  std::optional<std::vector<std::string>> columns;
  std::string test = "ks";
  std::string categorical_test = "chi_square";
  bool all = false;
  size_t bins = 10;
  drift::VerdictOptions verdict;  // Without effect floor.
  std::optional<double> effect_floor;

  // Either side is counts over the profile's edges.
  bool counts() const { return !reference.table() || !current.table(); }
  // The floor of an effect, by its name.
  double FloorOf(std::string_view effect) const;
};

// Numbers compared as counts: "chi_square" is the default and stands in for tests that need the
// rows (all but "g" and "ks"); the least rows of a side are 200. Errors: kBadArgument naming the
// setting.
Result<DriftSettings> ReadSettings(std::string_view request);

// Every setting, in the request's own form.
json::object SettingsJson(const DriftSettings& settings);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_SETTINGS_H_
