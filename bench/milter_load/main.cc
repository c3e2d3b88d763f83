// milter_load: plays Postfix to a milter, many connections at once, and says how long it took.
//
// Every connection sends the next message as soon as it has the last one's reply, until all are sent or the time
// is over. Exit 0: every message got a reply; 1: somebody broke the protocol.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "server/listen_socket.h"
#include "support/milter_client.h"

namespace postern::bench {
namespace {

using Steady = std::chrono::steady_clock;

struct Plan {
  std::string address;
  int connections = 1;
  long messages = 1000;
  long per_connection = 0;  // 0: a connection lasts as long as the run
  std::size_t size = 2000;
  std::string sender = "<bulk@example.org>";
  std::vector<std::string> recipients = {"<to@example.net>"};
  std::string client = "192.0.2.25";
  std::vector<std::string> headers;  // "Name: value"
  long pause = 0;                    // milliseconds
  long seconds = 300;
};

struct Findings {
  std::vector<double> latencies;  // milliseconds, MAIL to the final reply
  std::map<std::string, long> replies;
  std::vector<long> messages_of_connection;
  std::string fault;
};

std::string body_of(std::size_t size) {
  std::string body;
  while (body.size() < size)
    body += "The quick brown fox jumps over the lazy dog, over and over.\r\n";
  body.resize(size);
  return body;
}

test::MilterMail mail_for(const Plan& plan) {
  test::MilterMail mail;
  mail.mail = {plan.sender, "SIZE=" + std::to_string(plan.size)};
  mail.recipients.clear();
  for (const std::string& recipient : plan.recipients) mail.recipients.push_back({recipient});
  mail.headers = {
      {"Received", " from client.example.org (client.example.org [192.0.2.25])\n\tby mx"},
      {"From", " Bulk <bulk@example.org>"},
      {"To", " To <to@example.net>"},
      {"Subject", " milter_load"},
      {"Date", " Mon, 25 May 2026 15:39:03 +0000"},
      {"Message-ID", " <milter-load@example.org>"},
      {"MIME-Version", " 1.0"},
      {"Content-Type", " text/plain; charset=us-ascii"}};
  for (const std::string& header : plan.headers) {
    const std::size_t colon = std::min(header.find(':'), header.size());
    mail.headers.emplace_back(header.substr(0, colon),
                              header.substr(std::min(colon + 1, header.size())));
  }
  mail.body = body_of(plan.size);
  return mail;
}

std::string name_of(const test::Packet& reply) {
  std::size_t at = 0;
  switch (reply.command) {
    case 'c':
      return "continue";
    case 'a':
      return "accept";
    case 'd':
      return "discard";
    case 'r':
      return "reject";
    case 't':
      return "tempfail";
    case 'y':
      return test::next_string(reply.payload, at);
    default:
      return std::string(1, reply.command);
  }
}

class Run {
 public:
  explicit Run(Plan plan) : plan_(std::move(plan)), left_(plan_.messages) {}

