#include "session/sign.h"

#include <map>
#include <optional>

#include "base/text.h"
#include "mail/header_from.h"
#include "mail/line_length.h"
#include "session/own_headers.h"

namespace postern::session {
namespace {

std::vector<const policy::DkimKey*> active_keys(const policy::DkimKeys* keys) {
  std::vector<const policy::DkimKey*> active;
  if (keys == nullptr) return active;
  for (const policy::DkimKey& key : keys->keys) {
    if (key.state == policy::DkimState::active) active.push_back(&key);
  }
  return active;
}

// The message with lines broken as Postfix would break them, told to the MTA as well; nothing when
// no line is too long, which is nearly always.
Result<std::optional<mail::Message>> with_short_lines(const mail::Message& message,
                                                      const std::vector<std::string>& id_headers,
                                                      MessageEditor& editor) {
  bool changed = false;
  mail::Message shortened;
  std::map<std::string, int> index_of;
  for (const mail::HeaderField& field : message.headers()) {
    // Gone by now, or ours: neither counts for the indexes of the others.
    if (is_own_header(field.name, id_headers, false)) continue;
    const int index = ++index_of[ascii_lower(field.name)];
    auto value = mail::break_long_header_lines(field.name, field.value);
    if (value) {
      changed = true;
      if (Status told = editor.change_header(field.name, index, *value); !told) return told.error();
    }
    shortened.add_header(field.name, value ? *value : field.value);
  }
  if (auto body = mail::break_long_body_lines(message.body())) {
    changed = true;
    if (Status told = editor.replace_body(*body); !told) return told.error();
    shortened.set_body(*body);
  } else if (changed) {
    shortened.set_body(message.body());
  }
  if (!changed) return std::optional<mail::Message>();
  return std::make_optional(std::move(shortened));
}

}  // namespace

Result<std::vector<std::string>> sign_message(const mail::Message& message,
                                              const policy::Snapshot& snapshot,
                                              const decide::Outgoing& owner, ports::Signer& signer,
                                              const Rules& rules, MessageEditor& editor) {
  const auto keys = active_keys(snapshot.dkim(owner.domain->name));
  if (keys.empty()) {
    const auto own = owner.policy == nullptr ? std::nullopt : owner.policy->missing_key;
    if (own.value_or(rules.missing_key) == MissingKey::defer) {
      return temporary_error("no active DKIM key for " + owner.domain->name);
    }
    return std::vector<std::string>();
  }
  const mail::HeaderFrom from = mail::header_from(message);
  const mail::Address* const author = from.single();
  if (author == nullptr) return temporary_error("not exactly one author");

  auto shortened = with_short_lines(message, rules.id_headers, editor);
  if (!shortened) return shortened.error();
  const mail::Message& sent = *shortened ? **shortened : message;
  // d= is the author's domain as written, an alias included: the key is published under both.
  auto signatures = signer.sign(sent, author->domain(), keys);
  if (!signatures) return signatures.error();

  std::vector<std::string> names;
  for (std::size_t i = 0; i < signatures->size(); ++i) {
    if (Status put = editor.insert_header("DKIM-Signature", (*signatures)[i]); !put) {
      return put.error();
    }
    names.push_back("d=" + author->domain() + " s=" + keys[i]->selector);
  }
  return names;
}

}  // namespace postern::session
