// Purpose:   postern.yml -> Settings, or everything that is wrong with it at once.
// Ownership: the outcome is the caller's.
// Threading: safe from any thread; each call reads the file anew, and the files it names.
// Failure:   Faults, one line each, in the order of the file. An unknown key is one: a misspelt
// setting
//            would otherwise leave its default in force unseen. A file named for a secret that is
//            not there or that others can read is one. The default of keys.token_file alone may be
//            absent.
// Source:    config/postern.yml states every key.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "settings/fault.h"
#include "settings/secret_file.h"
#include "settings/settings.h"

namespace postern::settings {

using LoadOutcome = std::variant<Settings, std::vector<Fault>>;

LoadOutcome load_file(const std::string& path, SecretFiles secret_files = SecretFiles::read);
// `name` stands for the file in faults.
LoadOutcome load_text(const std::string& text, const std::string& name,
                      SecretFiles secret_files = SecretFiles::read);

}  // namespace postern::settings
