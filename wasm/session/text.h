// Text of a file as people and JSON may see it. Thread-safety: pure functions.
#ifndef FIRETOWER_SESSION_TEXT_H_
#define FIRETOWER_SESSION_TEXT_H_

#include <string>
#include <string_view>

namespace firetower::session {

// The text with every byte that is not part of well-formed UTF-8 (RFC 3629) replaced by U+FFFD.
std::string ValidUtf8(std::string_view text);

// As ValidUtf8, on one line: control characters become their pictures (U+2400 ...), and more than
// `limit` characters are cut, with "…" for what is left out.
std::string Excerpt(std::string_view text, size_t limit = 80);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_TEXT_H_
