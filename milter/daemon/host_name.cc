#include "daemon/host_name.h"

#include <unistd.h>

#include <array>

namespace postern::daemon {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace postern::daemon
