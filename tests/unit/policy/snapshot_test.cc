#include "policy/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/guarded.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fixture;
using test::key;
using testing::ElementsAre;
using testing::IsEmpty;

// Puts each document or fails the test; then the snapshot.
class Set {
 public:
  explicit Set(const Snapshot& base = {}) : editor_(base, {}) {}
  Set& with(std::string_view document_key, std::string_view json) {
    const auto put = editor_.put(key(document_key), json);
    EXPECT_TRUE(put) << document_key << ": " << put.error().what;
    return *this;
  }
  Set& without(std::string_view document_key) {
    editor_.erase(key(document_key));
    return *this;
  }
  std::string refusal(std::string_view document_key, std::string_view json) {
    const auto put = editor_.put(key(document_key), json);
    return put ? "" : put.error().what;
  }
  SnapshotEditor& editor() { return editor_; }
  SnapshotPtr finish(std::uint64_t generation = 1) { return editor_.finish(generation); }

 private:
  SnapshotEditor editor_;
};

std::string domain_json(const std::string& name, const std::string& more = "") {
  return "{\"name\":\"" + name + "\",\"policy\":{\"id\":\"p\"}" + (more.empty() ? "" : "," + more) +
         "}";
}
std::string with_alias(const std::string& name, const std::string& alias) {
  return domain_json(name, "\"domainAliases\":[{\"name\":\"" + alias + "\"}]");
}
std::string with_subnet(const std::string& name, const std::string& subnet) {
  return domain_json(name, "\"outgoingSubnets\":[\"" + subnet + "\"]");
}

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

std::vector<std::string> keys_of(const Snapshot& snapshot) {
  std::vector<std::string> keys;
  snapshot.for_each_key([&keys](const DocumentKey& key) { keys.push_back(key.to_string()); });
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST(Snapshot, AnswersWhatWasPut) {
  const auto set = Set()
                       .with("domain:got.com", fixture("domain_got.com_created"))
                       .with("user:tywin@lannister.net", fixture("user_tywin@lannister.net"))
                       .with("policy:YyjPn", fixture("policy_DefaultTestPolicy"))
                       .with("platform:x", R"({"transportDest":"h.net"})")
                       .with("dkim:got.com", "[]")
                       .with("wblist:got.com", "[]")
                       .finish(7);
  EXPECT_EQ(set->generation(), 7U);
  EXPECT_TRUE(set->usable());
  EXPECT_EQ(set->domain("got.com")->id, "Eygdk");
  EXPECT_EQ(set->user("tywin@lannister.net")->id, "By46n");
  EXPECT_EQ(set->policy("YyjPn")->name, "DefaultTestPolicy");
  EXPECT_EQ(set->platform("x")->primary.host, "h.net");
  EXPECT_TRUE(set->dkim("got.com")->keys.empty());
  EXPECT_EQ(set->domain("stark.net"), nullptr);
  EXPECT_EQ(set->user("tywin@got.com"), nullptr);
  EXPECT_EQ(set->policy("yyjpn"), nullptr);
  EXPECT_EQ(set->platform("y"), nullptr);
  EXPECT_EQ(set->dkim("stark.net"), nullptr);
  EXPECT_THAT(keys_of(*set),
              ElementsAre("dkim:got.com", "domain:got.com", "platform:x", "policy:YyjPn",
                          "user:tywin@lannister.net", "wblist:got.com"));
  for (const DocumentType type :
       {DocumentType::domain, DocumentType::user, DocumentType::policy, DocumentType::wblist}) {
    EXPECT_EQ(set->count(type), 1U);
  }
  EXPECT_EQ(set->count(DocumentType::uris), 0U);
  std::vector<std::string> names;
  set->for_each_domain([&names](const Domain& domain) { names.push_back(domain.name); });
  EXPECT_THAT(names, ElementsAre("got.com"));
}

TEST(Snapshot, AnOldOneNeverChanges) {
  const auto first = Set()
                         .with("domain:a.net", with_alias("a.net", "x.net"))
                         .with("user:u@a.net", R"({"email":"u@a.net","status":"ENABLED"})")
                         .with("policy:p", R"({"spamScore":5})")
                         .finish(1);
  const Domain* old_domain = first->domain("a.net");
  const auto second = Set(*first)
                          .with("domain:a.net", domain_json("a.net", R"("status":"DISABLED")"))
                          .with("domain:b.net", with_alias("b.net", "x.net"))
                          .with("user:u@a.net", R"({"email":"u@a.net","status":"DISABLED"})")
                          .without("policy:p")
                          .finish(2);

  EXPECT_EQ(first->generation(), 1U);
  EXPECT_EQ(first->domain("a.net"), old_domain);
  EXPECT_EQ(old_domain->status, DomainStatus::enabled);
  EXPECT_EQ(first->domain("b.net"), nullptr);
  EXPECT_EQ(first->domain_or_alias("x.net"), old_domain);
  EXPECT_EQ(first->user("u@a.net")->status, UserStatus::enabled);
  EXPECT_EQ(first->policy("p")->spam_score, 5000);
  EXPECT_EQ(first->count(DocumentType::policy), 1U);
  EXPECT_EQ(first->count(DocumentType::domain), 1U);

  EXPECT_EQ(second->generation(), 2U);
  EXPECT_EQ(second->domain("a.net")->status, DomainStatus::disabled);
  EXPECT_EQ(second->domain_or_alias("x.net")->name, "b.net");
  EXPECT_EQ(second->user("u@a.net")->status, UserStatus::disabled);
  EXPECT_EQ(second->policy("p"), nullptr);
  EXPECT_EQ(second->count(DocumentType::policy), 0U);
  EXPECT_EQ(second->count(DocumentType::domain), 2U);
}

TEST(Snapshot, IsReadWhileTheNextOneIsMade) {
  Published<Snapshot> published(Set()
                                    .with("domain:a.net", with_subnet("a.net", "192.0.2.0/24"))
                                    .with("domain:b.net", domain_json("b.net"))
                                    .finish(1));
  std::jthread reader([&published](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto pinned = published.get();
      EXPECT_EQ(pinned->domain("a.net")->name, "a.net");
      EXPECT_EQ(pinned->domain("a.net")->policy->id, "p");
      EXPECT_TRUE(pinned->is_client_of(ip("192.0.2.1"), "a.net"));
      EXPECT_GE(pinned->count(DocumentType::domain), 1U);
    }
  });
  for (std::uint64_t generation = 2; generation < 300; ++generation) {
    Set next(*published.get());
    next.with("domain:a.net", with_subnet("a.net", "192.0.2.0/24"));
    if (generation % 2 == 0) {
      next.without("domain:b.net");
    } else {
      next.with("domain:b.net", with_alias("b.net", "x.net"));
    }
    published.set(next.finish(generation));
  }
}

