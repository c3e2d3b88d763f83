// Purpose:   what a file's name says: which document it is, or that it is none of ours.
// Threading: pure functions.
// Failure:   a name that is meant as a document but cannot be one is refused with a reason.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace postern::directory {

enum class Format { json, yaml };

struct DocumentFile {
  std::string name;  // percent-decoded: "%2A" is "*"
  Format format;
};
struct IgnoredFile {};  // hidden, an editor's backup, a temporary file
struct RefusedFile {
  std::string why;
};

std::variant<DocumentFile, IgnoredFile, RefusedFile> read_file_name(std::string_view file);

}  // namespace postern::directory
