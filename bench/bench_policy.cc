// How fresh the policy is: bench_policy [documents of each type] [changes]
// Starts its own redis-server. Prints how long the first full load of that many domains and users
// takes, how long a change takes from the writer's command to the published snapshot, and what writing
// one change to the cache costs at 1,000 documents and at that many.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "adapters/policy_cache/sqlite_cache.h"
#include "adapters/redis/redis_source.h"
#include "base/log.h"
#include "keeper/keeper.h"
#include "support/policy_documents.h"
#include "support/redis_server.h"
#include "support/temp_dir.h"

namespace {

using namespace postern;  // NOLINT: a program of its own
using Clocked = std::chrono::steady_clock;

double milliseconds_since(Clocked::time_point start) {
  return std::chrono::duration<double, std::milli>(Clocked::now() - start).count();
}

// Of this program: a busy machine stretches the time, not this.
double processor_milliseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void print(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&times](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-44s median %8.3f ms   p99 %8.3f ms   worst %8.3f ms\n", what, at(0.5), at(0.99),
              at(1));
}

std::string domain_name(int at) { return "d" + std::to_string(at) + ".example"; }

void fill(test::RedisServer& server, int count) {
  std::vector<std::vector<std::string>> commands;
  for (int at = 0; at < count; ++at) {
    const std::string name = domain_name(at);
    const std::string user = "u" + std::to_string(at) + "@" + name;
    commands.push_back({"SET", "postern:domain:" + name, test::domain_json(name, {"a-" + name})});
    commands.push_back({"SET", "postern:user:" + user, test::user_json(user)});
  }
  server.pipeline(commands);
  server({"XADD", "postern:changes", "*", "key", "domain:" + domain_name(0)});
}

// How long it takes is told to within the pause between two looks.
void until(const Published<policy::Snapshot>& published, std::chrono::microseconds pause,
           const auto& condition) {
  while (true) {
    const auto now = published.get();
    if (now && condition(*now)) return;
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

void bench_source(int count, int changes) {
  test::RedisServer server;
  fill(server, count);
  test::TempDir directory;
  policy_cache::SqliteCache cache(directory / "policy.cache");
  redis::RedisOptions options;
  options.address.host = "127.0.0.1";
  options.address.port = server.port();
  redis::RedisSource source(options);
  Published<policy::Snapshot> published;
  const SystemClock clock;
  keeper::Keeper keeper(source, &cache, published, clock, {});

  const double used_before = processor_milliseconds();
  const auto start = Clocked::now();
  keeper.start();
  const auto all = static_cast<std::size_t>(count);
  until(published, std::chrono::milliseconds(1),
        [all](const auto& now) { return now.count(policy::DocumentType::user) == all; });
  std::printf(
      "full load of %d domains and %d users      %8.0f ms to the published snapshot, %.0f ms CPU\n",
      count, count, milliseconds_since(start), processor_milliseconds() - used_before);

  std::vector<double> times;
  for (int at = 0; at < changes; ++at) {
    const std::string name = domain_name(at % count);
    const std::string id = "change-" + std::to_string(at);
    const std::string json = test::domain_json(name, {"a-" + name}, id);
    const auto sent = Clocked::now();
    server.publish("postern:", "domain:" + name, json);
    until(published, std::chrono::microseconds(0), [&](const auto& now) {
      const auto* domain = now.domain(name);
      return domain != nullptr && domain->id == id;
    });
    times.push_back(milliseconds_since(sent));
  }
  print("a change, from the command to the snapshot", times);

  keeper.stop();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("largest resident size                        %8ld MiB\n", usage.ru_maxrss / 1024);
}

void bench_restart(int count) {
  test::TempDir directory;
  {
    policy_cache::SqliteCache cache(directory / "policy.cache");
    ports::CacheUpdate update;
    for (int at = 0; at < count; ++at) {
      const std::string name = domain_name(at);
      update.put.push_back({"domain:" + name, test::domain_json(name, {"a-" + name})});
    }
    const auto start = Clocked::now();
    if (!cache.reset("bench").ok() || !cache.update(update).ok()) std::abort();
    std::printf("cache: first write of %d documents       %8.0f ms\n", count,
                milliseconds_since(start));
  }
  policy_cache::SqliteCache cache(directory / "policy.cache");
  const auto start = Clocked::now();
  if (!cache.load().ok()) std::abort();
  std::printf("cache: verified load of %d documents     %8.0f ms\n", count,
              milliseconds_since(start));
  std::vector<double> times;
  for (std::uint64_t at = 0; at < 1'000; ++at) {
    const std::string name = domain_name(static_cast<int>(at) % count);
    ports::CacheUpdate update;
    update.generation = at;
    update.put.push_back({"domain:" + name, test::domain_json(name, {}, std::to_string(at))});
    const auto begun = Clocked::now();
    if (!cache.update(update).ok()) std::abort();
    times.push_back(milliseconds_since(begun));
  }
  print(("cache: one change at " + std::to_string(count) + " documents").c_str(), times);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int changes = argc > 2 ? std::atoi(argv[2]) : 1'000;
  if (count < 1 || changes < 1) return 2;
  log::configure(log::Level::warning, log::Format::text);
  bench_source(count, changes);
  bench_restart(1'000);
  bench_restart(count);
  return 0;
}
