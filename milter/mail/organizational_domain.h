// Purpose:   which domains belong to one owner: the organizational domain, and alignment by it.
// Ownership: values; the public suffix list is loaded once and kept.
// Threading: pure functions.
// Failure:   none: a domain without an owner above it (a public suffix, a single label, an address
//            literal) stands for itself alone.
// Source:    RFC 7489 3.2 and 3.1; the Public Suffix List as libpsl knows it (the newer one of its
//            own and the system's).
#pragma once

#include <string>
#include <string_view>

namespace postern::mail {

// "mail.eu.got.co.uk" -> "got.co.uk". Expects an A-label as to_a_label makes it. Under a top-level
// domain that the list does not know, the last two labels.
std::string organizational_domain(const std::string& a_label);

// Strict: the same name. Relaxed: the same organizational domain. What is empty is aligned with
// nothing, not even with itself.
bool is_aligned(const std::string& a, const std::string& b, bool strict);

}  // namespace postern::mail
