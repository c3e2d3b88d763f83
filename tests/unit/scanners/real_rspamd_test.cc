// What only the real engine can tell: that it understands us, and that it sees client and
// recipients.
#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/rspamd/rspamd_scanner.h"
#include "listing_dns.h"
#include "scan_mail.h"
#include "support/child_process.h"

namespace postern::rspamd {
namespace {

// With test patterns on, the letter in front says which action.
std::string pattern(char letter) {
  return std::string(1, letter) +
         "JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";
}

class RealRspamd : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<test::TempDir>();
    std::filesystem::permissions(directory_->path(), std::filesystem::perms(0755));
    const auto conf = *directory_ / "conf";
    std::filesystem::copy("/etc/rspamd", conf, std::filesystem::copy_options::recursive);
    for (const char* name : {"db", "run", "log"}) {
      std::filesystem::create_directory(*directory_ / name);
      std::filesystem::permissions(*directory_ / name, std::filesystem::perms(0777));
    }
    // What would ask the network, and what needs Redis.
    const auto override_d = conf / "override.d";
    std::filesystem::create_directories(override_d);
    for (const char* module :
         {"surbl",     "hfilter", "fuzzy_check",   "phishing",       "asn",
          "spf",       "dmarc",   "arc",           "dkim",           "greylist",
          "ratelimit", "neural",  "history_redis", "url_redirector", "mid",
          "mx_check",  "replies", "antivirus",     "bayes_expiry",   "elastic",
          "maillist"}) {
      test::write_file(override_d / (std::string(module) + ".conf"), "enabled = false;\n");
    }
    port_ = test::free_port();
    // A URI DNSBL of our own, in the DNS that the test plays; the shipped lists find nothing there.
    dns_ = std::make_unique<test::ListingDns>(
        std::vector<std::string>{"evil-links.com.uribl.test", "got.com.uribl.test"});
    test::write_file(override_d / "rbl.conf", R"(
rbls { test_uribl { symbol = "TEST_URIBL"; rbl = "uribl.test"; checks = ["urls"];
                    no_ip = true; ipv6 = false; ignore_defaults = true; } }
)");
    std::filesystem::create_directories(conf / "local.d");
    test::write_file(conf / "local.d" / "rbl_group.conf",
                     "symbols = { \"TEST_URIBL\" { weight = 7.25; } }\n");
    test::write_file(override_d / "options.inc",
                     "dns { nameserver = [\"127.0.0.1:" + std::to_string(dns_->port()) +
                         ":1\"]; timeout = 1s; retransmits = 1; }\n"
                         "enable_test_patterns = true;\n");
    test::write_file(override_d / "worker-normal.inc",
                     "bind_socket = \"127.0.0.1:" + std::to_string(port_) + "\"; count = 1;\n");
    for (const char* worker : {"worker-proxy.inc", "worker-fuzzy.inc", "worker-controller.inc"}) {
      test::write_file(override_d / worker, "enabled = false;\n");
    }
    // A symbol of our own tells whether the transaction's facts arrived.
    test::write_file(conf / "rspamd.local.lua", R"(
rspamd_config:register_symbol{
  name = 'SAW_TRANSACTION', score = 77.25, callback = function(task)
    local ip = task:get_from_ip()
    local from = task:get_from('smtp')
    local rcpts = task:get_recipients('smtp')
    return ip and ip:is_valid() and ip:to_string() == '192.0.2.7'
      and from and from[1].addr == 'jon@got.com'
      and rcpts and #rcpts == 2 and rcpts[2].addr == 'bran@stark.net'
      and task:get_helo() == 'mx.got.com' and task:get_hostname() == 'mail.got.com'
      and task:get_user() == 'jon' and task:get_queue_id() == '4XyZ12'
  end
}
)");
    std::vector<std::string> command = {"/usr/bin/rspamd",
                                        "-f",
                                        "-c",
                                        (conf / "rspamd.conf").string(),
                                        "--var=CONFDIR=" + conf.string(),
                                        "--var=LOCAL_CONFDIR=" + conf.string(),
                                        "--var=DBDIR=" + (*directory_ / "db").string(),
                                        "--var=RUNDIR=" + (*directory_ / "run").string(),
                                        "--var=LOGDIR=" + (*directory_ / "log").string()};
    if (::geteuid() == 0) command.insert(command.end(), {"-u", "_rspamd", "-g", "_rspamd"});
    server_ = std::make_unique<test::ChildProcess>(command, *directory_ / "rspamd.log");
    server_->wait_for_port(port_, std::chrono::seconds(300));
  }
  static void TearDownTestSuite() {
    server_.reset();
    dns_.reset();
    directory_.reset();
  }

