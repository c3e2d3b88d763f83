#include "adapters/opendkim/verifier.h"

#include <algorithm>
#include <map>
#include <optional>

#include "adapters/opendkim/body.h"
#include "adapters/opendkim/key_record.h"
#include "adapters/opendkim/signature.h"
#include "base/text.h"
#include "mail/header_from.h"
#include "mail/organizational_domain.h"

namespace postern::opendkim {
namespace {

using decide::DkimResult;
using decide::DkimSignature;
using mail::HeaderField;

constexpr std::size_t kMostSignatures = 10;
constexpr std::size_t kMostAuthors = 20;  // that are compared with the signatures' domains
constexpr std::string_view kSignatureField = "DKIM-Signature";
constexpr std::string_view kSignatureName = "dkim-signature";  // as it stands in h=

bool is_signature(const HeaderField& field) {
  return equals_ignoring_case(trim(field.name), kSignatureField);
}

// One signature on its way: read, its key fetched, checked. As soon as a result is known, it is done.
struct Candidate {
  const HeaderField* field = nullptr;
  std::optional<Signature> signature;  // nothing: refused while reading
  std::optional<Key> key;              // there: to be checked by the library
  DkimSignature shown;

  void conclude(DkimResult result, std::string problem) {
    key.reset();
    shown.result = result;
    shown.problem = std::move(problem);
  }
};

std::vector<Candidate> read_signatures(const mail::Message& message, WallTime now) {
  std::vector<Candidate> candidates;
  const bool has_author = message.find("From") != nullptr;
  for (const HeaderField& field : message.headers()) {
    if (!is_signature(field)) continue;
    if (candidates.size() == kMostSignatures) break;
    Candidate& candidate = candidates.emplace_back();
    candidate.field = &field;
    auto read = read_signature(field.value, now);
    if (auto* const signature = std::get_if<Signature>(&read)) {
      candidate.shown = signature->shown;
      candidate.signature = std::move(*signature);
      if (!has_author) candidate.conclude(DkimResult::permerror, "the message has no From");
    } else {
      candidate.shown = std::get<DkimSignature>(std::move(read));
    }
    if (!has_author) candidate.signature.reset();
  }
  return candidates;
}

// Whether DMARC may rest on it: its domain has the same owner as one of the author's.
bool speaks_for_author(const Candidate& candidate, const mail::HeaderFrom& from) {
  const std::size_t count = std::min(from.addresses.size(), kMostAuthors);
  return std::any_of(from.addresses.begin(), from.addresses.begin() + static_cast<long>(count),
                     [&candidate](const mail::Address& author) {
                       return mail::is_aligned(candidate.shown.domain, author.domain(), false);
                     });
}

// The names of the keys in the order in which they are asked for: those of the author's domain come
// first, so that a forger's own silent DNS does not keep the author's from answering.
std::vector<std::string> key_names(const std::vector<Candidate>& candidates,
                                   const mail::Message& message) {
  const mail::HeaderFrom from = mail::header_from(message);
  std::vector<std::string> names;
  std::vector<std::string> of_others;
  for (const Candidate& candidate : candidates) {
    if (!candidate.signature) continue;
    auto& list = speaks_for_author(candidate, from) ? names : of_others;
    list.push_back(candidate.signature->key_name);
  }
  names.insert(names.end(), of_others.begin(), of_others.end());
  std::vector<std::string> once;  // several signatures may share a key
  for (std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(std::move(name));
  }
  return once;
}

using Answers = std::map<std::string, Result<ports::DnsAnswer>>;

// All together take half of the time, the rest is for the body. Each has its own share of it: what
// one leaves is for those behind it, and none can use up theirs.
Answers ask_for_keys(const std::vector<std::string>& names, ports::Resolver& resolver,
                     Deadline deadline) {
  const Deadline half = Deadline::after(deadline.remaining() / 2);
  Answers answers;
  auto left = static_cast<Milliseconds::rep>(names.size());
  for (const std::string& name : names) {
    const Deadline share = Deadline::after(half.remaining() / left--);
    answers.emplace(name, resolver.query(name, ports::DnsType::txt, share));
  }
  return answers;
}

void fetch_keys(std::vector<Candidate>& candidates, const mail::Message& message,
                ports::Resolver& resolver, Deadline deadline) {
  const Answers answers = ask_for_keys(key_names(candidates, message), resolver, deadline);
  for (Candidate& candidate : candidates) {
    if (!candidate.signature) continue;
    const Result<ports::DnsAnswer>& answer = answers.at(candidate.signature->key_name);
    if (!answer) {
      const bool temporary = answer.error().permanence == Permanence::temporary;
      candidate.conclude(temporary ? DkimResult::temperror : DkimResult::permerror,
                         "the key could not be fetched: " + printable(answer.error().what, 120));
      continue;
    }
    auto key = read_key(answer->texts, candidate.signature->algorithm);
    if (auto* const usable = std::get_if<Key>(&key)) {
      candidate.key = std::move(*usable);
    } else {
      auto& refused = std::get<RefusedKey>(key);
      candidate.conclude(refused.result, std::move(refused.problem));
    }
  }
}

std::string with_line_ends(const HeaderField& field) {
  std::string text = field.name + ":";
  for (const char c : field.value) {
    if (c == '\n' && text.back() != '\r') text += '\r';
    text += c;
  }
  return text;
}

// How many fields of each name any signature wants: no other can matter.
std::map<std::string, std::size_t, std::less<>> wanted_fields(
    const std::vector<Candidate>& candidates) {
  std::map<std::string, std::size_t, std::less<>> wanted;
  for (const Candidate& candidate : candidates) {
    if (!candidate.key) continue;
    std::map<std::string, std::size_t, std::less<>> of_this;
    for (const std::string& name : candidate.signature->names) ++of_this[name];
    for (const auto& [name, count] : of_this) wanted[name] = std::max(wanted[name], count);
  }
  return wanted;
}

// From the bottom, as signers count; then in the message's order again. The signatures to be checked
// always; others that could be read where one of those signs them.
std::vector<Field> fields_for_library(const mail::Message& message,
                                      const std::vector<Candidate>& candidates) {
  auto wanted = wanted_fields(candidates);
  const bool signs_signatures = wanted.contains(kSignatureName);
  std::vector<Field> fields;
  const auto& headers = message.headers();
  auto candidate = candidates.rbegin();
  for (std::size_t at = headers.size(); at-- > 0;) {
    const HeaderField& field = headers[at];
    if (is_signature(field)) {
      const bool is_candidate = candidate != candidates.rend() && candidate->field == &field;
      if (!is_candidate) continue;  // beyond the tenth
      if (candidate->key || (signs_signatures && candidate->signature)) {
        const std::string* const key = candidate->key ? &candidate->key->record : nullptr;
        fields.push_back({with_line_ends(field), true, key});
      }
      ++candidate;
      continue;
    }
    const auto left = wanted.find(ascii_lower(trim(field.name)));
    if (left == wanted.end() || left->second == 0) continue;
    --left->second;
    fields.push_back({with_line_ends(field), false, nullptr});
  }
  std::reverse(fields.begin(), fields.end());
  return fields;
}

bool holds_nul(const std::vector<Field>& fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field& field) { return field.text.find('\0') != std::string::npos; });
}

