// Purpose:   a submitter that talks to a scripted server, under a clock that stands still.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "adapters/smtp/submitter.h"
#include "base/submit_token.h"
#include "support/manual_clock.h"
#include "support/scripted_smtp_server.h"

namespace postern::smtp {

using test::Misdeed;
using test::ScriptedSmtpServer;
using Script = ScriptedSmtpServer::Script;

class SubmitterTest : public testing::Test {
 protected:
  SubmitterOptions options(const ScriptedSmtpServer& server) const {
    net::Endpoint address;
    address.host = "127.0.0.1";
    address.port = server.port();
    return {address, "postern.test", keys_, clock_, Milliseconds(30'000), Milliseconds(600'000)};
  }
  Result<std::string> submit(const ScriptedSmtpServer& server,
                             const ports::Submission& submission) const {
    return make_submitter(options(server))
        ->submit(submission, Deadline::after(Milliseconds(30'000)));
  }

  const std::vector<Secret> keys_{Secret("0123456789abcdef"), Secret("fedcba9876543210")};
  const test::ManualClock clock_;
};

// To bob@got.com, from alice@example.net.
inline ports::Submission submission_of(std::string_view bytes = "Subject: x\r\n\r\nbody\r\n") {
  ports::Submission submission;
  submission.id = "0123456789abcdef0123456789abcdef";
  submission.sender = "alice@example.net";
  submission.recipients = {{"bob@got.com", "", ""}};
  submission.bytes = bytes;
  return submission;
}

}  // namespace postern::smtp
