#include "adapters/rspamd/rspamd_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "adapters/rspamd/answer.h"
#include "scan_mail.h"
#include "support/scripted_server.h"

namespace postern::rspamd {
namespace {

using test::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Connection = ScriptedServer::Connection;

constexpr const char* kGood =
    R"({"is_skipped":false,"score":7.2,"required_score":15.0,"action":"no action","symbols":{}})";

RspamdConfig config_for(std::uint16_t port) {
  RspamdConfig config;
  config.url = "http://127.0.0.1:" + std::to_string(port);
  return config;
}

Result<ports::ScanResult> scan(RspamdConfig config, Deadline deadline) {
  const test::ScanMail mail;
  return RspamdScanner(std::move(config)).scan(mail.input(), deadline);
}

std::string http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// Reads one request; the test's messages end so.
void read_request(Connection& client) { client.read_until("Winter is coming.\r\n"); }

TEST(Rspamd, SendsTheMessageAndWhereItCameFrom) {
  std::promise<std::string> seen;
  ScriptedServer server([&seen](Connection& client) {
    seen.set_value(client.read_until("Winter is coming.\r\n"));
    client.send(http("200 OK", kGood));
  });
  RspamdConfig config = config_for(server.port());
  config.url += "/";
  const auto result = scan(config, test::in_a_while());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->score, 7200);
  EXPECT_FALSE(result->advert);

