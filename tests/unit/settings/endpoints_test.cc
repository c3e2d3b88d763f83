// A text that names a socket, a host or a file is taken exactly when it can be meant.
#include "settings/endpoints.h"

#include <gtest/gtest.h>

namespace postern::settings {
namespace {

using Check = Complaint (*)(std::string_view);
struct Texts {
  const char* name;
  Check check;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};
class Endpoints : public testing::TestWithParam<Texts> {};

TEST_P(Endpoints, AreTakenOrRefused) {
  for (const std::string& text : GetParam().good) {
    EXPECT_EQ(GetParam().check(text).value_or("good"), "good") << text;
  }
  for (const std::string& text : GetParam().bad) {
    const Complaint complaint = GetParam().check(text);
    EXPECT_TRUE(complaint.has_value()) << text;
    if (complaint) {
      EXPECT_FALSE(complaint->empty());
    }
  }
}

const std::string kLongPath = "/" + std::string(106, 'x');
const std::string kTooLongPath = "/" + std::string(107, 'x');

INSTANTIATE_TEST_SUITE_P(
    All, Endpoints,
    testing::Values(
        Texts{
            "milter",
            check_milter_listen,
            {"inet:8891@127.0.0.1", "inet:8891@localhost", "inet:1@0.0.0.0", "inet6:8891@::1",
             "inet6:8891@::", "unix:/run/postern/milter.sock", "local:/run/m", "unix:" + kLongPath},
            {"", "8891", "inet:8891", "inet:@127.0.0.1", "inet:0@127.0.0.1", "inet:65536@127.0.0.1",
             "inet:127.0.0.1:8891", "inet:8891@", "inet:8891@::1", "inet6:8891@127.0.0.1",
             "inet:8891@[::1]", "inet:88x@127.0.0.1", "unix:run/m", "unix:", "/run/m",
             "inet:8891@a b", "unix:" + kTooLongPath, "tcp:8891@127.0.0.1"}},
        Texts{"tables",
              check_tables_listen,
              {"unix:/run/t", "inet:127.0.0.1:8892", "inet:[::1]:8892", "inet:localhost:8892"},
              {"", "/run/t", "127.0.0.1:8892", "inet:8892@127.0.0.1", "inet:127.0.0.1",
               "inet:::1:8892", "unix:t", "inet:127.0.0.1:0"}},
        Texts{"secrets",
              check_unix_listen,
              {"unix:/run/s"},
              {"", "inet:127.0.0.1:8892", "/run/s", "unix:", "local:/run/s"}},
        Texts{"host and port",
              check_host_port,
              {"127.0.0.1:9791", "[::1]:9791", "localhost:1", "mx_1.example.com:65535"},
              {"", "9791", ":9791", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:9791",
               "[::1]", "[]:1", "[127.0.0.1]:1", "[IPv6:::1]:1", "256.0.0.1:1", "1.2.3:1", "a b:1",
               "-a:1", "a..b:1", "unix:/run/x"}},
        Texts{"endpoint",
              check_endpoint,
              {"127.0.0.1:783", "[::1]:783", "spamd.example:783", "unix:/run/clamav/clamd.ctl"},
              {"", "783", "unix:run", "http://h:1", "127.0.0.1"}},
        Texts{"http address",
              check_http_url,
              {"http://127.0.0.1:11333", "http://rspamd", "http://rspamd/", "http://[::1]:11333/x",
               "http://[::1]"},
              {"", "http://", "https://h", "127.0.0.1:11333", "http://u:p@h:1", "http://h:0",
               "http://::1", "http://a b", "http://h/\x01", "ftp://h"}},
        Texts{"redis address",
              check_redis_url,
              {"redis://127.0.0.1:6379/0", "redis://r", "redis://r:1", "redis://r/15", "redis://r/",
               "redis://[::1]:6379/0", "redis://[::1]/0"},
              {"", "redis://", "rediss://r", "redis://user:x@r", "redis://:x@r:6379", "redis://r/x",
               "redis://r/1/2", "redis://::1", "redis://r:0", "r:6379"}},
        Texts{"host",
              check_host,
              {"mx.example.com", "192.0.2.1", "2001:db8::1", "localhost"},
              {"", "[::1]", "IPv6:::1", "a b", "1.2.3.4.5", "a.", ".a", "a-.b"}},
        Texts{"domain",
              check_domain,
              {"example.com", "xn--bcher-kva.example", std::string(63, 'a') + ".example"},
              {"", ".", "example.com.",
               "b\xc3\xbc"
               "cher.example",
               std::string(64, 'a') + ".example", "a/b", "*.example.com", "_dmarc.example.com",
               std::string(300, 'a')}},
        Texts{"path",
              check_path,
              {"/", "/etc/postern", "/a b"},
              {"", "etc", "~/x", "/" + std::string(5'000, 'x')}},
        Texts{"header",
              check_header_name,
              {"X-Spam-Score", "From"},
              {"", "From:", "X Y", "X\r\nY", "\xc3\xa4", std::string(77, 'x')}}),
    [](const auto& test) {
      std::string name = test.param.name;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

TEST(DnsServers, AreAddressesWithOrWithoutAPort) {
  EXPECT_EQ(parse_dns_server("192.0.2.1"), (DnsServer{*IpAddress::parse("192.0.2.1"), 53}));
  EXPECT_EQ(parse_dns_server("127.0.0.1:5353"), (DnsServer{*IpAddress::parse("127.0.0.1"), 5353}));
  EXPECT_EQ(parse_dns_server("2001:db8::1"), (DnsServer{*IpAddress::parse("2001:db8::1"), 53}));
  EXPECT_EQ(parse_dns_server("[::1]:53"), (DnsServer{*IpAddress::parse("::1"), 53}));
  for (const char* text : {"", "ns.example.com", "ns.example.com:53", "[::1]",
                           "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "IPv6:::1"}) {
    EXPECT_EQ(parse_dns_server(text), std::nullopt) << text;
  }
}

TEST(Sockets, AreTheSameHoweverSpelt) {
  EXPECT_EQ(socket_of("unix:/run/x"), socket_of("local:/run/x"));
  EXPECT_EQ(socket_of("unix:/run/x"), socket_of("/run/x"));
  EXPECT_EQ(socket_of("inet:8891@127.0.0.1"), socket_of("127.0.0.1:8891"));
  EXPECT_EQ(socket_of("inet6:8891@::1"), socket_of("inet:[0::1]:8891"));
  EXPECT_EQ(socket_of("inet:8891@LocalHost"), socket_of("inet:localhost:8891"));
  EXPECT_NE(socket_of("inet:8891@127.0.0.1"), socket_of("inet:8892@127.0.0.1"));
  EXPECT_NE(socket_of("inet:8891@127.0.0.1"), socket_of("inet:8891@127.0.0.2"));
}

}  // namespace
}  // namespace postern::settings