void conclude_all(std::vector<Candidate>& candidates, DkimResult result, const char* problem) {
  for (Candidate& candidate : candidates) {
    if (candidate.key) candidate.conclude(result, problem);
  }
}

// What the library cannot know: that a pass must be over the whole body, that a testing key's failure is
// no failure, and that it has not seen every signature field.
void conclude(Candidate& candidate, Finding finding, const mail::Message& message,
              bool saw_all_signatures) {
  const Signature& signature = *candidate.signature;
  if (finding.result == DkimResult::pass && signature.body_length) {
    const std::uint64_t whole = canonical_length(message.body(), signature.relaxed_body);
    if (*signature.body_length < whole) {
      finding = {DkimResult::policy, "l= leaves " + std::to_string(whole - *signature.body_length) +
                                         " octets of the body unsigned"};
    }
  }
  const auto& names = signature.names;
  if (finding.result == DkimResult::fail && !saw_all_signatures &&
      std::find(names.begin(), names.end(), kSignatureName) != names.end()) {
    finding = {DkimResult::neutral, "signs other signatures that cannot be read"};
  }
  if (finding.result == DkimResult::fail && candidate.key->is_testing) {
    finding = {DkimResult::neutral, finding.problem + "; the key is for testing"};
  }
  candidate.conclude(finding.result, std::move(finding.problem));
}

Status check_signatures(std::vector<Candidate>& candidates, const mail::Message& message,
                        LibraryPool& libraries, Deadline deadline) {
  const auto fields = fields_for_library(message, candidates);
  if (!has_only_crlf(message.body())) {
    conclude_all(candidates, DkimResult::neutral, "the body has bare CR or LF");
    return success();
  }
  if (holds_nul(fields)) {
    conclude_all(candidates, DkimResult::neutral, "the header holds NUL");
    return success();
  }
  auto library = libraries.take();
  if (library == nullptr) return temporary_error("DKIM: no memory for libopendkim");
  auto findings = library->check(fields, message.body(), deadline);
  libraries.give_back(std::move(library));

  const auto shown_to_library = std::count_if(
      fields.begin(), fields.end(), [](const Field& field) { return field.is_signature; });
  const bool saw_all = static_cast<std::size_t>(shown_to_library) == message.count(kSignatureField);
  auto finding = findings.begin();
  for (Candidate& candidate : candidates) {
    if (candidate.key) conclude(candidate, std::move(*finding++), message, saw_all);
  }
  return success();
}

}  // namespace

Result<decide::DkimVerdict> Verifier::verify(const mail::Message& message, Deadline deadline) {
  auto candidates = read_signatures(message, clock_.wall());
  fetch_keys(candidates, message, resolver_, deadline);
  const bool any_key =
      std::any_of(candidates.begin(), candidates.end(),
                  [](const Candidate& candidate) { return candidate.key.has_value(); });
  if (any_key) {
    if (Status done = check_signatures(candidates, message, libraries_, deadline); !done)
      return done.error();
  }
  decide::DkimVerdict verdict;
  for (Candidate& candidate : candidates) verdict.signatures.push_back(std::move(candidate.shown));
  return verdict;
}

}  // namespace postern::opendkim
