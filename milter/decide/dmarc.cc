#include "decide/dmarc.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mail/organizational_domain.h"

namespace postern::decide {
namespace {

constexpr std::size_t kLongestRecord = 4096;

struct Tag {
  std::string_view name;
  std::string_view value;
};

// Parts without "=" are passed over (6.3: syntax errors in the remainder are discarded).
std::vector<Tag> tags_of(std::string_view text) {
  std::vector<Tag> tags;
  for (const std::string_view part : split(text.substr(0, kLongestRecord), ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    tags.push_back({trim(part.substr(0, equals)), trim(part.substr(equals + 1))});
  }
  return tags;
}

// The first one, where a tag is repeated.
std::optional<std::string_view> find(const std::vector<Tag>& tags, std::string_view name) {
  for (const Tag& tag : tags) {
    if (equals_ignoring_case(tag.name, name)) return tag.value;
  }
  return std::nullopt;
}

std::optional<DmarcPolicy> policy_of(std::string_view text) {
  for (const DmarcPolicy policy :
       {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject}) {
    if (equals_ignoring_case(text, to_string(policy))) return policy;
  }
  return std::nullopt;
}

bool is_strict(const std::vector<Tag>& tags, std::string_view name) {
  const auto value = find(tags, name);
  return value && equals_ignoring_case(*value, "s");
}

unsigned percent_of(const std::vector<Tag>& tags) {
  const auto value = find(tags, "pct");
  if (!value) return 100;
  unsigned percent = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, percent);
  return error == std::errc() && stop == end && percent <= 100 ? percent : 100;
}

bool asks_for_reports(const std::vector<Tag>& tags) {
  const auto uris = find(tags, "rua");
  if (!uris) return false;
  const auto list = split(*uris, ',');
  return std::any_of(list.begin(), list.end(), [](std::string_view uri) {
    uri = trim(uri);
    return starts_with_ignoring_case(uri, "mailto:") && uri.find('@') != std::string_view::npos;
  });
}

// 6.6.4: who is not in the sample gets the next milder treatment.
DmarcPolicy sampled(DmarcPolicy policy, bool in_sample) {
  if (in_sample) return policy;
  switch (policy) {
    case DmarcPolicy::none:
    case DmarcPolicy::quarantine:
      return DmarcPolicy::none;
    case DmarcPolicy::reject:
      return DmarcPolicy::quarantine;
  }
  return DmarcPolicy::none;
}

struct Identifier {
  bool passed = false;
  bool could_have_passed = false;  // aligned, and a temporary failure hides the truth
};

Identifier spf_identifier(const SpfVerdict& spf, const std::string& from_domain, bool strict) {
  if (!mail::is_aligned(spf.domain, from_domain, strict)) return {};
  return {spf.result == SpfResult::pass, spf.result == SpfResult::temperror};
}

Identifier dkim_identifier(const DkimVerdict& dkim, const std::string& from_domain, bool strict) {
  Identifier all;
  for (const DkimSignature& signature : dkim.signatures) {
    if (!mail::is_aligned(signature.domain, from_domain, strict)) continue;
    all.passed = all.passed || signature.result == DkimResult::pass;
    all.could_have_passed = all.could_have_passed || signature.result == DkimResult::temperror;
  }
  return all;
}

}  // namespace

bool is_dmarc_record(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(';'));
  const std::size_t equals = first.find('=');
  return equals != std::string_view::npos && trim(first.substr(0, equals)) == "v" &&
         trim(first.substr(equals + 1)) == "DMARC1";
}

std::optional<DmarcRecord> parse_dmarc_record(std::string_view text) {
  if (!is_dmarc_record(text)) return std::nullopt;
  const auto tags = tags_of(text);
  DmarcRecord record;
  record.strict_dkim = is_strict(tags, "adkim");
  record.strict_spf = is_strict(tags, "aspf");
  record.percent = percent_of(tags);

  const auto p = find(tags, "p");
  const auto sp = find(tags, "sp");
  const auto policy = p ? policy_of(*p) : std::nullopt;
  if (sp) record.subdomain_policy = policy_of(*sp);
  if (policy && (!sp || record.subdomain_policy)) {
    record.policy = *policy;
    return record;
  }
  if (!asks_for_reports(tags)) return std::nullopt;
  record.policy = DmarcPolicy::none;
  record.subdomain_policy.reset();
  return record;
}

DmarcVerdict evaluate_dmarc(const std::string& from_domain, const DmarcPublication& published,
                            const SpfVerdict& spf, const DkimVerdict& dkim, unsigned sample) {
  DmarcVerdict verdict;
  verdict.domain = from_domain;
  if (published.records.empty()) return verdict;
  if (published.records.size() > 1) {
    verdict.problem = "several DMARC records at " + published.found_at;
    return verdict;
  }
  const auto record = parse_dmarc_record(published.records.front());
  if (!record) {
    verdict.result = DmarcResult::permerror;
    verdict.problem = "the DMARC record at " + published.found_at + " has no usable policy";
    return verdict;
  }

  const bool is_subdomain = published.found_at != from_domain;
  verdict.published =
      is_subdomain ? record->subdomain_policy.value_or(record->policy) : record->policy;
  verdict.policy = sampled(verdict.published, sample < record->percent);

  const Identifier by_spf = spf_identifier(spf, from_domain, record->strict_spf);
  const Identifier by_dkim = dkim_identifier(dkim, from_domain, record->strict_dkim);
  if (by_spf.passed || by_dkim.passed) {
    verdict.result = DmarcResult::pass;
  } else if (by_spf.could_have_passed || by_dkim.could_have_passed) {
    verdict.result = DmarcResult::temperror;
    verdict.problem = by_spf.could_have_passed ? "SPF could not be told" : "DKIM could not be told";
  } else {
    verdict.result = DmarcResult::fail;
  }
  return verdict;
}

DmarcVerdict dmarc_temperror(std::string from_domain, std::string problem) {
  DmarcVerdict verdict;
  verdict.result = DmarcResult::temperror;
  verdict.domain = std::move(from_domain);
  verdict.problem = std::move(problem);
  return verdict;
}

bool spf_aligned(const SpfVerdict& verdict, const std::string& domain) {
  return spf_identifier(verdict, domain, false).passed;
}

bool dkim_aligned(const DkimVerdict& verdict, const std::string& domain) {
  return dkim_identifier(verdict, domain, false).passed;
}

}  // namespace postern::decide
