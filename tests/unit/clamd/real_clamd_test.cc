// What only the real engine can tell: that it understands us, and how it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "adapters/clamd/clamd_scanner.h"
#include "support/child_process.h"
#include "support/eventually.h"

namespace postern::clamd {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Put together here, so that no scanner takes this file for an infected one.
std::string eicar() {
  return std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") + "EICAR-STANDARD-ANTIVIRUS-" +
         "TEST-FILE!$H+H*\r\n";
}

mail::Message message(std::string body) {
  mail::Message made;
  made.add_header("From", " jon@got.com");
  made.add_header("Subject", " hello");
  made.set_body(std::move(body));
  return made;
}

class RealClamd : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(directory_ / "db");
    test::write_file(directory_ / "db" / "test.ndb",
                     "Test.EICAR:0:*:45494341522d5354414e444152442d414e544956495255532d54455354"
                     "2d46494c4521\n");
    port_ = test::free_port();
    test::write_file(directory_ / "clamd.conf",
                     "Foreground yes\nDatabaseDirectory " + (directory_ / "db").string() +
                         "\nLocalSocket " + socket_path() + "\nTCPAddr 127.0.0.1\nTCPSocket " +
                         std::to_string(port_) + "\nStreamMaxLength 1M\nTemporaryDirectory " +
                         directory_.path().string() + "\nMaxThreads 2\n" +
                         (::geteuid() == 0 ? "User root\n" : ""));
    server_ = std::make_unique<test::ChildProcess>(
        std::vector<std::string>{"/usr/sbin/clamd", "-c", (directory_ / "clamd.conf").string()},
        directory_ / "clamd.log");
    server_->wait_for_port(port_, std::chrono::seconds(300));
    // It opens the local socket after the port.
    ASSERT_TRUE(test::eventually([&] { return over_unix().scan(message(""), in_a_while()).ok(); }));
  }

  std::string socket_path() const { return (directory_ / "clamd.sock").string(); }
  ClamdScanner over_unix() const {
    ClamdConfig config;
    config.endpoint.unix_path = socket_path();
    return ClamdScanner(config);
  }
  ClamdScanner over_tcp() const {
    ClamdConfig config;
    config.endpoint.host = "127.0.0.1";
    config.endpoint.port = port_;
    return ClamdScanner(config);
  }
  static Deadline in_a_while() { return Deadline::after(Milliseconds(60'000)); }

  test::TempDir directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<test::ChildProcess> server_;
};

TEST_F(RealClamd, FindsTheTestVirusAndNothingElse) {
  ClamdScanner local = over_unix();
  ClamdScanner remote = over_tcp();
  for (ClamdScanner* const scanner : {&local, &remote}) {
    const auto found = scanner->scan(message(eicar()), in_a_while());
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_THAT(*found, StartsWith("Test.EICAR"));
    // Behind more than one piece of the stream.
    const auto late =
        scanner->scan(message(std::string(400'000, 'x') + "\r\n" + eicar()), in_a_while());
    ASSERT_TRUE(late) << late.error().what;
    EXPECT_THAT(*late, StartsWith("Test.EICAR"));
    for (const mail::Message& clean : {message("Winter is coming.\r\n"), message(""),
                                       message(std::string("\0\xff\xfe no end", 10))}) {
      const auto none = scanner->scan(clean, in_a_while());
      ASSERT_TRUE(none) << none.error().what;
      EXPECT_EQ(*none, "");
    }
  }
}

TEST_F(RealClamd, SaysThatAMessageIsTooLarge) {
  ClamdScanner local = over_unix();
  ClamdScanner remote = over_tcp();
  for (ClamdScanner* const scanner : {&local, &remote}) {
    for (const std::size_t megabytes : {2U, 40U}) {
      const auto refused = scanner->scan(message(std::string(megabytes << 20U, 'x')), in_a_while());
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().permanence, Permanence::temporary);
      EXPECT_THAT(refused.error().what, HasSubstr("StreamMaxLength")) << scanner->name();
    }
    EXPECT_TRUE(scanner->scan(message("Winter is coming.\r\n"), in_a_while()));
  }
}

TEST_F(RealClamd, IsUnavailableWhileItIsStoppedAndBackAfterwards) {
  ClamdScanner scanner = over_unix();
  server_->signal(SIGSTOP);
  for (const char* const body : {"Winter is coming.\r\n", "again\r\n"}) {
    const auto silent = scanner.scan(message(body), Deadline::after(Milliseconds(200)));
    ASSERT_FALSE(silent);
    EXPECT_EQ(silent.error().permanence, Permanence::temporary);
  }
  server_->signal(SIGCONT);
  const auto found = scanner.scan(message(eicar()), in_a_while());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(*found, StartsWith("Test.EICAR"));
}

TEST_F(RealClamd, IsUnavailableWhenItIsDead) {
  ClamdScanner local = over_unix();
  ClamdScanner remote = over_tcp();
  server_->signal(SIGKILL);  // its socket file stays
  server_->wait();
  for (ClamdScanner* const scanner : {&local, &remote}) {
    const auto nobody = scanner->scan(message("Winter is coming.\r\n"), in_a_while());
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().permanence, Permanence::temporary);
  }
}

}  // namespace
}  // namespace postern::clamd
