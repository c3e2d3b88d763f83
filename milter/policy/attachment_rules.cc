#include "policy/attachment_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace postern::policy {
namespace {

// For the program and what it remembers while matching. Past it RE2 answers more slowly or does not
// compile, and never takes more.
constexpr std::int64_t kMaxMemory = std::int64_t{256} * 1024;
constexpr std::size_t kMaxShown = 200;

RE2::Options options() {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_never_capture(true);
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  return options;
}

}  // namespace

std::string_view to_string(AttachmentAction action) {
  switch (action) {
    case AttachmentAction::allow:
      return "allow";
    case AttachmentAction::deny:
      return "deny";
  }
  return "";
}

std::string_view to_string(AttachmentCheck check) {
  switch (check) {
    case AttachmentCheck::filename:
      return "filename";
    case AttachmentCheck::content_type:
      return "contenttype";
    case AttachmentCheck::archive_filename:
      return "archive-filename";
    case AttachmentCheck::archive_content_type:
      return "archive-contenttype";
  }
  return "";
}

struct AttachmentRules::Compiled {
  struct One {
    std::size_t rule;
    std::unique_ptr<RE2> expression;
  };
  std::vector<One> in_order;
};

AttachmentRules::AttachmentRules(std::string source, std::vector<AttachmentRule> rules)
    : source_(std::move(source)), rules_(std::move(rules)) {
  auto compiled = std::make_shared<Compiled>();
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    auto expression = std::make_unique<RE2>(rules_[i].filter, options());
    if (expression->ok()) {
      compiled->in_order.push_back({i, std::move(expression)});
    } else {
      rule_faults_.push_back("/" + std::to_string(i) + "/filter: " +
                             printable(expression->error(), kMaxShown) + "; the rule is left out");
    }
  }
  const auto priority = [this](const Compiled::One& one) {
    return rules_[one.rule].priority.value_or(std::numeric_limits<std::int64_t>::max());
  };
  std::stable_sort(compiled->in_order.begin(), compiled->in_order.end(),
                   [&priority](const auto& a, const auto& b) { return priority(a) < priority(b); });
  compiled_ = std::move(compiled);
}

const AttachmentRule* AttachmentRules::first_match(AttachmentCheck check,
                                                   std::string_view text) const {
  for (const auto& [rule, expression] : compiled_->in_order) {
    if (rules_[rule].check != check) continue;
    if (RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression)) {
      return &rules_[rule];
    }
  }
  return nullptr;
}

bool AttachmentRules::has(AttachmentCheck check) const {
  return std::any_of(compiled_->in_order.begin(), compiled_->in_order.end(),
                     [&](const auto& one) { return rules_[one.rule].check == check; });
}

const AttachmentRules& builtin_attachment_rules() {
  static const AttachmentRules kRules = [] {
    const std::string programs =
        R"(\.(exe|scr|com|bat|cmd|pif|vbs|vbe|js|jse|wsf|hta|lnk|cpl|msi|ps1|iso|img)$)";
    const auto deny = [&programs](AttachmentCheck check) {
      AttachmentRule rule;
      rule.action = AttachmentAction::deny;
      rule.check = check;
      rule.filter = programs;
      rule.description = "programs are not accepted";
      return rule;
    };
    return AttachmentRules("built-in attachment rules", {deny(AttachmentCheck::filename),
                                                         deny(AttachmentCheck::archive_filename)});
  }();
  return kRules;
}

}  // namespace postern::policy
