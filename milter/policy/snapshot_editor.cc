#include <algorithm>
#include <utility>

#include "policy/decode_parts.h"
#include "policy/dkim_rotation.h"
#include "policy/name_sets.h"
#include "policy/snapshot.h"

namespace postern::policy {
namespace {

// One whose MX is not there yet, or is another's, may be a domain where people live. What left from it while
// it was verified may still come back while it fails for the moment.
bool takes_bounces(const MailFrom& mail_from) {
  return !mail_from.domain.empty() && (mail_from.status == MailFromStatus::success ||
                                       mail_from.status == MailFromStatus::temporary_failure);
}

std::uint64_t label_of(const std::string& id, const std::string& name,
                       const std::string& domain_id) {
  return std::hash<std::string>{}(id + '\n' + domain_id + '\n' + name);
}

std::size_t index_of(DocumentType type) { return static_cast<std::size_t>(type); }

// A deleted domain is as unknown: its clients are strangers.
std::vector<IpNetwork> networks_of(const Domain& domain) {
  return domain.status == DomainStatus::deleted ? std::vector<IpNetwork>()
                                                : domain.outgoing_subnets;
}

std::string domain_part(const std::string& owner) { return owner.substr(owner.rfind('@') + 1); }

}  // namespace

SnapshotEditor::SnapshotEditor(const Snapshot& base, DecodeOptions options)
    : draft_(base), options_(std::move(options)) {}

Status SnapshotEditor::put(const DocumentKey& key, std::string_view json) {
  Result<DecodedValue> decoded = decode_value(key, json, options_);
  if (!decoded) return decoded.error();
  std::vector<std::string> faults = rule_faults_of(*decoded);
  Status placed = std::visit(
      Overloaded{
          [this](Domain& domain) { return put_in_force(std::move(domain)); },
          [this](User& user) { return put_in_force(std::move(user)); },
          [&](Policy& policy) { return put_in_force(std::move(policy), key.name); },
          [&](Platform& platform) { return put_in_force(std::move(platform), key.name); },
          [this](DkimKeys& keys) { return put_in_force(std::move(keys)); },
          [this](SenderRules& rules) { return put_in_force(std::move(rules)); },
          [&](AttachmentRules& rules) { return put_in_force(std::move(rules), key.name); },
          [&](UriRules& rules) { return put_in_force(std::move(rules), key.name); },
          [this](Groups& groups) { return put_in_force(std::move(groups)); },
          [this](OpensrsDomain& opensrs) { return put_in_force(std::move(opensrs)); },
          [this](Smarthost& smarthost) { return put_in_force(std::move(smarthost)); },
          [this](Identity& identity) { return put_in_force(std::move(identity)); },
          [this](MailFrom& mail_from) { return put_in_force(std::move(mail_from)); },
      },
      *decoded);
  if (!placed) return placed;
  note_faults(key, std::move(faults));
  if (draft_.fingerprints_.put(key, fingerprint_of(json))) ++draft_.counts_[index_of(key.type)];
  return success();
}

void SnapshotEditor::erase(const DocumentKey& key) {
  if (!draft_.fingerprints_.erase(key)) return;
  --draft_.counts_[index_of(key.type)];
  note_faults(key, {});
  switch (key.type) {
    case DocumentType::domain:
      // What is left claims no alias that was not claimed before: nothing can refuse it.
      (void)install(key.name, nullptr, opensrs(key.name), "");
      return;
    case DocumentType::opensrs:
      (void)install(key.name, written(key.name), nullptr, "");
      return;
    case DocumentType::user:
      draft_.users_.erase(key.name);
      return;
    case DocumentType::policy:
      draft_.policies_.erase(key.name);
      renew_governed_by(key.name);
      return;
    case DocumentType::platform:
      draft_.platforms_.erase(key.name);
      return;
    case DocumentType::dkim:
      draft_.dkim_.erase(key.name);
      return;
    case DocumentType::wblist:
      if (draft_.sender_rules_.erase(key.name)) note_rule_document(key.name, false);
      return;
    case DocumentType::attachments:
      draft_.attachment_rules_.erase(key.name);
      return;
    case DocumentType::uris:
      draft_.uri_rules_.erase(key.name);
      return;
    case DocumentType::groups:
      if (draft_.groups_.erase(key.name)) note_rule_document(key.name, false);
      return;
    case DocumentType::identity:
      if (draft_.identities_.erase(key.name)) count_identity(key.name, false);
      return;
    case DocumentType::mailfrom:
      release_mail_from(key.name);
      return;
    case DocumentType::smarthost:
      release_smarthost(key.name);
      return;
  }
}

void SnapshotEditor::accept_empty(bool accepted) { draft_.accepted_empty_ = accepted; }

SnapshotPtr SnapshotEditor::finish(std::uint64_t generation) {
  draft_.generation_ = generation;
  return std::make_shared<const Snapshot>(draft_);
}

// ---- documents that stand for themselves -------------------------------------------------------

Status SnapshotEditor::put_in_force(User user) {
  user.policy = shared(std::move(user.policy));
  user.platform = shared(std::move(user.platform));
  const std::string email = user.email;
  draft_.users_.put(email, std::make_shared<const User>(std::move(user)));
  return success();
}

Status SnapshotEditor::put_in_force(Policy policy, const std::string& id) {
  draft_.policies_.put(id, std::make_shared<const Policy>(std::move(policy)));
  renew_governed_by(id);
  return success();
}

Status SnapshotEditor::put_in_force(Platform platform, const std::string& id) {
  draft_.platforms_.put(id, std::make_shared<const Platform>(std::move(platform)));
  return success();
}

Status SnapshotEditor::put_in_force(SenderRules rules) {
  const std::string owner = rules.owner();
  if (draft_.sender_rules_.put(owner, std::make_shared<const SenderRules>(std::move(rules)))) {
    note_rule_document(owner, true);
  }
  return success();
}

Status SnapshotEditor::put_in_force(AttachmentRules rules, const std::string& domain) {
  draft_.attachment_rules_.put(domain, std::make_shared<const AttachmentRules>(std::move(rules)));
  return success();
}

Status SnapshotEditor::put_in_force(UriRules rules, const std::string& domain) {
  draft_.uri_rules_.put(domain, std::make_shared<const UriRules>(std::move(rules)));
  return success();
}

Status SnapshotEditor::put_in_force(Groups groups) {
  const std::string domain = groups.domain();
  if (draft_.groups_.put(domain, std::make_shared<const Groups>(std::move(groups)))) {
    note_rule_document(domain, true);
  }
  return success();
}

Status SnapshotEditor::put_in_force(Identity identity) {
  const std::string name = identity.name;
  if (draft_.identities_.put(name, std::make_shared<const Identity>(std::move(identity)))) {
    count_identity(name, true);
  }
  return success();
}

Status SnapshotEditor::put_in_force(MailFrom mail_from) {
  release_mail_from(mail_from.name);
  if (takes_bounces(mail_from)) {
    const std::size_t* const known = draft_.mail_from_domains_.find(mail_from.domain);
    draft_.mail_from_domains_.put(mail_from.domain, known == nullptr ? 1 : *known + 1);
  }
  const std::string name = mail_from.name;
  draft_.mail_froms_.put(name, std::make_shared<const MailFrom>(std::move(mail_from)));
  return success();
}

void SnapshotEditor::release_mail_from(const std::string& name) {
  const MailFrom* const before = draft_.mail_from(name);
  if (before == nullptr) return;
  const std::string domain = takes_bounces(*before) ? before->domain : "";
  draft_.mail_froms_.erase(name);
  const std::size_t* const known = draft_.mail_from_domains_.find(domain);
  if (known == nullptr) return;
  if (*known > 1) {
    draft_.mail_from_domains_.put(domain, *known - 1);
  } else {
    draft_.mail_from_domains_.erase(domain);
  }
}

// ---- domains: by their own document, by an opensrs document, by both ----------------------------

Status SnapshotEditor::put_in_force(Domain domain) {
  domain.policy = shared(std::move(domain.policy));
  for (auto& platform : domain.platforms) platform = shared(std::move(platform));
  const std::string name = domain.name;
  return install(name, std::make_shared<const Domain>(std::move(domain)), opensrs(name),
                 "/domainAliases");
}

Status SnapshotEditor::put_in_force(OpensrsDomain opensrs) {
  const std::string name = opensrs.name;
  // Where a dkim document stands, this key signs nothing.
  if (opensrs.dkim && draft_.dkim_.find(name) == nullptr) {
    if (Status fits = check_rotation(draft_.dkim(name), *opensrs.dkim); !fits) return fits;
  }
  return install(name, written(name), std::make_shared<const OpensrsDomain>(std::move(opensrs)),
                 "/attributes/aliases");
}

std::shared_ptr<const Domain> SnapshotEditor::written(const std::string& name) const {
  const bool governed = draft_.opensrs_.find(name) != nullptr;
  const auto* found = governed ? draft_.governed_.find(name) : draft_.domains_.find(name);
  return found == nullptr ? nullptr : *found;
}

std::shared_ptr<const OpensrsDomain> SnapshotEditor::opensrs(const std::string& name) const {
  const auto* found = draft_.opensrs_.find(name);
  return found == nullptr ? nullptr : *found;
}

Status SnapshotEditor::install(const std::string& name, std::shared_ptr<const Domain> document,
                               std::shared_ptr<const OpensrsDomain> opensrs,
                               std::string_view member) {
  std::shared_ptr<const Domain> in_force = document;
  if (opensrs) {
    const Policy* base =
        document && document->policy_id ? draft_.policy(*document->policy_id) : nullptr;
    Domain domain = domain_of(opensrs, document.get(), base, options_.spam_levels);
    domain.policy = shared(std::move(domain.policy));
    in_force = std::make_shared<const Domain>(std::move(domain));
  }
  if (in_force) {
    if (Status free = check_aliases(*in_force, member); !free) return free;
  }
  if (const Domain* old = draft_.domain(name)) release(*old);
  if (const auto before = written(name)) follow_policy(name, before.get(), false);
  if (opensrs) {
    if (document) {
      follow_policy(name, document.get(), true);
      draft_.governed_.put(name, std::move(document));
    } else {
      draft_.governed_.erase(name);
    }
    draft_.opensrs_.put(name, std::move(opensrs));
  } else {
    draft_.governed_.erase(name);
    draft_.opensrs_.erase(name);
  }
  if (!in_force) {
    draft_.domains_.erase(name);
    return success();
  }
  claim(*in_force);
  draft_.domains_.put(name, std::move(in_force));
  draft_.accepted_empty_ = false;
  return success();
}

void SnapshotEditor::follow_policy(const std::string& name, const Domain* document, bool governed) {
  if (!document->policy_id) return;
  if (governed) {
    add_to(draft_.governed_by_policy_, *document->policy_id, name);
  } else {
    remove_from(draft_.governed_by_policy_, *document->policy_id, name);
  }
}

void SnapshotEditor::renew_governed_by(const Id& policy_id) {
  const NameSet* names = draft_.governed_by_policy_.find(policy_id);
  if (names == nullptr) return;
  const NameSet renewed = *names;  // a copy that stays while the domains are put in force again
  renewed.for_each([this](const std::string& name, std::monostate) {
    // The aliases are the ones it holds already.
    (void)install(name, written(name), opensrs(name), "");
  });
}

Status SnapshotEditor::check_aliases(const Domain& domain, std::string_view member) const {
  for (const auto& alias : domain.aliases) {
    const std::string* owner = draft_.alias_owner_.find(alias);
    if (owner != nullptr && *owner != domain.name) {
      return permanent_error(std::string(member) + ": \"" + alias +
                             "\" is already an alias of domain:" + *owner);
    }
  }
  return success();
}

void SnapshotEditor::claim(const Domain& domain) {
  for (const auto& alias : domain.aliases) {
    draft_.alias_owner_.put(alias, domain.name);
    if (draft_.rule_documents_.find(alias) != nullptr) {
      add_to(draft_.aliases_with_rules_, domain.name, alias);
    }
  }
  for (const auto& network : networks_of(domain)) {
    const std::string key = network.to_string();
    const NameSet* listed = draft_.client_networks_.find(key);
    NameSet owners = listed == nullptr ? NameSet{} : *listed;
    owners.put(domain.name, {});
    if (draft_.client_networks_.put(key, std::move(owners))) {
      ++draft_.networks_by_length_[network.prefix_length()];
    }
  }
}

void SnapshotEditor::release(const Domain& domain) {
  for (const auto& alias : domain.aliases) draft_.alias_owner_.erase(alias);
  draft_.aliases_with_rules_.erase(domain.name);
  for (const auto& network : networks_of(domain)) {
    const std::string key = network.to_string();
    const NameSet* listed = draft_.client_networks_.find(key);
    if (listed == nullptr) continue;
    NameSet owners = *listed;
    owners.erase(domain.name);
    if (!owners.empty()) {
      draft_.client_networks_.put(key, std::move(owners));
    } else {
      draft_.client_networks_.erase(key);
      --draft_.networks_by_length_[network.prefix_length()];
    }
  }
}

// ---- what is looked up beside the documents ------------------------------------------------------

void SnapshotEditor::note_rule_document(const std::string& owner, bool added) {
  const std::string name = domain_part(owner);
  const std::size_t* known = draft_.rule_documents_.find(name);
  const std::size_t before = known == nullptr ? 0 : *known;
  const std::size_t after = added ? before + 1 : before - 1;
  if (after == 0) {
    draft_.rule_documents_.erase(name);
  } else {
    draft_.rule_documents_.put(name, after);
  }
  const std::string* primary = draft_.alias_owner_.find(name);
  if (primary == nullptr || (before > 0) == (after > 0)) return;
  if (after > 0) {
    add_to(draft_.aliases_with_rules_, *primary, name);
  } else {
    remove_from(draft_.aliases_with_rules_, *primary, name);
  }
}

void SnapshotEditor::count_identity(const std::string& name, bool added) {
  const std::string domain = domain_part(name);
  const std::size_t* known = draft_.identities_of_.find(domain);
  const std::size_t before = known == nullptr ? 0 : *known;
  const std::size_t after = added ? before + 1 : before - 1;
  if (after == 0) {
    draft_.identities_of_.erase(domain);
  } else {
    draft_.identities_of_.put(domain, after);
  }
}

void SnapshotEditor::note_faults(const DocumentKey& key, std::vector<std::string> faults) {
  if (faults.empty()) {
    draft_.rule_faults_.erase(key);
  } else {
    draft_.rule_faults_.put(key, std::move(faults));
  }
}

std::shared_ptr<const Policy> SnapshotEditor::shared(std::shared_ptr<const Policy> policy) {
  if (!policy) return policy;
  const std::uint64_t label = label_of(policy->id, policy->name, policy->domain_id);
  return draft_.shared_policies_.share(label, std::move(policy));
}

std::shared_ptr<const Platform> SnapshotEditor::shared(std::shared_ptr<const Platform> platform) {
  if (!platform) return platform;
  const std::uint64_t label = label_of(platform->id, platform->name, platform->primary.host);
  return draft_.shared_platforms_.share(label, std::move(platform));
}

}  // namespace postern::policy
