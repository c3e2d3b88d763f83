// Purpose:   an MTA that takes what it is not told to refuse, and remembers it.
// Threading: safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "ports/submitter.h"

namespace postern::test {

class RecordingSubmitter final : public ports::Submitter {
 public:
  struct Taken {
    std::string id;
    std::string sender;
    std::vector<std::string> recipients;
    std::string bytes;
    bool eight_bit = false;
    bool smtputf8 = false;
    std::string ret;
    std::string envid;
    std::string notify;  // of the first recipient
    std::string orcpt;
  };
  // Nothing: it is taken. `recipient` is the first one.
  using Rule = std::function<std::optional<Error>(const std::string& recipient)>;

  void refuse(Rule rule) {
    state_.with([&](State& state) { state.rule = std::move(rule); });
  }
  std::vector<Taken> taken() const {
    return state_.with([](const State& state) { return state.taken; });
  }
  int asked() const {
    return state_.with([](const State& state) { return state.asked; });
  }

  Result<std::string> submit(const ports::Submission& submission, Deadline /*deadline*/) override {
    return state_.with([&](State& state) -> Result<std::string> {
      ++state.asked;
      const auto& first = submission.recipients.front();
      if (state.rule) {
        if (auto error = state.rule(first.address)) return *error;
      }
      Taken taken;
      taken.id = submission.id;
      taken.sender = submission.sender;
      taken.bytes = submission.bytes;
      for (const auto& recipient : submission.recipients) {
        taken.recipients.push_back(recipient.address);
      }
      taken.eight_bit = submission.eight_bit;
      taken.smtputf8 = submission.smtputf8;
      taken.ret = submission.ret;
      taken.envid = submission.envid;
      taken.notify = first.notify;
      taken.orcpt = first.orcpt;
      state.taken.push_back(std::move(taken));
      return std::string("250 2.0.0 Ok: queued");
    });
  }

 private:
  struct State {
    Rule rule;
    std::vector<Taken> taken;
    int asked = 0;
  };
  Guarded<State> state_;
};

}  // namespace postern::test
