// The DNS alone: a sender's domain takes mail, takes none, or nobody can tell.
#include "adapters/sender_verify/dns_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_resolver.h"

namespace postern::sender_verify {
namespace {

using ports::DnsType;
using testing::HasSubstr;
using Verdict = decide::SenderStanding::Verdict;

class Dns : public testing::Test {
 protected:
  decide::SenderStanding ask(const std::string& domain) {
    return DnsSenderVerifier(resolver_).verify(*mail::Address::parse("jon@" + domain),
                                               Deadline::after(Milliseconds(30'000)));
  }
  test::FakeResolver resolver_;
};

TEST_F(Dns, ADomainWithAServerOrAnAddressTakesMail) {
  resolver_.mx("mx.example", {{10, "mail.mx.example"}});
  resolver_.address("v4.example", {"192.0.2.1"});
  resolver_.address("v6.example", {"2001:db8::1"});
  // A null MX beside others says nothing.
  resolver_.mx("odd.example", {{0, ""}, {10, "mail.odd.example"}});
  for (const char* const domain : {"mx.example", "v4.example", "v6.example", "odd.example"}) {
    EXPECT_EQ(ask(domain).verdict, Verdict::exists) << domain;
  }
}

TEST_F(Dns, ADomainThatIsNotOrTakesNoneDoesNotExist) {
  resolver_.mx("null.example", {{0, ""}});
  resolver_.address("null.example", {"192.0.2.1"});
  resolver_.mx("empty.example", {});
  const std::pair<const char*, const char*> cases[] = {{"nowhere.example", "no such domain"},
                                                       {"null.example", "null MX"},
                                                       {"empty.example", "no MX and no address"}};
  for (const auto& [domain, why] : cases) {
    const auto standing = ask(domain);
    EXPECT_EQ(standing.verdict, Verdict::does_not_exist) << domain;
    EXPECT_THAT(standing.why, HasSubstr(why));
    EXPECT_THAT(standing.why, HasSubstr(domain));
  }
}

TEST_F(Dns, ADnsThatDoesNotAnswerSaysNothing) {
  resolver_.fails("mx.example", DnsType::mx);
  resolver_.mx("a.example", {});
  resolver_.fails("a.example", DnsType::a);
  resolver_.mx("aaaa.example", {});
  resolver_.fails("aaaa.example", DnsType::aaaa);
  for (const char* const domain : {"mx.example", "a.example", "aaaa.example"}) {
    const auto standing = ask(domain);
    EXPECT_EQ(standing.verdict, Verdict::unknown) << domain;
    EXPECT_THAT(standing.why, HasSubstr("SERVFAIL"));
  }
  // One address is enough, whatever became of the other question.
  resolver_.address("aaaa.example", {"192.0.2.1"});
  EXPECT_EQ(ask("aaaa.example").verdict, Verdict::exists);
}

TEST_F(Dns, AnAddressLiteralNeedsNone) { EXPECT_EQ(ask("[192.0.2.1]").verdict, Verdict::exists); }

}  // namespace
}  // namespace postern::sender_verify
