// Purpose:   SHA-256, by which a damaged blob is recognised.
// Threading: pure function.
// Failure:   terminates if the crypto library has no SHA-256, which it always has.
#pragma once

#include <string>
#include <string_view>

namespace postern::vault {

std::string sha256(std::string_view bytes);  // 32 octets

}  // namespace postern::vault
