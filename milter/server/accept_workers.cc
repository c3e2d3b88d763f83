#include "server/accept_workers.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace postern::server {
namespace {

// False: woken to stop, timed out or broken.
bool wait_for(int fd, short events, int wake, std::optional<Deadline> deadline) {
  for (;;) {
    std::array<pollfd, 2> waiting{{{fd, events, 0}, {wake, POLLIN, 0}}};
    const int ready =
        ::poll(waiting.data(), waiting.size(), deadline ? deadline->poll_timeout() : -1);
    if (ready == 0 || waiting[1].revents != 0) return false;
    if (ready > 0) return true;
    if (errno != EINTR) return false;
  }
}

bool stopped(int wake) {
  pollfd waiting{wake, POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

}  // namespace

std::size_t Peer::read_some(char* into, std::size_t size, Deadline deadline) const {
  // The deadline is looked at before every read: one octet at a time must not outlive it.
  while (!deadline.passed()) {
    const ssize_t got = ::recv(fd_, into, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR) return 0;
    if (!wait_for(fd_, POLLIN, wake_, deadline)) return 0;
  }
  return 0;
}

bool Peer::write_all(std::string_view bytes, Deadline deadline) const {
  while (!bytes.empty()) {
    if (deadline.passed()) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    if (!wait_for(fd_, POLLOUT, wake_, deadline)) return false;
  }
  return true;
}

AcceptWorkers::AcceptWorkers(ListenSocket socket, UniqueFd wake, std::size_t threads, Serve serve)
    : socket_(std::move(socket)), wake_(std::move(wake)), serve_(std::move(serve)) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

AcceptWorkers::~AcceptWorkers() { stop(); }

void AcceptWorkers::stop() {
  ::eventfd_write(wake_.get(), 1);  // never read: all threads see it
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void AcceptWorkers::run() const {
  while (wait_for(socket_.fd(), POLLIN, wake_.get(), std::nullopt)) {
    const UniqueFd fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      // Out of descriptors: the socket stays readable, and so only time can be waited for.
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        static_cast<void>(wait_for(-1, 0, wake_.get(), Deadline::after(Milliseconds(100))));
        if (stopped(wake_.get())) return;
      }
      continue;
    }
    try {
      serve_(Peer(fd.get(), wake_.get()));
    } catch (const std::exception& error) {
      log::error("serving a connection failed",
                 {{"socket", address().to_string()}, {"reason", error.what()}});
    } catch (...) {
      log::error("serving a connection failed", {{"socket", address().to_string()}});
    }
  }
}

Result<UniqueFd> make_wake() {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return permanent_error("eventfd: " + std::generic_category().message(errno));
  return wake;
}

}  // namespace postern::server
