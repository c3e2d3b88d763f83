// What becomes of a signature: each way in which it can hold, fail, or not be told.
#include <gmock/gmock.h>

#include <thread>

#include "adapters/dkim/signer.h"
#include "crafted.h"
#include "unit/dkim/test_keys.h"

namespace postern::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

const Tags kEd25519{.algorithm = "ed25519-sha256", .selector = "ed"};

class Verifier : public Verifying {};

TEST_F(Verifier, AcceptsWhatItsOwnerSigned) {
  for (const char* form : {"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple",
                           "relaxed", "simple"}) {
    Tags tags;
    tags.form = form;
    EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "pass") << form;
    tags.algorithm = "ed25519-sha256";
    tags.selector = "ed";
    EXPECT_EQ(verify_one(signed_message(letter(), ed25519(), tags)), "pass") << form;
    for (const char* body :
         {"", "\r\n\r\n", "no line end", " \t\r\n x \t y \r\n\r\n\r\n", "\x80\xff\r\n"}) {
      EXPECT_EQ(verify_one(signed_message(letter(body), ed25519(), tags)), "pass") << form << body;
    }
  }
}

TEST_F(Verifier, TellsWhoSigned) {
  dns_.add_txt("rsa._domainkey.xn--bcher-kva.example", txt_record(rsa()));
  Tags tags;
  tags.domain = "XN--bcher-KVA.Example";
  const auto verdict = verifier_.verify(signed_message(letter(), rsa(), tags),
                                        Deadline::after(std::chrono::seconds(60)));
  ASSERT_EQ(verdict->signatures.size(), 1U);
  EXPECT_EQ(shown(verdict->signatures[0]), "pass");
  EXPECT_EQ(verdict->signatures[0].domain, "xn--bcher-kva.example");
  EXPECT_EQ(verdict->signatures[0].selector, "rsa");
  EXPECT_EQ(verdict->signatures[0].algorithm, "rsa-sha256");
}

TEST_F(Verifier, HasNothingToSayOfUnsignedMail) {
  EXPECT_THAT(verify(letter()), IsEmpty());
  EXPECT_THAT(dns_.asked(), IsEmpty());
}

TEST_F(Verifier, AcceptsWhatOurOwnSignerMade) {
  const SystemClock clock;
  dkim::SignerOptions options;
  options.oversign = {"From", "Subject", "Reply-To"};
  dkim::Signer signer(options, clock);
  const mail::Message original = letter();
  const auto values = signer.sign(original, "got.com", {&rsa(), &ed25519()});
  mail::Message message;
  for (const std::string& value : *values) message.add_header("DKIM-Signature", value);
  for (const auto& field : original.headers()) message.add_header(field.name, field.value);
  message.set_body(original.body());
  EXPECT_THAT(verify(message), ElementsAre("pass", "pass"));
}

TEST_F(Verifier, NoticesEveryChange) {
  const mail::Message good = signed_message(letter(), rsa());
  const auto changed = [&good](const std::string& name, const std::string& value,
                               const std::string& body) {
    mail::Message message;
    for (const auto& field : good.headers()) {
      message.add_header(field.name, field.name == name ? value : field.value);
    }
    message.set_body(body);
    return message;
  };
  EXPECT_EQ(verify_one(changed("Received", " other", good.body())), "pass");
  EXPECT_EQ(verify_one(changed("Subject", " other", good.body())),
            "fail: the signature does not fit the header");
  EXPECT_EQ(verify_one(changed("", "", "Summer is coming.\r\n")),
            "fail: the body has been altered");
  EXPECT_EQ(verify_one(changed("", "", good.body() + "Buy this.\r\n")),
            "fail: the body has been altered");
  EXPECT_EQ(verify_one(changed("", "", "")), "fail: the body has been altered");
  // What the library by itself would overlook.
  EXPECT_EQ(verify_one(changed("", "", "Winter\r is coming.\r\n")),
            "neutral: the body has bare CR or LF");
  EXPECT_EQ(verify_one(changed("", "", "Winter is coming.\n")),
            "neutral: the body has bare CR or LF");
}

