// Whose lists, groups and relays an address has: by its own name, its domain's and the aliases'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/resolve.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::set_of;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRules = R"([{"value":"x.net","type":"BLOCK"}])";
constexpr const char* kDomain =
    R"({"name":"d.net","policy":{},"domainAliases":[{"name":"a.net"},{"name":"b.net"}]})";

RecipientPolicy resolved(const SnapshotPtr& set, std::string_view address,
                         std::string_view delimiters = "") {
  const auto found = resolve(*set, *mail::Address::parse(address), delimiters);
  if (!std::holds_alternative<RecipientPolicy>(found)) throw std::runtime_error("not resolved");
  return std::get<RecipientPolicy>(found);
}

std::vector<std::string> owners(const std::vector<const SenderRules*>& lists) {
  std::vector<std::string> names;
  for (const auto* list : lists) names.push_back(list->owner());
  return names;
}

TEST(ResolveRules, SenderListsAreTheOwnersAndThoseUnderAliases) {
  const auto set = set_of({{"wblist:joe@b.net", kRules},
                           {"domain:d.net", kDomain},
                           {"wblist:d.net", kRules},
                           {"wblist:a.net", kRules},
                           {"wblist:joe@d.net", kRules},
                           {"wblist:c.net", kRules}});
  for (const std::string address : {"joe@d.net", "JOE@a.net"}) {
    const auto recipient = resolved(set, address);
    EXPECT_THAT(owners(recipient.user_rules), ElementsAre("joe@d.net", "joe@b.net"));
    EXPECT_THAT(owners(recipient.domain_rules), ElementsAre("d.net", "a.net"));
  }
  EXPECT_THAT(owners(resolved(set, "ann@d.net").user_rules), IsEmpty());
}

TEST(ResolveRules, AnAliasThatBecomesADomainKeepsItsListsToItself) {
  auto set = set_of({{"domain:d.net", kDomain}, {"wblist:a.net", kRules}});
  EXPECT_THAT(set->aliases_with_rules("d.net"), ElementsAre("a.net"));
  set = set_of({{"domain:a.net", R"({"name":"a.net","policy":{}})"}}, *set);
  EXPECT_THAT(set->aliases_with_rules("d.net"), IsEmpty());
  EXPECT_THAT(owners(resolved(set, "joe@a.net").domain_rules), ElementsAre("a.net"));
  EXPECT_THAT(owners(resolved(set, "joe@d.net").domain_rules), IsEmpty());
}

TEST(ResolveRules, ListsUnderAliasesFollowWhatComesAndGoes) {
  SnapshotEditor editor({}, {});
  const auto put = [&editor](std::string_view key, std::string_view json) {
    EXPECT_TRUE(editor.put(test::key(key), json)) << key;
  };
  const auto aliases = [&editor] { return editor.draft().aliases_with_rules("d.net"); };
  put("domain:d.net", kDomain);
  put("wblist:joe@a.net", kRules);
  put("wblist:ann@a.net", kRules);
  put("groups:b.net", "[]");
  EXPECT_THAT(aliases(), ElementsAre("a.net", "b.net"));
  editor.erase(test::key("wblist:joe@a.net"));
  put("wblist:ann@a.net", "[]");
  EXPECT_THAT(aliases(), ElementsAre("a.net", "b.net"));
  editor.erase(test::key("wblist:ann@a.net"));
  editor.erase(test::key("groups:b.net"));
  EXPECT_THAT(aliases(), IsEmpty());
  put("wblist:b.net", kRules);
  EXPECT_THAT(aliases(), ElementsAre("b.net"));
  put("domain:d.net", R"({"name":"d.net","domainAliases":[{"name":"a.net"}]})");
  EXPECT_THAT(aliases(), IsEmpty());
}

TEST(ResolveRules, ASubAddressHasItsMailboxsList) {
  const auto set = set_of({{"domain:d.net", kDomain},
                           {"user:joe@d.net", R"({"email":"joe@d.net"})"},
                           {"wblist:joe@d.net", kRules},
                           {"wblist:ann+x@d.net", kRules},
                           {"user:ann+x@d.net", R"({"email":"ann+x@d.net"})"},
                           {"wblist:ann@d.net", kRules}});
  EXPECT_THAT(owners(resolved(set, "joe+y@d.net", "+").user_rules), ElementsAre("joe@d.net"));
  EXPECT_THAT(owners(resolved(set, "joe+y@d.net").user_rules), IsEmpty());
  // A user of exactly this name is somebody else.
  EXPECT_THAT(owners(resolved(set, "ann+x@d.net", "+").user_rules), ElementsAre("ann+x@d.net"));
}

