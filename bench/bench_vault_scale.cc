// Whether the vault stays fast when it is large: bench_vault_scale [directory] [messages] [few]
// Stores `few` small messages (10,000), measures, stores on until there are `messages` (1,000,000), measures
// again, and prints both with their ratio: lists, show, a walk through every row, ending, and how long storing
// waits beside it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "adapters/vault/vault.h"
#include "base/clock.h"
#include "base/random_id.h"
#include "policy/snapshot.h"
#include "upkeep/expirer.h"

namespace {

using namespace postern;
using Milli = std::chrono::duration<double, std::milli>;

constexpr unsigned kDomains = 200;
constexpr unsigned kMailboxes = 100;  // in each
constexpr unsigned kSenders = 5'000;
constexpr std::size_t kEnded = 2'000;
constexpr int kRepeats = 15;

// The real time, and how far it has been put forward.
class BenchClock final : public Clock {
 public:
  WallTime wall() const override { return std::chrono::system_clock::now() + ahead_; }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  void set(WallTime now) { ahead_ = now - std::chrono::system_clock::now(); }

 private:
  WallTime::duration ahead_{};
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().what);
  return std::move(*result);
}

std::string domain_of(unsigned number) { return "d" + std::to_string(number) + ".example"; }

std::shared_ptr<const policy::Snapshot> policies() {
  policy::SnapshotEditor editor(policy::Snapshot{}, policy::DecodeOptions{});
  for (unsigned number = 0; number < kDomains; ++number) {
    const std::string name = domain_of(number);
    const auto key = policy::DocumentKey::parse("domain:" + name);
    const Status put = editor.put(
        *key, R"({"name":")" + name +
                  R"(","status":"ENABLED","policy":{"id":"P","name":"p","quarantine":true,
                  "quarantineProps":{"duration":31,"storeSpam":true},"archive":true,
                  "archiveProps":{"duration":12,"storeSpam":true,"storeCleanMailIn":true}}})");
    if (!put) fail(put.error().what);
  }
  return editor.finish(1);
}

