// Well-formed UTF-8 (RFC 3629), for text that comes from anywhere. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_BASE_UTF8_H_
#define FIRETOWER_CORE_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace firetower {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the well-formed character that text begins with; 0 if it begins with none.
// REQUIRES: text is not empty. Does not allocate.
size_t Utf8Length(std::string_view text);

// The text with every byte that is not part of a well-formed character replaced by U+FFFD.
std::string ValidUtf8(std::string_view text);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_UTF8_H_
