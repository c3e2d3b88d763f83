// Purpose:   the recorder of a decision: every rule that was considered, where it came from, what the
//            evidence said and whether it counted. The deciding functions write to it as they go, if
//            somebody asks; there is no second implementation of any rule.
// Ownership: a value; the deciding functions borrow it, nullptr when nobody asks.
// Threading: belongs to one thread.
// Source:    docs/control.md, "explain".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::decide {

enum class Effect {
  applied,        // it counted for the outcome
  no_match,       // considered, and it did not match
  overruled,      // it matched, and something above it won
  not_looked_at,  // nothing could depend on it, so nobody looked
  unavailable,    // it was needed and could not be told
};
std::string_view to_string(Effect effect);

struct Consideration {
  std::string rule;    // "spamScore", "ALLOW daenerys@goodguys.fr"
  std::string source;  // the document: "policy:ByE3n", "wblist:got.com"; a setting; or empty
  std::string
      finding;  // "score 7.2 from spamd reaches 5.0", "SPF softfail, the rule asks for pass"
  Effect effect = Effect::no_match;
};

class Explanation {
 public:
  void add(std::string rule, std::string source, std::string finding, Effect effect) {
    considered_.push_back({std::move(rule), std::move(source), std::move(finding), effect});
  }
  const std::vector<Consideration>& considered() const { return considered_; }

 private:
  std::vector<Consideration> considered_;
};

}  // namespace postern::decide
