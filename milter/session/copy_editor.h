// Purpose:   a message editor that works on a copy of the message: what a recipient who leaves the
//            transaction gets is made with the very edits that the others' message gets.
// Ownership: owns the copy.
// Threading: the transaction's thread.
// Failure:   none: what the MTA would do silently (a field that is not there) is done silently.
// Source:    docs/postfix.md, "What Postfix does with edits": indexes count per name, from 1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mail/message.h"
#include "session/message_editor.h"

namespace postern::session {

class CopyEditor final : public MessageEditor {
 public:
  // The message outlives this; its body is copied only when it is replaced.
  explicit CopyEditor(const mail::Message& message) : headers_(message.headers()) {}

  Status add_header(const std::string& name, const std::string& value) override;
  Status insert_header(const std::string& name, const std::string& value) override;
  Status change_header(const std::string& name, int index, const std::string& value) override;
  Status delete_header(const std::string& name, int index) override;
  Status replace_body(const std::string& body) override;
  // A copy's recipients are its own from the start.
  Status delete_recipient(const std::string& /*given*/) override { return success(); }
  Status add_recipient(const std::string& /*address*/, const std::string& /*parameters*/) override {
    return success();
  }
  // So is its sender.
  Status change_sender(const std::string& /*address*/) override { return success(); }
  void progress() override {}

  // The header block as it is now: lines end in CRLF, no blank line behind them.
  std::string header_block() const;
  // Nothing: as it was.
  const std::optional<std::string>& body() const { return body_; }

 private:
  mail::HeaderField* find(const std::string& name, int index);

  std::vector<mail::HeaderField> headers_;
  std::optional<std::string> body_;
};

}  // namespace postern::session