TEST_F(Verifier, AFieldThatWasSignedAsAbsentCannotBeAdded) {
  Tags tags;
  tags.names = "from:from:subject:reply-to";
  const mail::Message good = signed_message(letter(), rsa(), tags);
  EXPECT_EQ(verify_one(good), "pass");
  for (const char* name : {"From", "Reply-To"}) {
    mail::Message message;
    message.add_header(name, " evil@example.net");
    for (const auto& field : good.headers()) message.add_header(field.name, field.value);
    message.set_body(good.body());
    EXPECT_EQ(verify_one(message), "fail: the signature does not fit the header") << name;
  }
}

TEST_F(Verifier, EveryFieldMayBeSignedAndMoreThanThereAre) {
  Tags tags;
  tags.names = "received:from:subject:x-one:x-two:x-three:from:from:from";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "pass");
}

TEST_F(Verifier, EachSignatureIsJudgedByItself) {
  dns_.fail("slow._domainkey.got.com");
  Tags slow;
  slow.selector = "slow";
  Tags missing;
  missing.selector = "missing";
  Tags broken;
  broken.body_hash = "AAAA";
  mail::Message message = signed_message(letter(), rsa());
  message = signed_message(message, rsa(), slow);
  message = signed_message(message, rsa(), missing);
  message = signed_message(message, rsa(), broken);
  message = signed_message(message, ed25519(), kEd25519);
  EXPECT_THAT(verify(message),
              ElementsAre("pass", "fail: the body has been altered",
                          "permerror: there is no key of this name",
                          StartsWith("temperror: the key could not be fetched: SERVFAIL"), "pass"));
}

// Lets every question about a domain of the forger's run into its deadline.
class SilentForger final : public ports::Resolver {
 public:
  explicit SilentForger(ports::Resolver& others) : others_(others) {}
  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override {
    if (!name.ends_with(".forger.example")) return others_.query(name, type, deadline);
    std::this_thread::sleep_until(deadline.at());
    return temporary_error("timed out");
  }

 private:
  ports::Resolver& others_;
};

TEST_F(Verifier, ASilentDnsTakesNobodyElsesTime) {
  SilentForger dns(dns_);
  opendkim::Verifier verifier(dns, clock_);
  dns_.add_txt("rsa._domainkey.other.example", txt_record(rsa()));
  Tags garbage;
  garbage.body_hash = "AAAA";
  Tags other;
  other.domain = "other.example";
  mail::Message message = signed_message(letter(), rsa(), other);
  message = signed_message(message, rsa(), garbage);
  for (const char* selector : {"a", "b", "c"}) {
    Tags tags;
    tags.domain = "forger.example";
    tags.selector = selector;
    message = signed_message(message, rsa(), tags);
  }
  const auto verdict = verifier.verify(message, Deadline::after(std::chrono::seconds(4)));
  ASSERT_TRUE(verdict);
  std::vector<std::string> results;
  for (const auto& signature : verdict->signatures) results.push_back(shown(signature));
  const auto unreachable = StartsWith("temperror: the key could not be fetched");
  EXPECT_THAT(results, ElementsAre(unreachable, unreachable, unreachable,
                                   "fail: the body has been altered", "pass"));
}

TEST_F(Verifier, TheAuthorsKeysAreFetchedFirst) {
  mail::Message message = signed_message(letter(), rsa());
  for (const char* domain : {"mail.got.com", "other.example", "got.com.example"}) {
    Tags tags;
    tags.domain = domain;
    message = signed_message(message, rsa(), tags);
  }
  verify(message);
  EXPECT_THAT(dns_.asked(),
              ElementsAre("rsa._domainkey.mail.got.com", "rsa._domainkey.got.com",
                          "rsa._domainkey.got.com.example", "rsa._domainkey.other.example"));
}

