#include "server/signals.h"

#include <dlfcn.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace {

constexpr std::array kDaemonSignals = {SIGHUP, SIGTERM, SIGINT};

sigset_t daemon_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kDaemonSignals) sigaddset(&set, signal);
  return set;
}

bool is_exactly_daemon_signals(const sigset_t& set) {
  const sigset_t ours = daemon_signals();
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (sigismember(&set, signal) != sigismember(&ours, signal)) return false;
  }
  return true;
}

}  // namespace

// libmilter has no switch against its signal thread: smfi_main() makes it, and it waits in
// sigwait(3) for these three signals and stops the milter on any of them. A signal sent to the
// process goes to any one of those who wait for it, so the daemon would see some and never know of
// the others. The program's own symbol stands before the C library's for shared objects too, and so
// libmilter's thread comes here and sleeps until the process ends. sigwait(3) for any other set
// does what POSIX says; the daemon itself uses signalfd(2).
extern "C" __attribute__((visibility("default"))) int sigwait(const sigset_t* set, int* signal) {
  if (is_exactly_daemon_signals(*set)) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // this thread is nobody's handler either
    for (;;) ::pause();
  }
  for (;;) {
    const int taken = sigwaitinfo(set, nullptr);
    if (taken > 0) {
      *signal = taken;
      return 0;
    }
    if (errno != EINTR) return errno;
  }
}

namespace postern::server {

Result<DaemonSignals> DaemonSignals::make() {
  const sigset_t set = daemon_signals();
  if (const int failed = pthread_sigmask(SIG_BLOCK, &set, nullptr); failed != 0) {
    return permanent_error("pthread_sigmask: " + std::generic_category().message(failed));
  }
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return permanent_error("signalfd: " + std::generic_category().message(errno));
  return DaemonSignals(std::move(fd));
}

std::optional<int> DaemonSignals::next(Milliseconds timeout) {
  pollfd waiting{fd_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  signalfd_siginfo taken{};
  if (::read(fd_.get(), &taken, sizeof taken) != sizeof taken) return std::nullopt;
  return static_cast<int>(taken.ssi_signo);
}

Status libmilter_leaves_signals_alone() {
  if (::dlsym(RTLD_DEFAULT, "sigwait") == reinterpret_cast<void*>(&::sigwait)) return success();
  return permanent_error("libmilter would take the daemon's signals: sigwait is not ours");
}

}  // namespace postern::server
