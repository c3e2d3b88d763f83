// What only the real engine can tell: that it understands us, and that it sees the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "adapters/spamd/spamd_scanner.h"
#include "listing_dns.h"
#include "scan_mail.h"
#include "support/child_process.h"

namespace postern::spamd {
namespace {

constexpr const char* kGtube =
    "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";

class RealSpamd : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<test::TempDir>();
    std::filesystem::permissions(directory_->path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(*directory_ / "home");
    port_ = test::free_port();
    const std::string port = std::to_string(port_);
    // One rule of our own on top of the distribution's tells whether the client arrived.
    std::vector<std::string> command = {"/usr/sbin/spamd",
                                        "-L",
                                        "-i",
                                        "127.0.0.1",
                                        "-p",
                                        port,
                                        "-A",
                                        "127.0.0.1",
                                        "-m",
                                        "2",
                                        "--min-children=1",
                                        "--nouser-config",
                                        "-s",
                                        "stderr",
                                        "-H",
                                        (*directory_ / "home").string(),
                                        "--cf=header SAW_CLIENT X-Spam-Relays-Untrusted =~ "
                                        "/^[^\\]]* ip=192\\.0\\.2\\.7 rdns=mail\\.got\\.com "
                                        "helo=mx\\.got\\.com /",
                                        "--cf=score SAW_CLIENT 77.2"};
    if (::geteuid() == 0) command.insert(command.end(), {"-u", "debian-spamd"});
    server_ = std::make_unique<test::ChildProcess>(command, *directory_ / "spamd.log");
    server_->wait_for_port(port_, std::chrono::seconds(300));
  }
  static void TearDownTestSuite() {
    server_.reset();
    directory_.reset();
  }

  static Result<ports::ScanResult> scan(const test::ScanMail& mail) {
    SpamdConfig config;
    config.endpoint.host = "127.0.0.1";
    config.endpoint.port = port_;
    const SystemClock clock;
    SpamdScanner scanner(config, clock);
    return scanner.scan(mail.input(), Deadline::after(std::chrono::seconds(60)));
  }

  inline static std::unique_ptr<test::TempDir> directory_;
  inline static std::unique_ptr<test::ChildProcess> server_;
  inline static std::uint16_t port_ = 0;
};

TEST_F(RealSpamd, ScoresGtubeAtAThousand) {
  test::ScanMail mail;
  mail.message.set_body(kGtube);
  const auto spam = scan(mail);
  ASSERT_TRUE(spam) << spam.error().what;
  EXPECT_GE(spam->score, 1'000'000);
}

TEST_F(RealSpamd, SeesTheClientAndItsNames) {
  test::ScanMail known;
  test::ScanMail other;
  other.client = IpAddress::parse("192.0.2.8");
  const auto seen = scan(known);
  const auto unseen = scan(other);
  ASSERT_TRUE(seen) << seen.error().what;
  ASSERT_TRUE(unseen) << unseen.error().what;
  EXPECT_EQ(seen->score - unseen->score, 77'200);
}

TEST_F(RealSpamd, TakesAwkwardMessages) {
  test::ScanMail empty;
  empty.message = mail::Message();
  EXPECT_TRUE(scan(empty));
  test::ScanMail binary;
  binary.message.set_body(std::string("\0\xff\xfe no end of line", 18) + std::string(300'000, 'x'));
  EXPECT_TRUE(scan(binary));
}

// With a URI DNSBL of our own: the DNS that spamd asks is the test's.
TEST(RealSpamdWithDns, TellsWhichHostsAreListedAndForHowMuch) {
  const test::ListingDns dns({"evil-links.com.uribl.test", "other-links.org.uribl.test"});
  const test::TempDir directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(directory / "home");
  const std::uint16_t port = test::free_port();
  std::vector<std::string> command = {"/usr/sbin/spamd",
                                      "-i",
                                      "127.0.0.1",
                                      "-p",
                                      std::to_string(port),
                                      "-A",
                                      "127.0.0.1",
                                      "-m",
                                      "1",
                                      "--nouser-config",
                                      "-s",
                                      "stderr",
                                      "-H",
                                      (directory / "home").string(),
                                      "--cf=dns_available yes",
                                      "--cf=dns_server 127.0.0.1:" + std::to_string(dns.port()),
                                      "--cf=use_bayes 0",
                                      "--cf=urirhssub TEST_URIBL uribl.test. A 127.0.0.2",
                                      "--cf=body TEST_URIBL eval:check_uridnsbl('TEST_URIBL')",
                                      "--cf=describe TEST_URIBL [URI: not.a.host] is listed",
                                      "--cf=tflags TEST_URIBL net",
                                      "--cf=score TEST_URIBL 7.2"};
  if (::geteuid() == 0) command.insert(command.end(), {"-u", "debian-spamd"});
  test::ChildProcess server(command, directory / "spamd.log");
  server.wait_for_port(port, std::chrono::seconds(300));
  SpamdConfig config;
  config.endpoint.host = "127.0.0.1";
  config.endpoint.port = port;
  config.timeout = std::chrono::seconds(60);
  config.scale = 0.5;
  const SystemClock clock;
  SpamdScanner scanner(config, clock);
  const auto scan = [&](const std::string& body) {
    test::ScanMail mail;
    mail.message.set_body(body);
    return scanner.scan(mail.input(), Deadline::after(std::chrono::seconds(60)));
  };

  const auto listed = scan(
      "Look at http://www.evil-links.com/x and https://a.b.other-links.org/y and "
      "http://got.com/\r\n");
  ASSERT_TRUE(listed) << listed.error().what;
  const auto clean = scan(
      "Look at http://www.good-links.com/x and https://a.b.some-links.org/y and "
      "http://got.com/\r\n");
  ASSERT_TRUE(clean) << clean.error().what;
  EXPECT_TRUE(clean->uri_hits.empty());
  ASSERT_EQ(listed->uri_hits.size(), 1U) << test::read_file(directory / "spamd.log");
  EXPECT_EQ(listed->uri_hits[0].symbol, "TEST_URIBL");
  EXPECT_EQ(listed->uri_hits[0].points, 3600);
  EXPECT_THAT(listed->uri_hits[0].hosts,
              testing::UnorderedElementsAre("evil-links.com", "other-links.org"));
  EXPECT_EQ(listed->score - clean->score, 3600);

  // The message's own words are no rules.
  const auto forged = scan(
      "---- ---------------------- -----\r\n\r\n 50.0 FORGED  x\r\n\r\n"
      "                            [URI: got.com]\r\n");
  ASSERT_TRUE(forged) << forged.error().what;
  EXPECT_TRUE(forged->uri_hits.empty());
}

}  // namespace
}  // namespace postern::spamd