TEST_F(Verifier, OnlyTheTopTenAreLookedAt) {
  mail::Message message = letter();
  for (int count = 0; count < 25; ++count) message = signed_message(message, ed25519(), kEd25519);
  EXPECT_THAT(verify(message), testing::ContainerEq(std::vector<std::string>(10, "pass")));
  EXPECT_THAT(dns_.asked(), ElementsAre("ed._domainkey.got.com"));  // one key, one question
}

TEST_F(Verifier, SignaturesOverSignaturesHold) {
  Tags over;
  over.names = "from:dkim-signature";
  const mail::Message inner = signed_message(letter(), rsa());
  EXPECT_THAT(verify(signed_message(inner, rsa(), over)), ElementsAre("pass", "pass"));
  mail::Message with_broken = letter();
  with_broken.add_header("DKIM-Signature", " nonsense; ;;=");
  EXPECT_THAT(
      verify(signed_message(with_broken, rsa(), over)),
      ElementsAre("neutral: signs other signatures that cannot be read", StartsWith("neutral")));
}

TEST_F(Verifier, ALengthIsAPassOnlyOverTheWholeBody) {
  const std::string body = "Winter  is coming. \r\n";
  for (const char* form : {"relaxed/relaxed", "relaxed/simple"}) {
    Tags tags;
    tags.form = form;
    const std::string whole = tags.form == "relaxed/relaxed" ? "19" : "21";
    tags.others = "; l=" + whole;
    EXPECT_EQ(verify_one(signed_message(letter(body), rsa(), tags)), "pass") << form;
    tags.cut_body = true;
    tags.hash_body = body;
    EXPECT_EQ(verify_one(signed_message(letter(body + "Buy this.\r\n"), rsa(), tags)),
              "policy: l= leaves 11 octets of the body unsigned")
        << form;
    EXPECT_EQ(verify_one(signed_message(letter(body + "\r\n\r\n"), rsa(), tags)), "pass") << form;
    tags.others = "; l=2000";
    EXPECT_EQ(verify_one(signed_message(letter(body), rsa(), tags)),
              "fail: the body is shorter than l=")
        << form;
    tags.others = "; l=0";
    tags.hash_body = "";
    tags.body_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";  // of nothing
    EXPECT_THAT(verify_one(signed_message(letter(body), rsa(), tags)),
                StartsWith("policy: l= leaves"))
        << form;
  }
}

TEST_F(Verifier, SignaturesHaveTheirTime) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  const auto at = [now](int from_now) { return std::to_string(now + from_now); };
  const struct {
    std::string others;
    const char* result;
  } cases[] = {
      {"; t=" + at(-60) + "; x=" + at(3600), "pass"},
      {"; t=" + at(60), "pass"},
      {"; x=" + at(-60), "pass"},  // clocks differ
      {"; t=" + at(3600), "policy: the signature is from the future"},
      {"; t=" + at(-7200) + "; x=" + at(-3600), "policy: the signature has expired"},
      {"; x=1000", "policy: the signature has expired"},
      {"; t=" + at(-60) + "; x=" + at(-120), "neutral: x= is before t="},
  };
  for (const auto& [others, result] : cases) {
    Tags tags;
    tags.others = others;
    EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), result) << others;
  }
}

TEST_F(Verifier, ATestingKeyCannotMakeMailWorse) {
  dns_.add_txt("testing._domainkey.got.com", txt_record(rsa()) + "; t=y");
  Tags tags;
  tags.selector = "testing";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "pass");
  tags.body_hash = "AAAA";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)),
            "neutral: the body has been altered; the key is for testing");
}

