// Purpose:   the secrets that a document may hold sealed, and sealing them: for whoever writes
//            documents to a store that others can read.
// Threading: pure functions.
// Failure:   an Error, and the document is not to be written; texts never hold a secret.
// Source:    base/sealed_box.h. Sealed is the member's text as it would stand there otherwise.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/document_key.h"

namespace postern::policy {

// dkim's privateKey, opensrs's dkim_key, smarthost's password.
bool may_be_sealed(DocumentType type);

// The document with every such member sealed to the public key (base64). What is sealed already, null
// or empty stays as it is; a document of another type comes back as it was given.
Result<std::string> seal_document(const DocumentKey& key, std::string_view json,
                                  std::string_view public_key);

}  // namespace postern::policy
