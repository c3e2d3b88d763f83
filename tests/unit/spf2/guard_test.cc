// What libspf2 is kept from.
#include <gtest/gtest.h>

#include "adapters/spf2/checker.h"
#include "adapters/spf2/record_guard.h"

namespace postern {
namespace {

// Every name has this record and this address.
class Everywhere final : public ports::Resolver {
 public:
  explicit Everywhere(std::string record) : record_(std::move(record)) {}
  Result<ports::DnsAnswer> query(const std::string& /*name*/, ports::DnsType type,
                                 Deadline /*deadline*/) override {
    ++questions;
    ports::DnsAnswer answer;
    answer.status = ports::DnsAnswer::Status::found;
    if (type == ports::DnsType::txt) answer.texts = {record_};
    if (type == ports::DnsType::a) answer.addresses = {IpAddress::parse("203.0.113.1").value()};
    return answer;
  }
  int questions = 0;

 private:
  std::string record_;
};

TEST(RecordGuard, NamesThatGrowWithEveryRecordEndTheCheck) {
  std::string grows = "v=spf1 include:";
  for (int i = 0; i < 90; ++i) grows += "%{d}";
  for (const std::string& record :
       {grows + ".com +all", std::string("v=spf1 redirect=%{d}.%{d}.%{d}.%{S}.com"),
        std::string("v=spf1 include:%{d}.%{d}.%{d}.com +all")}) {
    Everywhere resolver(record);
    spf2::Checker checker(resolver);
    const auto verdict = checker.check({IpAddress::parse("192.0.2.1").value(), "mx.example",
                                        mail::Address::parse("j@got.example"), "mx"},
                                       Deadline::after(std::chrono::seconds(60)));
    EXPECT_EQ(verdict.result, decide::SpfResult::permerror) << record;
    EXPECT_LE(resolver.questions, 11);
  }
}

TEST(RecordGuard, RefusesWhatTheLibraryOverrunsOrMisreads) {
  const std::string long_term(spf2::kLongestTerm, 'a');
  const std::string refused[] = {
      "v=spf1 x=" + long_term,
      "v=spf1 " + std::string(spf2::kLongestRecord, ' '),
      "v=spf1 a\xff -all",
      "v=spf1 a:%d.com",
      "v=spf1 a:x%",
      "v=spf1 exists:%{d2}",
      "v=spf1 exists:x.%{ir}.%{l1r-}.got.example",
      "v=spf1 ip4:192.0.2.1/032",
      "v=spf1 a/024//64",
      "v=spf1 a/24//064",
      "v=spf1 ip4:192.0.2.1/4294967328",
      "v=spf1 redirect:got.example",
      "v=spf1 -redirect=got.example",
      "v=spf1 redirect=got.example redirect=got.example",
      "v=spf1 a:",
      "v=spf1 a:museum",
      "v=spf1 include:got.example/24",
      "v=spf1 exp=-all",
  };
  for (const auto& record : refused) EXPECT_FALSE(spf2::guard(record).ok()) << record;
}

TEST(RecordGuard, LeavesTheRestAndPutsTheRedirectLast) {
  const auto guarded = spf2::guard("V=spf1  Redirect=a.com a:b.com/24//64  x=y: mx -all ");
  ASSERT_TRUE(guarded.ok()) << guarded.error().what;
  EXPECT_EQ(guarded->text, "v=spf1 a:b.com/24//64 x=y: mx -all Redirect=a.com");
  EXPECT_EQ(guarded->terms, 5U);
}

}  // namespace
}  // namespace postern