TEST(Snapshot, AnEditorMayGoOnAfterFinishing) {
  Set set;
  const auto first = set.with("domain:a.net", domain_json("a.net")).finish(1);
  const auto second = set.with("domain:b.net", domain_json("b.net")).finish(2);
  EXPECT_EQ(first->domain("b.net"), nullptr);
  EXPECT_EQ(second->count(DocumentType::domain), 2U);
}

TEST(Snapshot, ARefusedDocumentLeavesWhatWasThere) {
  Set set;
  set.with("domain:a.net", with_alias("a.net", "x.net"));
  const auto before = set.editor().draft().fingerprint(key("domain:a.net"));
  EXPECT_EQ(set.refusal("domain:a.net", R"({"name":"a.net","status":"NO"})").substr(0, 7),
            "/status");
  EXPECT_EQ(set.refusal("domain:a.net", "{").substr(0, 8), "not JSON");
  const auto snapshot = set.finish();
  EXPECT_EQ(snapshot->domain("a.net")->status, DomainStatus::enabled);
  EXPECT_EQ(snapshot->domain_or_alias("x.net")->name, "a.net");
  EXPECT_EQ(snapshot->fingerprint(key("domain:a.net")), before);
  EXPECT_EQ(snapshot->count(DocumentType::domain), 1U);
}

TEST(Snapshot, ARefusedNewDocumentLeavesNoTrace) {
  Set set;
  set.refusal("user:a@d.net", "{}");
  EXPECT_THAT(keys_of(*set.finish()), IsEmpty());
}

TEST(Aliases, LeadToTheirDomain) {
  const auto set = Set().with("domain:stark.net", fixture("domain_stark.net")).finish();
  for (const std::string name : {"stark.net", "starks.net", "winterfell.net"}) {
    ASSERT_NE(set->domain_or_alias(name), nullptr) << name;
    EXPECT_EQ(set->domain_or_alias(name)->name, "stark.net");
  }
  EXPECT_EQ(set->domain("starks.net"), nullptr);
  EXPECT_EQ(set->domain_or_alias("wolves.net"), nullptr);
}