TEST(ResolveRules, AttachmentAndUriRulesOfTheDomainAndThePlatform) {
  const auto set = set_of({{"domain:d.net", kDomain},
                           {"domain:e.net", R"({"name":"e.net","policy":{}})"},
                           {"attachments:d.net", "[]"},
                           {"attachments:*", "[]"},
                           {"uris:d.net", "[]"}});
  const auto with = resolved(set, "joe@a.net");
  EXPECT_EQ(with.attachments, set->attachment_rules("d.net"));
  EXPECT_NE(with.attachments, nullptr);
  EXPECT_EQ(with.platform_attachments, set->attachment_rules("*"));
  EXPECT_EQ(with.uris, set->uri_rules("d.net"));
  const auto without = resolved(set, "joe@e.net");
  EXPECT_EQ(without.attachments, nullptr);
  EXPECT_NE(without.platform_attachments, nullptr);
  EXPECT_EQ(without.uris, nullptr);
}

SnapshotPtr known_people(const std::string& catchall) {
  return set_of({{"domain:d.net", kDomain},
                 {"user:joe@d.net", R"({"email":"joe@d.net"})"},
                 {"user:both@d.net", R"({"email":"both@d.net"})"},
                 {"groups:d.net", R"([{"email":"both@d.net"},{"email":"all@d.net","recipients":
          [{"email":"joe@d.net"},{"email":"both@d.net","type":"ALIAS"},
           {"email":"more@a.net","type":"ALIAS"}]}])"},
                 {"groups:a.net", R"([{"email":"more@a.net","recipients":[{"email":"x@y.org"}]}])"},
                 {"opensrs:d.net", R"({"catchall":")" + catchall + "\"}"}});
}

struct Who {
  std::string address;
  std::string is;
};

std::string who(const RecipientPolicy& recipient) {
  const std::string through = recipient.through_catchall ? "catchall " : "";
  if (recipient.user != nullptr) return through + "user " + recipient.user->email;
  if (recipient.group != nullptr) return through + "group " + recipient.group->email;
  return "unknown " + recipient.canonical.key();
}

TEST(ResolveWho, UserThenGroupThenCatchallThenUnknown) {
  for (const auto& [address, is] :
       {Who{"joe@d.net", "user joe@d.net"}, Who{"both@d.net", "user both@d.net"},
        Who{"all@d.net", "group all@d.net"}, Who{"ALL@b.net", "group all@d.net"},
        Who{"more@d.net", "group more@a.net"}, Who{"nobody@d.net", "catchall user joe@d.net"},
        Who{"nobody@a.net", "catchall user joe@d.net"}}) {
    EXPECT_EQ(who(resolved(known_people("joe"), address)), is) << address;
  }
  const auto caught = resolved(known_people("Joe@a.net"), "nobody@d.net");
  EXPECT_EQ(caught.canonical.key(), "joe@d.net");
  EXPECT_TRUE(caught.is_rewritten());
  EXPECT_TRUE(caught.is_known());
  EXPECT_EQ(who(resolved(known_people("all"), "nobody@d.net")), "catchall group all@d.net");
}

TEST(ResolveWho, ACatchallThatIsNobodyCatchesNothing) {
  for (const std::string catchall : {"gone", "nobody", "joe@elsewhere.net", ""}) {
    const auto recipient = resolved(known_people(catchall), "nobody@d.net");
    EXPECT_EQ(who(recipient), "unknown nobody@d.net") << catchall;
    EXPECT_FALSE(recipient.is_rewritten() || recipient.is_known());
  }
}

TEST(ResolveWho, WhoSendsIsNotTheCatchall) {
  const auto set = known_people("joe");
  const auto sender = resolve_sender(*set, *mail::Address::parse("nobody@d.net"), "");
  EXPECT_EQ(who(std::get<RecipientPolicy>(sender)), "unknown nobody@d.net");
}

TEST(ResolveWho, AGroupIsExpandedThroughGroupsUnderAliasesButNotThroughUsers) {
  const auto set = known_people("");
  std::vector<std::string> members;
  for (const auto& member : expand(*set, *set->group("all@d.net")).members) {
    members.push_back(member.address.key());
  }
  EXPECT_THAT(members, ElementsAre("joe@d.net", "both@d.net", "x@y.org"));
}

TEST(ResolveWho, FiltermxIsWhereEverybodysMailGoes) {
  const auto set = set_of({{"domain:d.net", kDomain},
                           {"user:joe@d.net", R"({"email":"joe@d.net","platform":
                              {"name":"own","transportDest":"own.net"}})"},
                           {"opensrs:d.net", R"({"filtermx":"mx.net:26"})"}});
  const auto recipient = resolved(set, "joe@d.net");
  EXPECT_EQ(recipient.platform->primary.host, "mx.net");
  EXPECT_EQ(recipient.platform_source, "opensrs:d.net");
  EXPECT_EQ(recipient.opensrs, set->opensrs("d.net"));
}

TEST(ResolveWho, AUsersOwnRulesBeatThoseOfTheOpensrsDomain) {
  const auto set = set_of({{"user:joe@d.net", R"({"email":"joe@d.net","policy":{"name":"joes"}})"},
                           {"opensrs:d.net", R"({"spamlevel":"High"})"}});
  EXPECT_EQ(resolved(set, "joe@d.net").policy_source, "user:joe@d.net");
  EXPECT_EQ(resolved(set, "ann@d.net").policy_source, "opensrs:d.net");
}

}  // namespace
}  // namespace postern::policy
