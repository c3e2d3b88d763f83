// Purpose:   one document of an admin API, as it was saved from there, to the documents it stands for.
// Ownership: values.
// Threading: pure functions.
// Failure:   a permanent Error for a text that is none of the dialect's documents, in words that say
//            what to do. What comes out is not judged yet: policy::decode() does that.
// Units:     a text has at most 16 MiB; it may stand behind the header of an HTTP message, as a saved
//            answer or request does.
// Source:    docs/documents.md, "Importing"; the admin APIs of Cleanmail, OpenSRS (change_domain),
//            AWS SES as SailPoint passes it on (MAIL FROM), Fujitsu's mail service
//            (GetIdentityVerificationAttributes), Hitachi Ops Center (EmailServerSettings).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document_key.h"
#include "policy/json_tree.h"

namespace postern::dialects {

enum class Dialect { cleanmail, opensrs, ses, fujitsu, hitachi };
inline constexpr std::array kAllDialects = {Dialect::cleanmail, Dialect::opensrs, Dialect::ses,
                                            Dialect::fujitsu, Dialect::hitachi};
std::string_view to_string(Dialect dialect);
std::optional<Dialect> dialect_named(std::string_view name);

struct ReadDocument {
  policy::DocumentKey key;
  policy::Json json;
  // The request wants nothing changed where the document is there already (OpenSRS: create_only).
  bool only_new = false;
};

struct Reading {
  std::vector<ReadDocument> documents;
  std::vector<std::string> notes;  // what was added, left out or is worth knowing; for people
};

// `as`: whose document it is where it does not say so itself, or the whole key ("uris:got.com");
// empty where it does.
Result<Reading> read(Dialect dialect, std::string_view text, const std::string& as);

}  // namespace postern::dialects