class Mail {
 public:
  explicit Mail(WallTime now) : now_(now) {
    for (int i = 0; i < 4'000; ++i) words_ += "word" + std::to_string(random_() % 3'000) + " ";
  }
  // Received within the last thirty days; one in ten for several; quarantine, archive, retention.
  ports::VaultMessage next() {
    ports::VaultMessage message;
    message.id = random_id();
    bytes_ = "From: a@example.net\r\nSubject: number " + std::to_string(random_()) + "\r\n\r\n" +
             words_.substr(random_() % 10'000, 800 + random_() % 2'400) + "\r\n";
    message.bytes = bytes_;
    message.sender = "sender" + std::to_string(random_() % kSenders) + "@example.net";
    message.client = "192.0.2.7";
    message.helo = "mail.example.net";
    message.queue_id = "4FxyzA1B2C3";
    message.subject = "number and some words as subjects are";
    message.score = 7'200;
    message.received = now_ - std::chrono::seconds(random_() % (30 * 86'400));
    const unsigned copies = random_() % 10 == 0 ? 2 + random_() % 3 : 1;
    for (unsigned i = 0; i < copies; ++i) message.copies.push_back(copy());
    return message;
  }

 private:
  ports::VaultCopy copy() {
    ports::VaultCopy copy;
    copy.domain = domain_of(random_() % kDomains);
    copy.recipient = "user" + std::to_string(random_() % kMailboxes) + "@" + copy.domain;
    const unsigned kind = random_() % 20;
    copy.purpose = kind < 14   ? ports::Purpose::quarantine
                   : kind < 17 ? ports::Purpose::archive
                               : ports::Purpose::retention;
    copy.mail_class = copy.purpose == ports::Purpose::retention ? decide::MailClass::clean
                      : random_() % 1'000 == 0                  ? decide::MailClass::virus
                                                                : decide::MailClass::spam;
    copy.reason = "spam: score 7.2 from spamd reaches spamScore 5.0";
    copy.duration = copy.purpose == ports::Purpose::archive ? 12 : 31;
    return copy;
  }

  const WallTime now_;
  std::mt19937 random_{42};
  std::string words_;
  std::string bytes_;
};

double median_of(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < kRepeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(Milli(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

double once(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return Milli(std::chrono::steady_clock::now() - begin).count();
}

struct Figure {
  std::string name;
  double milliseconds;
};

std::vector<Figure> measure(const vault::VaultOptions& options, BenchClock& clock) {
  const auto store = must(vault::open(options));
  std::mt19937 random(7);
  std::vector<Figure> figures;
  const auto list = [&](const char* name, const std::function<ports::VaultFilter()>& filter) {
    figures.push_back({name, median_of([&] {
                         auto wanted = filter();
                         wanted.limit = 100;
                         must(store->list(wanted));
                       })});
  };
  const auto some_domain = [&] { return domain_of(random() % kDomains); };
  list("list the newest 100", [] { return ports::VaultFilter{}; });
  list("list a recipient", [&] {
    ports::VaultFilter filter;
    filter.recipient = "user" + std::to_string(random() % kMailboxes) + "@" + some_domain();
    return filter;
  });
  list("list a domain", [&] {
    ports::VaultFilter filter;
    filter.domain = some_domain();
    return filter;
  });
  list("list a rare class", [] {
    ports::VaultFilter filter;
    filter.mail_class = decide::MailClass::virus;
    return filter;
  });
  list("list a sender", [&] {
    ports::VaultFilter filter;
    filter.sender = "sender" + std::to_string(random() % kSenders) + "@example.net";
    return filter;
  });
  ports::VaultFilter newest;
  newest.limit = 1'000;
  const auto rows = must(store->list(newest));
  figures.push_back(
      {"show one", median_of([&] { must(store->read(rows[random() % rows.size()].id)); })});

  Published<policy::Snapshot> snapshot(policies());
  upkeep::Expirer expirer({*store, snapshot, clock, nullptr});
  const auto walked = std::chrono::steady_clock::now();
  const auto sums = must(expirer.round({}));
  const double walk = Milli(std::chrono::steady_clock::now() - walked).count();
  figures.push_back(
      {"ask every row's end, per 1,000", walk * 1'000 / static_cast<double>(sums.looked_at)});

  // So late that so many rows are over.
  std::optional<ports::VaultCursor> after;
  WallTime late{};
  for (std::size_t seen = 0; seen < kEnded;) {
    const auto page = must(store->ended(WallTime::max(), after, 500));
    seen += page.rows.size();
    after = page.next;
    if (page.rows.empty() || !after) fail("too few rows");
    late = *page.rows.back().expires;
  }
  clock.set(late);
  std::atomic<bool> done = false;
  std::vector<double> waits;
  std::thread storing([&] {
    Mail mail(late);
    while (!done) {
      const auto message = mail.next();
      waits.push_back(once([&] {
        if (const Status stored = store->store(message); !stored) fail(stored.error().what);
      }));
      std::this_thread::sleep_for(Milliseconds(2));
    }
  });
  ports::VaultRemoval ended;
  const double took = once([&] { ended = must(expirer.round({})).ended; });
  done = true;
  storing.join();
  figures.push_back({"end 1,000 rows", took * 1'000 / static_cast<double>(ended.rows)});
  std::sort(waits.begin(), waits.end());
  figures.push_back({"store beside it, median", waits[waits.size() / 2]});
  figures.push_back({"store beside it, longest", waits.back()});
  const auto step = once([&] { must(store->check("", std::nullopt)); });
  figures.push_back({"check 200 messages", step});
  return figures;
}

std::uint64_t disk_of(const std::string& path) {
  std::uint64_t blocks = 0;
  const std::string command = "du -s --block-size=1 '" + path + "'";
  FILE* const du = ::popen(command.c_str(), "r");
  if (du == nullptr || std::fscanf(du, "%lu", &blocks) != 1) fail("du");
  ::pclose(du);
  return blocks;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path parent =
      argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
  const std::size_t many = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
  const std::size_t few = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 10'000;
  const std::string path = parent / ("bench-vault-scale-" + random_id());
  BenchClock clock;
  Mail mail(clock.wall());
  std::vector<std::vector<Figure>> measured;
  for (const std::size_t wanted : {few, many}) {
    const auto began = std::chrono::steady_clock::now();
    std::size_t added = 0;
    {
      const auto store = must(vault::open({path, false, 0, 0, clock}));
      for (std::size_t stored = must(store->usage()).messages; stored < wanted; ++stored, ++added) {
        if (const Status kept = store->store(mail.next()); !kept) fail(kept.error().what);
      }
      const auto usage = must(store->usage());
      const double seconds = Milli(std::chrono::steady_clock::now() - began).count() / 1'000;
      std::printf("%lu messages, %lu rows; %zu of them stored in %.0f s, %.0f a second\n",
                  usage.messages, usage.rows, added, seconds, static_cast<double>(added) / seconds);
      std::printf("  octets of the files %lu, disk %.2f GB, index %.0f MB\n", usage.bytes,
                  static_cast<double>(disk_of(path)) / 1e9,
                  static_cast<double>(std::filesystem::file_size(path + "/index.sqlite")) / 1e6);
    }
    std::fflush(stdout);
    measured.push_back(measure({path, true, 0, 0, clock}, clock));
  }
  std::printf("%-34s %12zu %12zu %8s\n", "milliseconds, with messages:", few, many, "ratio");
  for (std::size_t i = 0; i < measured[0].size(); ++i) {
    std::printf("%-34s %12.3f %12.3f %8.2f\n", measured[0][i].name.c_str(),
                measured[0][i].milliseconds, measured[1][i].milliseconds,
                measured[1][i].milliseconds / measured[0][i].milliseconds);
  }
  std::filesystem::remove_all(path);
  return 0;
}
