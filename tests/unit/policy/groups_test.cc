// Mail groups: how they are read, and who is in them.
#include "policy/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;
using test::fixture;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> addresses(const Expansion& expansion) {
  std::vector<std::string> found;
  for (const auto& member : expansion.members) found.push_back(member.address.key());
  return found;
}

// Groups of d.net by local part; a member without @ is another group, one with @ a user.
class World {
 public:
  World& group(const std::string& name, const std::vector<std::string>& members) {
    Group group{.id = "", .email = name + "@d.net", .members = {}};
    for (const std::string& member : members) {
      const bool is_group = member.find('@') == std::string::npos;
      group.members.push_back({*mail::Address::parse(is_group ? member + "@d.net" : member),
                               is_group ? MemberType::alias : MemberType::user});
    }
    groups_.push_back(std::move(group));
    return *this;
  }
  Expansion expanded(const std::string& name) {
    const Groups groups("d.net", groups_);
    return expand(*groups.find(name + "@d.net"),
                  [&groups](const std::string& key) { return groups.find(key); });
  }

 private:
  std::vector<Group> groups_;
};

TEST(Groups, ReadTheApisOwnExamples) {
  const auto groups = test::shared_decoded<Groups>("groups:got.net", fixture("groups_got.net"));
  const Group* group = groups->find("badguys@got.net");
  ASSERT_NE(group, nullptr);
  ASSERT_THAT(group->members, SizeIs(3));
  EXPECT_EQ(group->members[2].address.key(), "themontain@got.net");
  EXPECT_EQ(group->members[2].type, MemberType::user);
  EXPECT_EQ(groups->find("goodguys@got.net"), nullptr);

  const auto empty = test::shared_decoded<Groups>("groups:stark.net", fixture("groups_stark.net"));
  EXPECT_THAT(empty->find("children@stark.net")->members, IsEmpty());
  EXPECT_EQ(fault("groups:stark.net", R"([{"email":"Wolves@STARK.net"}])"), "");
}

TEST(Groups, AreRefusedByTheMemberThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{}", "the document: expected an array"},
      {R"([{"recipients":[]}])", "/0/email: missing"},
      {R"([{"email":"x@stark.net"}])", R"(/0/email: "x@stark.net" does not fit the key)"},
      {R"([{"email":"x@d.net"},{"email":"X@d.net"}])", R"(/1/email: "x@d.net" is there twice)"},
      {R"([{"email":"x@d.net","recipients":[{"email":"nobody","type":"USER"}]}])",
       "/0/recipients/0/email: expected a mail address"},
      {R"([{"email":"x@d.net","recipients":[{"email":"a@b.net","type":"ROBOT"}]}])",
       "/0/recipients/0/type: expected one of USER, EXTERNAL_ADDRESS, ALIAS"},
  };
  for (const auto& [json, why] : cases) {
    const std::string got = fault("groups:d.net", json);
    EXPECT_TRUE(got.starts_with(why)) << json << ": " << got;
  }
}

TEST(Expansion, GoesThroughGroupsInTheirOrderAndNamesEachOnce) {
  World world;
  world.group("all", {"a@d.net", "some", "b@d.net"}).group("some", {"c@d.net", "A@d.net"});
  EXPECT_THAT(addresses(world.expanded("all")), ElementsAre("a@d.net", "c@d.net", "b@d.net"));
}

TEST(Expansion, GroupsMayHoldEachOther) {
  World world;
  world.group("x", {"y", "a@d.net"}).group("y", {"x", "y", "b@d.net"});
  const Expansion expansion = world.expanded("x");
  EXPECT_FALSE(expansion.fault);
  EXPECT_THAT(addresses(expansion), ElementsAre("b@d.net", "a@d.net"));
}

TEST(Expansion, AnAliasThatIsNoGroupIsAMember) {
  World world;
  world.group("x", {"gone"});
  EXPECT_THAT(addresses(world.expanded("x")), ElementsAre("gone@d.net"));
}

TEST(Expansion, TenLevelsAreEnteredAndNotAnEleventh) {
  for (const std::size_t levels : {kMaxGroupDepth, kMaxGroupDepth + 1}) {
    World world;
    for (std::size_t i = 1; i < levels; ++i) {
      world.group("g" + std::to_string(i), {"g" + std::to_string(i + 1)});
    }
    world.group("g" + std::to_string(levels), {"a@d.net"});
    EXPECT_EQ(world.expanded("g1").fault.value_or(""),
              levels > kMaxGroupDepth ? "nested deeper than 10" : "");
  }
}

TEST(Expansion, AThousandMembersAreNamedAndNoMore) {
  for (const std::size_t count : {kMaxGroupMembers, kMaxGroupMembers + 1}) {
    std::vector<std::string> members;
    for (std::size_t i = 0; i < count; ++i) members.push_back("m" + std::to_string(i) + "@d.net");
    World world;
    const Expansion expansion = world.group("x", members).expanded("x");
    EXPECT_THAT(expansion.members, SizeIs(kMaxGroupMembers));
    EXPECT_EQ(expansion.fault.value_or(""),
              count > kMaxGroupMembers ? "more than 1000 members" : "");
  }
}

// Every path through it would be 2^9 ways.
TEST(Expansion, WideAndDeepIsEnteredOnce) {
  World world;
  for (int i = 1; i < 10; ++i) {
    const std::string next = std::to_string(i + 1);
    world.group("a" + std::to_string(i), {"a" + next, "b" + next});
    world.group("b" + std::to_string(i), {"a" + next, "b" + next});
  }
  world.group("a10", {"x@d.net"}).group("b10", {"y@d.net"});
  EXPECT_THAT(addresses(world.expanded("a1")), ElementsAre("x@d.net", "y@d.net"));
}

}  // namespace
}  // namespace postern::policy
