// Attachment rules: which object of a message is denied, by whose rule, and what is said.
#include "decide/attachment_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using content::Attachments;
using content::Object;
using testing::HasSubstr;

Object file(const std::string& name, const std::string& declared = "application/octet-stream",
            const std::string& detected = "") {
  Object object;
  object.name = object.ascii_name = object.path = name;
  object.declared_type = declared;
  object.detected_type = detected;
  return object;
}

Object member(const std::string& path, const std::string& detected = "") {
  Object object = file(path.substr(path.rfind('/') + 1), "", detected);
  object.path = path;
  object.in_archive = true;
  return object;
}

std::string rule(const std::string& action, const std::string& check, const std::string& filter,
                 const std::string& description = "") {
  return R"({"action":")" + action + R"(","checkType":")" + check + R"(","filter":")" + filter +
         R"(","description":")" + description + "\"}";
}

struct Rules {
  std::string domain;    // elements; "-": no document
  std::string platform;  // likewise
};

std::optional<DeniedAttachment> denied(const Rules& rules, const Attachments& found,
                                       Explanation* why = nullptr) {
  test::Documents documents = {{"domain:got.com", test::domain_json("got.com", test::kStark)}};
  if (rules.domain != "-") documents.emplace_back("attachments:got.com", "[" + rules.domain + "]");
  if (rules.platform != "-") documents.emplace_back("attachments:*", "[" + rules.platform + "]");
  const auto snapshot = test::snapshot_of(documents);
  const auto joe = policy::resolve(*snapshot, *mail::Address::parse("joe@got.com"), "");
  return deny_attachment(found, std::get<policy::RecipientPolicy>(joe), why);
}

struct Row {
  std::string name;
  Rules rules;
  std::vector<Object> objects;
  std::string description;  // "": none is denied
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class AttachmentRules : public testing::TestWithParam<Row> {};

TEST_P(AttachmentRules, DenyTheFirst) {
  const auto answer = denied(GetParam().rules, {GetParam().objects, std::nullopt});
  EXPECT_EQ(answer ? answer->description : "", GetParam().description);
}

const std::string kXls = rule("deny", "filename", ".xls", "no sheets");

INSTANTIATE_TEST_SUITE_P(
    Rows, AttachmentRules,
    testing::Values(
        Row{"Nothing", {"-", "-"}, {}, ""}, Row{"Harmless", {kXls, "-"}, {file("a.pdf")}, ""},
        Row{"OfTheDomain", {kXls, "-"}, {file("a.pdf"), file("A.XLSX")}, "no sheets"},
        Row{"OfThePlatform", {"-", kXls}, {file("a.xls")}, "no sheets"},
        Row{"BuiltIn", {"-", "-"}, {file("run.exe")}, "programs are not accepted"},
        Row{"BuiltInBesideTheDomains", {kXls, "-"}, {file("run.exe")}, "programs are not accepted"},
        Row{"BuiltInInArchives",
            {"-", "-"},
            {member("a.zip/run.exe")},
            "programs are not accepted"},
        Row{"ThePlatformsOwnReplaceTheBuiltIn", {"-", ""}, {file("run.exe")}, ""},
        Row{"DomainBeforePlatform", {rule("allow", "filename", "x"), kXls}, {file("a.xls")}, ""},
        Row{"DomainAllowsABuiltIn",
            {rule("allow", "filename", "setup.*exe"), "-"},
            {file("setup.exe")},
            ""},
        Row{"TheFirstThatMatches",
            {rule("allow", "filename", "good") + "," + kXls, "-"},
            {file("good.xls"), file("bad.xls")},
            "no sheets"},
        // An allowed name does not vouch for the type.
        Row{"TypeAfterAnAllowedName",
            {rule("allow", "filename", "a") + "," + rule("deny", "contenttype", "dosexec", "dos"),
             "-"},
            {file("a.txt", "text/plain", "application/x-dosexec")},
            "dos"},
        Row{"DeclaredType",
            {rule("deny", "contenttype", "^video/", "no films"), "-"},
            {file("a", "video/mp4")},
            "no films"},
        // Nor does what the sender declares for what it is.
        Row{"DetectedTypeAfterAnAllowedDeclaredOne",
            {rule("allow", "contenttype", "text/plain") + "," +
                 rule("deny", "contenttype", "dosexec", "dos"),
             "-"},
            {file("a", "text/plain", "application/x-dosexec")},
            "dos"},
        Row{"NamesInArchivesHaveTheirOwnRules", {kXls, "-"}, {member("z.zip/a.xls")}, ""},
        Row{"NameInAnArchive",
            {rule("deny", "archive-filename", "xls", "inside"), "-"},
            {member("z.zip/a.xls")},
            "inside"},
        Row{"NameOutsideAnArchive",
            {rule("deny", "archive-filename", "xls", "inside"), "-"},
            {file("a.xls")},
            ""},
        Row{"TypeInAnArchive",
            {rule("deny", "archive-contenttype", "dosexec", "inside"), "-"},
            {member("z.zip/a", "application/x-dosexec")},
            "inside"},
        Row{"UnknownTypeInAnArchivePasses",
            {rule("deny", "archive-contenttype", ".*"), "-"},
            {member("z.zip/a")},
            ""},
        Row{"WithoutADescriptionItsNameIsSaid",
            {rule("deny", "filename", "xls"), "-"},
            {file("a.xls")},
            "a.xls"},
        Row{"ARuleThatDoesNotCompileIsLeftOut",
            {rule("deny", "filename", "(") + "," + kXls, "-"},
            {file("(.xls")},
            "no sheets"}),
    [](const auto& row) { return row.param.name; });

TEST(AttachmentRulesReply, IsOneLineOfAtMostTwoHundredCharacters) {
  const auto answer =
      denied({rule("deny", "filename", "a", "no\\r\\n\\u00e9" + std::string(300, 'x')), "-"},
             {{file("a")}, std::nullopt});
  ASSERT_TRUE(answer);
  EXPECT_LE(answer->description.size(), 200U);
  EXPECT_TRUE(answer->description.starts_with("no??"));
  const auto named = denied({rule("deny", "filename", "a"), "-"},
                            {{file("a\r\n" + std::string(400, 'y'))}, std::nullopt});
  EXPECT_LE(named->description.size(), 200U);
  EXPECT_EQ(named->description.find('\r'), std::string::npos);
  EXPECT_THAT(named->reason, HasSubstr("attachments:got.com denies a??"));
}

TEST(AttachmentRulesReply, ABombIsDenied) {
  const Attachments found{{file("a.zip")}, "a.zip: more than 5000 members"};
  const auto answer = denied({"-", "-"}, found);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reason, "a.zip: more than 5000 members");
  EXPECT_THAT(answer->description, HasSubstr("archive"));
}

TEST(AttachmentRulesExplanation, NamesTheRulesThatDecided) {
  Explanation why;
  denied({rule("allow", "filename", "good") + "," + kXls, "-"},
         {{file("good.xls"), file("bad.xls")}, std::nullopt}, &why);
  ASSERT_EQ(why.considered().size(), 2U);
  EXPECT_EQ(why.considered()[0].rule, "allow filename good");
  EXPECT_EQ(why.considered()[1].rule, "deny filename .xls");
  EXPECT_EQ(why.considered()[1].source, "attachments:got.com");
  EXPECT_THAT(why.considered()[1].finding, HasSubstr("bad.xls"));
}

}  // namespace
}  // namespace postern::decide
