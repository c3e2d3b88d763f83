// The RFC 7208 suite, every case of it, through real DNS packets.
#include <gtest/gtest.h>

#include <iostream>

#include "adapters/dns/cares_resolver.h"
#include "adapters/spf/checker.h"
#include "adapters/spf/evaluation.h"
#include "support/dns_server.h"
#include "support/spf_suite.h"

namespace postern {
namespace {

using test::SpfCase;

constexpr int kCases = 203;

dns::Options options_for(const test::DnsServer& server) {
  dns::Options options;
  options.servers = {{IpAddress::parse("127.0.0.1").value(), server.port()}};
  // Some of the suite's names never answer. Nothing else waits: twice this is enough for anybody.
  options.try_timeout = Milliseconds(400);
  options.tries = 2;
  return options;
}

// Sender and HELO as octets, since the suite has senders that are no addresses.
spf::Question question_of(const SpfCase& one) {
  spf::Question question;
  question.client = IpAddress::parse(one.client).value();
  question.helo = one.helo;
  const std::size_t at = one.mail_from.rfind('@');
  if (at == std::string::npos) {
    question.sender_domain = one.mail_from.empty() ? one.helo : one.mail_from;
  } else {
    question.local = one.mail_from.substr(0, at);
    question.sender_domain = one.mail_from.substr(at + 1);
  }
  return question;
}

TEST(SpfSuite, EveryCaseOfTheRfcIsJudgedAsTheSuiteSays) {
  test::DnsServer server;
  dns::CaresResolver resolver(options_for(server));
  spf::Checker checker(resolver);
  int cases = 0;
  int right = 0;
  for (const auto& scenario : test::load_spf_suite()) {
    server.serve(scenario.zone);
    for (const auto& one : scenario.cases) {
      ++cases;
      const auto deadline = Deadline::after(std::chrono::seconds(60));
      const auto question = question_of(one);
      const auto verdict =
          spf::Evaluation(resolver, question, deadline).check_host(question.sender_domain);
      const std::string result(decide::to_string(verdict.result));
      const bool accepted = one.accepted.contains(result);
      right += accepted ? 1 : 0;
      EXPECT_TRUE(accepted) << scenario.description << ": " << one.name << ": " << result << " "
                            << verdict.problem;

      // What the session can say, it hears the same of. (Names that never answer are waited for once.)
      if (verdict.result == decide::SpfResult::temperror) continue;
      const auto sender = mail::Address::parse(one.mail_from);
      if (!sender && !one.mail_from.empty()) continue;
      const ports::SpfInput input{question.client, one.helo, sender, "mx.postern.example"};
      EXPECT_EQ(decide::to_string(checker.check(input, deadline).result), result) << one.name;
    }
  }
  std::cout << "RFC 7208 suite: " << right << " of " << cases << "\n";
  EXPECT_EQ(cases, kCases);
  EXPECT_EQ(right, kCases);
}

}  // namespace
}  // namespace postern
