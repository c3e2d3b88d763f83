// What Postfix can rely on from the tables' socket, and what a hostile client cannot do to it.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "server/socketmap_protocol.h"
#include "server/socketmap_server.h"
#include "unit/server/raw_client.h"
#include "unit/server/temp_directory.h"

namespace postern::server {
namespace {

using route::RouteAnswer;
using route::Table;
using test::RawClient;

std::string netstring(const std::string& text) {
  return std::to_string(text.size()) + ":" + text + ",";
}

RouteAnswer look_up(Table table, std::string_view key) {
  if (table == Table::bounce) throw std::runtime_error("a fault in the look-up");
  if (key == "found") return route::Found{"postern-may:[192.0.2.1]:25"};
  if (key == "away") return route::Temporary{"no policy is in force"};
  if (key == "empty") return route::Found{""};
  if (key == "two lines") return route::Found{"a\nb"};
  if (key == "largest") return route::Found{std::string(kMaxReply - 3, 'x')};
  if (key == "too large") return route::Found{std::string(kMaxReply - 2, 'x')};
  if (key == "\"a b\"@got.com") return route::Found{"quoted"};
  return route::NotFound{};
}

class SocketmapTest : public testing::Test {
 protected:
  void start(SocketmapOptions options = {}) {
    options.listen.unix_path = directory_.file("tables.sock");
    if (options.tables.empty()) options.tables = {Table::transport, Table::bounce};
    auto server = SocketmapServer::start(options, look_up);
    ASSERT_TRUE(server) << server.error().what;
    server_ = std::move(*server);
  }
  RawClient client() { return RawClient(server_->address()); }
  std::string ask(RawClient& client, const std::string& request, const std::string& expected) {
    EXPECT_TRUE(client.send(netstring(request)));
    return client.receive(netstring(expected).size());
  }

