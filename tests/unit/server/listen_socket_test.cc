// What an operator can rely on when an address is listened on.
#include "server/listen_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "unit/server/raw_client.h"
#include "unit/server/temp_directory.h"

namespace postern::server {
namespace {

struct AddressCase {
  std::string_view text;
  std::string_view understood;  // empty: refused
};

class ListenAddressTest : public testing::TestWithParam<AddressCase> {};

TEST_P(ListenAddressTest, IsUnderstoodOrRefused) {
  const auto address = ListenAddress::parse(GetParam().text);
  EXPECT_EQ(address.ok() ? address->to_string() : "", GetParam().understood) << GetParam().text;
  if (!address) {
    EXPECT_NE(address.error().what.find('"'), std::string::npos) << "the error names the text";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, ListenAddressTest,
    testing::Values(AddressCase{"unix:/run/postern/tables.sock", "unix:/run/postern/tables.sock"},
                    AddressCase{"local:/run/x", "unix:/run/x"},
                    AddressCase{"/run/postern/control.sock", "unix:/run/postern/control.sock"},
                    AddressCase{"inet:8891@127.0.0.1", "inet:127.0.0.1:8891"},
                    AddressCase{"inet6:8891@::1", "inet:[::1]:8891"},
                    AddressCase{"inet6:8891@[::1]", "inet:[::1]:8891"},
                    AddressCase{"inet:8891", "inet::8891"},
                    AddressCase{"inet:127.0.0.1:8892", "inet:127.0.0.1:8892"},
                    AddressCase{"127.0.0.1:9791", "inet:127.0.0.1:9791"},
                    AddressCase{"[::1]:9791", "inet:[::1]:9791"},
                    AddressCase{"localhost:0", "inet:localhost:0"}, AddressCase{"", ""},
                    AddressCase{"unix:", ""}, AddressCase{"inet:", ""},
                    AddressCase{"inet:65536@127.0.0.1", ""}, AddressCase{"inet:-1@127.0.0.1", ""},
                    AddressCase{"inet:25x@127.0.0.1", ""}, AddressCase{"inet:8891@", ""},
                    AddressCase{":9791", ""}, AddressCase{"127.0.0.1:", ""},
                    AddressCase{"::1:9791", ""}, AddressCase{"somewhere", ""}));

class ListenSocketTest : public testing::Test {
 protected:
  ListenAddress unix_address(const std::string& name) {
    ListenAddress address;
    address.unix_path = directory_.file(name);
    return address;
  }
  // A name that a process which is gone has bound.
  void leave_behind(const ListenAddress& address) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.unix_path.data(), address.unix_path.size());
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    ASSERT_EQ(::listen(fd.get(), 1), 0);
  }

  test::TempDirectory directory_;
};

TEST_F(ListenSocketTest, ASocketLeftBehindByACrashIsReplaced) {
  const auto address = unix_address("left.sock");
  leave_behind(address);
  const auto socket = ListenSocket::open(address, {}, 1);
  ASSERT_TRUE(socket) << socket.error().what;
  EXPECT_TRUE(test::RawClient(address).connected());
}

TEST_F(ListenSocketTest, ASocketThatSomebodyAnswersOnIsLeftAlone) {
  const auto address = unix_address("busy.sock");
  const auto first = ListenSocket::open(address, {}, 1);
  ASSERT_TRUE(first);
  const auto second = ListenSocket::open(address, {}, 1);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("another process"), std::string::npos);
  EXPECT_NE(second.error().what.find(address.unix_path), std::string::npos);
  EXPECT_TRUE(test::RawClient(address).connected());
}

TEST_F(ListenSocketTest, AFileThatIsNoSocketIsNeverRemoved) {
  const auto address = unix_address("precious");
  std::ofstream(address.unix_path) << "data";
  EXPECT_FALSE(ListenSocket::open(address, {}, 1));
  EXPECT_TRUE(std::filesystem::is_regular_file(address.unix_path));
}

TEST_F(ListenSocketTest, ModeAndGroupAreWhatWasAskedFor) {
  const auto address = unix_address("mode.sock");
  for (const mode_t mode : {0600U, 0660U, 0666U}) {
    const mode_t umask_before = ::umask(0077);
    const auto socket = ListenSocket::open(address, {mode, "root"}, 1);
    ::umask(umask_before);
    if (!socket && ::geteuid() != 0) GTEST_SKIP() << "only root may give a file to another group";
    ASSERT_TRUE(socket) << socket.error().what;
    struct stat found {};
    ASSERT_EQ(::stat(address.unix_path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, mode);
    EXPECT_EQ(found.st_gid, 0U);
  }
}

TEST_F(ListenSocketTest, AnUnknownGroupIsAnErrorThatNamesIt) {
  const auto address = unix_address("group.sock");
  const auto socket = ListenSocket::open(address, {0660, "no-such-group"}, 1);
  ASSERT_FALSE(socket);
  EXPECT_NE(socket.error().what.find("no-such-group"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(address.unix_path)) << "nothing is left behind";
}

TEST_F(ListenSocketTest, TheNameIsRemovedAtTheEndUnlessItIsSomebodyElsesByThen) {
  const auto address = unix_address("end.sock");
  { ASSERT_TRUE(ListenSocket::open(address, {}, 1)); }
  EXPECT_FALSE(std::filesystem::exists(address.unix_path));
  {
    const auto socket = ListenSocket::open(address, {}, 1);
    ASSERT_TRUE(socket);
    std::filesystem::rename(address.unix_path, address.unix_path + ".old");
    leave_behind(address);
  }
  EXPECT_TRUE(std::filesystem::exists(address.unix_path));
}

TEST_F(ListenSocketTest, APortThatIsTakenIsAnErrorThatNamesIt) {
  const auto any = ListenAddress::parse("127.0.0.1:0");
  ASSERT_TRUE(any);
  const auto first = ListenSocket::open(*any, {}, 1);
  ASSERT_TRUE(first);
  ASSERT_NE(first->address().port, 0);
  const auto second = ListenSocket::open(first->address(), {}, 1);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find(std::to_string(first->address().port)), std::string::npos);
}

TEST_F(ListenSocketTest, AcceptedConnectionsDoNotDelaySmallAnswers) {
  const auto any = ListenAddress::parse("127.0.0.1:0");
  ASSERT_TRUE(any);
  const auto socket = ListenSocket::open(*any, {}, 1);
  ASSERT_TRUE(socket);
  const test::RawClient client(socket->address());
  pollfd waiting{socket->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 20'000), 1);
  const UniqueFd accepted(::accept(socket->fd(), nullptr, nullptr));
  ASSERT_TRUE(accepted);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
}

}  // namespace
}  // namespace postern::server
