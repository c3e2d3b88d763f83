// Purpose:   MAIL: is this mail from outside, or from somebody who may send through us, and as
//            whom.
// Ownership: an Outgoing borrows from the snapshot.
// Threading: pure functions.
// Failure:   a fault in the documents (a dangling id) is 451, never 5xx.
// Source:    docs/semantics.md, "Outgoing mail"; Domain.outgoingSubnets, Policy.outgoing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "mail/envelope.h"
#include "mail/header_from.h"
#include "mail/reply.h"
#include "policy/snapshot.h"

namespace postern::decide {

// Nobody we know: the mail is judged by its recipients' rules.
struct Incoming {};

// Sent by one who may: by a login, from a network that a domain lists as its own, or by this machine
// itself (cron and the like), which speaks for no customer.
struct Outgoing {
  const policy::Domain* domain = nullptr;  // the sender's; nullptr: a null sender from a network,
                                           // whose owner the header From tells
  const policy::Policy* policy = nullptr;  // the sender's rules; nullptr with domain
  std::string policy_source;
  std::optional<IpAddress> client;  // authorised by its network; nothing: by its login
  std::string login;                // empty: authorised by its network
  std::string provider;             // whose network it is, where that is no outgoingSubnets
  // Whose sending is counted: the login, else the user, else the domain; never a local part that
  // anybody may make up. Empty with domain.
  std::string account;
  bool is_local = false;    // mail of this machine; domain and policy are nullptr
  bool is_webmail = false;  // the client is the webmail's server
};

using SenderVerdict = std::variant<Incoming, Outgoing, mail::Reply>;

struct SenderClaim {
  const mail::Sender& sender;
  std::string_view sasl_user;  // empty: not authenticated
  std::optional<IpAddress> client;
  std::string_view recipient_delimiters;
  bool is_webmail = false;  // outgoing.webmail_clients: a service of its own in OpenSRS documents
};

SenderVerdict judge_sender(const policy::Snapshot& snapshot, const SenderClaim& claim);

// Who has proven to be a tenant of a provider: what he may do in the name of this address of ours.
std::variant<Outgoing, mail::Reply> judge_tenant(const policy::Snapshot& snapshot,
                                                 const mail::Address& sender,
                                                 const IpAddress& client, std::string_view provider,
                                                 std::string_view recipient_delimiters);

// End of message: whose mail is it by the header From.
struct Authorship {
  Outgoing outgoing;           // with its domain, where the header From had to tell it
  bool may_be_signed = false;  // exactly one author, of the sender's own domain or an alias of it
};
// The reply: an author is another customer's, or a null sender's owner cannot be told.
std::variant<Authorship, mail::Reply> judge_author(const policy::Snapshot& snapshot,
                                                   const Outgoing& outgoing,
                                                   const mail::HeaderFrom& from,
                                                   std::string_view recipient_delimiters);

}  // namespace postern::decide