  test::TempDirectory directory_;
  std::unique_ptr<SocketmapServer> server_;
};

struct AnswerCase {
  std::string request;
  std::string reply;
};

TEST_F(SocketmapTest, EveryAnswerHasItsWord) {
  start();
  const std::vector<AnswerCase> cases = {
      {"transport found", "OK postern-may:[192.0.2.1]:25"},
      {"transport nobody@example.com", "NOTFOUND "},
      {"transport ", "NOTFOUND "},
      {"transport *", "NOTFOUND "},
      {"transport \"a b\"@got.com", "OK quoted"},
      {"transport away", "TEMP no policy is in force"},
      {"transport empty", "TEMP the answer is empty"},
      {"transport two lines", "TEMP the answer holds control characters"},
      {"transport too large", "TEMP the answer is too long"},
      {"bounce anything", "TEMP internal fault"},
      {"sasl_passwd found", "PERM this socket serves no table sasl_passwd"},
      {"nonsense found", "PERM this socket serves no table nonsense"},
      {"trans\xff\x01 x", "PERM this socket serves no table trans??"},
      {"transport", "PERM the request is no \"table key\""},
      {"", "PERM the request is no \"table key\""},
      {" found", "PERM the request is no \"table key\""},
      {"TRANSPORT found", "PERM this socket serves no table TRANSPORT"},
  };
  RawClient one = client();
  for (const AnswerCase& each : cases) {
    EXPECT_EQ(ask(one, each.request, each.reply), netstring(each.reply)) << each.request;
  }
}

TEST_F(SocketmapTest, TheLargestAnswerThatPostfixTakesIsSentWhole) {
  start();
  RawClient one = client();
  const std::string expected = "OK " + std::string(kMaxReply - 3, 'x');
  EXPECT_EQ(ask(one, "transport largest", expected), netstring(expected));
}

TEST_F(SocketmapTest, ARequestInPiecesIsARequest) {
  start();
  RawClient one = client();
  for (const char octet : netstring("transport found")) {
    ASSERT_TRUE(one.send(std::string_view(&octet, 1)));
  }
  const std::string expected = netstring("OK postern-may:[192.0.2.1]:25");
  EXPECT_EQ(one.receive(expected.size()), expected);
}

TEST_F(SocketmapTest, ManyRequestsAtOnceAreAnsweredInTheirOrder) {
  start();
  RawClient one = client();
  std::string requests;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const bool found = i % 3 == 0;
    requests += netstring(found ? "transport found" : "transport x");
    expected += netstring(found ? "OK postern-may:[192.0.2.1]:25" : "NOTFOUND ");
  }
  ASSERT_TRUE(one.send(requests));
  EXPECT_EQ(one.receive(expected.size()), expected);
}

TEST_F(SocketmapTest, AClientThatBreaksTheFramingLosesItsConnectionAndNobodyElse) {
  start();
  RawClient bystander = client();
  const std::string too_long = "transport " + std::string(1991, 'k');
  const std::vector<std::string> hostile = {"x",
                                            ":",
                                            " 3:a b,",
                                            "-1:",
                                            "+3:a b,",
                                            "3;",
                                            "99999999999999999999:",
                                            "2001:",
                                            "15:transport found;",
                                            "0x3:",
                                            netstring(too_long),
                                            "\n",
                                            std::string(1, '\0'),
                                            "GET / HTTP/1.0\r\n\r\n"};
  for (const std::string& bytes : hostile) {
    RawClient one = client();
    one.send_until_refused(bytes);
    EXPECT_TRUE(one.is_closed_by_peer()) << bytes;
  }
  EXPECT_EQ(ask(bystander, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
}

TEST_F(SocketmapTest, ARequestOfExactlyTheLimitIsAnswered) {
  start();
  RawClient one = client();
  EXPECT_EQ(ask(one, "transport " + std::string(1990, 'k'), "NOTFOUND "), netstring("NOTFOUND "));
}

TEST_F(SocketmapTest, AClientThatDoesNotReadDelaysNobody) {
  start();
  RawClient greedy = client();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += netstring("transport largest");
  ASSERT_TRUE(greedy.send(requests));  // ten megabytes of answers, not one of them read
  RawClient other = client();
  EXPECT_EQ(ask(other, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
  // Nothing is lost once it reads.
  const std::size_t all = 100 * netstring("OK " + std::string(kMaxReply - 3, 'x')).size();
  EXPECT_EQ(greedy.receive(all).size(), all);
}

TEST_F(SocketmapTest, StalledAndIdleConnectionsAreClosed) {
  SocketmapOptions options;
  options.stall_timeout = Milliseconds(50);
  options.idle_timeout = Milliseconds(50);
  start(options);
  RawClient half = client();
  ASSERT_TRUE(half.send("15:trans"));
  RawClient idle = client();
  EXPECT_TRUE(half.is_closed_by_peer());
  EXPECT_TRUE(idle.is_closed_by_peer());
}

TEST_F(SocketmapTest, OneConnectionTooManyClosesTheOneIdleLongest) {
  SocketmapOptions options;
  options.max_connections = 3;
  start(options);
  RawClient oldest = client();
  EXPECT_EQ(ask(oldest, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
  std::vector<RawClient> newer;
  for (int i = 0; i < 3; ++i) {
    newer.push_back(client());
    EXPECT_EQ(ask(newer.back(), "transport x", "NOTFOUND "), netstring("NOTFOUND "));
  }
  EXPECT_TRUE(oldest.is_closed_by_peer());
  for (RawClient& one : newer) {
    EXPECT_EQ(ask(one, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
  }
}

TEST_F(SocketmapTest, TheSecretsSocketServesItsOneTable) {
  SocketmapOptions options;
  options.tables = {Table::sasl_passwd};
  start(options);
  RawClient one = client();
  EXPECT_EQ(ask(one, "sasl_passwd found", "OK postern-may:[192.0.2.1]:25"),
            netstring("OK postern-may:[192.0.2.1]:25"));
  const std::string refused = "PERM this socket serves no table transport";
  EXPECT_EQ(ask(one, "transport found", refused), netstring(refused));
}

TEST_F(SocketmapTest, ServesOverInetAsWell) {
  SocketmapOptions options;
  const auto address = ListenAddress::parse("inet:127.0.0.1:0");
  ASSERT_TRUE(address);
  options.listen = *address;
  options.tables = {Table::transport};
  const auto server = SocketmapServer::start(options, look_up);
  ASSERT_TRUE(server) << server.error().what;
  RawClient one((*server)->address());
  EXPECT_EQ(ask(one, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
}

TEST_F(SocketmapTest, LookUpsAreCountedByTableAndAnswer) {
  start();
  RawClient one = client();
  ask(one, "transport x", "NOTFOUND ");
  ask(one, "no_such_table_name x", "PERM this socket serves no table no_such_table_name");
  const std::string text = metrics::render();
  EXPECT_NE(text.find("postern_table_lookups_total{answer=\"notfound\",table=\"transport\"}"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("no_such_table_name"), std::string::npos) << "labels are a closed set";
}

TEST_F(SocketmapTest, StopEndsConnectionsAndRemovesTheSocket) {
  start();
  RawClient one = client();
  EXPECT_EQ(ask(one, "transport x", "NOTFOUND "), netstring("NOTFOUND "));
  const std::string path = server_->address().unix_path;
  server_->stop();
  EXPECT_TRUE(one.is_closed_by_peer());
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace postern::server
