// Purpose:   everything that is in force, as one immutable value with a generation number.
// Ownership: shared; a transaction pins the one it began with. What the accessors answer stays
// valid
//            as long as the snapshot lives.
// Threading: a Snapshot is safe to read from any thread. A SnapshotEditor belongs to one thread.
// Cost:      copying is O(1); applying one changed document is O(log n), whatever the size of the
// set. Failure:   SnapshotEditor::put refuses a document alone; what was there under its key stays.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/persistent_map.h"
#include "base/result.h"
#include "policy/decode.h"
#include "policy/document_key.h"
#include "policy/documents.h"
#include "policy/sharing.h"

namespace postern::policy {

class Snapshot {
 public:
  std::uint64_t generation() const { return generation_; }
  // A set without any domain is no snapshot: mail gets 421 until there is one.
  bool usable() const { return accepted_empty_ || has_domains(); }
  // Whether any domain is served, by its own document or by an opensrs document.
  bool has_domains() const { return !domains_.empty(); }

  // Names are A-labels, addresses Address::key(). Nullptr: no such document.
  // A domain as it is in force: with its opensrs document laid over it, or by that one alone.
  const Domain* domain(const std::string& name) const;
  // The domain that `name` is an alias of; a primary domain beats an alias of the same name.
  const Domain* domain_or_alias(const std::string& name) const;
  const User* user(const std::string& address_key) const;
  const Policy* policy(const Id& id) const;
  const Platform* platform(const Id& id) const;
  // The dkim document, or else the key of the opensrs document.
  const DkimKeys* dkim(const std::string& domain) const;
  // `owner`: a domain or an address, as the document's key has it; aliases are not followed.
  const SenderRules* sender_rules(const std::string& owner) const;
  // "*": the platform's defaults.
  const AttachmentRules* attachment_rules(const std::string& domain) const;
  const UriRules* uri_rules(const std::string& domain) const;
  const Groups* groups(const std::string& domain) const;
  // The group of exactly this address.
  const Group* group(const std::string& address_key) const;
  const OpensrsDomain* opensrs(const std::string& domain) const;
  // By its document's name: "default", a domain, or anything else. Whose mail goes through which one is
  // find_smarthost()'s answer.
  const Smarthost* smarthost(const std::string& id) const;
  // The one, the first by name, that this address's mail goes through because it is its senderAddress.
  const Smarthost* smarthost_of_sender(const std::string& address_key) const;
  void for_each_smarthost(const std::function<void(const Smarthost&)>& visit) const;
  // The custom MAIL FROM of exactly this address or domain.
  const MailFrom* mail_from(const std::string& name) const;
  void for_each_mail_from(const std::function<void(const MailFrom&)>& visit) const;
  // Whether bounces of some identity's mail come back through this domain: one whose MX has been found to
  // be as it must, below a domain of ours.
  bool is_mail_from_domain(const std::string& domain) const;
  // The identity of exactly this address or domain.
  const Identity* identity(const std::string& name) const;
  void for_each_identity(const std::function<void(const Identity&)>& visit) const;
  // Whether an identity stands under the domain or an alias of it: theirs or an address of theirs.
  bool has_identities(const Domain& domain) const;
  // The aliases of a primary domain under whose names sender rules or groups stand, sorted; an alias
  // that is a domain itself is none of them.
  std::vector<std::string> aliases_with_rules(const std::string& domain) const;
  // The primary domains whose outgoingSubnets contain the client, sorted.
  std::vector<std::string> domains_of_client(const IpAddress& client) const;
  // The same question for one primary domain, and for any, without listing them all.
  bool is_client_of(const IpAddress& client, const std::string& domain) const;
  bool is_client_of_any(const IpAddress& client) const;

  std::size_t count(DocumentType type) const;
  // 64-bit fingerprint of the text of the document in force under `key`; 0: none.
  std::uint64_t fingerprint(const DocumentKey& key) const;
  void for_each_key(const std::function<void(const DocumentKey&)>& visit) const;
  void for_each_domain(const std::function<void(const Domain&)>& visit) const;
  // What was left out of documents that are in force otherwise: "/3/filter: missing )".
  void for_each_rule_fault(
      const std::function<void(const DocumentKey&, const std::string&)>& visit) const;

 private:
  friend class SnapshotEditor;
  template <typename T>
  using ByName = PersistentMap<std::string, std::shared_ptr<const T>>;
  // Itself persistent: one relay's network may be listed by every domain.
  using NameSet = PersistentMap<std::string, std::monostate>;

  // Visits the owners of every listed network that contains the client.
  void for_each_owner_set(const IpAddress& client,
                          const std::function<void(const NameSet&)>& visit) const;

