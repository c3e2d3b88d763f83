// Any octets as SPF records, a record a line: whatever they are, ours and libspf2 must answer, within
// the limits, and what ours cannot read is never passed.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spf/checker.h"
#include "adapters/spf/record.h"
#include "adapters/spf2/checker.h"
#include "base/text.h"

namespace {

using namespace postern;
using ports::DnsAnswer;
using ports::DnsType;

// Ten terms of eleven questions each, the records behind them, and the client's names once for %{p}.
constexpr int kMostQuestions = 10 * 11 + 11 + 11;

void require(bool holds) {
  if (!holds) std::abort();
}

// Every name has something, by its hash: one of the records, an address, hosts, nothing or a failure.
class Everywhere final : public ports::Resolver {
 public:
  explicit Everywhere(std::vector<std::string_view> records) : records_(std::move(records)) {}

  Result<DnsAnswer> query(const std::string& name, DnsType type, Deadline /*deadline*/) override {
    ++questions;
    const std::size_t hash = std::hash<std::string>{}(ascii_lower(name));
    DnsAnswer answer;
    if (hash % 11 == 0 && name != "got.example") return temporary_error("no");
    if (hash % 7 == 0 && name != "got.example") return answer;
    answer.status = DnsAnswer::Status::found;
    switch (type) {
      case DnsType::txt:
        answer.texts.emplace_back(name == "got.example" ? records_.front()
                                                        : records_[hash % records_.size()]);
        break;
      case DnsType::a:
        answer.addresses = {IpAddress::parse(hash % 3 == 0 ? "192.0.2.1" : "198.51.100.1").value()};
        break;
      case DnsType::aaaa:
        answer.addresses = {
            IpAddress::parse(hash % 3 == 0 ? "2001:db8::1" : "2001:db8::2").value()};
        break;
      case DnsType::mx:
        for (std::size_t i = 0; i < hash % 12; ++i) {
          answer.mx.push_back({1, "mx" + std::to_string(i) + ".example"});
        }
        break;
      case DnsType::ptr:
        for (std::size_t i = 0; i < hash % 14; ++i) {
          answer.names.push_back("n" + std::to_string(i) + ".got.example");
        }
        break;
    }
    return answer;
  }

  int questions = 0;

 private:
  std::vector<std::string_view> records_;
};

void judge(const std::vector<std::string_view>& records, const char* client, const char* sender) {
  const ports::SpfInput input{IpAddress::parse(client).value(), "got.example",
                              mail::Address::parse(sender), "mx.example"};
  const auto deadline = Deadline::after(std::chrono::seconds(60));
  Everywhere resolver(records);
  const auto ours = spf::Checker(resolver).check(input, deadline);
  require(resolver.questions <= kMostQuestions);
  if (!spf::parse_record(records.front()).ok()) {
    require(ours.result == decide::SpfResult::permerror || ours.result == decide::SpfResult::none);
  }
  require(ours.mechanism.size() <= 120);
  require(ours.problem.size() <= 1024);

  resolver.questions = 0;
  spf2::Checker(resolver).check(input, deadline);
  require(resolver.questions <= 2 * kMostQuestions);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> records;
  std::vector<std::string_view> views;
  for (const std::string_view line : split(text, '\n')) {
    // Inputs need not guess the first word.
    records.push_back((line.starts_with("v=") ? "" : "v=spf1 ") + std::string(line));
  }
  for (const auto& record : records) views.push_back(record);
  judge(views, "192.0.2.1", "a-b.c@got.example");
  judge(views, "2001:db8::1", "");
  return 0;
}
