#include "server/milter_server.h"

#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "server/milter_service.h"
#include "server/signals.h"

namespace postern::server {
namespace {

// libmilter's own state is static; see "Limits".
constinit std::atomic<bool> libmilter_is_taken = false;

char filter_name[] = "postern";

// Its default is to be ignored: nobody is hurt by one that comes too late.
constexpr int kWakeSignal = SIGURG;

void accept_wake_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // it is enough that poll(2) returns
  ::sigaction(kWakeSignal, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, kWakeSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

class MilterServer::Impl {
 public:
  Impl(MilterOptions options, session::Services& services)
      : options_(std::move(options)),
        service_(std::make_unique<MilterService>(services, options_.max_connections)) {}

  Status open() {
    if (Status checked = libmilter_leaves_signals_alone(); !checked) return checked;
    auto socket = ListenSocket::open(options_.listen, options_.access, options_.backlog);
    if (!socket) return socket.error();
    if (libmilter_is_taken.exchange(true)) {
      return permanent_error("libmilter runs only once in a process");
    }
    has_gate_ = service_->open_gate();
    if (!has_gate_) return permanent_error("another milter has the callbacks");
    socket_.emplace(std::move(*socket));
    // libmilter closes what it is given.
    UniqueFd handed_over(::fcntl(socket_->fd(), F_DUPFD_CLOEXEC, 0));
    if (!handed_over) return permanent_error(std::generic_category().message(errno));
    std::string connection = "fd:" + std::to_string(handed_over.get());
    if (smfi_setconn(connection.data()) != MI_SUCCESS ||
        smfi_register(MilterService::callbacks(filter_name)) != MI_SUCCESS ||
        smfi_settimeout(static_cast<int>(options_.timeout.count() / 1000)) != MI_SUCCESS ||
        smfi_setbacklog(options_.backlog) != MI_SUCCESS || smfi_opensocket(false) != MI_SUCCESS) {
      return permanent_error(options_.listen.to_string() +
                             ": libmilter does not take an open socket; its reason is in syslog");
    }
    static_cast<void>(handed_over.release());
    return success();
  }

  const ListenAddress& address() const { return socket_ ? socket_->address() : options_.listen; }

  Status run() {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || !socket_) return success();
      accept_wake_signals();
      main_thread_ = ::pthread_self();
      running_ = true;
    }
    const int result = smfi_main();
    const std::lock_guard lock(mutex_);
    running_ = false;
    ended_.notify_all();
    if (result == MI_SUCCESS || stopping_) return success();
    return permanent_error("libmilter gave up; its reason is in syslog");
  }

  bool stop(Milliseconds patience) {
    end_main();
    if (has_gate_ && !MilterService::close_gate(patience)) {
      // Whoever is still inside goes on using it.
      log::error("a milter transaction did not end in time");
      static_cast<void>(service_.release());
      return false;
    }
    has_gate_ = false;
    socket_.reset();
    service_.reset();
    return true;
  }

 private:
  void end_main() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    if (!running_) return;
    // smfi_stop() says "stop" and then waits for a lock that the accepting thread holds while it polls, for up
    // to five seconds. So a thread of its own says it, and a signal ends the poll; again, should it have come just
    // before one. (A connection to our own socket would end it as well, but libmilter sleeps for a second when it
    // accepts one after its pool of threads has stopped.)
    std::thread stopper([] { smfi_stop(); });
    while (running_) {
      ::pthread_kill(main_thread_, kWakeSignal);
      ended_.wait_for(lock, Milliseconds(5), [this] { return !running_; });
    }
    lock.unlock();
    stopper.join();
  }

  const MilterOptions options_;
  std::optional<ListenSocket> socket_;
  std::unique_ptr<MilterService> service_;
  bool has_gate_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  pthread_t main_thread_{};  // under mutex_; while running_
  bool running_ = false;     // under mutex_
  bool stopping_ = false;    // under mutex_
};

MilterServer::MilterServer(MilterOptions options, session::Services& services)
    : impl_(std::make_unique<Impl>(std::move(options), services)) {}
MilterServer::~MilterServer() {
  if (impl_) static_cast<void>(stop());
}

Status MilterServer::open() { return impl_->open(); }
const ListenAddress& MilterServer::address() const { return impl_->address(); }
Status MilterServer::run() { return impl_->run(); }
bool MilterServer::stop(Milliseconds patience) { return impl_->stop(patience); }

}  // namespace postern::server