  const std::string request = seen.get_future().get();
  EXPECT_THAT(request, testing::StartsWith("POST /checkv2 HTTP/1.1\r\n"));
  for (const char* line :
       {"\r\nFrom: jon@got.com\r\n", "\r\nRcpt: arya@stark.net\r\n", "\r\nIP: 192.0.2.7\r\n",
        "\r\nHelo: mx.got.com\r\n", "\r\nHostname: mail.got.com\r\n", "\r\nQueue-Id: 4XyZ12\r\n"}) {
    EXPECT_THAT(request, HasSubstr(line));
  }
  EXPECT_THAT(request, Not(HasSubstr("Expect:")));
  EXPECT_THAT(request, Not(HasSubstr("User:")));
  EXPECT_THAT(request,
              testing::EndsWith(
                  "\r\n\r\nFrom: jon@got.com\r\nSubject: hello\r\n\r\nWinter is coming.\r\n"));
}

TEST(Rspamd, HeadersCannotBeSmuggledIn) {
  test::ScanMail mail;
  mail.helo = "x\r\nIP: 127.0.0.1";
  mail.sasl_user = std::string("jon\0\n@got.com", 13);
  mail.client_name = "\r\n";
  mail.sender = mail::parse_sender({"<>"});
  mail.client = std::nullopt;
  EXPECT_THAT(request_headers(mail.input()),
              ElementsAre("From: <>", "Rcpt: arya@stark.net", "Helo: xIP: 127.0.0.1",
                          "User: jon@got.com", "Queue-Id: 4XyZ12"));
}

TEST(Rspamd, BoundsTheRecipientsItNames) {
  test::ScanMail mail;
  mail.recipients.assign(5000, mail.recipients.front());
  std::size_t bytes = 0;
  for (const std::string& line : request_headers(mail.input())) bytes += line.size();
  EXPECT_LT(bytes, 40'000U);
  EXPECT_GT(bytes, 30'000U);
}

TEST(Rspamd, IsNamedAfterItsUrlWithoutCredentials) {
  EXPECT_EQ(RspamdScanner(config_for(11333)).name(), "rspamd http://127.0.0.1:11333");
  RspamdConfig config;
  config.url = "https://jon:secret@rspamd.got.com:11333/x@y";
  EXPECT_EQ(RspamdScanner(config).name(), "rspamd https://rspamd.got.com:11333/x@y");
}

TEST(Rspamd, KeepsItsConnection) {
  // Two requests over one connection: the script answers every end of a message it sees.
  ScriptedServer keeping([](Connection& client) {
    for (int request = 1; request <= 2; ++request) {
      client.read_until("request " + std::to_string(request) + "\r\n");
      client.send(http("200 OK", kGood));
    }
  });
  RspamdScanner scanner(config_for(keeping.port()));
  for (int request = 1; request <= 2; ++request) {
    test::ScanMail mail;
    mail.message.set_body("request " + std::to_string(request) + "\r\n");
    EXPECT_TRUE(scanner.scan(mail.input(), test::in_a_while()));
  }
  EXPECT_EQ(keeping.connections(), 1);
}

TEST(Rspamd, ServesManyThreads) {
  ScriptedServer server([](Connection& client) {
    read_request(client);
    client.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(kGood));
  });
  RspamdScanner scanner(config_for(server.port()));
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.push_back(std::async(std::launch::async, [&scanner] {
      const test::ScanMail mail;
      int good = 0;
      for (int round = 0; round < 20; ++round) {
        const auto result = scanner.scan(mail.input(), test::in_a_while());
        if (result && result->score == 7200) ++good;
      }
      return good;
    }));
  }
  for (auto& thread : threads) EXPECT_EQ(thread.get(), 20);
}

TEST(Rspamd, DoesNotGoThroughAProxyOfTheEnvironment) {
  ScriptedServer proxy([](Connection& client) { client.send(http("200 OK", kGood)); });
  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  ::setenv("http_proxy", url.c_str(), 1);
  EXPECT_FALSE(scan(config_for(test::free_port()), test::in_a_while()));
  ::unsetenv("http_proxy");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(Rspamd, DoesNotFollowRedirectsOrOtherProtocols) {
  ScriptedServer elsewhere([](Connection& client) {
    read_request(client);
    client.send(http("200 OK", kGood));
  });
  ScriptedServer server([&elsewhere](Connection& client) {
    read_request(client);
    client.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:" +
                std::to_string(elsewhere.port()) + "/\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_FALSE(scan(config_for(server.port()), test::in_a_while()));
  EXPECT_EQ(elsewhere.connections(), 0);
  RspamdConfig file;
  file.url = "file:///etc";
  EXPECT_FALSE(scan(file, test::in_a_while()));
}

struct Json {
  std::string text;
  std::optional<policy::MilliScore> score;
};

class ReadAnswer : public testing::TestWithParam<Json> {};

TEST_P(ReadAnswer, GivesTheScoreOrIsUnavailable) {
  const auto score = parse_answer(GetParam().text, 1);
  EXPECT_EQ(score ? std::optional(score->score) : std::nullopt, GetParam().score)
      << GetParam().text;
  if (!score) {
    EXPECT_EQ(score.error().permanence, Permanence::temporary);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Answers, ReadAnswer,
    testing::Values(Json{kGood, 7200}, Json{R"({"score":-1.25,"action":"no action"})", -1250},
                    Json{R"({"score":15,"action":"reject","extra":[1,{"a":2}]})", 15'000},
                    Json{"", {}}, Json{"[]", {}}, Json{"7.2", {}}, Json{"null", {}},
                    Json{R"({"score":7.2)", {}}, Json{R"({"score":"7.2","action":"x"})", {}},
                    Json{R"({"score":null,"action":"x"})", {}}, Json{R"({"score":7.2})", {}},
                    Json{R"({"action":"no action"})", {}},
                    Json{R"({"score":1e400,"action":"x"})", {}},
                    Json{R"({"score":1e12,"action":"x"})", {}},
                    Json{R"({"score":7.2,"action":5})", {}},
                    Json{R"({"is_skipped":true,"score":0,"action":"no action"})", {}},
                    Json{R"({"is_skipped":true,"score":15,"action":"reject"})", 15'000},
                    Json{R"({"is_skipped":"no","score":0,"action":"no action"})", {}},
                    Json{R"({"error":"too many","score":0,"action":"no action"})", {}},
                    Json{R"({"error":5})", {}}, Json{"{\"score\":1,\"action\":\"\xff\"}", {}},
                    Json{std::string(500'000, '['), {}}));

TEST(Rspamd, ScalesTheScore) { EXPECT_EQ(parse_answer(kGood, 0.5)->score, 3600); }

std::string with_symbols(const std::string& symbols) {
  return R"({"score":7.2,"action":"no action","symbols":)" + symbols + "}";
}

TEST(Rspamd, TellsWhatLinksHaveSetOff) {
  const auto answer = parse_answer(with_symbols(R"({
        "URIBL_BLACK":{"name":"URIBL_BLACK","score":7.5,"metric_score":7.5,
                       "options":["WWW.Evil.example:url","bad.example:url:127.0.0.2"]},
        "DBL_SPAM":{"score":6.5,"options":["evil.example:url","signer.example:dkim"]},
        "CUT_SHORT":{"score":1,"options":["evil.example:url","..."]},
        "RCVD_IN":{"score":4,"options":["192.0.2.7:from"]},
        "MIME_GOOD":{"score":-0.1,"options":["text/plain"]},
        "NO_OPTIONS":{"score":1},
        "NO_POINTS":{"score":0,"options":["evil.example:url"]}})"),
                                   0.5);
  ASSERT_TRUE(answer) << answer.error().what;
  ASSERT_EQ(answer->uri_hits.size(), 3U);
  const auto hit = [&](const std::string& symbol) {
    for (const auto& one : answer->uri_hits) {
      if (one.symbol == symbol) return one;
    }
    return decide::UriHit{};
  };
  EXPECT_EQ(hit("URIBL_BLACK").points, 3750);
  EXPECT_THAT(hit("URIBL_BLACK").hosts, ElementsAre("www.evil.example", "bad.example"));
  // What else set it off stands among the hosts: nobody who skips the link alone loses its points.
  EXPECT_THAT(hit("DBL_SPAM").hosts, ElementsAre("evil.example", "signer.example"));
  EXPECT_THAT(hit("CUT_SHORT").hosts, ElementsAre("evil.example", "..."));
}

TEST(Rspamd, HoldsNoLinkHitsWhereSymbolsAreNonsense) {
  for (const char* const symbols :
       {"[]", "7", R"({"A":[]})", R"({"A":{"score":"1","options":["a.example:url"]}})",
        R"({"A":{"score":1,"options":"a.example:url"}})",
        R"({"A":{"score":1,"options":["a.example:url",7]}})", R"({"A":{"score":1,"options":[]}})",
        R"({"A":{"score":1,"options":[":url"]}})",
        R"({"A":{"score":1e300,"options":["a:url"]}})"}) {
    const auto answer = parse_answer(with_symbols(symbols), 1);
    ASSERT_TRUE(answer) << symbols;
    EXPECT_EQ(answer->score, 7200);
    EXPECT_TRUE(answer->uri_hits.empty()) << symbols;
  }
}

struct Misbehaviour {
  const char* name;
  ScriptedServer::Script script;
};

class MisbehavingRspamd : public testing::TestWithParam<Misbehaviour> {};

TEST_P(MisbehavingRspamd, IsUnavailable) {
  ScriptedServer server(GetParam().script);
  const auto result = scan(config_for(server.port()), test::soon());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().permanence, Permanence::temporary);
  EXPECT_THAT(result.error().what, testing::StartsWith("rspamd http://127.0.0.1:"));
}

INSTANTIATE_TEST_SUITE_P(
    Servers, MisbehavingRspamd,
    testing::Values(Misbehaviour{"Silent", [](Connection& client) { client.hang(); }},
                    Misbehaviour{"ClosesAtOnce", [](Connection&) {}},
                    Misbehaviour{"Resets",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.reset();
                                 }},
                    Misbehaviour{"NotHttp",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send("SPAMD/1.1 0 EX_OK\r\n\r\n");
                                 }},
                    Misbehaviour{"Truncated",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" +
                                               std::string(kGood));
                                 }},
                    Misbehaviour{"NotJson",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send(http("200 OK", "all is well"));
                                 }},
                    Misbehaviour{"ServerError",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send(http("500 Internal Server Error", kGood));
                                 }},
                    Misbehaviour{"Drips",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send("HTTP/1.1 200 OK\r\n\r\n");
                                   client.drip(kGood);
                                 }},
                    Misbehaviour{"EndlessBody",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send("HTTP/1.1 200 OK\r\n\r\n");
                                   client.send_for_ever(std::string(65536, ' '));
                                 }},
                    Misbehaviour{"EndlessHeader",
                                 [](Connection& client) {
                                   read_request(client);
                                   client.send("HTTP/1.1 200 OK\r\n");
                                   client.send_for_ever("X-Endless: " + std::string(1000, 'x') +
                                                        "\r\n");
                                 }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Rspamd, IsUnavailableWhenNobodyListensOrTimeIsUp) {
  EXPECT_FALSE(scan(config_for(test::free_port()), test::in_a_while()));
  EXPECT_FALSE(scan(config_for(test::free_port()), Deadline::after(std::chrono::milliseconds(-1))));
}

}  // namespace
}  // namespace postern::rspamd
