// Purpose:   the running daemon: everything built, started, watched and stopped. Decides nothing.
// Ownership: owns all parts, in the order in which they depend on each other.
// Threading: run() occupies the main thread; each server has threads of its own.
// Failure:   make() answers an Error naming what could not be opened; run() answers the exit code.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "daemon/adapters.h"
#include "daemon/checks.h"
#include "daemon/control.h"
#include "keeper/keeper.h"
#include "outbox/courier.h"
#include "policy/snapshot.h"
#include "server/control_server.h"
#include "server/http_server.h"
#include "server/milter_server.h"
#include "server/signals.h"
#include "server/socketmap_server.h"
#include "session/services.h"
#include "settings/settings.h"
#include "upkeep/caretaker.h"
#include "upkeep/expirer.h"

namespace postern::daemon {

class Daemon {
 public:
  static Result<std::unique_ptr<Daemon>> make(std::string settings_path,
                                              settings::Settings settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until SIGTERM or SIGINT, or until the milter gives up by itself.
  int run(server::DaemonSignals& signals);

 private:
  Daemon(std::string settings_path, settings::Settings settings);

  // Building, in this order.
  Status open_outside();
  Status start_servers();

  Result<std::unique_ptr<server::SocketmapServer>> serve_tables(const std::string& listen,
                                                                bool secrets_only);
  route::RouteAnswer look_up(route::Table table, std::string_view key) const;
  std::vector<std::string> not_ready() const;
  void reload();
  settings::Settings with_live_ones_of(settings::Settings loaded) const;
  void report_changes(const settings::Settings& loaded) const;
  void drain();
  void beat();  // once a second: the watchdog and the gauges

  const std::string settings_path_;
  const settings::Settings settings_;  // of the start
  settings::Settings reloaded_;        // of the last SIGHUP
  SystemClock clock_;
  Published<policy::Snapshot> snapshot_;
  session::Services services_{clock_, snapshot_};

  std::unique_ptr<Checks> checks_;
  std::unique_ptr<ports::PolicySource> source_;
  std::unique_ptr<ports::PolicyCache> cache_;
  std::unique_ptr<ports::Signer> signer_;
  std::unique_ptr<vault::Store> vault_;
  std::unique_ptr<ports::Submitter> submitter_;
  std::unique_ptr<outbox::Courier> courier_;  // nullptr: without token keys nothing re-enters
  std::unique_ptr<ports::Submitter> mailbox_submitter_;
  std::unique_ptr<outbox::Courier> mailbox_courier_;  // nullptr: vault.deliver is empty
  std::unique_ptr<upkeep::Expirer> expirer_;
  std::unique_ptr<upkeep::Caretaker> caretaker_;
  std::unique_ptr<keeper::Keeper> keeper_;
  std::unique_ptr<Control> control_;

  std::unique_ptr<server::MilterServer> milter_;
  std::unique_ptr<server::SocketmapServer> tables_;
  std::unique_ptr<server::SocketmapServer> secrets_;
  std::unique_ptr<server::HttpServer> http_;
  std::unique_ptr<server::ControlServer> control_server_;
  std::atomic<bool> milter_ended_ = false;
  std::thread milter_thread_;
};

}  // namespace postern::daemon
