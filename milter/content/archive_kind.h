// Purpose:   whether a file is an archive to look into, and which kind.
// Threading: pure functions.
// Source:    PKWARE APPNOTE (zip), the RAR 4 and 5 signatures, 7zFormat.txt, POSIX ustar, RFC 1952,
//            RFC 8878 and the signatures of bzip2 and xz. Documents that are zip files by format
//            (Office, OpenDocument, EPUB, Java, Android) are no archives to their readers: their
//            members are no files that somebody could start.
#pragma once

#include <optional>
#include <string_view>

namespace postern::content {

enum class ArchiveKind { zip, rar, seven_zip, tar, gzip, bzip2, xz, zstd };

std::optional<ArchiveKind> archive_kind(std::string_view name, std::string_view declared_type,
                                        std::string_view bytes);
// One stream, with a tar in it or a single file.
bool is_compressed_stream(ArchiveKind kind);
// "report.pdf.gz" -> "report.pdf"; the name itself where it has no such ending.
std::string_view without_compression_suffix(std::string_view name);

}  // namespace postern::content
