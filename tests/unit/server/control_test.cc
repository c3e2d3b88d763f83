// What posternctl can rely on from the control socket.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/control_client.h"
#include "server/control_server.h"
#include "unit/server/raw_client.h"
#include "unit/server/temp_directory.h"

namespace postern::server {
namespace {

class ControlTest : public testing::Test {
 protected:
  void start(ControlServer::Handler handler, ControlOptions options = {}) {
    options.path = path();
    auto server = ControlServer::start(options, std::move(handler));
    ASSERT_TRUE(server) << server.error().what;
    server_ = std::move(*server);
  }
  std::string path() const { return directory_.file("control.sock"); }
  ListenAddress address() const {
    ListenAddress address;
    address.unix_path = path();
    return address;
  }

  test::TempDirectory directory_;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlTest, OneRequestOneAnswer) {
  start([](std::string_view request) { return "{\"asked\":" + std::string(request) + "}"; });
  const auto answer = ask(path(), R"({"verb":"status"})", test::kPatience);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answer, R"({"asked":{"verb":"status"}})");
}

TEST_F(ControlTest, OnlyItsOwnerMayConnect) {
  start([](std::string_view) { return "{}"; });
  struct stat found {};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(ControlTest, LargeRequestsAndAnswersArriveWhole) {
  start([](std::string_view request) {
    std::string answer;
    for (int i = 0; i < 20; ++i) answer += request;
    return answer;
  });
  const std::string request(std::size_t{1024} * 1024, 'x');
  const auto answer = ask(path(), request, test::kPatience);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->size(), 20 * request.size());
}

TEST_F(ControlTest, ALineEndInAnAnswerCannotCutIt) {
  start([](std::string_view) { return "{\n \"a\": 1\n}"; });
  const auto answer = ask(path(), "{}", test::kPatience);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, "{  \"a\": 1 }");
}

TEST_F(ControlTest, AFaultInTheDaemonIsAnAnswer) {
  start([](std::string_view) -> std::string { throw std::runtime_error("boom"); });
  const auto answer = ask(path(), "{}", test::kPatience);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, R"({"error":"internal fault"})");
}

TEST_F(ControlTest, NoDaemonIsATemporaryErrorThatSaysSo) {
  const auto absent = ask(path(), "{}", test::kPatience);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().permanence, Permanence::temporary);
  EXPECT_TRUE(absent.error().what.starts_with("daemon away: ")) << absent.error().what;
}

TEST_F(ControlTest, ARequestThatCannotBeOneLineIsRefusedBeforeItIsSent) {
  start([](std::string_view) { return "{}"; });
  EXPECT_FALSE(ask(path(), "{}\n{}", test::kPatience));
  EXPECT_FALSE(ask(path(), std::string(kMaxControlRequest + 1, 'x'), test::kPatience));
}

TEST_F(ControlTest, AnAnswerThatDoesNotComeInTimeIsTemporary) {
  std::promise<void> release;
  start([released = release.get_future().share()](std::string_view) {
    released.wait();
    return "{}";
  });
  const auto answer = ask(path(), "{}", Milliseconds(50));
  release.set_value();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::temporary);
}

TEST_F(ControlTest, ClientsThatSendNoLineOrTooMuchAreLetGo) {
  ControlOptions options;
  options.read_timeout = Milliseconds(100);
  std::atomic<int> asked = 0;
  start(
      [&asked](std::string_view) {
        ++asked;
        return "{}";
      },
      options);
  std::vector<std::unique_ptr<test::RawClient>> silent;
  for (int i = 0; i < 6; ++i) {
    silent.push_back(std::make_unique<test::RawClient>(address()));
    ASSERT_TRUE(silent.back()->send("{\"verb\":"));
  }
  test::RawClient flood(address());
  flood.send_until_refused(std::string(kMaxControlRequest + (std::size_t{1} << 20), 'x'));
  EXPECT_TRUE(flood.is_closed_by_peer());
  for (const auto& client : silent) EXPECT_TRUE(client->is_closed_by_peer());
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(ask(path(), "{}", test::kPatience));
}

TEST_F(ControlTest, StopDoesNotWaitForSilentClients) {
  ControlOptions options;
  options.read_timeout = Milliseconds(3'600'000);
  start([](std::string_view) { return "{}"; }, options);
  test::RawClient silent(address());
  test::RawClient another(address());
  server_->stop();  // would take an hour
  EXPECT_FALSE(ask(path(), "{}", Milliseconds(100)));
}

}  // namespace
}  // namespace postern::server
