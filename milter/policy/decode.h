// Purpose:   JSON text -> document, with every quirk of the admin APIs (docs/documents.md).
// Threading: pure functions.
// Failure:   a permanent Error whose text names the member (JSON pointer) and what is wrong, never
// a
//            secret. Hostile input (depth, size, duplicate members, NUL, invalid UTF-8) ends there
//            too.
// Source:    docs/documents.md lists the quirks: opaque ids, enum case, null and absent members,
// default
//            values, float32 scores, epoch milliseconds and seconds, key formats.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/sealed_box.h"
#include "policy/attachment_rules.h"
#include "policy/document_fault.h"
#include "policy/document_key.h"
#include "policy/documents.h"
#include "policy/groups.h"
#include "policy/opensrs.h"
#include "policy/sender_rules.h"
#include "policy/smarthost.h"
#include "policy/uri_rules.h"

namespace postern::policy {

struct DecodeOptions {
  // outgoing.shortest_subnet: a shorter prefix in outgoingSubnets is left out and reported.
  unsigned shortest_subnet = 16;
  // What OpenSRS's spamlevel means as a spamScore.
  SpamLevels spam_levels = {};
  // keys.seal_file: what opens sealed members.
  std::vector<SealKey> seal_keys = {};
  // outgoing.allow_plain_auth: a smarthost may ask for its password without TLS.
  bool allow_plain_auth = true;
  // Without any of these keys: what is sealed is taken for good, unread. For who judges documents
  // on a host that is not theirs; such a key cannot sign, such a password lets nobody in.
  bool sealed_may_stay = false;
};

using Document =
    std::variant<std::shared_ptr<const Domain>, std::shared_ptr<const User>,
                 std::shared_ptr<const Policy>, std::shared_ptr<const Platform>,
                 std::shared_ptr<const DkimKeys>, std::shared_ptr<const SenderRules>,
                 std::shared_ptr<const AttachmentRules>, std::shared_ptr<const UriRules>,
                 std::shared_ptr<const Groups>, std::shared_ptr<const OpensrsDomain>,
                 std::shared_ptr<const Smarthost>, std::shared_ptr<const Identity>,
                 std::shared_ptr<const MailFrom>>;

Result<Document> decode(const DocumentKey& key, std::string_view json,
                        const DecodeOptions& options);

// Everything that is wrong in the document, in the order of its members: what refuses it, and what is
// left out of it where it would be in force otherwise. Empty: nothing is.
std::vector<DocumentFault> faults_of(const DocumentKey& key, std::string_view json,
                                     const DecodeOptions& options);

// The members that are looked for in this document, by their JSON pointers: what is not among them counts
// for nothing.
std::set<std::string> members_read(const DocumentKey& key, std::string_view json,
                                   const DecodeOptions& options);

// The document as Postern understands it, pretty JSON: defaults filled in, enums normalised,
// unknown members carried over, secrets replaced by "(redacted)". For `policy show`.
Result<std::string> show_as_understood(const DocumentKey& key, std::string_view json,
                                       const DecodeOptions& options);

// The text of a document with every secret member replaced by "(redacted)", for people's eyes.
std::string redacted(std::string_view json);

}  // namespace postern::policy
