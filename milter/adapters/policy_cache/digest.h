// Purpose:   what tells a sound cache from a damaged one: a SHA-256 for each document and, combined
//            without regard to order, one for the whole set, so that a change costs what it changes.
// Threading: values and pure functions.
// Failure:   none; against damage, not against somebody who may write the file.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace postern::policy_cache {

using Digest = std::array<unsigned char, 32>;

Digest digest_of(std::string_view key, std::string_view json);
// Adds a document's digest to a set's, or takes it out again.
void toggle(Digest& set, const Digest& document);
std::string_view bytes_of(const Digest& digest);

}  // namespace postern::policy_cache
