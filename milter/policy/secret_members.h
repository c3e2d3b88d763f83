// Purpose:   which members of the documents are secret, and showing a document without them.
// Threading: pure functions.
#pragma once

#include <string_view>

#include "policy/json_tree.h"

namespace postern::policy {

inline constexpr std::string_view kRedacted = "(redacted)";

// privateKey, password, bind_password, clientSecret, dkim_key and the like, however they are
// spelled.
bool is_secret_member(std::string_view name);

// Replaces every secret in the tree: secret members, texts in authData and apiData, and whatever
// looks like a private key wherever it stands.
void redact(Json& json);

}  // namespace postern::policy