  int go() {
    const auto address = server::ListenAddress::parse(plan_.address);
    if (!address) {
      std::fprintf(stderr, "--connect %s\n", address.error().what.c_str());
      return 2;
    }
    const auto begin = Steady::now();
    end_ = begin + std::chrono::seconds(plan_.seconds);
    std::vector<std::thread> threads;
    for (int i = 0; i < plan_.connections; ++i) {
      threads.emplace_back([this, &address] { one_connection(*address); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = Steady::now() - begin;
    return findings_.with([&](Findings& findings) { return print(findings, took.count()); });
  }

 private:
  void one_connection(const server::ListenAddress& address) {
    Findings mine;
    long sent = 0;
    const test::MilterMail mail = mail_for(plan_);
    while (mine.fault.empty() && Steady::now() < end_) {
      const long before = sent;
      one_session(address, mail, mine, sent);
      if (plan_.per_connection == 0 || sent == before) break;
    }
    findings_.with([&](Findings& all) {
      all.latencies.insert(all.latencies.end(), mine.latencies.begin(), mine.latencies.end());
      for (const auto& [reply, count] : mine.replies) all.replies[reply] += count;
      all.messages_of_connection.push_back(sent);
      if (!mine.fault.empty()) all.fault = mine.fault;
    });
    if (!mine.fault.empty()) left_ = 0;
  }

  void one_session(const server::ListenAddress& address, const test::MilterMail& mail,
                   Findings& mine, long& sent) {
    auto client = test::MilterClient::connect(address, Milliseconds(60'000));
    if (!client) {
      mine.fault = client.error().what;
      return;
    }
    client->set_pause(Milliseconds(plan_.pause));
    if (const Status greeted = greet(*client); !greeted) {
      mine.fault = greeted.error().what;
      return;
    }
    for (long here = 0; plan_.per_connection == 0 || here < plan_.per_connection; ++here) {
      if (Steady::now() >= end_ || left_.fetch_sub(1) <= 0) break;
      const auto begin = Steady::now();
      const auto outcome = client->deliver(mail);
      if (!outcome) {
        mine.fault = outcome.error().what;
        return;
      }
      const std::chrono::duration<double, std::milli> took = Steady::now() - begin;
      mine.latencies.push_back(took.count());
      ++mine.replies[name_of(outcome->end)];
      ++sent;
    }
    if (const Status ended = client->quit(); !ended) mine.fault = ended.error().what;
  }

  Status greet(test::MilterClient& client) const {
    if (const Status negotiated = client.negotiate(); !negotiated) return negotiated;
    client.macros() = {{"j", "mx.example.net"},
                       {"v", "Postfix 3.7.11"},
                       {"{daemon_name}", "mx.example.net"},
                       {"{daemon_addr}", "192.0.2.1"},
                       {"{client_addr}", plan_.client},
                       {"{client_name}", "client.example.org"},
                       {"{client_port}", "40000"}};
    const Status connected = client.connection("client.example.org", '4', 40000, plan_.client);
    if (!connected) return connected;
    return client.helo("client.example.org");
  }

  int print(Findings& findings, double seconds) const {
    auto& latencies = findings.latencies;
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](double share) {
      if (latencies.empty()) return 0.0;
      const auto last = static_cast<double>(latencies.size() - 1);
      return latencies[static_cast<std::size_t>(last * share)];
    };
    std::printf("messages    %zu in %.2f s, %.0f a second\n", latencies.size(), seconds,
                static_cast<double>(latencies.size()) / seconds);
    std::printf("latency ms  median %.3f  p99 %.3f  max %.3f\n", at(0.5), at(0.99), at(1.0));
    for (const auto& [reply, count] : findings.replies) {
      std::printf("reply       %ld x %s\n", count, reply.c_str());
    }
    auto& counts = findings.messages_of_connection;
    std::sort(counts.begin(), counts.end());
    std::printf("connections %zu, messages each: min %ld  median %ld  max %ld\n", counts.size(),
                counts.front(), counts[counts.size() / 2], counts.back());
    if (findings.fault.empty()) return 0;
    std::fprintf(stderr, "FAULT: %s\n", findings.fault.c_str());
    return 1;
  }

  const Plan plan_;
  std::atomic<long> left_;
  Steady::time_point end_;
  Guarded<Findings> findings_;
};

int run(int argc, char** argv) {
  CLI::App app("plays Postfix to a milter and measures it");
  Plan plan;
  app.add_option("--connect", plan.address, "inet:PORT@ADDRESS or unix:PATH")->required();
  app.add_option("--connections", plan.connections)->check(CLI::Range(1, 2000));
  app.add_option("--messages", plan.messages, "all connections together")
      ->check(CLI::Range(1L, 100'000'000L));
  app.add_option("--per-connection", plan.per_connection,
                 "reconnect after so many messages; 0: never")
      ->check(CLI::Range(0L, 1'000'000L));
  app.add_option("--size", plan.size, "octets of body")->check(CLI::Range(0, 100'000'000));
  app.add_option("--from", plan.sender);
  app.add_option("--rcpt", plan.recipients, "may be given several times");
  app.add_option("--header", plan.headers, "one more, \"Name: value\"; may be given several times");
  app.add_option("--client", plan.client, "the SMTP client's address");
  app.add_option("--pause", plan.pause, "milliseconds the SMTP client thinks before each command")
      ->check(CLI::Range(0L, 60'000L));
  app.add_option("--seconds", plan.seconds, "give up after")->check(CLI::Range(1L, 86'400L));
  CLI11_PARSE(app, argc, argv);
  return Run(plan).go();
}

}  // namespace
}  // namespace postern::bench

int main(int argc, char** argv) {
  try {
    return postern::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "milter_load: %s\n", error.what());
    return 1;
  }
}
