// Purpose:   a DNS in memory that says what it was asked.
// Threading: query() from many threads at once, once it is filled.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "ports/resolver.h"

namespace postern::test {

class FakeResolver final : public ports::Resolver {
 public:
  void add_txt(const std::string& name, std::string text) {
    auto& answer = answers_[{name, ports::DnsType::txt}];
    answer.status = ports::DnsAnswer::Status::found;
    answer.texts.push_back(std::move(text));
  }
  void fail(const std::string& name) { failing_[name] = temporary_error("SERVFAIL for " + name); }

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override {
    asked_.with([&](auto& asked) { asked.push_back(name); });
    if (deadline.passed()) return temporary_error("no time left for " + name);
    if (const auto failure = failing_.find(name); failure != failing_.end()) return failure->second;
    const auto found = answers_.find({name, type});
    if (found != answers_.end()) return found->second;
    ports::DnsAnswer nothing;
    nothing.status = ports::DnsAnswer::Status::no_domain;
    return nothing;
  }
  std::vector<std::string> asked() const {
    return asked_.with([](const auto& asked) { return asked; });
  }

 private:
  std::map<std::pair<std::string, ports::DnsType>, ports::DnsAnswer> answers_;
  std::map<std::string, Error> failing_;
  Guarded<std::vector<std::string>> asked_;
};

}  // namespace postern::test
