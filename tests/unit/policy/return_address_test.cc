// Which addresses stand for a sender, and for whom.
#include "policy/return_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/policies.h"

namespace postern::policy {
namespace {

using std::chrono::days;

constexpr const char* kSrsDomain = "srs.example";

const WallTime kNow{days(20'000)};

std::vector<Secret> keys() { return {Secret("0123456789abcdef0123456789abcdef")}; }

std::string made(const std::string& sender, WallTime when, const std::string& domain = kSrsDomain) {
  auto address = make_srs_address(sender, domain, when, keys());
  EXPECT_TRUE(address) << sender;
  return address ? *address : "";
}

SnapshotPtr house() {
  return test::snapshot_of({{"domain:served.net", test::domain_json("served.net", test::kStark)},
                            {"domain:gone.net", R"({"name":"gone.net","status":"DELETED"})"}});
}

std::string shown(const std::optional<ReturnAddress>& read) {
  if (!read) return "like any other";
  switch (read->verdict) {
    case ReturnVerdict::valid:
      return read->sender ? read->sender->to_string() : "nobody";
    case ReturnVerdict::expired:
      return "expired";
    case ReturnVerdict::forged:
      return "forged";
    case ReturnVerdict::no_keys:
      return "no keys";
  }
  return "";
}

struct ReadCase {
  const char* name;
  std::string address;
  std::string srs_domain;
  std::string expected;
};

class ReturnAddressRead : public testing::TestWithParam<ReadCase> {};

TEST_P(ReturnAddressRead, TellsWhomItStandsFor) {
  const auto& [name, text, srs_domain, expected] = GetParam();
  const auto snapshot = house();
  const auto known = keys();
  const auto address = mail::Address::parse(text);
  ASSERT_TRUE(address) << text;
  const auto read = read_return_address(*snapshot, *address, {srs_domain, &known, kNow});
  EXPECT_EQ(shown(read), expected);
  EXPECT_EQ(read && read->sender, read && read->verdict == ReturnVerdict::valid);
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReturnAddressRead,
    testing::Values(
        ReadCase{"Fresh", made("Arya@winter.example", kNow), kSrsDomain, "Arya@winter.example"},
        ReadCase{"InLowerCase", lower(made("Arya@winter.example", kNow)), kSrsDomain,
                 "arya@winter.example"},
        ReadCase{"OnItsLastDay", made("arya@winter.example", kNow - days(30)), kSrsDomain,
                 "arya@winter.example"},
        ReadCase{"TooOld", made("arya@winter.example", kNow - days(31)), kSrsDomain, "expired"},
        ReadCase{"Forged", "SRS0=aaaaaaaa=aa=winter.example=arya@srs.example", kSrsDomain,
                 "forged"},
        ReadCase{"MadeForAnotherDomain",
                 "SRS0=" + made("arya@winter.example", kNow, "other.example").substr(5, 8) +
                     "=aa=winter.example=arya@srs.example",
                 kSrsDomain, "forged"},
        ReadCase{"NobodyElseLivesThere", "postmaster@srs.example", kSrsDomain, "forged"},
        ReadCase{"AnotherDomain", "SRS0=aaaaaaaa=aa=winter.example=arya@winter.example", kSrsDomain,
                 "like any other"},
        ReadCase{"WithoutAnSrsDomain", made("arya@winter.example", kNow), "", "like any other"},
        ReadCase{"AServedDomainHasMailboxes", "jon@served.net", "served.net", "like any other"},
        ReadCase{"AServedDomainTakesBounces", made("arya@winter.example", kNow, "served.net"),
                 "served.net", "arya@winter.example"},
        ReadCase{"AServedDomainHasNoForgedOnes", "srs0=aaaaaaaa=aa=winter.example=arya@served.net",
                 "served.net", "forged"},
        ReadCase{"ADeletedDomainHasNoMailboxes", "jon@gone.net", "gone.net", "forged"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// SRS1 that names us as the first forwarder holds an SRS0 of ours: both must hold.
TEST(ReturnAddress, ThroughAForwarderBackToUs) {
  const auto snapshot = house();
  const auto known = keys();
  const auto read = [&](const std::string& text) {
    return shown(
        read_return_address(*snapshot, *mail::Address::parse(text), {kSrsDomain, &known, kNow}));
  };
  const auto through = [&](const std::string& ours) {
    const std::string rest = ours.substr(4, ours.find('@') - 4);
    return made("SRS1=HHH=srs.example=" + rest + "@forwarder.example", kNow);
  };
  EXPECT_EQ(read(through(made("a@w.example", kNow))), "a@w.example");
  EXPECT_EQ(read(through(made("a@w.example", kNow - days(40)))), "expired");
  EXPECT_EQ(read(through("SRS0=aaaaaaaa=aa=w.example=a@srs.example")), "forged");
}

TEST(ReturnAddress, WithoutKeysNothingCanBeSaid) {
  const auto snapshot = house();
  const std::vector<Secret> none;
  const auto address = *mail::Address::parse(made("arya@winter.example", kNow));
  EXPECT_EQ(shown(read_return_address(*snapshot, address, {kSrsDomain, &none, kNow})), "no keys");
  EXPECT_EQ(shown(read_return_address(*snapshot, address, {kSrsDomain, nullptr, kNow})), "no keys");
}

}  // namespace
}  // namespace postern::policy
