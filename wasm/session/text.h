// Text of a file as people and JSON may see it. Thread-safety: pure functions.
#ifndef FIRETOWER_SESSION_TEXT_H_
#define FIRETOWER_SESSION_TEXT_H_

#include <string>
#include <string_view>

#include "core/base/utf8.h"

namespace firetower::session {

// As ValidUtf8, on one line: control characters become their pictures (U+2400 ...), and more than
// `limit` characters are cut, with "…" for what is left out.
std::string Excerpt(std::string_view text, size_t limit = 80);

}  // namespace firetower::session

#endif  // FIRETOWER_SESSION_TEXT_H_
