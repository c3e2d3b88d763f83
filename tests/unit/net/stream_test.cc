// A stream to a UNIX socket whose server is slow to take new connections.
#include "adapters/net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "support/child_process.h"

namespace postern::net {
namespace {

class BusyServer : public testing::Test {
 protected:
  BusyServer() {
    address_.sun_family = AF_UNIX;
    std::strncpy(address_.sun_path, path_.c_str(), sizeof address_.sun_path - 1);
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), name(), sizeof address_), 0) << std::strerror(errno);
    EXPECT_EQ(::listen(listener_.get(), 0), 0) << std::strerror(errno);
    fill();
  }
  const sockaddr* name() const { return reinterpret_cast<const sockaddr*>(&address_); }
  // Until the kernel takes no more connections for the server.
  void fill() {
    for (;;) {
      UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (::connect(fd.get(), name(), sizeof address_) != 0) {
        EXPECT_EQ(errno, EAGAIN);
        return;
      }
      waiting_.push_back(std::move(fd));
    }
  }
  Endpoint endpoint() const { return *Endpoint::parse("unix:" + path_); }

  test::TempDir folder_;
  std::string path_ = (folder_ / "socket").string();
  sockaddr_un address_{};
  UniqueFd listener_;
  std::vector<UniqueFd> waiting_;
};

TEST_F(BusyServer, IsNotConnectedToBeforeItTakesUs) {
  const auto stream = Stream::connect(endpoint(), Deadline::after(Milliseconds(50)));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().what, endpoint().to_string() + ": connect: timed out");
  EXPECT_EQ(stream.error().permanence, Permanence::temporary);
}

TEST_F(BusyServer, IsWaitedFor) {
  std::thread server([this] {
    std::this_thread::sleep_for(Milliseconds(50));
    for (std::size_t taken = 0; taken < waiting_.size(); ++taken) {
      const UniqueFd fd(::accept(listener_.get(), nullptr, nullptr));
    }
  });
  const auto stream = Stream::connect(endpoint(), Deadline::after(std::chrono::seconds(60)));
  server.join();
  EXPECT_TRUE(stream) << stream.error().what;
}

TEST_F(BusyServer, IsLeftAtOnceWhenWeStop) {
  Wakeup stop;
  stop.signal();
  const auto stream = Stream::connect(endpoint(), Deadline::after(std::chrono::seconds(60)), &stop);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().what, "stopping");
}

}  // namespace
}  // namespace postern::net
