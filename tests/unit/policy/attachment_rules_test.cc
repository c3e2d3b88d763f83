// Attachment rules: how they are read, in which order they are asked, and what they match.
#include "policy/attachment_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;
using test::fixture;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const AttachmentRules> rules(const std::string& elements) {
  return test::shared_decoded<AttachmentRules>("attachments:got.com", "[" + elements + "]");
}

std::string filename(const std::string& filter, const std::string& more = "") {
  return R"({"action":"deny","checkType":"filename","filter":")" + filter + "\"" + more + "}";
}

// The description of the rule that decides about the name; "": none does.
std::string decides(const AttachmentRules& set, std::string_view name,
                    AttachmentCheck check = AttachmentCheck::filename) {
  const AttachmentRule* rule = set.first_match(check, name);
  return rule == nullptr ? "" : rule->description;
}

TEST(AttachmentRules, ReadTheApisOwnExamples) {
  const auto set = test::shared_decoded<AttachmentRules>("attachments:stark.net",
                                                         fixture("attachments_stark.net"));
  ASSERT_EQ(set->rules().size(), 1U);
  const AttachmentRule& rule = set->rules().front();
  EXPECT_EQ(rule.action, AttachmentAction::allow);
  EXPECT_EQ(rule.check, AttachmentCheck::content_type);
  EXPECT_EQ(rule.filter, ".xlsx");
  EXPECT_EQ(rule.priority, 1);
  EXPECT_EQ(rule.description, "Allow xslx files");
  // Kept as it is written, though no type of a spreadsheet holds ".xlsx".
  EXPECT_EQ(decides(*set, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    AttachmentCheck::content_type),
            "");
  EXPECT_EQ(fault("attachments:*", fixture("attachments_as_posted")), "");
}

TEST(AttachmentRules, EnumsInAnySpellingAndDeleteIsADenial) {
  const auto set = rules(R"({"action":"DELETE","checkType":"ARCHIVE_FILENAME","filter":"a"},
                            {"action":"Deny","checkType":"archive-contenttype","filter":"a"})");
  EXPECT_EQ(set->rules()[0].action, AttachmentAction::deny);
  EXPECT_EQ(set->rules()[0].check, AttachmentCheck::archive_filename);
  EXPECT_EQ(set->rules()[1].check, AttachmentCheck::archive_content_type);
}

struct Search {
  std::string filter;
  std::string name;
  bool matches;
};

class AttachmentFilter : public testing::TestWithParam<Search> {};

