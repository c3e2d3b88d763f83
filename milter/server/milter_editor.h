// Purpose:   the MessageEditor over libmilter.
// Ownership: borrows libmilter's context for the end of one message.
// Threading: the thread of the end-of-message callback.
// Failure:   a temporary Error when libmilter refuses or the connection is gone; a permanent one
// for what no
//            header or address may hold, before anything is sent.
#pragma once

#include "session/message_editor.h"

struct smfi_str;  // libmilter's SMFICTX

namespace postern::server {

class MilterEditor final : public session::MessageEditor {
 public:
  explicit MilterEditor(smfi_str* context) : context_(context) {}

  Status add_header(const std::string& name, const std::string& value) override;
  Status insert_header(const std::string& name, const std::string& value) override;
  Status change_header(const std::string& name, int index, const std::string& value) override;
  Status delete_header(const std::string& name, int index) override;
  Status replace_body(const std::string& body) override;
  Status delete_recipient(const std::string& given) override;
  Status add_recipient(const std::string& address, const std::string& parameters) override;
  Status change_sender(const std::string& address) override;
  void progress() override;

 private:
  smfi_str* context_;
};

}  // namespace postern::server
