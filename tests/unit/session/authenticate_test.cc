// What DMARC says of a message's authors, from SPF and DKIM as they were found.
#include "session/authenticate.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/fake_resolver.h"
#include "support/manual_clock.h"

namespace postern::session {
namespace {

class SpfNeverAsked final : public ports::SpfChecker {
 public:
  decide::SpfVerdict check(const ports::SpfInput&, Deadline) override {
    ADD_FAILURE() << "SPF was asked";
    return {};
  }
  decide::SpfVerdict check_domain(const std::string&, const ports::SpfInput&, Deadline) override {
    ADD_FAILURE() << "SPF was asked";
    return {};
  }
};

class Dmarc : public testing::Test {
 protected:
  Dmarc() {
    services_.resolver = &dns_;
    evidence_.dkim = decide::DkimVerdict{};
    sender_ = mail::parse_sender({"<jon@got.com>"});
    dns_.add_txt("_dmarc.got.com", "v=DMARC1; p=reject");
  }
  void spf(decide::SpfResult result, const std::string& domain) {
    decide::SpfVerdict verdict;
    verdict.result = result;
    verdict.domain = domain;
    evidence_.spf = verdict;
  }
  void dkim_pass(const std::vector<std::string>& domains) {
    decide::DkimVerdict verdict;
    for (const std::string& domain : domains) {
      decide::DkimSignature& signature = verdict.signatures.emplace_back();
      signature.result = decide::DkimResult::pass;
      signature.domain = domain;
    }
    evidence_.dkim = verdict;
  }
  // Each a From field; "fail reject got.com".
  std::string judge(const std::vector<std::string>& from, const std::string& id = "") {
    mail::Message message;
    if (!id.empty()) message.add_header("Message-ID", id);
    for (const std::string& value : from) message.add_header("From", value);
    const mail::HeaderFrom authors = mail::header_from(message);
    evidence_.dmarc = decide::NotNeeded{};
    AuthenticationWants wants;
    wants.dmarc = true;
    authenticate(services_, rules_, {message, authors, sender_, origin_, "mx.a.net"}, wants,
                 evidence_, [] {});
    const auto* const verdict = std::get_if<decide::DmarcVerdict>(&evidence_.dmarc);
    if (verdict == nullptr) return "not told";
    return std::string(to_string(verdict->result)) + " " + std::string(to_string(verdict->policy)) +
           " " + verdict->domain;
  }

