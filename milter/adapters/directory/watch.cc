#include "adapters/directory/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace postern::directory {

Watch::Watch(Wakeup& wakeup) : wakeup_(wakeup), inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

void Watch::begin() { named_.clear(); }

void Watch::add(const std::string& folder) {
  if (!inotify_) return;
  const int watch =
      inotify_add_watch(inotify_.get(), folder.c_str(),
                        IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM |
                            IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  if (watch >= 0) named_.insert(watch);
}

void Watch::end() {
  for (const int watch : watched_) {
    // Fails where the kernel has dropped the watch with its folder, which is as well.
    if (!named_.contains(watch)) (void)inotify_rm_watch(inotify_.get(), watch);
  }
  watched_ = named_;
}

void Watch::drain() {
  // What happened does not matter: the look that follows compares everything, and so a lost event or
  // an overflow costs nothing.
  std::array<char, 65536> events;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
  }
}

Watch::Event Watch::poll_once(Deadline deadline) {
  std::array<pollfd, 2> waiting{pollfd{inotify_.get(), POLLIN, 0}, pollfd{wakeup_.fd(), POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), deadline.poll_timeout()) <= 0) return Event::none;
  if (waiting[1].revents != 0) {
    wakeup_.clear();
    return Event::wakeup;
  }
  drain();
  return Event::change;
}

void Watch::wait(Deadline deadline, Milliseconds quiet, Milliseconds patience) {
  while (!deadline.passed()) {
    switch (poll_once(deadline)) {
      case Event::none:
        continue;
      case Event::wakeup:
        return;
      case Event::change:
        break;
    }
    const Deadline limit = Deadline::after(patience);
    Deadline settled = Deadline::after(quiet).sooner_of(limit);
    while (!settled.passed()) {
      switch (poll_once(settled)) {
        case Event::none:
          break;
        case Event::wakeup:
          return;
        case Event::change:
          settled = Deadline::after(quiet).sooner_of(limit);
          break;
      }
    }
    return;
  }
}

}  // namespace postern::directory