TEST_P(AttachmentFilter, IsSearchedForAnywhereInAnyCase) {
  const auto set = rules(filename(GetParam().filter, R"(,"description":"hit")"));
  EXPECT_EQ(!decides(*set, GetParam().name).empty(), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    Names, AttachmentFilter,
    testing::Values(Search{".xls", "a.xlsx", true}, Search{".xls", "fooxls", true},
                    Search{".xls", "xls", false}, Search{R"(\\.exe$)", "RUN.EXE", true},
                    Search{R"(\\.exe$)", "run.exe.txt", false}, Search{"^a", "ba", false},
                    // Exponential for an engine that goes back over the text.
                    Search{"(a+)+$", std::string(20'000, 'a') + "b", false}));

TEST(AttachmentRules, AreAskedByPriorityThenInTheirOrder) {
  const auto set = rules(
      filename("x", R"(,"description":"last")") + "," +
      filename("x", R"(,"description":"second","priority":5)") + "," +
      filename("x", R"(,"description":"third","priority":5)") + "," +
      filename("y", R"(,"description":"other","priority":1)") + "," +
      R"({"action":"allow","checkType":"contenttype","filter":"x","priority":0,"description":"t"})");
  EXPECT_EQ(decides(*set, "x"), "second");
  EXPECT_EQ(decides(*set, "xy"), "other");
  EXPECT_EQ(decides(*set, "x", AttachmentCheck::content_type), "t");
  EXPECT_EQ(decides(*set, "x", AttachmentCheck::archive_filename), "");
  EXPECT_TRUE(set->has(AttachmentCheck::content_type));
  EXPECT_FALSE(set->has(AttachmentCheck::archive_filename));
}

TEST(AttachmentRules, AnExpressionThatDoesNotCompileLeavesOutItsRuleAlone) {
  const auto set = rules(filename("good", R"(,"description":"good")") + "," + filename("(bad"));
  EXPECT_EQ(decides(*set, "good.txt"), "good");
  EXPECT_EQ(decides(*set, "(bad"), "");
  ASSERT_EQ(set->rule_faults().size(), 1U);
  EXPECT_THAT(set->rule_faults().front(), HasSubstr("/1/filter: missing ): (bad"));
  // Bounded like the rest: no customer's expression takes the memory of all.
  EXPECT_THAT(rules(filename("((a{500}){500})"))->rule_faults(), testing::SizeIs(1));
}

TEST(AttachmentRules, FaultsOfRulesAreKnownToTheSnapshotUntilTheyAreMended) {
  const auto faults_of = [](const Snapshot& snapshot) {
    std::vector<std::string> faults;
    snapshot.for_each_rule_fault([&](const DocumentKey& key, const std::string& fault) {
      faults.push_back(key.to_string() + " " + fault.substr(0, 9));
    });
    return faults;
  };
  const auto broken = test::set_of({{"attachments:*", "[" + filename("(") + "]"}});
  EXPECT_THAT(faults_of(*broken), ElementsAre("attachments:* /0/filter"));
  const auto mended = test::set_of({{"attachments:*", "[" + filename("a") + "]"}}, *broken);
  EXPECT_THAT(faults_of(*mended), IsEmpty());
  SnapshotEditor editor(*broken, {});
  editor.erase(test::key("attachments:*"));
  EXPECT_THAT(faults_of(editor.draft()), IsEmpty());
}

TEST(AttachmentRules, AreRefusedByTheMemberThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{}", "the document: expected an array"},
      {R"([{"checkType":"filename","filter":"a"}])", "/0/action: missing"},
      {R"([{"action":"deny","filter":"a"}])", "/0/checkType: missing"},
      {R"([{"action":"deny","checkType":"size","filter":"a"}])", "/0/checkType: expected one of"},
      {R"([{"action":"deny","checkType":"filename","filter":""}])", "/0/filter: missing"},
      {R"([{"action":"deny","checkType":"filename","filter":"a","priority":"1"}])",
       "/0/priority: expected a whole number"},
      {"[" + filename(std::string(1025, 'a')) + "]", "/0/filter: longer than 1024 octets"},
  };
  for (const auto& [json, why] : cases) {
    const std::string got = fault("attachments:got.com", json);
    EXPECT_TRUE(got.starts_with(why)) << json << ": " << got;
  }
  std::string many = filename("a");
  for (std::size_t i = 0; i < kMaxAttachmentRules; ++i) many += "," + filename("a");
  EXPECT_EQ(fault("attachments:got.com", "[" + many + "]"), "the document: more than 1000 rules");
}

TEST(BuiltinAttachmentRules, DenyProgramsByNameInArchivesToo) {
  const AttachmentRules& set = builtin_attachment_rules();
  EXPECT_THAT(set.rule_faults(), IsEmpty());
  for (const auto check : {AttachmentCheck::filename, AttachmentCheck::archive_filename}) {
    for (const std::string name :
         {"a.exe", "A.SCR", "b.com", "x.bat", "x.cmd", "x.pif", "x.vbs", "x.vbe", "x.js", "x.jse",
          "x.wsf", "x.hta", "x.lnk", "x.cpl", "x.msi", "x.ps1", "x.iso", "x.img"}) {
      EXPECT_NE(set.first_match(check, name), nullptr) << name;
    }
    for (const std::string name : {"a.exe.pdf", "exe", "report.docx", "x.json"}) {
      EXPECT_EQ(set.first_match(check, name), nullptr) << name;
    }
  }
  EXPECT_FALSE(set.has(AttachmentCheck::content_type));
}

}  // namespace
}  // namespace postern::policy