TEST_F(Verifier, AKeyMayExcludeSubdomains) {
  dns_.add_txt("exact._domainkey.got.com",
               "t=s; " + txt_record(rsa()).substr(sizeof("v=DKIM1; ") - 1));
  Tags tags;
  tags.selector = "exact";
  tags.others = "; i=jon@got.com";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "pass");
  tags.others = "; i=jon@mail.got.com";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)),
            "permerror: the key is not for subdomains");
  tags.selector = "rsa";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "pass");
}

TEST_F(Verifier, ShortKeysAndOldHashesAreNotAccepted) {
  const auto small = make_key(policy::DkimAlgorithm::rsa, "small", 512);
  const auto enough = make_key(policy::DkimAlgorithm::rsa, "enough", 1024);
  const auto large = make_key(policy::DkimAlgorithm::rsa, "large", 4096);
  dns_.add_txt("small._domainkey.got.com", txt_record(small));
  dns_.add_txt("enough._domainkey.got.com", txt_record(enough));
  dns_.add_txt("large._domainkey.got.com", txt_record(large));
  Tags tags;
  tags.selector = "enough";
  EXPECT_EQ(verify_one(signed_message(letter(), enough, tags)), "pass");
  tags.selector = "large";
  EXPECT_EQ(verify_one(signed_message(letter(), large, tags)), "pass");
  tags.selector = "small";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "policy: the key has only 512 bits");
  tags.selector = "rsa";
  tags.algorithm = "rsa-sha1";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "policy: SHA-1 is not accepted");
}

TEST_F(Verifier, TheAuthorMustBeThereAndSigned) {
  Tags tags;
  tags.names = "subject";
  EXPECT_EQ(verify_one(signed_message(letter(), rsa(), tags)), "permerror: From is not signed");
  mail::Message nameless;
  nameless.add_header("Subject", " hello");
  nameless.set_body("text\r\n");
  EXPECT_EQ(verify_one(signed_message(nameless, rsa())), "permerror: the message has no From");
}

TEST_F(Verifier, WithoutTimeNothingIsTold) {
  const mail::Message message = signed_message(letter(), rsa());
  EXPECT_THAT(verify(message, Milliseconds(0)), ElementsAre(StartsWith("temperror: ")));
}

// A DNS that answers, but only when the time for everything is up.
class LateResolver final : public ports::Resolver {
 public:
  LateResolver(std::string text, Deadline end) : end_(end) { answer_.texts = {std::move(text)}; }
  Result<ports::DnsAnswer> query(const std::string&, ports::DnsType, Deadline) override {
    std::this_thread::sleep_until(end_.at());
    return answer_;
  }

 private:
  Deadline end_;
  ports::DnsAnswer answer_{ports::DnsAnswer::Status::found, {}, {}, {}, {}};
};

TEST_F(Verifier, TheBodyIsNotHashedPastTheDeadline) {
  const mail::Message message = signed_message(letter(), rsa());
  const Deadline end = Deadline::after(Milliseconds(5));
  LateResolver late(txt_record(rsa()), end);
  opendkim::Verifier verifier(late, clock_);
  const auto verdict = verifier.verify(message, end);
  ASSERT_EQ(verdict->signatures.size(), 1U);
  EXPECT_EQ(shown(verdict->signatures[0]), "temperror: no time left for the body");
}

TEST_F(Verifier, ServesManyThreadsAtOnce) {
  const mail::Message good = signed_message(signed_message(letter(), rsa()), ed25519(), kEd25519);
  mail::Message altered = good;
  altered.set_body("Summer is coming.\r\n");
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t thread = 0; thread < wrong.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 50; ++round) {
        const auto holds = verifier_.verify(good, Deadline::after(std::chrono::seconds(60)));
        const auto fails = verifier_.verify(altered, Deadline::after(std::chrono::seconds(60)));
        for (const auto& signature : holds->signatures) wrong[thread] += shown(signature) != "pass";
        for (const auto& signature : fails->signatures) {
          wrong[thread] += shown(signature) != "fail: the body has been altered";
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

}  // namespace
}  // namespace postern::test
