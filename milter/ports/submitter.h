// Purpose:   hands a message back to the MTA through the `submit` listener.
// Threading: submit() is called from many threads at once.
// Failure:   temporary (connection, 4xx) or permanent (5xx); the text names the command and the
//            reply.
// Source:    RFC 5321; the listener accepts only what carries a valid token (docs/architecture.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace postern::ports {

struct SubmissionRecipient {
  std::string address;  // without < >
  std::string notify;   // NOTIFY=, or empty
  std::string orcpt;    // ORCPT=, or empty
};

struct Submission {
  std::string id;      // the transaction's or stored message's id; part of the token
  std::string sender;  // without < >; empty: the null sender
  std::vector<SubmissionRecipient> recipients;
  std::string_view bytes;  // CRLF line ends; the token header is put on top of it
  // Its header is as the recipients are to see it. False: a message as it came, from which forged
  // fields of ours are taken out on the way.
  bool is_finished = false;
  bool eight_bit = false;
  bool smtputf8 = false;
  std::string ret;
  std::string envid;
};

class Submitter {
 public:
  Submitter() = default;
  Submitter(const Submitter&) = delete;
  Submitter& operator=(const Submitter&) = delete;
  virtual ~Submitter() = default;

  // Ok: the MTA has answered 250 to the whole message for every recipient. The text of that reply.
  virtual Result<std::string> submit(const Submission& submission, Deadline deadline) = 0;
};

}  // namespace postern::ports
