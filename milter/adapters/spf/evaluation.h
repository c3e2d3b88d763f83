// Purpose:   check_host(): one question of SPF, with all its limits.
// Ownership: borrows the resolver and the question for the call.
// Threading: one evaluation is one thread's.
// Failure:   temperror where the DNS did not tell or the time was up, permerror where a record is
//            wrong or asks for too much. In doubt there is no pass.
// Source:    RFC 7208 4 to 6.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "adapters/spf/macro.h"
#include "adapters/spf/record.h"
#include "base/deadline.h"
#include "decide/authentication.h"
#include "ports/resolver.h"

namespace postern::spf {

struct Question {
  IpAddress client;
  std::string local;          // of the sender; empty: postmaster
  std::string sender_domain;  // for macros
  std::string helo;
};

class Evaluation {
 public:
  Evaluation(ports::Resolver& resolver, const Question& question, Deadline deadline);

  // `domain`, `result`, `mechanism` and `problem` of the verdict are filled.
  decide::SpfVerdict check_host(const std::string& domain);

 private:
  enum class Match { no, yes };
  struct Problem {
    decide::SpfResult result = decide::SpfResult::permerror;
    std::string what;
  };
  template <typename T>
  using Judged = std::variant<T, Problem>;

  Judged<Record> fetch_record(const std::string& domain);
  decide::SpfVerdict judge(const Record& record, const std::string& domain);
  Judged<Match> matches(const Mechanism& mechanism, const std::string& domain);
  Judged<Match> match_include(const std::string& target);
  Judged<Match> match_addresses(const Mechanism& mechanism, const std::string& target);
  Judged<Match> match_mx(const Mechanism& mechanism, const std::string& target);
  Judged<Match> match_ptr(const std::string& target);
  Judged<Match> match_exists(const std::string& target);

  Judged<ports::DnsAnswer> ask(const std::string& name, ports::DnsType type);
  // As ask(), and counts where there is nothing.
  Judged<ports::DnsAnswer> ask_counting(const std::string& name, ports::DnsType type);
  std::optional<Problem> count_term();
  bool is_in(const std::vector<IpAddress>& addresses, const Mechanism& mechanism) const;
  ports::DnsType address_type() const;
  const std::vector<std::string>& validated_names();
  std::string client_name(const std::string& domain);
  MacroValues macro_values(const std::string& domain);

  ports::Resolver& resolver_;
  const Question& question_;
  const Deadline deadline_;
  const std::string local_;
  int terms_ = 0;
  int voids_ = 0;
  bool names_known_ = false;
  bool names_void_ = false;
  std::vector<std::string> names_;
};

}  // namespace postern::spf
