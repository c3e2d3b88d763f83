// Purpose:   reads a file that holds a secret, and refuses one that others can read.
// Threading: safe from any thread.
// Failure:   an Error that says why and never what was in it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace postern::settings {

inline constexpr std::size_t kMaxSecretSize = 64UL * 1024;

// Whether loading settings reads the files they name.
enum class SecretFiles {
  read,
  leave,  // for who may not read them and does not need them: posternctl run by anybody
};

// The file's text without its last line end. A regular file (a link to one counts as one), neither
// readable nor writable by others, neither empty nor larger than 64 KiB.
Result<Secret> read_secret_file(const std::string& path);

}  // namespace postern::settings
