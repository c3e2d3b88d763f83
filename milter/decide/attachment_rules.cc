#include "decide/attachment_rules.h"

#include <array>

#include "base/text.h"

namespace postern::decide {
namespace {

using content::Object;
using policy::AttachmentAction;
using policy::AttachmentCheck;
using policy::AttachmentRule;
using policy::AttachmentRules;

constexpr std::size_t kLongestDescription = 200;
constexpr std::size_t kLongestPath = 200;
constexpr std::size_t kLongestFilter = 100;

std::string_view what_is_checked(AttachmentCheck check) {
  switch (check) {
    case AttachmentCheck::filename:
    case AttachmentCheck::archive_filename:
      return "by its name";
    case AttachmentCheck::content_type:
    case AttachmentCheck::archive_content_type:
      return "by its content type";
  }
  return "";
}

// The domain's rules, then the platform's; the built-in ones stand in for those of a platform that
// has none.
class Scopes {
 public:
  Scopes(const policy::RecipientPolicy& rules, Explanation* why)
      : scopes_{rules.attachments, rules.platform_attachments != nullptr
                                       ? rules.platform_attachments
                                       : &policy::builtin_attachment_rules()},
        why_(why) {}

  std::optional<DeniedAttachment> deny(const Object& object, AttachmentCheck check,
                                       const std::string& text) const {
    if (text.empty()) return std::nullopt;
    for (const AttachmentRules* const rules : scopes_) {
      if (rules == nullptr) continue;
      const AttachmentRule* const rule = rules->first_match(check, text);
      if (rule != nullptr) return decided(object, text, *rule, *rules);
    }
    return std::nullopt;
  }

 private:
  std::optional<DeniedAttachment> decided(const Object& object, const std::string& text,
                                          const AttachmentRule& rule,
                                          const AttachmentRules& rules) const {
    const std::string path = printable(object.path.empty() ? text : object.path, kLongestPath);
    const std::string filter = printable(rule.filter, kLongestFilter);
    if (why_ != nullptr) {
      why_->add(std::string(to_string(rule.action)) + " " + std::string(to_string(rule.check)) +
                    " " + filter,
                rules.source(), path + ": " + printable(text, kLongestPath), Effect::applied);
    }
    if (rule.action == AttachmentAction::allow) return std::nullopt;
    const std::string_view own = trim(rule.description);
    return DeniedAttachment{own.empty() ? path : printable(own, kLongestDescription),
                            rules.source() + " denies " + path + " " +
                                std::string(what_is_checked(rule.check)) + ": " + filter};
  }

  std::array<const AttachmentRules*, 2> scopes_;
  Explanation* why_;
};

// What the sender declares and what the content is are looked at one after the other: that the one is
// allowed says nothing about the other.
std::optional<DeniedAttachment> deny_object(const Scopes& scopes, const Object& object) {
  if (object.in_archive) {
    auto denied = scopes.deny(object, AttachmentCheck::archive_filename, object.ascii_name);
    if (denied) return denied;
    return scopes.deny(object, AttachmentCheck::archive_content_type, object.detected_type);
  }
  auto denied = scopes.deny(object, AttachmentCheck::filename, object.ascii_name);
  if (!denied) denied = scopes.deny(object, AttachmentCheck::content_type, object.declared_type);
  if (!denied) denied = scopes.deny(object, AttachmentCheck::content_type, object.detected_type);
  return denied;
}

}  // namespace

std::optional<DeniedAttachment> deny_attachment(const content::Attachments& found,
                                                const policy::RecipientPolicy& rules,
                                                Explanation* why) {
  const Scopes scopes(rules, why);
  for (const Object& object : found.objects) {
    if (auto denied = deny_object(scopes, object)) return denied;
  }
  if (found.bomb) {
    const std::string limit = printable(*found.bomb, kLongestPath);
    if (why != nullptr) why->add("archive limits", "", limit, Effect::applied);
    return DeniedAttachment{"an archive is too large, too deep or too full to be looked into",
                            limit};
  }
  if (why != nullptr) {
    why->add("attachment rules", rules.attachments == nullptr ? "" : rules.attachments->source(),
             std::to_string(found.objects.size()) + " attachments, none denied", Effect::no_match);
  }
  return std::nullopt;
}

}  // namespace postern::decide
