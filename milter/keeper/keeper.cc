#include "keeper/keeper.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "keeper/worker.h"

namespace postern::keeper {

struct Keeper::Threads {
  ports::PolicySource& source;
  std::jthread follower;
  std::jthread ticker;
};

namespace {

// The age must grow also while the source's thread hangs, which is when it is looked at.
void tick(const std::stop_token& stop, const Worker& worker) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; })) {
    if (stop.stop_requested()) return;
    worker.refresh_age();
  }
}

}  // namespace

Keeper::Keeper(ports::PolicySource& source, ports::PolicyCache* cache,
               Published<policy::Snapshot>& published, const Clock& clock, KeeperOptions options)
    : worker_(std::make_unique<Worker>(source, cache, published, clock, std::move(options))),
      threads_(std::make_unique<Threads>(Threads{source, {}, {}})) {}

Keeper::~Keeper() { stop(); }

void Keeper::start() {
  worker_->start_from_cache();
  threads_->follower = std::jthread(
      [this](std::stop_token stop) { threads_->source.run(std::move(stop), *worker_); });
  threads_->ticker = std::jthread([this](const std::stop_token& stop) { tick(stop, *worker_); });
}

void Keeper::stop() {
  for (auto* thread : {&threads_->ticker, &threads_->follower}) {
    thread->request_stop();
    if (thread->joinable()) thread->join();
  }
}

KeeperStatus Keeper::status() const { return worker_->status(); }

void Keeper::accept() { worker_->accept(); }

void Keeper::reload() { threads_->source.request_full_set(); }

Result<std::optional<std::string>> Keeper::document(const policy::DocumentKey& key) const {
  return worker_->document(key);
}

}  // namespace postern::keeper
