// Purpose:   where in the tree a blob stands; for the blob store's own files.
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace postern::vault {

inline std::string parent_of(std::string_view id) {
  return "blobs/" + std::string(id.substr(0, 2));
}
inline std::string directory_of(std::string_view id) {
  return parent_of(id) + "/" + std::string(id.substr(2, 2));
}
inline std::string blob_name(std::string_view id) {
  return directory_of(id) + "/" + std::string(id);
}
inline std::string temporary_name(std::string_view id) { return "tmp/" + std::string(id); }

}  // namespace postern::vault
