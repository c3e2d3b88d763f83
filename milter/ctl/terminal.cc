#include "ctl/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace postern::ctl {
namespace {

// https://no-color.org: the variable counts where it is set and not empty.
bool shows_colours(int fd) {
  const char* const no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* const term = std::getenv("TERM");
  if (term == nullptr || std::string_view(term) == "dumb") return false;
  return ::isatty(fd) == 1;
}

const char* begin_of(Look look) {
  switch (look) {
    case Look::heading:
      return "\x1b[1m";
    case Look::alarm:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::string styled(int fd, Look look, const std::string& text) {
  return shows_colours(fd) ? begin_of(look) + text + "\x1b[0m" : text;
}

}  // namespace postern::ctl
