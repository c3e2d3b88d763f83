// Purpose:   keeps from libspf2 what it must not see: records that overrun its buffers or that it
//            would judge in part.
// Threading: pure functions.
// Failure:   a permanent Error that says why this engine does not read the record.
// Source:    RFC 7208 3, 4.5, 6; libspf2 1.2.10, spf_compile.c.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postern::spf2 {

// A longer term can write past the buffer in which the library compiles it.
inline constexpr std::size_t kLongestTerm = 400;
inline constexpr std::size_t kLongestRecord = 4096;

struct GuardedRecord {
  // As the library is to read it: one space between terms, "redirect=" behind all mechanisms, since it
  // would follow it where it stands.
  std::string text;
  std::size_t terms = 0;
};

bool is_spf_record(std::string_view text);
Result<GuardedRecord> guard(std::string_view text);

// Printable ASCII only, everything else '?': the library's URL escaping overruns on other octets.
std::string harmless(std::string_view text, std::size_t most);

}  // namespace postern::spf2
