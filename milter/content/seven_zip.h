// Purpose:   whether the list of members of a 7z may be read. It is unpacked in one go, before the first
//            member is told, and may say of itself that it is gigabytes.
// Threading: pure functions.
// Units:     octets.
// Source:    7zFormat.txt: SignatureHeader, EncodedHeader, Packed Streams.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::content {

inline constexpr std::uint64_t kLargestSevenZipHeader = 8 << 20;

// True also of what has no list in it at all: there is nothing to unpack then. False: the list, packed
// or unpacked, is larger than kLargestSevenZipHeader, or is packed in a way that cannot be told.
bool has_readable_seven_zip_header(std::string_view bytes);

}  // namespace postern::content
