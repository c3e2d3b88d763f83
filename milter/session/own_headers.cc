#include "session/own_headers.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "decide/decide.h"
#include "mail/subject.h"
#include "session/authentication_results.h"

namespace postern::session {
namespace {

constexpr const char* kIdHeader = "X-Postern-Id";

bool is_one_of(std::string_view name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [name](const std::string& candidate) {
    return equals_ignoring_case(name, candidate);
  });
}

bool is_forged_result(const mail::HeaderField& field, std::string_view authserv_id) {
  return equals_ignoring_case(field.name, "Authentication-Results") &&
         speaks_for(field.value, authserv_id);
}

}  // namespace

bool is_own_header(std::string_view name, const std::vector<std::string>& id_headers,
                   bool incoming) {
  if (starts_with_ignoring_case(name, "X-Postern-") ||
      starts_with_ignoring_case(name, "X-Fuglu-") || equals_ignoring_case(name, "X-Virus-Lover") ||
      is_one_of(name, id_headers)) {
    return true;
  }
  return incoming && is_one_of(name, {"X-Spam-Status", "X-Spam-Score", "X-Spam-Flag"});
}

Status remove_forged_headers(const mail::Message& message,
                             const std::vector<std::string>& id_headers,
                             std::string_view authserv_id, bool incoming, MessageEditor& editor) {
  struct Occurrences {
    int count = 0;
    std::vector<int> forged;  // which of them, from 1
  };
  std::map<std::string, Occurrences> fields;
  for (const mail::HeaderField& field : message.headers()) {
    Occurrences& occurrences = fields[ascii_lower(field.name)];
    ++occurrences.count;
    if (is_own_header(field.name, id_headers, incoming) || is_forged_result(field, authserv_id)) {
      occurrences.forged.push_back(occurrences.count);
    }
  }
  for (const auto& [name, occurrences] : fields) {
    // From the last to the first: each removal renumbers those behind it.
    for (std::size_t at = occurrences.forged.size(); at-- > 0;) {
      if (Status removed = editor.delete_header(name, occurrences.forged[at]); !removed) {
        return removed;
      }
    }
  }
  return success();
}

Status add_id_headers(const std::string& id, const std::vector<std::string>& id_headers,
                      MessageEditor& editor) {
  std::vector<std::string> names = {kIdHeader};
  for (const std::string& name : id_headers) {
    if (!is_one_of(name, names)) names.push_back(name);
  }
  for (const std::string& name : names) {
    if (Status added = editor.insert_header(name, " " + id); !added) return added;
  }
  return success();
}

Status add_spam_headers(const decide::Decision& decision,
                        const std::optional<policy::MilliScore>& required, MessageEditor& editor) {
  const bool is_spam = decision.is(decide::MailClass::spam);
  if (!decision.score && !is_spam) return success();
  if (is_spam) {
    if (Status added = editor.insert_header("X-Spam-Flag", " YES"); !added) return added;
  }
  std::string status = is_spam ? " Yes" : " No";
  if (decision.score) {
    const std::string score = decide::format_score(*decision.score);
    if (Status added = editor.insert_header("X-Spam-Score", " " + score); !added) return added;
    status += ", score=" + score;
    if (required) status += " required=" + decide::format_score(*required);
  }
  return editor.insert_header("X-Spam-Status", status);
}

std::string header_text(std::string_view text) {
  constexpr std::size_t kLongest = 900;  // with the name under the 998 of a line
  return printable(text, kLongest);
}

Status prefix_subject(const mail::Message& message, const std::string& prefix,
                      MessageEditor& editor) {
  const mail::HeaderField* const subject = message.find("Subject");
  const auto changed = mail::prefixed_subject(
      subject == nullptr ? std::nullopt : std::make_optional(subject->value), prefix);
  if (!changed) return success();
  if (subject == nullptr) return editor.add_header("Subject", " " + *changed);
  return editor.change_header(subject->name, 1, " " + *changed);
}

}  // namespace postern::session
