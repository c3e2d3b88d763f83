// Purpose:   a document that came from an API laid over the one that is stored: what the API does not
//            give back when it is asked (private keys, passwords) and what is ours stays as pushed.
// Threading: pure functions.
// Failure:   none: where the two do not fit each other, what came counts.
// Source:    docs/documents.md, "Importing".
#pragma once

#include "dialects/dialect.h"
#include "policy/json_tree.h"

namespace postern::dialects {

// An answer of the Cleanmail admin API: it is the whole document, but for secrets that it leaves out
// or answers null or "" for, and for members of our own (enforcement, recipientsKnown, …). Entries of
// lists are matched by id, else by selector.
policy::Json merge_answer(const policy::Json& stored, policy::Json fresh);

// What an import of the dialect makes of the stored document.
policy::Json merge_import(Dialect dialect, const policy::Json& stored, policy::Json fresh);

}  // namespace postern::dialects
