// A scenario file, read: see tests/scenario/README.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postern::test {

struct ExpectedDelivery {
  bool subject_is_given = false;
  std::optional<std::string> subject;  // nothing, where given: there is none
  std::optional<std::string> decoded;
  std::string next_hop;               // empty: not looked at
  std::optional<std::string> sender;  // nothing: not looked at
  // Name -> texts that are in its values ("!text": that is not); no text: there is no such field.
  std::map<std::string, std::vector<std::string>> headers;
};
struct ExpectedCopy {
  std::string purpose;
  std::string mail_class;
};

struct Scenario {
  std::string file;
  std::string name;
  std::string policies;
  std::string settings;  // a name of README.md; empty: the usual ones
  std::string client = "192.0.2.1";
  std::string sasl;
  std::string helo = "mx.example.org";
  std::string from = "someone@example.org";
  std::vector<std::string> to;
  std::optional<std::string> size;
  std::vector<std::pair<std::string, std::string>> headers;  // in order, defaults included
  std::string body;
  std::string dkim_domain;  // empty: not signed

  std::optional<std::string> refused;
  std::string mail = "250";
  std::map<std::string, std::string> rcpt;
  std::string reply = "250";
  std::map<std::string, ExpectedDelivery> delivered;        // keys in lower case
  std::map<std::string, std::vector<ExpectedCopy>> stored;  // keys in lower case
  std::map<std::string, std::string> each;                  // keys in lower case
  std::optional<std::vector<std::string>> signed_by;
};

// Throws with the file and the line of what is not understood: a scenario that is misread proves nothing.
std::vector<Scenario> read_scenarios(const std::string& path);

}  // namespace postern::test
