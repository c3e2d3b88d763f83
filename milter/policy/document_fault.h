// Purpose:   what is wrong in one document, and where.
// Ownership: values.
// Source:    RFC 6901 (JSON pointer); docs/control.md, "policy check".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::policy {

struct DocumentFault {
  std::string pointer;  // empty: the document as a whole
  std::string what;     // never a secret
};

// More of one document are not told.
inline constexpr std::size_t kMaxDocumentFaults = 100;

// "<pointer>: <what>", as refusals are worded, and back.
DocumentFault fault_from(std::string_view text);
std::string to_string(const DocumentFault& fault);

}  // namespace postern::policy
