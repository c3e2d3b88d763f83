// Purpose:   one SMTP connection as the milter sees it, one transaction after another.
// Ownership: the server makes one per connection; it borrows Services, which outlive it.
// Threading: one thread at a time (libmilter may use different threads for successive calls).
// Failure:   nothing throws out of here; a fault of ours is a 4xx reply, never a 5xx.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "mail/reply.h"
#include "session/message_editor.h"
#include "session/services.h"

namespace postern::session {

// What the MTA told about the connection, refreshed before MAIL (STARTTLS, AUTH and XCLIENT change
// it).
struct ClientFacts {
  std::optional<IpAddress> address;  // nothing: local submission without a connection
  std::string name;                  // verified host name, or empty
  std::string helo;
  std::string daemon_name;  // {daemon_name}: tells the submit listener from the others
  std::string sasl_user;    // {auth_authen}, verbatim; empty: not authenticated
  std::string mta_name;     // macro j
};

struct Continue {};
// At RCPT: this recipient. At MAIL and end of message: the transaction.
struct Refuse {
  mail::Reply reply;
};
// End of message: 250 to the sender, and the message goes nowhere (it is in the vault).
struct Discard {};
using Verdict = std::variant<Continue, Refuse, Discard>;

class Transaction;
struct Explained;

class Session {
 public:
  // With `explained`, the next transaction is decided and noted there: nothing is stored or reported.
  explicit Session(Services& services, Explained* explained = nullptr);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // `arguments`: the address as given, then the ESMTP parameters.
  Verdict mail_from(ClientFacts client, const std::vector<std::string_view>& arguments);
  Verdict rcpt_to(const std::vector<std::string_view>& arguments);
  void header(std::string_view name, std::string_view value);
  // False: enough seen, the MTA need not send more of the body.
  bool body(std::string_view chunk);
  // `queue_id` is the macro i, known from DATA on.
  Verdict end_of_message(std::string_view queue_id, MessageEditor& editor);
  // Ends the transaction, also after every reply to end of message. Safe without one.
  void abort();

 private:
  Services& services_;
  Explained* explained_;
  std::unique_ptr<Transaction> transaction_;
};

}  // namespace postern::session
