// Purpose:   one log line per message (and per refused sender or recipient), and its metrics.
// Threading: pure but for the log and the metrics, which are safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decide/decision.h"
#include "decide/plan.h"
#include "mail/envelope.h"
#include "mail/reply.h"
#include "session/session.h"

namespace postern::session {

struct TransactionNames {
  std::string_view id;
  const ClientFacts& client;
  const mail::Sender& sender;
  std::uint64_t generation;
};

struct MessageReport {
  TransactionNames names;
  std::string_view direction = {};
  std::string_view queue_id = {};
  std::string_view outcome = {};                        // of all recipients, or "mixed"
  std::vector<std::string> recipients = {};             // addresses as given
  std::vector<decide::Decision> decisions = {};         // as many, or none
  std::vector<decide::RecipientOutcome> outcomes = {};  // as many, or none
  std::string reason = {};
  mail::Reply reply = {};
  std::uint64_t size = 0;
  double seconds = 0;
  std::vector<std::string> signed_by = {};  // d=/s= of the signatures added
  std::size_t copies = 0;
};

void report_message(const MessageReport& report);
// No transaction has begun: there is no policy, or the daemon is going down.
void report_not_ready(const ClientFacts& client, std::string_view sender, const mail::Reply& reply);
void report_refused_sender(const TransactionNames& names, const mail::Reply& reply);
void report_refused_recipient(const TransactionNames& names, std::string_view given,
                              const mail::Reply& reply);

}  // namespace postern::session
