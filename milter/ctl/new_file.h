// Purpose:   writes a file with a secret in it: a new one, for its owner alone.
// Failure:   an Error; nothing that is there is ever overwritten, and nothing half-written stays.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::ctl {

Status write_new_secret_file(const std::string& path, std::string_view text);

}  // namespace postern::ctl
