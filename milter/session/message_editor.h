// Purpose:   what a milter may change about a message at end of message, as one small interface.
// Ownership: borrowed for the end of one message.
// Threading: the transaction's thread; progress() may be called from it at any time before the
//            reply.
// Failure:   an Error when the MTA's connection is gone or refuses: the transaction ends in 451.
// Source:    libmilter's smfi_* calls; docs/postfix.md says what Postfix does with each.
#pragma once

#include <string>

#include "base/result.h"

namespace postern::session {

class MessageEditor {
 public:
  MessageEditor() = default;
  MessageEditor(const MessageEditor&) = delete;
  MessageEditor& operator=(const MessageEditor&) = delete;
  virtual ~MessageEditor() = default;

  // Values are written verbatim after the colon (SMFIP_HDR_LEADSPC): they begin with their space.
  // Folds are LF + WSP.
  virtual Status add_header(const std::string& name, const std::string& value) = 0;  // at the end
  virtual Status insert_header(const std::string& name, const std::string& value) = 0;  // on top
  // `index` counts from 1 among the fields of this name, in their current order.
  virtual Status change_header(const std::string& name, int index, const std::string& value) = 0;
  virtual Status delete_header(const std::string& name, int index) = 0;
  virtual Status replace_body(const std::string& body) = 0;
  // Exactly the argument of RCPT TO: Postfix compares case-sensitively and is silent on a miss.
  virtual Status delete_recipient(const std::string& given) = 0;
  // `parameters`: "NOTIFY=… ORCPT=…" or empty.
  virtual Status add_recipient(const std::string& address, const std::string& parameters) = 0;
  // The envelope sender, without < >, from now on: of the message, and of what bounces.
  virtual Status change_sender(const std::string& address) = 0;
  // Restarts the MTA's timer.
  virtual void progress() = 0;
};

}  // namespace postern::session
