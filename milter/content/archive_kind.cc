#include "content/archive_kind.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "content/file_name.h"

namespace postern::content {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  ArchiveKind kind;
};
constexpr Signature kSignatures[] = {
    {0, "PK\x03\x04"sv, ArchiveKind::zip},
    {0, "PK\x05\x06"sv, ArchiveKind::zip},
    {0, "PK00PK\x03\x04"sv, ArchiveKind::zip},
    {0, "Rar!\x1a\x07"sv, ArchiveKind::rar},
    {0, "7z\xbc\xaf\x27\x1c"sv, ArchiveKind::seven_zip},
    {257, "ustar"sv, ArchiveKind::tar},
    {0, "\x1f\x8b"sv, ArchiveKind::gzip},
    {0, "BZh"sv, ArchiveKind::bzip2},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     ArchiveKind::xz},
    {0, "\x28\xb5\x2f\xfd"sv, ArchiveKind::zstd},
};

struct Declared {
  std::string_view extension;
  std::string_view type;
  ArchiveKind kind;
};
constexpr Declared kDeclared[] = {
    {"zip", "application/zip", ArchiveKind::zip},
    {"zipx", "application/x-zip-compressed", ArchiveKind::zip},
    {"", "application/x-zip", ArchiveKind::zip},
    {"rar", "application/vnd.rar", ArchiveKind::rar},
    {"", "application/x-rar-compressed", ArchiveKind::rar},
    {"", "application/x-rar", ArchiveKind::rar},
    {"7z", "application/x-7z-compressed", ArchiveKind::seven_zip},
    {"tar", "application/x-tar", ArchiveKind::tar},
};

// The first member of an archive says what is packed so by its format.
bool is_document(std::string_view bytes) {
  constexpr std::size_t kLocalHeader = 30;
  if (bytes.size() < kLocalHeader || !bytes.starts_with("PK\x03\x04")) return false;
  const std::size_t size =
      static_cast<unsigned char>(bytes[26]) | static_cast<std::size_t>(bytes[27] & 0x7f) << 8U;
  const std::string_view first = bytes.substr(kLocalHeader, size);
  for (const std::string_view whole :
       {"[Content_Types].xml", "mimetype", "AndroidManifest.xml", "classes.dex"}) {
    if (first == whole) return true;
  }
  for (const std::string_view folder : {"_rels/", "docProps/", "META-INF/", "customXml/"}) {
    if (first.starts_with(folder)) return true;
  }
  return false;
}

std::optional<ArchiveKind> declared_kind(std::string_view name, std::string_view type) {
  const std::string ending = extension(name);
  for (const Declared& entry : kDeclared) {
    if ((!entry.extension.empty() && ending == entry.extension) || type == entry.type) {
      return entry.kind;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ArchiveKind> archive_kind(std::string_view name, std::string_view declared_type,
                                        std::string_view bytes) {
  const auto declared = declared_kind(name, declared_type);
  for (const Signature& signature : kSignatures) {
    if (bytes.size() < signature.at + signature.bytes.size()) continue;
    if (bytes.substr(signature.at, signature.bytes.size()) != signature.bytes) continue;
    if (signature.kind == ArchiveKind::zip && !declared && is_document(bytes)) return std::nullopt;
    return signature.kind;
  }
  return bytes.empty() ? std::nullopt : declared;  // text before the first member, an old tar
}

bool is_compressed_stream(ArchiveKind kind) {
  switch (kind) {
    case ArchiveKind::gzip:
    case ArchiveKind::bzip2:
    case ArchiveKind::xz:
    case ArchiveKind::zstd:
      return true;
    case ArchiveKind::zip:
    case ArchiveKind::rar:
    case ArchiveKind::seven_zip:
    case ArchiveKind::tar:
      return false;
  }
  return false;
}

std::string_view without_compression_suffix(std::string_view name) {
  const std::string ending = extension(name);
  for (const std::string_view suffix : {"gz", "bz2", "xz", "zst", "z"}) {
    if (ending == suffix) return name.substr(0, name.size() - suffix.size() - 1);
  }
  return name;
}

}  // namespace postern::content