TEST(Aliases, APrimaryDomainBeatsAnAliasOfTheSameName) {
  Set set;
  set.with("domain:a.net", with_alias("a.net", "x.net"));
  set.with("domain:x.net", domain_json("x.net"));
  EXPECT_EQ(set.finish()->domain_or_alias("x.net")->name, "x.net");
  set.without("domain:x.net");
  EXPECT_EQ(set.finish()->domain_or_alias("x.net")->name, "a.net");
}

TEST(Aliases, TheSecondClaimIsARefusedDocument) {
  Set set;
  set.with("domain:a.net", with_alias("a.net", "x.net")).with("domain:b.net", domain_json("b.net"));
  EXPECT_EQ(set.refusal("domain:b.net", with_alias("b.net", "X.net")),
            "/domainAliases: \"x.net\" is already an alias of domain:a.net");
  EXPECT_EQ(set.finish()->domain("b.net")->aliases, std::vector<std::string>{});
  EXPECT_EQ(set.finish()->domain_or_alias("x.net")->name, "a.net");
  // Its holder may say it again.
  set.with("domain:a.net", with_alias("a.net", "x.net"));
}

TEST(Aliases, AreFreeAgainWhenTheirDomainGivesThemUp) {
  Set changed;
  changed.with("domain:a.net", with_alias("a.net", "x.net"))
      .with("domain:a.net", domain_json("a.net"));
  EXPECT_EQ(changed.finish()->domain_or_alias("x.net"), nullptr);
  EXPECT_EQ(changed.refusal("domain:b.net", with_alias("b.net", "x.net")), "");

  Set erased;
  erased.with("domain:a.net", with_alias("a.net", "x.net")).without("domain:a.net");
  EXPECT_EQ(erased.finish()->domain_or_alias("x.net"), nullptr);
  EXPECT_EQ(erased.refusal("domain:b.net", with_alias("b.net", "x.net")), "");
}

TEST(ClientNetworks, NameTheDomainsThatListThem) {
  const auto set = Set()
                       .with("domain:b.net", with_subnet("b.net", "192.0.2.0/24"))
                       .with("domain:a.net", with_subnet("a.net", "192.0.2.0/24"))
                       .with("domain:c.net", with_subnet("c.net", "192.0.0.0/16"))
                       .with("domain:d.net", with_subnet("d.net", "192.0.2.7"))
                       .finish();
  EXPECT_THAT(set->domains_of_client(ip("192.0.2.7")),
              ElementsAre("a.net", "b.net", "c.net", "d.net"));
  EXPECT_THAT(set->domains_of_client(ip("192.0.2.8")), ElementsAre("a.net", "b.net", "c.net"));
  EXPECT_THAT(set->domains_of_client(ip("192.0.3.1")), ElementsAre("c.net"));
  EXPECT_THAT(set->domains_of_client(ip("198.51.100.1")), IsEmpty());
  EXPECT_THAT(set->domains_of_client(ip("2001:db8::1")), IsEmpty());
  // An IPv4 client spelled as IPv6 is the same client.
  EXPECT_THAT(set->domains_of_client(ip("::ffff:192.0.3.1")), ElementsAre("c.net"));
  EXPECT_TRUE(set->is_client_of(ip("192.0.2.8"), "a.net"));
  EXPECT_FALSE(set->is_client_of(ip("192.0.2.8"), "d.net"));
  EXPECT_TRUE(set->is_client_of_any(ip("192.0.3.1")));
  EXPECT_FALSE(set->is_client_of_any(ip("198.51.100.1")));
}

TEST(ClientNetworks, ADomainInTwoNetworksOfAClientIsNamedOnce) {
  const auto set =
      Set()
          .with("domain:a.net",
                domain_json("a.net", R"("outgoingSubnets":["192.0.2.0/24","192.0.0.0/16"])"))
          .finish();
  EXPECT_THAT(set->domains_of_client(ip("192.0.2.1")), ElementsAre("a.net"));
}

TEST(ClientNetworks, AreReleasedWithTheirDomain) {
  Set set;
  set.with("domain:a.net", with_subnet("a.net", "192.0.2.0/24"))
      .with("domain:b.net", with_subnet("b.net", "192.0.2.0/24"));
  const auto both = set.finish(1);
  set.with("domain:a.net", with_subnet("a.net", "198.51.100.0/24"));
  EXPECT_THAT(set.finish()->domains_of_client(ip("192.0.2.1")), ElementsAre("b.net"));
  EXPECT_THAT(set.finish()->domains_of_client(ip("198.51.100.1")), ElementsAre("a.net"));
  set.without("domain:b.net");
  EXPECT_THAT(set.finish()->domains_of_client(ip("192.0.2.1")), IsEmpty());
  EXPECT_THAT(both->domains_of_client(ip("192.0.2.1")), ElementsAre("a.net", "b.net"));
}

