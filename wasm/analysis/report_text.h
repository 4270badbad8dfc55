// Text of the HTML report: escaping, and numbers as people read them. The same bytes on every
// machine: no locale, no libm. Internal to analysis/. Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_REPORT_TEXT_H_
#define FIRETOWER_ANALYSIS_REPORT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firetower::analysis {

inline constexpr std::string_view kNothing = "\xE2\x80\x93";  // An en dash: not known.
inline constexpr std::string_view kMinus = "\xE2\x88\x92";
inline constexpr size_t kMaxNameCharacters = 120;

// Text for the inside of an element or of a quoted attribute, in HTML and in XML: & < > " ' become
// references; what XML 1.0 forbids (control characters, U+FFFE, U+FFFF), characters that change
// the direction of what follows, and bytes that are not UTF-8 become U+FFFD.
std::string Escaped(std::string_view text);
// At most kMaxNameCharacters characters of it, with an ellipsis, escaped.
std::string EscapedName(std::string_view text);

// "1,234,567": whole numbers. Others are rounded.
std::string Count(double value);
// `digits` significant ones, "0.0123", "1,234", "1.2e-7"; trailing zeros go.
std::string Number(double value, int digits = 4);
// "12.3 %" of a share.
std::string Percent(double share);
// "0.034", "3.1e-9", "< 1e-300" for 0.
std::string PValue(double p);
// A place in a drawing: two decimals at most.
std::string Place(double value);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_REPORT_TEXT_H_
