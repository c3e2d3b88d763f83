// What allow and block rules, wildcards and attachment rules cost a message. Long lists must cost what
// short ones do: both sizes are printed side by side.
//
//   bench_rules [sizes…, default 10 100000]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "decide/attachment_rules.h"
#include "decide/sender_rules.h"
#include "policy/snapshot.h"

namespace {

using namespace postern;
using Clock = std::chrono::steady_clock;

constexpr int kMessages = 20'000;

void put(policy::SnapshotEditor& editor, const std::string& key, const std::string& json) {
  const auto status = editor.put(*policy::DocumentKey::parse(key), json);
  if (status) return;
  std::fprintf(stderr, "%s: %s\n", key.c_str(), status.error().what.c_str());
  std::exit(1);
}

std::string sender_rules(std::size_t count) {
  std::string json;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    json += (i == 0 ? "" : ",") + std::string(R"({"id":")") + n + R"(","type":")" +
            (i % 2 == 0 ? "BLOCK" : "ALLOW") + R"(","value":")" +
            (i % 3 == 0 ? "domain" + n + ".example" : "user" + n + "@mail.example") +
            R"(","expireAt":null,"spfOn":true})";
  }
  return "[" + json + "]";
}

std::string globs(std::size_t count, bool general) {
  std::string json;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    json += (i == 0 ? "\"" : ",\"") +
            (general ? "*news*" + n + "*@*.shop*.example" : "*@shop" + n + ".example") + "\"";
  }
  return R"({"block":[)" + json + "]}";
}

std::string attachment_rules(std::size_t count) {
  std::string json;
  for (std::size_t i = 0; i < count; ++i) {
    json += (i == 0 ? "" : ",") +
            std::string(R"({"action":"deny","checkType":"filename","filter":"\\.x)") +
            std::to_string(i) + R"((a|b)*$"})";
  }
  return "[" + json + "]";
}

struct Set {
  policy::SnapshotPtr snapshot;
  policy::RecipientPolicy rules;
  double load_ms;
};

Set set_of(const std::vector<std::pair<std::string, std::string>>& documents) {
  const auto start = Clock::now();
  policy::SnapshotEditor editor({}, {});
  put(editor, "domain:got.com", R"({"name":"got.com","policy":{}})");
  for (const auto& [key, json] : documents) put(editor, key, json);
  auto snapshot = editor.finish(1);
  const double load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  const auto joe = mail::Address::parse("joe@got.com");
  auto resolved = std::get<policy::RecipientPolicy>(policy::resolve(*snapshot, *joe, ""));
  return {std::move(snapshot), std::move(resolved), load_ms};
}

// Median of one call, in microseconds, each for another of the inputs.
template <typename Call>
double median_us(Call&& call) {
  std::vector<double> micros;
  for (int i = 0; i < kMessages; ++i) {
    const auto start = Clock::now();
    call(static_cast<std::size_t>(i));
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(micros.begin(), micros.begin() + kMessages / 2, micros.end());
  return micros[kMessages / 2];
}

mail::HeaderFrom author(const mail::Address& address) { return {1, 1, {address}}; }

// A stranger, somebody on the list, and what a domain on it sends, in turn.
double judge_us(const Set& set, std::size_t size) {
  std::vector<mail::Sender> senders;
  std::vector<mail::HeaderFrom> authors;
  for (std::size_t i = 0; i < 999; ++i) {
    const std::string n = std::to_string(i * 7919 % size);
    const std::string sender = i % 3 == 0   ? "someone@stranger" + n + ".example"
                               : i % 3 == 1 ? "user" + n + "@mail.example"
                                            : "someone@domain" + n + ".example";
    senders.push_back(mail::parse_sender({"<" + sender + ">"}));
    authors.push_back(author(*senders.back().address));
  }
  return median_us([&](std::size_t i) {
    decide::SenderQuestion question{.recipient = set.rules,
                                    .sender = senders[i % senders.size()],
                                    .from = &authors[i % authors.size()],
                                    .client = {},
                                    .is_authorised_for = {},
                                    .now = std::chrono::system_clock::now()};
    decide::judge_sender_rules(question, nullptr);
  });
}

double attachments_us(const Set& set) {
  content::Attachments found;
  content::Object object;
  object.name = object.ascii_name = object.path = "quarterly report of the north (final).pdf";
  object.declared_type = object.detected_type = "application/pdf";
  found.objects.assign(3, object);
  return median_us([&](std::size_t) { decide::deny_attachment(found, set.rules, nullptr); });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoul(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {10, 100'000};
  std::printf("%-44s %10s %14s\n", "", "load ms", "a message us");
  for (const std::size_t size : sizes) {
    const Set set =
        set_of({{"wblist:got.com", sender_rules(size)}, {"wblist:joe@got.com", sender_rules(10)}});
    std::printf("%-8zu %-35s %10.2f %14.2f\n", size, "allow and block rules of the domain",
                set.load_ms, judge_us(set, size));
  }
  for (const std::size_t size : {std::size_t{10}, std::size_t{1'000}}) {
    for (const bool general : {false, true}) {
      const Set set = set_of({{"opensrs:got.com", globs(size, general)}});
      std::printf("%-8zu %-35s %10.2f %14.2f\n", size,
                  general ? "wildcards like *a*1*@*.b*.example" : "wildcards like *@d.example",
                  set.load_ms, judge_us(set, size));
    }
  }
  for (const std::size_t size : {std::size_t{10}, std::size_t{1'000}}) {
    const Set set = set_of({{"attachments:got.com", attachment_rules(size)}});
    std::printf("%-8zu %-35s %10.2f %14.2f\n", size, "attachment rules, three attachments",
                set.load_ms, attachments_us(set));
  }
  return 0;
}
