#include "adapters/header_scanner/header_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan_mail.h"

namespace postern::scan {
namespace {

using testing::HasSubstr;
using Fields = std::vector<mail::HeaderField>;

HeaderScannerConfig config() {
  HeaderScannerConfig config;
  config.trust = {*IpNetwork::parse("192.0.2.0/28"), *IpNetwork::parse("2001:db8::/64")};
  return config;
}

Result<ports::ScanResult> scan(HeaderScannerConfig config, const Fields& fields,
                               std::string_view client = "192.0.2.7") {
  test::ScanMail mail;
  for (const auto& field : fields) mail.message.add_header(field.name, field.value);
  mail.client = IpAddress::parse(client);
  return HeaderScanner(std::move(config)).scan(mail.input(), test::soon());
}

struct Verdict {
  Fields fields;
  policy::MilliScore score;
  bool advert;
  std::string virus;
};

class Believed : public testing::TestWithParam<Verdict> {};

TEST_P(Believed, GivesTheVerdictOfTheEarlierFilter) {
  const auto result = scan(config(), GetParam().fields);
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->score, GetParam().score);
  EXPECT_EQ(result->advert, GetParam().advert);
  EXPECT_EQ(result->virus, GetParam().virus);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Believed,
    testing::Values(
        Verdict{{}, 0, false, ""}, Verdict{{{"X-Spam-Score", " 7.2"}}, 7200, false, ""},
        Verdict{{{"x-spam-score", "7.2 / 5.0"}}, 7200, false, ""},
        Verdict{{{"X-Spam-Score", "\n\t7.2"}}, 7200, false, ""},
        // Several: the highest, wherever it stands.
        Verdict{{{"X-Spam-Score", " 1"}, {"X-Spam-Score", " 9.5"}, {"X-Spam-Score", " 3"}},
                9500,
                false,
                ""},
        Verdict{{{"X-Spam-Score", " -3"}, {"X-Spam-Score", " -1.5"}}, -1500, false, ""},
        Verdict{{{"X-Spam-Advert", " yes"}}, 0, true, ""},
        Verdict{{{"X-Spam-Advert", " TRUE"}}, 0, true, ""},
        Verdict{{{"X-Spam-Advert", " 1"}}, 0, true, ""},
        Verdict{{{"X-Spam-Advert", " No"}}, 0, false, ""},
        Verdict{{{"X-Spam-Advert", " 0"}, {"X-Spam-Advert", " YES"}}, 0, true, ""},
        Verdict{{{"X-Virus-Name", " Eicar-Test"}}, 0, false, "Eicar-Test"},
        Verdict{{{"X-Virus-Name", " "}, {"X-Virus-Name", " Worm"}, {"X-Virus-Name", " Other"}},
                0,
                false,
                "Worm"},
        // What is not printable does not come further.
        Verdict{{{"X-Virus-Name", " W\x1b[2J\xc3\xa4"}}, 0, false, "W?[2J??"}));

struct Unclear {
  Fields fields;
  std::string named;
};

class Unreadable : public testing::TestWithParam<Unclear> {};

TEST_P(Unreadable, IsUnavailableAndNamesTheField) {
  const auto result = scan(config(), GetParam().fields);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().permanence, Permanence::temporary);
  EXPECT_THAT(result.error().what, HasSubstr(GetParam().named));
}

INSTANTIATE_TEST_SUITE_P(Fields, Unreadable,
                         testing::Values(Unclear{{{"X-Spam-Score", " high"}}, "X-Spam-Score"},
                                         Unclear{{{"X-Spam-Score", ""}}, "X-Spam-Score"},
                                         Unclear{{{"X-Spam-Score", " nan"}}, "X-Spam-Score"},
                                         Unclear{{{"X-Spam-Score", " 7.2"}, {"X-Spam-Score", " ?"}},
                                                 "X-Spam-Score"},
                                         Unclear{{{"X-Spam-Advert", " maybe"}}, "X-Spam-Advert"}));

TEST(HeaderScanner, DoesNotBelieveOtherClients) {
  for (const char* client : {"192.0.2.16", "198.51.100.1", "2001:db8:1::1"}) {
    const auto result = scan(config(),
                             {{"X-Spam-Score", " -100"},
                              {"X-Spam-Score", " nonsense"},
                              {"X-Spam-Advert", " yes"},
                              {"X-Virus-Name", " Worm"}},
                             client);
    ASSERT_TRUE(result) << client;
    EXPECT_EQ(result->score, 0);
    EXPECT_FALSE(result->advert);
    EXPECT_EQ(result->virus, "");
  }
}

TEST(HeaderScanner, BelievesEveryTrustedNetwork) {
  for (const char* client : {"192.0.2.0", "192.0.2.15", "2001:db8::1", "::ffff:192.0.2.7"}) {
    const auto result = scan(config(), {{"X-Spam-Score", " 4"}}, client);
    ASSERT_TRUE(result) << client;
    EXPECT_EQ(result->score, 4000) << client;
  }
}

TEST(HeaderScanner, DoesNotBelieveAClientWithoutAnAddress) {
  test::ScanMail mail;
  mail.message.add_header("X-Spam-Score", " 9");
  mail.client = std::nullopt;
  const auto result = HeaderScanner(config()).scan(mail.input(), test::soon());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->score, 0);
}

TEST(HeaderScanner, IsUnavailableWithoutARequiredScore) {
  HeaderScannerConfig strict = config();
  strict.required = true;
  EXPECT_FALSE(scan(strict, {}));
  EXPECT_FALSE(scan(strict, {{"X-Spam-Advert", " no"}}));
  EXPECT_FALSE(scan(strict, {{"X-Spam-Score", " 1"}}, "198.51.100.1"));
  EXPECT_TRUE(scan(strict, {{"X-Spam-Score", " 1"}}));
}

TEST(HeaderScanner, MultipliesByItsScale) {
  HeaderScannerConfig scaled = config();
  scaled.scale = 0.5;
  const auto result = scan(scaled, {{"X-Spam-Score", " 15"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->score, 7500);
}

TEST(HeaderScanner, LooksOnlyForWhatIsConfigured) {
  HeaderScannerConfig some = config();
  some.score = "X-Rating";
  some.advert = "";
  some.virus = "";
  const auto result =
      scan(some, {{"X-Rating", " 2"}, {"X-Spam-Score", " 9"}, {"X-Spam-Advert", " yes"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->score, 2000);
  EXPECT_FALSE(result->advert);
  EXPECT_EQ(HeaderScanner(some).name(), "header X-Rating");
}

}  // namespace
}  // namespace postern::scan