  static Result<ports::ScanResult> scan(const test::ScanMail& mail) {
    RspamdConfig config;
    config.url = "http://127.0.0.1:" + std::to_string(port_);
    config.timeout = std::chrono::seconds(60);
    return RspamdScanner(config).scan(mail.input(), Deadline::after(std::chrono::seconds(60)));
  }

  inline static std::unique_ptr<test::TempDir> directory_;
  inline static std::unique_ptr<test::ListingDns> dns_;
  inline static std::unique_ptr<test::ChildProcess> server_;
  inline static std::uint16_t port_ = 0;
};

TEST_F(RealRspamd, GivesTheScoreOfWhatDecidesBeforeTheScan) {
  test::ScanMail reject;
  reject.message.set_body(pattern('X'));
  test::ScanMail tag;
  tag.message.set_body(pattern('Y'));
  const auto rejected = scan(reject);
  const auto tagged = scan(tag);
  ASSERT_TRUE(rejected) << rejected.error().what;
  ASSERT_TRUE(tagged) << tagged.error().what;
  // The shipped limits of "reject" and "add header".
  EXPECT_EQ(rejected->score, 15'000);
  EXPECT_EQ(tagged->score, 6000);
}

TEST_F(RealRspamd, IsUnavailableForAMessageItSkips) {
  test::ScanMail mail;
  mail.message.set_body(pattern('A'));
  const auto skipped = scan(mail);
  ASSERT_FALSE(skipped);
  EXPECT_EQ(skipped.error().permanence, Permanence::temporary);
}

TEST_F(RealRspamd, SeesTheTransaction) {
  test::ScanMail known;
  known.sasl_user = "jon";
  known.recipients.push_back(*mail::parse_recipient({"<bran@stark.net>"}));
  test::ScanMail other = known;
  other.client = IpAddress::parse("192.0.2.8");
  const auto seen = scan(known);
  const auto unseen = scan(other);
  ASSERT_TRUE(seen) << seen.error().what;
  ASSERT_TRUE(unseen) << unseen.error().what;
  EXPECT_EQ(seen->score - unseen->score, 77'250);
}

TEST_F(RealRspamd, TakesAwkwardMessages) {
  test::ScanMail binary;
  binary.message.set_body(std::string("\0\xff\xfe no end of line", 18) + std::string(300'000, 'x'));
  const auto result = scan(binary);
  EXPECT_TRUE(result) << result.error().what;
}

TEST_F(RealRspamd, TellsWhichHostsAreListedAndForHowMuch) {
  test::ScanMail listed;
  listed.message.set_body("Look at http://www.evil-links.com/x and http://good-links.com/\r\n");
  test::ScanMail clean;
  clean.message.set_body("Look at http://www.some-links.com/x and http://good-links.com/\r\n");
  const auto result = scan(listed);
  ASSERT_TRUE(result) << result.error().what;
  const auto none = scan(clean);
  ASSERT_TRUE(none) << none.error().what;
  EXPECT_TRUE(none->uri_hits.empty());
  ASSERT_EQ(result->uri_hits.size(), 1U) << test::read_file(*directory_ / "rspamd.log");
  EXPECT_EQ(result->uri_hits[0].symbol, "TEST_URIBL");
  EXPECT_EQ(result->uri_hits[0].points, 7250);
  EXPECT_EQ(result->uri_hits[0].hosts, std::vector<std::string>{"evil-links.com"});
  EXPECT_EQ(result->score - none->score, 7250);
}

}  // namespace
}  // namespace postern::rspamd
