#include "base/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace postern {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Wakeup::signal() noexcept {
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) is signalled already.
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

void Wakeup::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

void Wakeup::wait(Deadline deadline) const noexcept {
  pollfd waiting{fd_.get(), POLLIN, 0};
  while (!deadline.passed()) {
    if (::poll(&waiting, 1, deadline.poll_timeout()) > 0) return;
  }
}

}  // namespace postern
