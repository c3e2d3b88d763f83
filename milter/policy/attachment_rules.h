// Purpose:   the rules of one scope about what may be attached to a message.
// Ownership: immutable; copies share the compiled expressions.
// Threading: any number of readers.
// Cost:      linear in the text for each rule (no backtracking), within a bound of memory per rule.
// Failure:   an expression that does not compile leaves its rule out; rule_faults() says which.
// Source:    the Cleanmail admin API's model FilterAttachment; docs/semantics.md, "Attachment rules".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

enum class AttachmentAction { allow, deny };
std::string_view to_string(AttachmentAction action);

enum class AttachmentCheck { filename, content_type, archive_filename, archive_content_type };
std::string_view to_string(AttachmentCheck check);

struct AttachmentRule {
  std::string id;
  AttachmentAction action = AttachmentAction::deny;
  AttachmentCheck check = AttachmentCheck::filename;
  std::string filter;                    // an unanchored expression, upper and lower case alike
  std::optional<std::int64_t> priority;  // lower comes first; nothing: after all that have one
  std::string description;
};

inline constexpr std::size_t kMaxAttachmentRules = 1'000;
inline constexpr std::size_t kMaxAttachmentFilter = 1'024;

class AttachmentRules {
 public:
  AttachmentRules() : AttachmentRules("", {}) {}
  // `source`: "attachments:got.com"; for explanations.
  AttachmentRules(std::string source, std::vector<AttachmentRule> rules);

  const std::string& source() const { return source_; }
  // In the document's order, those that were left out too.
  const std::vector<AttachmentRule>& rules() const { return rules_; }
  // "/3/filter: missing ): …"; empty: every rule is in force.
  const std::vector<std::string>& rule_faults() const { return rule_faults_; }

  // The first rule for this check, by priority, that the text matches; nullptr: none.
  const AttachmentRule* first_match(AttachmentCheck check, std::string_view text) const;
  bool has(AttachmentCheck check) const;

 private:
  struct Compiled;

  std::string source_;
  std::vector<AttachmentRule> rules_;
  std::vector<std::string> rule_faults_;
  std::shared_ptr<const Compiled> compiled_;
};

// What holds where no document says otherwise: names of programs are denied, in archives too.
const AttachmentRules& builtin_attachment_rules();

}  // namespace postern::policy