  std::uint64_t generation_ = 0;
  bool accepted_empty_ = false;
  ByName<Domain> domains_;
  ByName<User> users_;
  ByName<Policy> policies_;
  ByName<Platform> platforms_;
  ByName<DkimKeys> dkim_;
  ByName<SenderRules> sender_rules_;
  ByName<AttachmentRules> attachment_rules_;
  ByName<UriRules> uri_rules_;
  ByName<Groups> groups_;
  ByName<OpensrsDomain> opensrs_;
  ByName<Smarthost> smarthosts_;
  PersistentMap<std::string, NameSet> smarthosts_of_sender_;  // senderAddress -> names
  ByName<MailFrom> mail_froms_;
  PersistentMap<std::string, std::size_t> mail_from_domains_;  // how many verified ones have it
  ByName<Identity> identities_;
  PersistentMap<std::string, std::size_t> identities_of_;  // domain part -> how many stand there
  // The domain documents as they are written, of domains that an opensrs document governs too.
  ByName<Domain> governed_;
  // policyId -> the governed domains whose document names it: their rules follow that document.
  PersistentMap<Id, NameSet> governed_by_policy_;
  // Domain part of the key -> how many sender rules and groups documents stand under it.
  PersistentMap<std::string, std::size_t> rule_documents_;
  // Primary domain -> its aliases that stand in rule_documents_.
  PersistentMap<std::string, NameSet> aliases_with_rules_;
  PersistentMap<DocumentKey, std::vector<std::string>> rule_faults_;
  PersistentMap<std::string, std::string> alias_owner_;  // alias -> primary domain
  // Client networks, masked, e.g. "192.0.2.0/24" -> the domains that list it.
  PersistentMap<std::string, NameSet> client_networks_;
  std::array<std::size_t, 33> networks_by_length_{};  // how many are listed, per IPv4 prefix length
  PersistentMap<DocumentKey, std::uint64_t> fingerprints_;
  std::array<std::size_t, kAllDocumentTypes.size()> counts_{};
  Sharing<Policy> shared_policies_;
  Sharing<Platform> shared_platforms_;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

class SnapshotEditor {
 public:
  SnapshotEditor(const Snapshot& base, DecodeOptions options);

  // Decodes and puts in force. A second claim to an alias that another domain holds is refused.
  Status put(const DocumentKey& key, std::string_view json);
  void erase(const DocumentKey& key);
  // From here on a set without domains counts as usable (`policy accept`); a domain ends that.
  void accept_empty(bool accepted);
  const Snapshot& draft() const { return draft_; }

  SnapshotPtr finish(std::uint64_t generation);

 private:
  using NameSet = Snapshot::NameSet;

  Status put_in_force(Domain domain);
  Status put_in_force(User user);
  Status put_in_force(Policy policy, const std::string& id);
  Status put_in_force(Platform platform, const std::string& id);
  Status put_in_force(DkimKeys keys);
  Status put_in_force(SenderRules rules);
  Status put_in_force(AttachmentRules rules, const std::string& domain);
  Status put_in_force(UriRules rules, const std::string& domain);
  Status put_in_force(Groups groups);
  Status put_in_force(OpensrsDomain opensrs);
  Status put_in_force(Smarthost smarthost);
  Status put_in_force(Identity identity);
  Status put_in_force(MailFrom mail_from);

  // The domain document as it is written, whether or not an opensrs document governs the domain.
  std::shared_ptr<const Domain> written(const std::string& name) const;
  std::shared_ptr<const OpensrsDomain> opensrs(const std::string& name) const;
  // Makes the domain what these two say, either of which may be missing. Refused: one of its aliases
  // is another's; `member` names where the aliases stand.
  Status install(const std::string& name, std::shared_ptr<const Domain> document,
                 std::shared_ptr<const OpensrsDomain> opensrs, std::string_view member);
  void follow_policy(const std::string& name, const Domain* document, bool governed);
  void renew_governed_by(const Id& policy_id);
  Status check_aliases(const Domain& domain, std::string_view member) const;
  void claim(const Domain& domain);
  void release(const Domain& domain);
  void release_smarthost(const std::string& id);
  void note_rule_document(const std::string& owner, bool added);
  void count_identity(const std::string& name, bool added);
  void release_mail_from(const std::string& name);
  void note_faults(const DocumentKey& key, std::vector<std::string> faults);
  std::shared_ptr<const Policy> shared(std::shared_ptr<const Policy> policy);
  std::shared_ptr<const Platform> shared(std::shared_ptr<const Platform> platform);

  Snapshot draft_;
  DecodeOptions options_;
};

std::uint64_t fingerprint_of(std::string_view json);

}  // namespace postern::policy
