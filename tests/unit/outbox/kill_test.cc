// Killed anywhere, the worker loses nothing: what was committed is handed over, at most once more than
// the kill explains.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>

#include "outbox/worker.h"
#include "support/eventually.h"
#include "unit/vault/fixture.h"

namespace postern::outbox {
namespace {

using vault::message_of;
using vault::numbered_id;

// Writes an octet per copy it takes: what stands in the pipe has been answered 250, whatever happens
// to this process next.
class PipeSubmitter final : public ports::Submitter {
 public:
  explicit PipeSubmitter(int fd) : fd_(fd) {}
  Result<std::string> submit(const ports::Submission& submission, Deadline) override {
    const auto number =
        static_cast<unsigned char>(std::stoi(submission.recipients.front().address));
    if (::write(fd_, &number, 1) != 1) return temporary_error("pipe");
    return std::string("250 Ok");
  }

 private:
  int fd_;
};

using KillTest = vault::VaultTest;

TEST_F(KillTest, NothingIsLostAndWhatComesTwiceIsExplainedByAKill) {
  constexpr unsigned kMessages = 60;
  constexpr int kKills = 15;
  {
    const auto vault = open_vault();
    vault->on_arrival([] {});
    for (unsigned i = 1; i <= kMessages; ++i) {
      auto message = message_of(numbered_id(i), "Subject: x\r\n\r\nbody\r\n",
                                i % 3 == 0 ? std::vector{vault::copy_for("kept@got.com")}
                                           : std::vector<ports::VaultCopy>{});
      ports::OutboxCopy copy;
      copy.recipients = {{std::to_string(i) + "@got.com", "", ""}};
      copy.header = "Subject: y\r\n";
      message.outbox = {copy};
      ASSERT_TRUE(vault->store(message));
    }
  }
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::mt19937 random(20261127);  // NOLINT: the same kills every time, as far as a scheduler allows
  std::vector<int> times(kMessages + 1);
  int kills = 0;
  for (int round = 0; round <= kKills; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto vault = open_vault();
      PipeSubmitter submitter(ends[1]);
      Worker(*vault, submitter, clock_, {}).pass();
      ::_exit(0);
    }
    if (round < kKills) {
      // After so many octets, at whatever instruction it then is.
      const auto after = static_cast<unsigned>(1 + random() % 6);
      unsigned char number = 0;
      unsigned got = 0;
      int status = 0;
      bool ended = false;
      ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
      EXPECT_TRUE(test::eventually([&] {
        while (got < after && ::read(ends[0], &number, 1) == 1) {
          ++times.at(number);
          ++got;
        }
        ended = ended || ::waitpid(child, &status, WNOHANG) == child;
        return got >= after || ended;
      }));
      if (!ended) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        ++kills;
      }
    } else {
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFEXITED(status));
    }
    unsigned char number = 0;
    while (::read(ends[0], &number, 1) == 1) ++times.at(number);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  int twice = 0;
  for (unsigned i = 1; i <= kMessages; ++i) {
    EXPECT_GE(times[i], 1) << "lost: " << i;
    twice += times[i] - 1;
  }
  EXPECT_LE(twice, kills);
  const auto vault = open_vault();
  expect_whole(*vault);
  EXPECT_EQ(files_below("blobs").size(), kMessages / 3);
}

}  // namespace
}  // namespace postern::outbox
