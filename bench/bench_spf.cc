// What an SPF check costs in CPU time, the DNS left out (answers come from memory): our evaluator
// beside libspf2. bench_spf [SECONDS PER CASE]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "adapters/spf/checker.h"
#include "adapters/spf2/checker.h"
#include "support/dns_zone.h"

namespace {

using namespace postern;  // NOLINT: a program of its own

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

test::DnsZone make_zone() {
  test::DnsZone zone;
  zone.text("small.example", "v=spf1 ip4:192.0.2.0/24 -all");
  zone.text("ordinary.example", "v=spf1 mx a include:_spf.provider.example -all");
  zone.mx("ordinary.example", 10, "mx.ordinary.example");
  zone.address("mx.ordinary.example", "198.51.100.1").address("ordinary.example", "198.51.100.2");
  std::string networks = "v=spf1";
  for (int i = 0; i < 20; ++i) networks += " ip4:203.0." + std::to_string(i) + ".0/24";
  zone.text("_spf.provider.example", networks + " ip4:192.0.2.0/24 ~all");
  zone.text("macros.example", "v=spf1 exists:%{ir}.%{v}.%{lr-}.lists.%{d} -all");
  zone.address("1.2.0.192.in-addr.bad.strong.lists.macros.example", "127.0.0.2");
  return zone;
}

template <typename CheckerT>
void measure(const char* engine, const char* sender, double seconds) {
  const auto zone = make_zone();
  test::ZoneResolver resolver(zone);
  CheckerT checker(resolver);
  const ports::SpfInput input{IpAddress::parse("192.0.2.1").value(), "mx.example",
                              mail::Address::parse(sender), "mx.postern.example"};
  const auto deadline = Deadline::after(std::chrono::hours(1));
  const auto verdict = checker.check(input, deadline);
  if (verdict.result != decide::SpfResult::pass) {
    std::fprintf(stderr, "%s: %s: no pass: %s\n", engine, sender, verdict.problem.c_str());
    std::exit(1);
  }
  const double begin = cpu_seconds();
  long count = 0;
  while (cpu_seconds() - begin < seconds) {
    for (int i = 0; i < 100; ++i) checker.check(input, deadline);
    count += 100;
  }
  const double spent = cpu_seconds() - begin;
  std::printf("%-8s %-28s %7.2f us CPU per check\n", engine, sender,
              spent / static_cast<double>(count) * 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 1.0;
  for (const char* const sender :
       {"j@small.example", "j@ordinary.example", "strong-bad@macros.example"}) {
    measure<spf::Checker>("ours", sender, seconds);
    measure<spf2::Checker>("libspf2", sender, seconds);
  }
  return 0;
}
