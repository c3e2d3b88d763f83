// Our evaluator beside two others, libspf2 and pyspf, on zones that a generator made up. Where they
// differ, nobody may be passed whom another does not pass, but for reasons that are listed here.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "adapters/spf/checker.h"
#include "adapters/spf2/checker.h"
#include "support/spf_generator.h"
#include "support/temp_dir.h"

namespace postern {
namespace {

using decide::SpfResult;
using decide::SpfVerdict;
using test::GeneratedSpf;

constexpr std::uint32_t kZones = 20'000;
constexpr std::uint32_t kZonesForPyspf = 3'000;

struct Opinion {
  std::string result;
  std::string why;
};

Opinion opinion_of(const SpfVerdict& verdict) {
  return {std::string(decide::to_string(verdict.result)), verdict.problem};
}

template <typename CheckerT>
Opinion ask(const GeneratedSpf& generated) {
  test::ZoneResolver resolver(generated.zone);
  CheckerT checker(resolver);
  return opinion_of(checker.check(generated.input, Deadline::after(std::chrono::seconds(60))));
}

struct Kind {
  const char* in_why;  // what the other one says
  const char* reason;
};

// Where ours passes and the other does not.
constexpr Kind kLibspf2IsNarrower[] = {
    {"Invalid CIDR", "it takes no prefix of length 0, which RFC 7208 5.6 allows"},
    {"Invalid character", "it takes no modifier whose name has a dot, which RFC 7208 12 allows"},
    {"miscounts",
     "it drops an octet where a macro asks for as many parts as there are, so is not asked"},
    {"that find nothing",
     "it cannot tell the look-ups of %{p} from those of terms, and counts both"},
};
constexpr Kind kPyspfIsNarrower[] = {
    {"Void lookup limit", "it counts look-ups of MX hosts and PTR names as well as those of terms"},
    {"trivial recursion", "it looks for a record that includes itself even where nobody gets to"},
    {"empty domain", "RFC 7208 4.8 leaves open what a name is of which macros leave nothing"},
};

template <std::size_t n>
bool is_listed(const Kind (&kinds)[n], const std::string& why) {
  for (const auto& kind : kinds) {
    if (why.find(kind.in_why) != std::string::npos) return true;
  }
  return false;
}

std::string show(const GeneratedSpf& generated) {
  std::string text = generated.input.client.to_string() + " helo " + generated.input.helo +
                     " from " +
                     (generated.input.sender ? generated.input.sender->to_string() : "<>") + "\n";
  for (const auto& [name, node] : generated.zone.nodes()) {
    text += "  " + name + (node.fault == test::DnsFault::none ? "" : " FAULT");
    for (const auto& address : node.addresses) text += " " + address.to_string();
    for (const auto& mx : node.mx) text += " MX " + mx.host;
    for (const auto& one : node.names) text += " PTR " + one;
    for (const auto& strings : node.texts) text += " \"" + strings.front() + "\"";
    text += "\n";
  }
  return text;
}

void report(const char* who, const std::map<std::string, int>& counts, int agreed, int all) {
  std::cout << who << ": agrees in " << agreed << " of " << all << "\n";
  for (const auto& [what, count] : counts) std::cout << "  " << what << ": " << count << "\n";
}

TEST(Differential, NobodyIsPassedByOursWhomLibspf2DoesNotPassAndTheOtherWayRound) {
  int agreed = 0;
  std::map<std::string, int> counts;
  for (std::uint32_t seed = 1; seed <= kZones; ++seed) {
    const auto generated = test::generate_spf(seed);
    const auto ours = ask<spf::Checker>(generated);
    const auto theirs = ask<spf2::Checker>(generated);
    if (ours.result == theirs.result) {
      ++agreed;
      continue;
    }
    ++counts["ours " + ours.result + ", libspf2 " + theirs.result];
    if (ours.result == "pass") {
      EXPECT_TRUE(is_listed(kLibspf2IsNarrower, theirs.why))
          << seed << ": libspf2: " << theirs.result << " " << theirs.why << "\n"
          << show(generated);
    }
    EXPECT_NE(theirs.result, "pass") << seed << ": ours: " << ours.result << " " << ours.why << "\n"
                                     << show(generated);
  }
  report("libspf2", counts, agreed, kZones);
}

nlohmann::json to_json(const GeneratedSpf& generated) {
  nlohmann::json zone = nlohmann::json::object();
  for (const auto& [name, node] : generated.zone.nodes()) {
    nlohmann::json records = nlohmann::json::object();
    for (const auto& address : node.addresses) {
      const bool v4 = address.family() == IpAddress::Family::v4;
      records[v4 ? "A" : "AAAA"].push_back(address.to_string());
    }
    for (const auto& mx : node.mx) records["MX"].push_back({mx.preference, mx.host});
    for (const auto& one : node.names) records["PTR"].push_back(one);
    for (const auto& strings : node.texts) {
      std::string hex;
      char digits[3] = "";
      for (const char c : strings.front()) {
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        hex += digits;
      }
      records["TXT"].push_back(hex);
    }
    if (node.alias) records["CNAME"] = *node.alias;
    if (node.fault != test::DnsFault::none) records["fault"] = true;
    zone[name] = records;
  }
  const auto& input = generated.input;
  return {{"zone", zone},
          {"ip", input.client.to_string()},
          {"helo", input.helo},
          {"sender", input.sender ? input.sender->local() + "@" + input.sender->domain() : ""}};
}

// All in one process of Python.
std::vector<Opinion> ask_pyspf(const std::vector<GeneratedSpf>& questions) {
  const test::TempDir directory;
  const auto file = directory.path() / "questions";
  {
    std::ofstream out(file);
    for (const auto& one : questions) out << to_json(one).dump() << "\n";
  }
  const std::string command = "/usr/bin/python3 -W ignore " POSTERN_SOURCE_DIR
                              "/tests/support/pyspf_batch.py < " +
                              file.string();
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::vector<Opinion> opinions;
  char line[4096] = "";
  while (pipe && std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    const std::string text = line;
    const std::size_t tab = text.find('\t');
    opinions.push_back({text.substr(0, tab), text.substr(tab + 1)});
  }
  return opinions;
}

TEST(Differential, NobodyIsPassedByOursWhomPyspfDoesNotPass) {
  std::vector<GeneratedSpf> questions;
  for (std::uint32_t seed = 1; seed <= kZonesForPyspf; ++seed) {
    questions.push_back(test::generate_spf(1'000'000 + seed));
  }
  const auto opinions = ask_pyspf(questions);
  ASSERT_EQ(opinions.size(), questions.size()) << "is python3-spf installed?";
  int agreed = 0;
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto ours = ask<spf::Checker>(questions[i]);
    if (ours.result == opinions[i].result) {
      ++agreed;
      continue;
    }
    ++counts["ours " + ours.result + ", pyspf " + opinions[i].result];
    if (ours.result == "pass" && opinions[i].result != "crashed") {
      EXPECT_TRUE(is_listed(kPyspfIsNarrower, opinions[i].why))
          << i << ": pyspf: " << opinions[i].result << " " << opinions[i].why << show(questions[i]);
    }
  }
  report("pyspf", counts, agreed, static_cast<int>(questions.size()));
}

TEST(Differential, HostileRecordsBreakNobodyAndNoneIsPassedForThem) {
  for (const auto& [name, result, question] : test::hostile_spf()) {
    EXPECT_EQ(ask<spf::Checker>(question).result, result) << name;
    const auto theirs = ask<spf2::Checker>(question);
    EXPECT_TRUE(theirs.result == result || theirs.result == "permerror")
        << name << ": libspf2: " << theirs.result;
  }
}

}  // namespace
}  // namespace postern
