#include "adapters/vault/blob_codec.h"

#include <zstd.h>

namespace postern::vault {
namespace {

// The library's own default: mail shrinks to a half or a third at some hundred MB/s.
constexpr int kLevel = ZSTD_CLEVEL_DEFAULT;

Error damaged(std::string_view how) {
  return permanent_error("damaged: its file " + std::string(how));
}

}  // namespace

std::string_view to_string(BlobFormat format) {
  switch (format) {
    case BlobFormat::plain:
      return "plain";
    case BlobFormat::zstd:
      return "zstd";
  }
  return "";
}

std::optional<BlobFormat> blob_format_from(std::string_view name) {
  for (const BlobFormat format : {BlobFormat::plain, BlobFormat::zstd}) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

Packed pack(std::string_view bytes) {
  // No room for more than the message itself: what does not shrink is kept as it is.
  std::string compressed(bytes.size(), '\0');
  const std::size_t size =
      ::ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), kLevel);
  if (::ZSTD_isError(size) != 0 || size >= bytes.size()) return {};
  compressed.resize(size);
  return {BlobFormat::zstd, std::move(compressed)};
}

Result<std::string> unpack(BlobFormat format, std::string stored, std::uint64_t size) {
  switch (format) {
    case BlobFormat::plain:
      if (stored.size() != size) return damaged("has not the size it was stored with");
      return stored;
    case BlobFormat::zstd: {
      // Asked before any memory is taken: the header of a damaged file may promise anything.
      if (::ZSTD_getFrameContentSize(stored.data(), stored.size()) != size) {
        return damaged("is no longer the compressed message");
      }
      std::string bytes(size, '\0');
      const std::size_t got =
          ::ZSTD_decompress(bytes.data(), bytes.size(), stored.data(), stored.size());
      if (::ZSTD_isError(got) != 0 || got != size) return damaged("cannot be decompressed");
      return bytes;
    }
  }
  return damaged("is of an unknown format");
}

}  // namespace postern::vault
