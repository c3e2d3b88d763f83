// What one message costs in CPU time in the session room, from MAIL to the reply, without scanners, DNS
// and the milter protocol: bench_message [SECONDS PER CASE]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/log.h"
#include "cpu_time.h"
#include "messages.h"
#include "session/session.h"

namespace {

using namespace postern;

// Takes every change and does nothing with it.
class IdleEditor final : public session::MessageEditor {
 public:
  Status add_header(const std::string&, const std::string&) override { return success(); }
  Status insert_header(const std::string&, const std::string&) override { return success(); }
  Status change_header(const std::string&, int, const std::string&) override { return success(); }
  Status delete_header(const std::string&, int) override { return success(); }
  Status replace_body(const std::string&) override { return success(); }
  Status delete_recipient(const std::string&) override { return success(); }
  Status add_recipient(const std::string&, const std::string&) override { return success(); }
  Status change_sender(const std::string&) override { return success(); }
  void progress() override {}
};

constexpr const char* kIndifferent =
    R"({"quarantine":false,"mailSizeLimit":21,"relayProps":{"relaySpam":true,"relayAdvert":true,
        "relayBadHeaders":true,"relayBadAttachments":true,"spamScoreLimit":null}})";
constexpr const char* kStrict =
    R"({"quarantine":false,"mailSizeLimit":21,"relayProps":{"relaySpam":false,"relayAdvert":true,
        "relayBadHeaders":false,"relayBadAttachments":false,"spamScoreLimit":10}})";

std::string domain(const std::string& name, const char* policy) {
  return R"({"id":"x","name":")" + name + R"(","status":"ENABLED","platforms":[{"id":"p",
      "transportDest":"127.0.0.1","default":true}],"policy":)" +
         policy + "}";
}

policy::SnapshotPtr policies() {
  policy::SnapshotEditor editor(policy::Snapshot{}, policy::DecodeOptions{});
  for (const auto& [name, json] : {std::pair<std::string, std::string>{
                                       "indifferent.net", domain("indifferent.net", kIndifferent)},
                                   {"strict.net", domain("strict.net", kStrict)},
                                   {"types.net", domain("types.net", kStrict)}}) {
    if (!editor.put({policy::DocumentType::domain, name}, json)) std::abort();
  }
  if (!editor.put(
          {policy::DocumentType::attachments, "types.net"},
          R"([{"id":"1","filter":"x-msdownload","action":"DENY","checkType":"CONTENTTYPE"}])")) {
    std::abort();
  }
  return editor.finish(1);
}

void send(session::Services& services, const std::string& recipient, const mail::Message& message) {
  session::Session session(services);
  session::ClientFacts client;
  client.address = IpAddress::parse("192.0.2.1");
  client.helo = "mx.example.org";
  client.mta_name = "mx.got.com";
  IdleEditor editor;
  const std::string size = "SIZE=" + std::to_string(message.size());
  session.mail_from(client, {"<jon@example.org>", size});
  session.rcpt_to({recipient});
  for (const auto& field : message.headers()) session.header(field.name, field.value);
  // As libmilter hands it over, in pieces.
  constexpr std::size_t kChunk = 65'535;
  for (std::size_t at = 0; at < message.body().size(); at += kChunk) {
    session.body(std::string_view(message.body()).substr(at, kChunk));
  }
  const auto verdict = session.end_of_message("4Xyz", editor);
  if (!std::holds_alternative<session::Continue>(verdict)) {
    std::fprintf(stderr, "a message was not let through\n");
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  log::configure(log::Level::error, log::Format::text);
  const SystemClock clock;
  const Published<policy::Snapshot> published(policies());
  session::Services services(clock, published);
  struct Case {
    const char* name;
    mail::Message message;
  };
  const Case messages[] = {
      {"4 KiB of text", bench::make_message(3'000, 0)},
      {"100 KiB, a zip of 64 KiB attached", bench::make_message(16'000, 64'000)},
      {"1 MiB, a zip of 720 KiB attached", bench::make_message(64'000, 720'000)}};
  for (const auto& [recipient, what] :
       {std::pair<std::string, const char*>{"<arya@indifferent.net>",
                                            "a policy that asks for nothing"},
        {"<arya@strict.net>", "attachments by name, bad headers, bad encoding"},
        {"<arya@types.net>", "the same, and attachments by detected type"}}) {
    std::printf("%s\n", what);
    for (const Case& one : messages) {
      send(services, recipient, one.message);
      const double begin = bench::cpu_seconds();
      long count = 0;
      do {
        send(services, recipient, one.message);
        ++count;
      } while (bench::cpu_seconds() - begin < seconds);
      std::printf("  %-36s %9.1f us\n", one.name,
                  (bench::cpu_seconds() - begin) / static_cast<double>(count) * 1e6);
    }
  }
  return 0;
}
