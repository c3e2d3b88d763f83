// Texts that nobody saved from an API: each ends in an Error, soon, whatever it is.
#include <gmock/gmock.h>

#include "reading.h"

namespace postern::dialects {
namespace {

using testing::HasSubstr;

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string identities(const std::string& entries) {
  return "<GetIdentityVerificationAttributesResponse><GetIdentityVerificationAttributesResult>"
         "<VerificationAttributes>" +
         entries +
         "</VerificationAttributes></GetIdentityVerificationAttributesResult>"
         "</GetIdentityVerificationAttributesResponse>";
}
std::string entry(const std::string& key, const std::string& status = "Success") {
  return "<entry><key>" + key + "</key><value><VerificationStatus>" + status +
         "</VerificationStatus></value></entry>";
}

TEST(HostileText, IsRefusedInEveryDialect) {
  for (const Dialect dialect : kAllDialects) {
    for (const std::string& text :
         {std::string(), std::string(" \n"), std::string("\0", 1), std::string("\xff\xfe"),
          std::string("{"), std::string("[[[["), std::string("null"), std::string("<a>"),
          std::string("HTTP/1.1 200 OK"), repeated("HTTP/1.1 200 OK\n", 1000),
          repeated("[", 100'000), repeated("{\"a\":", 100'000), repeated("<a>", 300'000),
          std::string(policy::kMaxDocumentSize + 1, ' '), std::string("{\"a\":1,\"a\":2}")}) {
      const auto reading = read(dialect, text, "");
      EXPECT_FALSE(reading.ok()) << to_string(dialect) << ": " << text.substr(0, 40);
    }
  }
}

struct Xml {
  std::string text;
  std::string why;
};

TEST(HostileXml, IsRefusedWithWhatIsWrong) {
  for (const Xml& one : {
           Xml{"<!DOCTYPE a [<!ENTITY b \"c\">]>" + identities(entry("&b;")), "a document type"},
           Xml{identities(entry("a.example")).substr(0, 200), "not XML"},
           Xml{identities(""), "no entry"},
           Xml{identities(entry("")), "an entry without a key"},
           Xml{identities(entry("a@")), "entry \"a@\""},
           Xml{identities(entry("a.example", "")), "no VerificationStatus"},
           Xml{identities(entry("a.example", std::string(2000, 'S'))), "more than 1,024 octets"},
           Xml{identities(entry("a.example") + entry("A.example")),
               "identity:a.example: there twice"},
           Xml{identities("<entry/>"), "an entry without a key"},
           Xml{"<ErrorResponse/>", "what went wrong"},
           Xml{"<html/>", "found \"html\""},
           Xml{"<GetIdentityVerificationAttributesResponse/>", "no VerificationAttributes"},
           Xml{identities(std::string(std::size_t{1} << 20, ' ')), "larger than 1 MiB"},
       }) {
    const auto reading = read(Dialect::fujitsu, one.text, "");
    ASSERT_FALSE(reading.ok()) << one.why;
    EXPECT_THAT(reading.error().what, HasSubstr(one.why));
  }
}

TEST(HostileXml, AThousandEntriesAreReadAndNoMore) {
  std::string entries;
  for (int i = 0; i < 1000; ++i) entries += entry("d" + std::to_string(i) + ".example");
  EXPECT_EQ(keys_of(read(Dialect::fujitsu, identities(entries), "")).size(), 1000U);
  EXPECT_FALSE(read(Dialect::fujitsu, identities(entries + entry("e.example")), "").ok());
}

TEST(ForeignXml, NamespacesAreSeenThrough) {
  std::string text = identities(entry("a.example"));
  text.replace(0, 42,
               "<s:GetIdentityVerificationAttributesResponse xmlns:s=\"http://ses.example/doc/\"");
  text.replace(text.rfind("</Get"), 3, "</s:G");
  EXPECT_EQ(keys_of(read(Dialect::fujitsu, text, "")),
            std::vector<std::string>{"identity:a.example"});
}

}  // namespace
}  // namespace postern::dialects
