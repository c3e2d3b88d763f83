// What looking into a message costs in CPU time. bench_content [SECONDS PER CASE]
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "content/inspect.h"
#include "cpu_time.h"
#include "messages.h"

namespace {

using namespace postern;

void measure(const char* what, double seconds, const std::function<void()>& run) {
  run();
  const double begin = bench::cpu_seconds();
  long count = 0;
  do {
    run();
    ++count;
  } while (bench::cpu_seconds() - begin < seconds);
  std::printf("  %-42s %9.1f us\n", what,
              (bench::cpu_seconds() - begin) / static_cast<double>(count) * 1e6);
}

void measure_all(const char* title, const mail::Message& message, double seconds) {
  using namespace content;
  const Limits limits;
  Limits names_only;
  names_only.detect_types = false;
  std::printf("%s, %zu octets\n", title, static_cast<std::size_t>(message.size()));
  // A part remembers what it decoded: each measurement of a look has the parse and the decoding in it.
  const auto with_parse = [&](const auto& look) {
    return [&message, &limits, look] { look(ParsedMessage(message, limits)); };
  };
  measure("header defects", seconds, [&] { find_header_defects(message); });
  measure("parse", seconds, with_parse([](const ParsedMessage&) {}));
  measure("parse, encoding defects", seconds,
          with_parse([](const ParsedMessage& parsed) { find_encoding_defects(parsed); }));
  measure("parse, URI hosts", seconds,
          with_parse([&](const ParsedMessage& parsed) { find_uri_hosts(parsed, limits); }));
  measure("parse, attachments without types", seconds,
          with_parse([&](const ParsedMessage& parsed) { find_attachments(parsed, names_only); }));
  measure("parse, attachments with detected types", seconds,
          with_parse([&](const ParsedMessage& parsed) { find_attachments(parsed, limits); }));
  measure("everything, without types", seconds, with_parse([&](const ParsedMessage& parsed) {
            find_header_defects(message);
            find_attachments(parsed, names_only);
            find_uri_hosts(parsed, limits);
            find_encoding_defects(parsed);
          }));
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 1.0;
  measure_all("4 KiB, no attachment", bench::make_message(3'000, 0), seconds);
  measure_all("100 KiB with a zip", bench::make_message(4'096, 68 << 10), seconds);
  measure_all("1 MiB with a zip", bench::make_message(16'384, 740 << 10), seconds);
  return 0;
}
