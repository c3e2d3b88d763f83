// Purpose:   what the dialects' readers share among themselves.
// Threading: pure functions.
// Failure:   as dialect.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/dialect.h"

namespace postern::dialects {

// A text without the HTTP header before it, if there is one.
struct Unwrapped {
  std::string_view body;
  std::string last_of_path;  // "mailServerSetting#0" of a request's URL, decoded; empty: none
};
Unwrapped unwrap(std::string_view text);

Result<Reading> read_cleanmail(policy::Json tree, const std::string& as);
Result<Reading> read_opensrs(policy::Json tree, const std::string& as);
Result<Reading> read_ses(policy::Json tree, const std::string& as);
Result<Reading> read_fujitsu(std::string_view xml);
Result<Reading> read_hitachi(policy::Json tree, const std::string& id_in_url,
                             const std::string& as);

// The member's text, without blanks around it; nothing where it is absent, null, empty or no text.
std::optional<std::string> text_member(const policy::Json& object, std::string_view name);
// A text or a whole number as text, as ids are written.
std::optional<std::string> id_member(const policy::Json& object, std::string_view name);
// True, or "true" in any case.
bool is_true(const policy::Json& object, std::string_view name);
bool has(const policy::Json& object, std::string_view name);

// `name` may also be the whole key: "got.com", "opensrs:got.com".
Result<policy::DocumentKey> key_for(policy::DocumentType type, const std::string& name);

// An API's own words instead of a document ("error", "detailCode", …): an Error that says so.
std::optional<Error> error_answer(const policy::Json& tree);

}  // namespace postern::dialects
