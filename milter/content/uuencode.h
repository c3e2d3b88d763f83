// Purpose:   files that stand uuencoded in the text of a message, as programs sent them before MIME
//            and as some mail programs still show them.
// Threading: pure functions.
// Failure:   none: a "begin" line that no line of uuencoded data follows is prose.
// Source:    POSIX uuencode(1), the historical algorithm.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::content {

struct UuFile {
  std::string name;  // as it stands in the text
  std::string bytes;
};
// At most `max_files`, in order.
std::vector<UuFile> find_uuencoded(std::string_view text, std::size_t max_files);

}  // namespace postern::content
