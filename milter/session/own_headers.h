// Purpose:   the header fields that are ours: forged ones removed, true ones added.
// Threading: the transaction's thread.
// Failure:   an Error of the editor, passed on.
// Source:    docs/postfix.md, "On the message".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "decide/decision.h"
#include "mail/message.h"
#include "policy/documents.h"
#include "session/message_editor.h"

namespace postern::session {

// Whether the field is one that only we may write, and that remove_forged_headers takes away.
bool is_own_header(std::string_view name, const std::vector<std::string>& id_headers,
                   bool incoming);

// Removes what only we may say: X-Postern-*, X-Fuglu-*, X-Virus-Lover and the id headers; for
// incoming mail also the X-Spam-* fields that we write. Whatever the direction, also the
// Authentication-Results that speak for `authserv_id`; those of others stay.
Status remove_forged_headers(const mail::Message& message,
                             const std::vector<std::string>& id_headers,
                             std::string_view authserv_id, bool incoming, MessageEditor& editor);

// X-Postern-Id and the same under every name in id_headers.
Status add_id_headers(const std::string& id, const std::vector<std::string>& id_headers,
                      MessageEditor& editor);

// X-Spam-Status, X-Spam-Score and X-Spam-Flag, where a score was told or the message is spam.
// `required`: the score from which it would be spam; nothing: its readers' rules differ in that.
Status add_spam_headers(const decide::Decision& decision,
                        const std::optional<policy::MilliScore>& required, MessageEditor& editor);

// One line of printable ASCII, short enough for a header field.
std::string header_text(std::string_view text);

// Puts the prefix before the subject; see mail/subject.h.
Status prefix_subject(const mail::Message& message, const std::string& prefix,
                      MessageEditor& editor);

}  // namespace postern::session
