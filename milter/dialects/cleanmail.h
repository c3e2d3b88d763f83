// Purpose:   which of the Cleanmail admin API's objects a JSON object is, told by its members: the API
//            writes no type into them.
// Threading: pure functions.
// Failure:   what is none of them is nothing.
#pragma once

#include <optional>

#include "policy/document_key.h"
#include "policy/json_tree.h"

namespace postern::dialects {

// The document that an object is, or that a list of such objects is (rules, groups).
std::optional<policy::DocumentType> cleanmail_type(const policy::Json& object);

// Whether documents of this type are lists of such objects.
bool is_list_type(policy::DocumentType type);

}  // namespace postern::dialects
