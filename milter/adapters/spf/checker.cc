#include "adapters/spf/checker.h"

#include "adapters/spf/evaluation.h"
#include "mail/domain_name.h"

namespace postern::spf {
namespace {

constexpr std::size_t kLongestHelo = 512;

// "[192.0.2.1]" is an address, and nobody publishes records for those.
std::string name_or_nothing(const std::string& domain) {
  return domain.starts_with('[') ? std::string() : domain;
}

// RFC 7208 2.4: the null sender is postmaster at the HELO name, if that is one.
Question question_of(const ports::SpfInput& input) {
  Question question;
  question.client = input.client;
  question.helo = input.helo.substr(0, kLongestHelo);
  if (input.sender) {
    question.local = input.sender->local();
    question.sender_domain = name_or_nothing(input.sender->domain());
  } else {
    question.sender_domain = name_or_nothing(mail::to_a_label(input.helo).value_or(""));
  }
  return question;
}

}  // namespace

decide::SpfVerdict Checker::check(const ports::SpfInput& input, Deadline deadline) {
  const Question question = question_of(input);
  auto verdict = Evaluation(resolver_, question, deadline).check_host(question.sender_domain);
  verdict.domain = question.sender_domain;
  verdict.by_helo = !input.sender.has_value();
  return verdict;
}

decide::SpfVerdict Checker::check_domain(const std::string& domain, const ports::SpfInput& input,
                                         Deadline deadline) {
  const Question question = question_of(input);
  const auto label = mail::to_a_label(domain);
  if (!label) return {};
  auto verdict = Evaluation(resolver_, question, deadline).check_host(*label);
  verdict.domain = *label;
  return verdict;
}

}  // namespace postern::spf
