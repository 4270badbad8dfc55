#include "session/text.h"

namespace firetower::session {

std::string Excerpt(std::string_view text, size_t limit) {
  std::string out;
  for (size_t characters = 0; !text.empty(); ++characters) {
    if (characters == limit) return out + "\xE2\x80\xA6";
    const size_t length = Utf8Length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += kReplacementCharacter;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\xE2\x90";
      out += static_cast<char>(byte == 0x7F ? 0xA1 : 0x80 + byte);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace firetower::session
