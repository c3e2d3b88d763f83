// Purpose:   how the bytes of a message are kept in their file: as they are, or compressed.
// Threading: pure functions.
// Units:     sizes in octets.
// Failure:   pack() falls back on plain where nothing is won; unpack() never makes more than `size`
//            octets, whatever the file says; a permanent Error is damage.
// Source:    RFC 8878 (zstd); docs/adr/0040.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::vault {

// How the bytes of a blob are kept in its file.
enum class BlobFormat { plain, zstd };
std::string_view to_string(BlobFormat format);
std::optional<BlobFormat> blob_format_from(std::string_view name);

struct Packed {
  BlobFormat format = BlobFormat::plain;
  std::string compressed;  // nothing where the format is plain: the bytes themselves
};
Packed pack(std::string_view bytes);

// The message of `size` octets that `stored` is.
Result<std::string> unpack(BlobFormat format, std::string stored, std::uint64_t size);

}  // namespace postern::vault
