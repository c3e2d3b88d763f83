// Purpose:   the attributes of an OpenSRS domain, and the rules they mean.
// Ownership: values; a Snapshot holds an OpensrsDomain behind a shared pointer.
// Threading: pure functions.
// Failure:   what cannot count alone (an entry of a list, one too many) is left out and named in
//            faults; a wrong member refused the document.
// Source:    OpenSRS Mail API, change_domain; docs/semantics.md, "OpenSRS domains".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "mail/address.h"
#include "policy/documents.h"
#include "policy/sender_globs.h"

namespace postern::policy {

enum class FilterDelivery { quarantine, passthrough };
enum class SpamLevel { normal, high, very_high };
enum class ServiceState { enabled, disabled, suspended };

// From which score mail is spam, for each level. The
// product does not publish its own figures.
struct SpamLevels {
  MilliScore normal = 5000;
  MilliScore high = 3500;
  MilliScore very_high = 2000;
};

struct OpensrsDomain {
  std::string name;  // A-label; equals the document's key
  std::vector<std::string> aliases;
  SenderGlobs allow;
  SenderGlobs block;
  std::vector<IpNetwork> block_clients;
  std::optional<mail::Address> catchall;
  bool disabled = false;
  std::optional<FilterDelivery> filter_delivery;
  std::shared_ptr<const Platform> filtermx;
  std::string spam_folder = "Spam";
  std::optional<HeaderField> spam_header;
  std::optional<SpamLevel> spam_level;
  std::string spam_tag;
  // The defaults for new users, and here for all: there are no OpenSRS user documents.
  ServiceState smtp_in = ServiceState::enabled;
  ServiceState smtp_relay = ServiceState::enabled;
  ServiceState smtp_relay_webmail = ServiceState::enabled;
  std::optional<std::uint32_t> sent_limit;  // messages in 24 hours for each user; nothing: none
  std::shared_ptr<const DkimKeys> dkim;     // nullptr: the document has no key
  std::vector<std::string> faults;          // "/attributes/block/3: more than 5 wildcards"

  std::string source() const { return "opensrs:" + name; }
  // The entry of block that names the client; nullptr: none.
  const IpNetwork* blocking(const IpAddress& client) const;
};

// The rules of a domain with this document. `base`: the rules its own domain document gives it, of
// which everything stays that the attributes say nothing about; nullptr: there is none, and what the
// attributes leave open has OpenSRS's meaning.
Policy policy_of(const OpensrsDomain& opensrs, const Policy* base, const SpamLevels& levels);

// The domain as it is in force. `document`: its own domain document; nullptr: there is none.
// `base`: the rules `document` names by policyId; nullptr: it names none, or they are not there.
Domain domain_of(std::shared_ptr<const OpensrsDomain> opensrs, const Domain* document,
                 const Policy* base, const SpamLevels& levels);

}  // namespace postern::policy
