// What a set of policies costs: loading it, keeping it, and applying one changed domain document to it.
// The last must not grow with the set: both sizes are printed side by side.
//
//   bench_snapshot [users per domain, default 5] [sizes…, default 1000 100000]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "policy/snapshot.h"

namespace {

using namespace postern::policy;
using Clock = std::chrono::steady_clock;

constexpr int kChanges = 5000;

// Of this thread, so that a busy machine does not change the figure.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double share(std::vector<double>& values, std::size_t percent) {
  std::sort(values.begin(), values.end());
  return values[values.size() * percent / 100];
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double resident_mebibytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

std::string name_of(std::size_t number) { return "domain" + std::to_string(number) + ".example"; }

std::string policy_json(std::size_t number) {
  const std::string id = std::to_string(number);
  return R"({"id":")" + id + R"(","name":"Politique-)" + name_of(number) + R"(","domainId":")" +
         id +
         R"(","quarantine":true,"retention":true,"archive":false,"mailSizeLimit":21,"spamScore":7.2,
"incoming":true,"relayProps":{"relaySpam":true,"relayAdvert":true,"advertPrefix":"[AD]",
"prefixSpam":"[SPAM]","relayBadHeaders":true,"relayBadAttachments":false,"spamScoreLimit":20.0},
"quarantineProps":{"duration":31,"storeSpam":true,"storeVirus":false,"storeAdvert":false,
"storeBlacklisted":false,"storeSenderVerify":false,"storeBadHeaders":true,"storeBadEncoding":true,
"storeBadAttachments":true},"retentionProps":{"duration":5,"storeMailOut":true,
"storeCleanMailIn":true},"archiveProps":null,"outgoing":true})";
}

std::string platform_json(std::size_t number) {
  return R"({"id":")" + std::to_string(number) + R"(","name":"platform","transportDest":"mx.)" +
         name_of(number) + R"(","transportType":"SMTPS_MAY","transportPort":25,
"fallbackTransportDest":null,"fallbackTransportType":null,"fallbackTransportPort":null,
"apiType":null,"apiData":null,"authType":"local","authData":null,"default":true})";
}

// `version` makes a text that differs: the change that is measured.
std::string domain_json(std::size_t number, std::size_t version) {
  const std::string subnet = "10." + std::to_string(number / 250 % 250) + "." +
                             std::to_string(number % 250) + "." + std::to_string(version % 200) +
                             "/32";
  return R"({"id":")" + std::to_string(number) + R"(","name":")" + name_of(number) +
         R"(","description":null,"status":"ENABLED","wblistPriority":"USER","defaultLanguage":"EN",
"autoProvisioningOn":false,"senderVerifyOn":true,"externalId":null,"policy":)" +
         policy_json(number) + R"(,"domainAliases":[{"id":1,"name":"alias-)" + name_of(number) +
         R"("}],"activeUsersCount":)" + std::to_string(version) + R"(,"outgoingSubnets":[")" +
         subnet +
         R"("],"creationDate":1774457446695,"deletionDate":null,"purgeDate":null,
"outgoingProviders":[],"platforms":[)" +
         platform_json(number) + "]}";
}

std::string user_json(std::size_t domain, std::size_t user) {
  return R"({"id":")" + std::to_string(user) + R"(","email":"user)" + std::to_string(user) + "@" +
         name_of(domain) +
         R"(","firstname":"A","lastname":"User","status":"ENABLED","language":"EN",
"creationDate":1774457716030,"policy":)" +
         policy_json(domain) + R"(,"senderVerifyOn":true,"domainStatus":"ENABLED","platform":)" +
         platform_json(domain) + "}";
}

void put(SnapshotEditor& editor, DocumentType type, std::string name, const std::string& json) {
  const auto status = editor.put({type, std::move(name)}, json);
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().what.c_str());
  std::exit(1);
}

void measure(std::size_t domains, std::size_t users_per_domain) {
  const double before = resident_mebibytes();
  const auto loading = Clock::now();
  const double loading_cpu = cpu_seconds();
  double making_cpu = 0;
  double making = 0;  // the texts are the bench's own work
  const auto made = [&](auto&& make) {
    const auto start = Clock::now();
    const double start_cpu = cpu_seconds();
    std::string json = make();
    making += seconds_since(start);
    making_cpu += cpu_seconds() - start_cpu;
    return json;
  };
  SnapshotEditor loader({}, {});
  for (std::size_t i = 0; i < domains; ++i) {
    put(loader, DocumentType::domain, name_of(i), made([&] { return domain_json(i, 0); }));
    for (std::size_t u = 0; u < users_per_domain; ++u) {
      put(loader, DocumentType::user, "user" + std::to_string(u) + "@" + name_of(i),
          made([&] { return user_json(i, u); }));
    }
  }
  SnapshotPtr in_force = loader.finish(1);
  const double load = seconds_since(loading) - making;
  const double load_cpu = cpu_seconds() - loading_cpu - making_cpu;
  const double resident = resident_mebibytes() - before;

  std::vector<double> micros;
  std::vector<double> cpu_micros;
  for (std::size_t change = 0; change < kChanges; ++change) {
    const std::size_t number = change * 7919 % domains;  // spread over the set
    const std::string json = domain_json(number, change + 1);
    const auto start = Clock::now();
    const double start_cpu = cpu_seconds();
    {
      SnapshotEditor editor(*in_force, {});
      put(editor, DocumentType::domain, name_of(number), json);
      in_force = editor.finish(change + 2);  // and what nobody holds any more is freed
    }
    cpu_micros.push_back((cpu_seconds() - start_cpu) * 1e6);
    micros.push_back(seconds_since(start) * 1e6);
  }
  const auto documents = static_cast<double>(domains * (1 + users_per_domain));
  std::printf("%8zu %8zu %8.2f %9.2f %11.1f %8.0f %10.1f %8.1f %11.1f %8.1f\n", domains,
              domains * users_per_domain, load, load_cpu, load_cpu * 1e6 / documents, resident,
              share(micros, 50), share(micros, 99), share(cpu_micros, 50), share(cpu_micros, 99));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t users_per_domain = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 5;
  std::vector<std::size_t> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::strtoul(argv[i], nullptr, 10));
  if (sizes.empty()) sizes = {1000, 100000};
  std::printf("%36s %20s %28s\n", "", "", "one changed domain document");
  std::printf("%8s %8s %8s %9s %11s %8s %10s %8s %11s %8s\n", "domains", "users", "load s",
              "load cpu", "cpu us/doc", "MiB", "median us", "p99 us", "median cpu", "p99 cpu");
  for (const std::size_t size : sizes) measure(size, users_per_domain);
  return 0;
}
