#include "core/base/json.h"

#include <boost/json/src.hpp>

namespace firetower {

Result<json::value> ParseJson(std::string_view text, ErrorCode code, std::string_view place) {
  json::parse_options options;
  options.max_depth = 32;
  json::stream_parser parser({}, options);
  json::error_code error;
  const size_t used = parser.write_some(text.data(), text.size(), error);
  size_t stop = used;
  if (!error && used < text.size()) {
    stop = text.find_first_not_of(" \t\r\n", used);
    if (stop != std::string_view::npos) error = json::make_error_code(json::error::extra_data);
  }
  if (!error) parser.finish(error);
  if (error) {
    return Error{.code = code,
                 .message = std::string(place) + ": not valid JSON: " + error.message() + " at byte " +
                            std::to_string(stop),
                 .byte_offset = static_cast<int64_t>(stop)};
  }
  return parser.release();
}

}  // namespace firetower
