// How long store() takes: bench_vault [directory] [milliseconds per case]
// Prints the median and the 99th percentile per message size, durability and number of threads.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "adapters/vault/vault.h"
#include "base/clock.h"
#include "base/random_id.h"

namespace {

using postern::SystemClock;
using Microseconds = std::chrono::duration<double, std::micro>;

struct Case {
  std::size_t size;
  bool durable;
  unsigned threads;
};

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::vector<double> store_until(postern::ports::Vault& vault, const std::string& bytes,
                                std::chrono::steady_clock::time_point end) {
  std::vector<double> times;
  while (std::chrono::steady_clock::now() < end) {
    postern::ports::VaultMessage message;
    message.id = postern::random_id();
    message.bytes = bytes;
    message.sender = "alice@example.net";
    message.received = std::chrono::system_clock::now();
    postern::ports::VaultCopy copy;
    copy.recipient = "bob@got.com";
    copy.domain = "got.com";
    copy.duration = 30;
    message.copies = {copy};
    const auto begin = std::chrono::steady_clock::now();
    const auto stored = vault.store(message);
    times.push_back(Microseconds(std::chrono::steady_clock::now() - begin).count());
    if (!stored) {
      std::fprintf(stderr, "%s\n", stored.error().what.c_str());
      std::exit(1);
    }
  }
  return times;
}

void measure(const std::string& path, const Case& chosen, std::chrono::milliseconds span) {
  const SystemClock clock;
  const auto vault = postern::vault::open({path, chosen.durable, 0, 0, clock});
  if (!vault) {
    std::fprintf(stderr, "%s\n", vault.error().what.c_str());
    std::exit(1);
  }
  const std::string bytes(chosen.size, 'a');
  std::vector<std::vector<double>> by_thread(chosen.threads);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (auto& times : by_thread) {
    threads.emplace_back([&] { times = store_until(**vault, bytes, begin + span); });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::vector<double> all;
  for (const auto& times : by_thread) all.insert(all.end(), times.begin(), times.end());
  std::sort(all.begin(), all.end());
  std::printf("%7zu %8s %8u %10.0f %10.0f %10.0f\n", chosen.size, chosen.durable ? "yes" : "no",
              chosen.threads, percentile(all, 0.5), percentile(all, 0.99),
              static_cast<double>(all.size()) / took.count());
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path parent =
      argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
  const std::chrono::milliseconds span(argc > 2 ? std::atoi(argv[2]) : 3000);
  const std::filesystem::path path = parent / ("bench-vault-" + postern::random_id());
  std::printf("%7s %8s %8s %10s %10s %10s\n", "octets", "durable", "threads", "median us", "p99 us",
              "per second");
  for (const std::size_t size : {std::size_t{4096}, std::size_t{102400}}) {
    for (const bool durable : {true, false}) {
      for (const unsigned threads : {1U, 16U}) {
        measure(path.string(), {size, durable, threads}, span);
        std::filesystem::remove_all(path);
      }
    }
  }
  return 0;
}
