// Tasks that add tasks, on a few threads, to their end.
#include "adapters/admin_api/task_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace postern::admin_api {
namespace {

TEST(TaskPool, RunsEveryTaskAndThoseThatTasksAdd) {
  std::atomic<int> ran = 0;
  TaskPool pool(4);
  for (int i = 0; i < 50; ++i) {
    pool.add([&] {
      ++ran;
      for (int k = 0; k < 20; ++k) pool.add([&] { ++ran; });
    });
  }
  pool.finish([] {});
  EXPECT_EQ(ran, 50 + 50 * 20);
}

TEST(TaskPool, AfterAStopNothingBegins) {
  std::atomic<int> ran = 0;
  TaskPool pool(1);
  pool.add([&] {
    ++ran;
    pool.stop();
    pool.add([&] { ++ran; });
  });
  pool.finish([] {});
  pool.add([&] { ++ran; });
  pool.finish([] {});
  EXPECT_EQ(ran, 1);
}

TEST(TaskPool, EndsWithTasksThatWait) {
  std::atomic<int> ran = 0;
  {
    TaskPool pool(2);
    for (int i = 0; i < 1000; ++i) pool.add([&] { ++ran; });
  }
  EXPECT_LE(ran, 1000);
}

}  // namespace
}  // namespace postern::admin_api
