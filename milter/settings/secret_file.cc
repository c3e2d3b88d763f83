#include "settings/secret_file.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace postern::settings {
namespace {

Error cannot_read(const std::string& path) {
  return permanent_error(path + " cannot be read: " + std::strerror(errno));
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  // Not to hang on a FIFO that nobody writes to; for a regular file the flag means nothing.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return cannot_read(path);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return cannot_read(path);
  if (!S_ISREG(status.st_mode)) return permanent_error(path + " is not a regular file");
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return permanent_error(path + " is open to everybody: chmod o= it");
  }
  // One byte more than allowed, so that a file that is too large shows.
  std::string text(kMaxSecretSize + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  const bool too_large = size > kMaxSecretSize;
  std::size_t length = size;
  if (length > 0 && text[length - 1] == '\n') --length;
  if (length > 0 && text[length - 1] == '\r') --length;
  Secret secret(std::string(text.data(), length));
  explicit_bzero(text.data(), text.size());
  if (too_large) return permanent_error(path + " is larger than 64 KiB");
  if (secret.empty()) return permanent_error(path + " is empty");
  return secret;
}

}  // namespace postern::settings
