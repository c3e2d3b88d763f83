// A round with many threads against a real HTTP server, into a store that is looked into afterwards.
#include "adapters/admin_api/pull.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <thread>

namespace postern::admin_api {
namespace {

class MemoryStore final : public ports::DocumentStore {
 public:
  std::string describe() const override { return "memory"; }
  Result<std::vector<std::string>> keys() override {
    std::vector<std::string> keys;
    for (const auto& [key, text] : documents) keys.push_back(key);
    return keys;
  }
  Result<std::map<std::string, std::string>> read(const std::vector<std::string>& keys) override {
    std::map<std::string, std::string> found;
    for (const auto& key : keys) {
      if (documents.contains(key)) found[key] = documents[key];
    }
    return found;
  }
  Status write(const std::vector<ports::DocumentChange>& changes) override {
    for (const auto& change : changes) {
      if (change.json) documents[change.key] = *change.json;
      if (!change.json) documents.erase(change.key);
    }
    return success();
  }
  std::map<std::string, std::string> documents;
};

// `count` domains with one user and one rule each; every seventh request is to be tried again.
class Api {
 public:
  explicit Api(int count) : count_(count) {
    server_.set_keep_alive_max_count(1'000);
    server_.Get(R"(/domains)", [this](const auto& request, auto& response) {
      list(request, response, count_, [](int i) {
        const std::string n = std::to_string(i);
        return R"({"id":"d)" + n + R"(","name":"d)" + n + R"(.example","policyId":"p"})";
      });
    });
    server_.Get(R"(/users)", [this](const auto& request, auto& response) {
      list(request, response, count_, [](int i) {
        const std::string n = std::to_string(i);
        return R"({"id":"u)" + n + R"(","email":"u@d)" + n + R"(.example"})";
      });
    });
    server_.Get(R"(/users/u(\d+)/wblist)", [this](const auto& request, auto& response) {
      const std::string n = request.matches[1];
      list(request, response, 1, [n](int) {
        return R"({"id":"r","value":"a.example","type":"BLOCK","owner":"u@d)" + n + R"(.example"})";
      });
    });
    server_.Get(R"(/domains/.*/dkim)", [](const auto&, auto& response) { response.status = 404; });
    server_.Get(R"(/domains/.*)", [this](const auto& request, auto& response) {
      list(request, response, 0, [](int) { return std::string(); });
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Api() { server_.stop(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void list(const httplib::Request& request, httplib::Response& response, int count,
            const std::function<std::string(int)>& entry) {
    if (++asked_ % 7 == 0) {
      response.status = 503;
      return;
    }
    const int offset = std::stoi(request.get_param_value("offset"));
    std::string page;
    for (int i = offset; i < std::min(count, offset + 10); ++i) {
      page += (page.empty() ? "" : ",") + entry(i);
    }
    response.set_header("X-Total-Count", std::to_string(count));
    response.set_content("[" + page + "]", "application/json");
  }

  const int count_;
  httplib::Server server_;
  std::atomic<int> asked_ = 0;
  int port_ = 0;
  std::jthread thread_;
};

TEST(Pull, ManyThreadsBringEverythingOnce) {
  constexpr int kDomains = 60;
  const Api api(kDomains);
  const SystemClock clock;
  MemoryStore store;
  auto journal = Journal::open("", api.url(), clock);
  ASSERT_TRUE(journal.ok());
  ApiOptions options;
  options.url = api.url();
  options.token = Secret("token");
  options.retry_from = Milliseconds(1);
  ApiClient client(std::move(options));
  PullOptions how;
  how.jobs = 8;
  Pull pull(client, store, **journal, how);
  const Outcome outcome = pull.run([&] { (void)pull.progress(); });
  EXPECT_EQ(outcome.end, Outcome::End::complete) << testing::PrintToString(outcome.problems);
  EXPECT_EQ(outcome.counts.fresh, 3U * kDomains);
  EXPECT_EQ(store.documents.size(), 3U * kDomains);
  EXPECT_TRUE(store.documents.contains("wblist:u@d59.example"));
}

TEST(Pull, AStopEndsItSoon) {
  const Api api(60);
  const SystemClock clock;
  MemoryStore store;
  auto journal = Journal::open("", api.url(), clock);
  ASSERT_TRUE(journal.ok());
  ApiOptions options;
  options.url = api.url();
  options.token = Secret("token");
  ApiClient client(std::move(options));
  client.stop();
  Pull pull(client, store, **journal, {});
  EXPECT_EQ(pull.run([] {}).end, Outcome::End::stopped);
  EXPECT_TRUE(store.documents.empty());
}

}  // namespace
}  // namespace postern::admin_api
