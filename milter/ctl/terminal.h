// Purpose:   what a terminal may be shown beyond plain text. Files, pipes, TERM=dumb and NO_COLOR get none of it.
// Ownership: values.
// Threading: one thread.
#pragma once

#include <string>

namespace postern::ctl {

enum class Look {
  heading,  // bold
  alarm,    // bold red
};

// The text as it is where `fd` (STDOUT_FILENO, STDERR_FILENO) shows no colours.
std::string styled(int fd, Look look, const std::string& text);

}  // namespace postern::ctl
