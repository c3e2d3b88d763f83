// Purpose:   what the decoders of this room share among themselves: one function per document type.
// Threading: pure functions.
// Failure:   as decode.h.
#pragma once

#include <string_view>
#include <variant>

#include "base/result.h"
#include "policy/decode.h"

namespace postern::policy {

// As Document, but by value, so that the snapshot can share the nested parts before it seals them.
using DecodedValue = std::variant<Domain, User, Policy, Platform, DkimKeys, Opaque>;

Result<DecodedValue> decode_value(const DocumentKey& key, std::string_view json,
                                  const DecodeOptions& options);

}  // namespace postern::policy
