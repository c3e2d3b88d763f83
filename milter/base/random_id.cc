#include "base/random_id.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/hex.h"

namespace postern {

std::string random_id() {
  std::array<unsigned char, 16> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno != EINTR) std::abort();
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace postern