TEST(Usable, AsLongAsThereIsADomainOrSomebodyAcceptedThatThereIsNone) {
  Set set;
  EXPECT_FALSE(set.finish()->usable());
  set.with("policy:p", "{}").with("user:a@d.net", R"({"email":"a@d.net"})");
  EXPECT_FALSE(set.finish()->usable());
  set.editor().accept_empty(true);
  EXPECT_TRUE(set.finish()->usable());
  set.editor().accept_empty(false);
  EXPECT_FALSE(set.finish()->usable());

  set.editor().accept_empty(true);
  set.with("domain:d.net", domain_json("d.net"));
  EXPECT_TRUE(set.finish()->usable());
  // The acceptance was for that empty set, not for the next.
  set.without("domain:d.net");
  EXPECT_FALSE(set.finish()->usable());
}

TEST(Fingerprint, IsOfTheTextInForce) {
  Set set;
  set.with("policy:p", R"({"spamScore":5})");
  const auto first = set.finish();
  set.with("policy:p", R"({"spamScore":5 })");
  const auto second = set.finish();
  EXPECT_EQ(first->fingerprint(key("policy:p")), fingerprint_of(R"({"spamScore":5})"));
  EXPECT_NE(second->fingerprint(key("policy:p")), first->fingerprint(key("policy:p")));
  EXPECT_EQ(first->fingerprint(key("policy:q")), 0U);
  set.without("policy:p");
  EXPECT_EQ(set.finish()->fingerprint(key("policy:p")), 0U);
}

TEST(Fingerprint, IsTheSameInEveryBuild) {
  // The first eight octets of the SHA-256 of nothing: caches outlive builds.
  EXPECT_EQ(fingerprint_of(""), 0xe3b0c44298fc1c14U);
}

TEST(Sharing, EqualNestedPartsOfManyDocumentsAreHeldOnce) {
  std::string cersei = fixture("user_cersei@lannister.net");
  Set set;
  set.with("user:cersei@lannister.net", cersei)
      .with("user:joffrey@lannister.net", fixture("user_joffrey@lannister.net"));
  const auto first = set.finish(1);
  const User* one = first->user("cersei@lannister.net");
  const User* other = first->user("joffrey@lannister.net");
  EXPECT_EQ(one->policy, other->policy);
  EXPECT_EQ(one->platform, other->platform);

  // A later change shares with what an older snapshot holds.
  const auto second =
      Set(*first).with("user:tommen@lannister.net", fixture("user_tommen@lannister.net")).finish(2);
  EXPECT_EQ(second->user("tommen@lannister.net")->policy, one->policy);

  // The same id with other rules is another policy.
  cersei.replace(cersei.find("6.8"), 3, "9.9");
  const auto third = Set(*second).with("user:cersei@lannister.net", cersei).finish(3);
  EXPECT_EQ(third->user("cersei@lannister.net")->policy->spam_score, 9900);
  EXPECT_EQ(third->user("joffrey@lannister.net")->policy->spam_score, 6800);
  EXPECT_EQ(one->policy->spam_score, 6800);
}

TEST(Sharing, ForgetsPartsThatNobodyUsesAnyMore) {
  Sharing<Policy> sharing;
  std::weak_ptr<const Policy> first;
  for (std::uint64_t label = 0; label < 5000; ++label) {
    auto policy = std::make_shared<Policy>();
    policy->name = std::to_string(label);
    const auto shared = sharing.share(label, policy);
    if (label == 0) first = shared;
  }
  EXPECT_TRUE(first.expired());
  EXPECT_LE(sharing.remembered(), 1025U);
}

TEST(Put, ManyDocumentsComeAndGo) {
  Set set;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "d" + std::to_string(i) + ".net";
    set.with("domain:" + name, with_alias(name, "alias-" + name));
  }
  const auto full = set.finish(1);
  for (int i = 0; i < 3000; i += 2) set.without("domain:d" + std::to_string(i) + ".net");
  const auto half = set.finish(2);
  EXPECT_EQ(full->count(DocumentType::domain), 3000U);
  EXPECT_EQ(half->count(DocumentType::domain), 1500U);
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "d" + std::to_string(i) + ".net";
    EXPECT_EQ(full->domain_or_alias("alias-" + name)->name, name);
    EXPECT_EQ(half->domain_or_alias("alias-" + name) != nullptr, i % 2 == 1);
  }
}

}  // namespace
}  // namespace postern::policy
