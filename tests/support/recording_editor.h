// A message editor that does to a copy of the message what an MTA would, with Postfix's own rules: a
// deleted recipient must be spelled as given, and values are written verbatim after the colon.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mail/message.h"
#include "session/message_editor.h"

namespace postern::test {

class RecordingEditor final : public session::MessageEditor {
 public:
  RecordingEditor(std::vector<mail::HeaderField> headers, std::string body,
                  std::vector<std::string> recipients)
      : headers_(std::move(headers)), body_(std::move(body)), recipients_(std::move(recipients)) {}

  // Every edit from now on fails, as when the MTA has gone.
  void break_connection() { broken_ = true; }

  Status add_header(const std::string& name, const std::string& value) override {
    if (broken_) return gone();
    headers_.push_back({name, value});
    return success();
  }
  Status insert_header(const std::string& name, const std::string& value) override {
    if (broken_) return gone();
    headers_.insert(headers_.begin(), {name, value});
    return success();
  }
  Status change_header(const std::string& name, int index, const std::string& value) override {
    if (broken_) return gone();
    if (mail::HeaderField* const field = nth(name, index)) {
      *field = {name, value};
    } else {
      headers_.push_back({name, value});
    }
    return success();
  }
  Status delete_header(const std::string& name, int index) override {
    if (broken_) return gone();
    if (mail::HeaderField* const field = nth(name, index)) {
      headers_.erase(headers_.begin() + (field - headers_.data()));
    }
    return success();
  }
  Status replace_body(const std::string& body) override {
    if (broken_) return gone();
    body_ = body;
    return success();
  }
  Status delete_recipient(const std::string& given) override {
    if (broken_) return gone();
    std::erase(recipients_, given);
    return success();
  }
  Status add_recipient(const std::string& address, const std::string& parameters) override {
    if (broken_) return gone();
    recipients_.push_back(address);
    added_.emplace_back(address, parameters);
    return success();
  }
  Status change_sender(const std::string& address) override {
    if (broken_) return gone();
    sender_ = address;
    return success();
  }
  void progress() override { ++progress_; }

  // What the MTA holds after the edits.
  const std::vector<mail::HeaderField>& headers() const { return headers_; }
  const std::string& body() const { return body_; }
  const std::vector<std::string>& recipients() const { return recipients_; }
  const std::vector<std::pair<std::string, std::string>>& added() const { return added_; }
  int progress_calls() const { return progress_; }
  // Nothing: as the client said.
  const std::optional<std::string>& sender() const { return sender_; }
  // The value of the first field of this name without its leading space; nothing there: "(none)".
  std::string header(std::string_view name) const {
    for (const auto& field : headers_) {
      if (equals_ignoring_case(field.name, name)) {
        return field.value.starts_with(' ') ? field.value.substr(1) : field.value;
      }
    }
    return "(none)";
  }

 private:
  static Status gone() { return temporary_error("the MTA has gone"); }
  mail::HeaderField* nth(const std::string& name, int index) {
    for (auto& field : headers_) {
      if (equals_ignoring_case(field.name, name) && --index == 0) return &field;
    }
    return nullptr;
  }

  std::vector<mail::HeaderField> headers_;
  std::string body_;
  std::vector<std::string> recipients_;
  std::vector<std::pair<std::string, std::string>> added_;
  std::optional<std::string> sender_;
  int progress_ = 0;
  bool broken_ = false;
};

}  // namespace postern::test
