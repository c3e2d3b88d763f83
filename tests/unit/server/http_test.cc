// What a monitor can rely on from /healthz, /readyz and /metrics.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "server/http_server.h"
#include "unit/server/raw_client.h"

namespace postern::server {
namespace {

using test::RawClient;

class HttpTest : public testing::Test {
 protected:
  void start(HttpServer::NotReady not_ready, Milliseconds timeout = Milliseconds(20'000)) {
    HttpOptions options;
    const auto address = ListenAddress::parse("127.0.0.1:0");
    ASSERT_TRUE(address);
    options.listen = *address;
    options.timeout = timeout;
    auto server = HttpServer::start(options, std::move(not_ready));
    ASSERT_TRUE(server) << server.error().what;
    server_ = std::move(*server);
    address_ = *address;
    address_.port = server_->bound_port();
  }
  std::string get(const std::string& path) {
    RawClient client(address_);
    client.send_until_refused("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.receive_all();
  }

  std::unique_ptr<HttpServer> server_;
  ListenAddress address_;
};

std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

TEST_F(HttpTest, ReadinessFollowsItsReasons) {
  std::atomic<bool> ready = false;
  start([&ready] {
    return ready ? std::vector<std::string>{}
                 : std::vector<std::string>{"no policy is in force", "shutting down"};
  });
  const std::string before = get("/readyz");
  EXPECT_TRUE(before.starts_with("HTTP/1.1 503 ")) << before;
  EXPECT_EQ(body_of(before), "no policy is in force\nshutting down\n");
  ready = true;
  const std::string after = get("/readyz");
  EXPECT_TRUE(after.starts_with("HTTP/1.1 200 ")) << after;
  EXPECT_EQ(body_of(after), "ready\n");
}

TEST_F(HttpTest, HealthDoesNotDependOnReadiness) {
  start([] { return std::vector<std::string>{"not ready"}; });
  EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpTest, MetricsAreWhatPrometheusReads) {
  start([] { return std::vector<std::string>{}; });
  metrics::set("postern_policy_generation", 7);
  const std::string response = get("/metrics");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 ")) << response;
  EXPECT_NE(response.find("Content-Type: text/plain; version=0.0.4\r\n"), std::string::npos);
  EXPECT_NE(body_of(response).find("postern_policy_generation 7"), std::string::npos);
}

TEST_F(HttpTest, NothingElseIsServed) {
  start([] { return std::vector<std::string>{}; });
  for (const std::string path : {"/", "/metrics/", "/healthz/x", "/../etc/passwd", "/readyz%00"}) {
    EXPECT_TRUE(get(path).starts_with("HTTP/1.1 404 ")) << path;
  }
}

TEST_F(HttpTest, AFaultInReadinessIsNotReadiness) {
  start([]() -> std::vector<std::string> { throw std::runtime_error("secret detail"); });
  const std::string response = get("/readyz");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 ")) << response;
  EXPECT_EQ(response.find("secret detail"), std::string::npos);
}

TEST_F(HttpTest, HostileRequestsEndAndOthersAreServed) {
  start([] { return std::vector<std::string>{}; });
  std::string ranges = "bytes=";
  for (int i = 0; i < 100'000; ++i) ranges += "1-,";
  std::string headers;
  for (int i = 0; i < 100'000; ++i) headers += "A: b\r\n";
  const std::vector<std::string> hostile = {
      std::string(1'000'000, 'x'),
      "GET /" + std::string(1'000'000, 'x') + " HTTP/1.1\r\n\r\n",
      "GET /metrics HTTP/1.1\r\n" + headers + "\r\n",
      "GET /metrics HTTP/1.1\r\nRange: " + ranges + "\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nRange: " + ranges.substr(0, 3900) + "\r\n\r\n",
      "POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + std::string(10'000, 'x'),
      "POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
      "\r\n\r\n\r\n",
      std::string(100, '\0'),
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n"};
  for (const std::string& bytes : hostile) {
    RawClient client(address_);
    client.send_until_refused(bytes);
    client.finish_sending();
    client.receive_all();
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 ")) << bytes.substr(0, 60);
  }
}

TEST_F(HttpTest, SilentClientsAreLetGoAtTheTimeOut) {
  start([] { return std::vector<std::string>{}; }, Milliseconds(100));
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 8; ++i) {
    silent.push_back(std::make_unique<RawClient>(address_));
    silent.back()->send_until_refused("GET /healthz HT");
  }
  EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpTest, AUnixSocketIsRefusedByName) {
  HttpOptions options;
  options.listen.unix_path = "/run/postern/http.sock";
  const auto server = HttpServer::start(options, [] { return std::vector<std::string>{}; });
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().what.find("/run/postern/http.sock"), std::string::npos);
}

}  // namespace
}  // namespace postern::server