  test::FakeResolver dns_;
  test::ManualClock clock_;
  Published<policy::Snapshot> snapshot_{std::make_shared<const policy::Snapshot>()};
  Services services_{clock_, snapshot_};
  Rules rules_;
  mail::Sender sender_;
  Origin origin_{IpAddress::parse("192.0.2.1"), "mail.got.com"};
  decide::Evidence evidence_;
};

TEST_F(Dmarc, RestsOnSpf) {
  spf(decide::SpfResult::pass, "got.com");
  EXPECT_EQ(judge({"jon@got.com"}), "pass reject got.com");
  spf(decide::SpfResult::fail, "got.com");
  EXPECT_EQ(judge({"jon@got.com"}), "fail reject got.com");
}

TEST_F(Dmarc, WithoutSpfNobodyIsAForger) {
  EXPECT_EQ(judge({"jon@got.com"}), "temperror reject got.com");
  const auto* const shown = std::get_if<decide::SpfVerdict>(&evidence_.spf);
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(shown->result, decide::SpfResult::none);
  EXPECT_EQ(shown->problem, "no SPF checker");
  evidence_.spf = decide::Unavailable{"no thread"};
  EXPECT_EQ(judge({"jon@got.com"}), "temperror reject got.com");
  // What would have been checked has another owner: it could not have passed.
  sender_ = mail::parse_sender({"<jon@other.example>"});
  EXPECT_EQ(judge({"jon@got.com"}), "fail reject got.com");
}

TEST_F(Dmarc, NorWhereTheClientCannotBeTold) {
  SpfNeverAsked spf;
  services_.spf = &spf;
  origin_.address.reset();
  EXPECT_EQ(judge({"jon@got.com"}), "temperror reject got.com");
  sender_ = mail::parse_sender({"<>"});
  EXPECT_EQ(judge({"jon@got.com"}), "temperror reject got.com");
  origin_.helo = "mail.other.example";
  EXPECT_EQ(judge({"jon@got.com"}), "fail reject got.com");
}

TEST_F(Dmarc, ASenderThatIsNoAddressIsNoFaultOfOurs) {
  SpfNeverAsked spf;
  services_.spf = &spf;
  sender_ = mail::parse_sender({"<got.com>"});
  EXPECT_EQ(judge({"jon@got.com"}), "fail reject got.com");
}

TEST_F(Dmarc, OfSeveralAuthorsTheWorstStands) {
  dns_.add_txt("_dmarc.mild.example", "v=DMARC1; p=none");
  dns_.add_txt("_dmarc.middling.example", "v=DMARC1; p=quarantine");
  dns_.add_txt("_dmarc.own.example", "v=DMARC1; p=reject");
  dns_.add_txt("_dmarc.own2.example", "v=DMARC1; p=reject");
  dns_.add_txt("_dmarc.broken.example", "v=DMARC1; p=what");
  dns_.fail("_dmarc.silent.example");
  spf(decide::SpfResult::pass, "own.example");
  dkim_pass({"own2.example"});
  struct Case {
    std::vector<std::string> from;
    std::string verdict;
  };
  for (const Case& row : std::vector<Case>{
           {{}, "none none "},
           {{"nobody"}, "none none "},
           {{"a@own.example"}, "pass reject own.example"},
           {{"a@own.example, b@own.example"}, "pass reject own.example"},
           {{"a@own.example, b@own2.example"}, "pass reject own.example"},
           {{"a@own.example", "b@own2.example"}, "pass reject own.example"},
           {{"a@own.example, jon@got.com"}, "fail reject got.com"},
           {{"jon@got.com, a@own.example"}, "fail reject got.com"},
           {{"a@own.example", "jon@got.com"}, "fail reject got.com"},
           {{"jon@got.com", "a@own.example"}, "fail reject got.com"},
           {{"Both: a@own.example, jon@got.com;"}, "fail reject got.com"},
           {{"Snow, Jon <jon@got.com>"}, "fail reject got.com"},
           {{"Own, A <a@own.example>"}, "none none "},
           {{"a@own.example, b@nothing.example"}, "none none nothing.example"},
           {{"b@nothing.example, c@silent.example"}, "temperror none silent.example"},
           {{"c@silent.example, d@broken.example"}, "permerror none broken.example"},
           {{"d@broken.example, e@mild.example"}, "fail none mild.example"},
           {{"e@mild.example, f@middling.example"}, "fail quarantine middling.example"},
           {{"c@silent.example, jon@got.com, f@middling.example"}, "fail reject got.com"},
           {{"a@own.example, b@own2.example, a@a.example, a@b.example, jon@got.com"},
            "fail reject got.com"},
           {{"a@own.example, b@own2.example, a@a.example, a@b.example, a@c.example, jon@got.com"},
            "fail reject own.example"},
       }) {
    EXPECT_EQ(judge(row.from), row.verdict) << (row.from.empty() ? "" : row.from.front());
  }
}

// Lets every question about a domain of the forger's run into its deadline.
class SilentForger final : public ports::Resolver {
 public:
  explicit SilentForger(ports::Resolver& others) : others_(others) {}
  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override {
    if (!name.ends_with("forger.example")) return others_.query(name, type, deadline);
    std::this_thread::sleep_until(deadline.at());
    return temporary_error("timed out");
  }

 private:
  ports::Resolver& others_;
};

TEST_F(Dmarc, ASilentDomainDoesNotHideAnother) {
  SilentForger dns(dns_);
  services_.resolver = &dns;
  rules_.authentication_timeout = Milliseconds(2000);
  spf(decide::SpfResult::none, "forger.example");
  SpfNeverAsked spf;
  services_.spf = &spf;
  EXPECT_EQ(judge({"a@forger.example, jon@got.com"}), "fail reject got.com");
}

// Which of many messages are outside of the share that the policy is for.
TEST_F(Dmarc, OnlyWhoKnowsTheKeyKnowsTheSample) {
  dns_.add_txt("_dmarc.half.example", "v=DMARC1; p=reject; pct=50");
  spf(decide::SpfResult::fail, "half.example");
  const auto drawn = [this] {
    std::string all;
    for (int number = 0; number < 200; ++number) {
      const std::string id = " <" + std::to_string(number) + "@half.example>";
      all += judge({"jon@half.example"}, id) == "fail reject half.example" ? 'r' : 'q';
    }
    return all;
  };
  const std::string without_key = drawn();
  EXPECT_EQ(drawn(), without_key);
  services_.token_keys = {Secret("0123456789abcdef"), Secret("another key.....")};
  const std::string with_key = drawn();
  EXPECT_EQ(drawn(), with_key);
  services_.token_keys.front() = Secret("0123456789abcdeF");
  const std::string with_other_key = drawn();
  EXPECT_NE(with_key, without_key);
  EXPECT_NE(with_key, with_other_key);
  for (const std::string& all : {without_key, with_key, with_other_key}) {
    EXPECT_NE(all.find('r'), std::string::npos);
    EXPECT_NE(all.find('q'), std::string::npos);
  }
}

}  // namespace
}  // namespace postern::session
