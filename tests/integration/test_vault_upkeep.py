"""Stored mail as a whole: released, deleted, ended and checked in bulk; killed half-way; a disk that is full."""
import json
import os
import sqlite3
import subprocess

import pytest

from support.policies import FIXTURES
from support.tools import let_others_in, ordinary_user, wait_until

SPAM = {"X-Spam-Score": "6"}
DOMAIN = "kept.example"
NARROW = "narrow.example"  # takes one MiB
DAY = 86_400_000


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """Spam and viruses are quarantined, 31 days; everything clean is delivered."""
    folder = tmp_path_factory.mktemp("policies")
    document = json.loads((FIXTURES / "cleanmail" / "domain" / "lannister.net.json").read_text())
    document["name"] = DOMAIN
    document["policy"].update(name="kept", spamScore=5, retention=False, archive=False)
    document["policy"]["relayProps"].update(relaySpam=False, spamScoreLimit=5)
    document["policy"]["quarantineProps"].update(duration=31, storeSpam=True, storeVirus=True)
    (folder / "domain").mkdir()
    (folder / "domain" / f"{DOMAIN}.json").write_text(json.dumps(document))
    document.update(name=NARROW, id="narrow")
    document["policy"].update(name="narrow", mailSizeLimit=1)
    (folder / "domain" / f"{NARROW}.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def world(fresh, policies):
    return fresh(policies=policies)


def quarantine(world, recipient, subject="kept", headers=None, sender="someone@example.org"):
    seen = {row["row"] for row in world.stored()}
    outcome = world.send(sender, recipient, subject=subject, headers=headers or SPAM)
    assert outcome.accepted, outcome
    return [row for row in world.stored() if row["row"] not in seen]


def aged(world, days):
    """Everything that is stored was received so many days earlier. posternd must not run."""
    database = sqlite3.connect(world.posternd.state / "vault" / "index.sqlite")
    with database:
        for column in ("received", "expires"):
            database.execute(f"UPDATE copy SET {column} = {column} - ?", [days * DAY])
    database.close()
    if os.getuid() == 0 and ordinary_user():
        for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
            path = world.posternd.state / "vault" / name
            if path.exists():
                subprocess.run(["chown", ordinary_user(), path], check=True)


def test_a_filter_releases_each_copy_once(world):
    for number in range(3):
        quarantine(world, [f"a{number}@{DOMAIN}", f"b{number}@{DOMAIN}"], subject=f"many {number}")
    quarantine(world, f"other@{DOMAIN}", sender="else@example.org")
    words = ["vault", "release", "--sender", "Someone@example.org", "--class", "spam", "--after", "1h"]
    told = world.posternd.ctl_json(*words, "--dry-run")
    assert told["released"] == 6 and told["dry_run"]
    assert not world.received() and not any(row["released"] for row in world.stored())

    assert world.posternd.ctl_json(*words)["released"] == 6
    world.wait_for({f"{one}{number}@{DOMAIN}": 1 for one in "ab" for number in range(3)})
    again = world.posternd.ctl_json(*words)
    assert (again["released"], again["already_released"]) == (0, 6)
    world.postfix.wait_until_empty()
    assert len([one for delivery in world.received() for one in delivery.recipients]) == 6
    assert not [row for row in world.stored() if row["recipient"] == f"other@{DOMAIN}" and row["released"]]
    records = world.posternd.ctl_json("vault", "list", "--audit")["records"]
    assert {record["recipient"] for record in records} == {f"{one}{n}@{DOMAIN}" for one in "ab" for n in range(3)}
    assert all(record["what"] == "release" and record["who"].startswith("uid ") for record in records)


def test_infected_mail_takes_the_virus_lover_and_nothing_else_does(world):
    (infected,) = quarantine(world, f"a@{DOMAIN}", headers={"X-Virus-Name": "Eicar"}, subject="infected")
    quarantine(world, f"b@{DOMAIN}", subject="spam only")
    assert infected["class"] == "virus"
    done = world.posternd.ctl("vault", "release", infected["id"], check=False)
    assert done.returncode == 1 and "Eicar" in done.stderr and "--virus-lover" in done.stderr
    # In bulk the others go, the refusal is told, and the answer is no.
    done = world.posternd.ctl("vault", "release", "--domain", DOMAIN, "--json", check=False)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and (told["released"], told["refused"]) == (1, 1), told
    world.wait_for({f"b@{DOMAIN}": 1})
    done = world.posternd.ctl("vault", "release", "--domain", DOMAIN, "--virus-lover", "--json", check=False)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and (told["released"], told["refused"]) == (1, 1), told
    world.wait_for({f"a@{DOMAIN}": 1})


def test_what_is_kept_as_too_large_may_be_infected_as_well(world):
    outcome = world.send("someone@example.org", [f"a@{NARROW}", f"a@{DOMAIN}"], headers={"X-Virus-Name": "Eicar"},
                         body="large\r\n" * 200_000)
    assert outcome.accepted, outcome
    (row,) = [row for row in world.stored() if row["recipient"] == f"a@{NARROW}"]
    assert (row["class"], row["virus"]) == ("oversize", "Eicar")
    done = world.posternd.ctl("vault", "release", row["id"], "--rcpt", row["recipient"], check=False)
    assert done.returncode == 1 and "Eicar" in done.stderr and "--virus-lover" in done.stderr
    world.posternd.ctl("vault", "release", row["id"], "--rcpt", row["recipient"], "--virus-lover")
    world.wait_for({f"a@{NARROW}": 1})


def test_a_kill_between_release_and_delivery_neither_loses_nor_doubles(world):
    world.postfix.wait_until_empty()
    for number in range(5):
        quarantine(world, f"a{number}@{DOMAIN}")
    world.postfix.stop()
    assert world.posternd.ctl_json("vault", "release", "--domain", DOMAIN)["released"] == 5
    world.posternd.kill()
    world.posternd.start()
    assert world.posternd.ctl_json("vault", "release", "--domain", DOMAIN)["already_released"] == 5
    assert len(world.posternd.ctl_json("vault", "list", "--outbox")["outbox"]) == 5
    world.postfix.start()
    world.posternd.ctl("vault", "retry")
    world.wait_for({f"a{number}@{DOMAIN}": 1 for number in range(5)})
    assert len(world.received()) == 5
    wait_until(lambda: not world.posternd.ctl_json("vault", "list", "--outbox")["outbox"], "an empty outbox")


def test_delete_by_filter_and_never_everything_by_mistake(world):
    rows = quarantine(world, [f"a@{DOMAIN}", f"b@{DOMAIN}"])
    quarantine(world, f"c@{DOMAIN}")
    assert world.posternd.ctl("vault", "delete", check=False).returncode == 2
    assert world.posternd.ctl("vault", "delete", "--before", "yesterday", check=False).returncode == 2
    assert world.posternd.ctl_json("vault", "delete", "--rcpt", f"a@{DOMAIN}", "--dry-run")["deleted"] == 1
    assert len(world.stored()) == 3
    told = world.posternd.ctl_json("vault", "delete", "--rcpt", f"a@{DOMAIN}")
    assert (told["deleted"], told["messages"]) == (1, 0), "the other recipient's row needs the message"
    assert b"Subject: kept" in world.posternd.message(rows[0]["id"])
    told = world.posternd.ctl_json("vault", "delete", rows[0]["id"])
    assert (told["deleted"], told["messages"]) == (1, 1)
    assert world.posternd.ctl("vault", "show", rows[0]["id"], check=False).returncode == 1
    assert world.posternd.ctl_json("vault", "delete", "--all")["deleted"] == 1
    assert world.posternd.status()["vault"]["bytes"] == 0
    assert world.posternd.ctl_json("vault", "check")["findings"] == []


def test_expiry_follows_the_policy_in_force(world):
    quarantine(world, f"a@{DOMAIN}")
    world.posternd.stop()
    aged(world, 20)
    world.posternd.start()
    told = world.posternd.ctl_json("vault", "expire", "--dry-run")
    assert (told["matched"], told["expired"]) == (1, 0)
    before = world.posternd.generation()
    world.policies.change(f"domain:{DOMAIN}", policy__quarantineProps__duration=10)
    world.posternd.wait_for_generation_after(before)
    assert world.posternd.ctl_json("vault", "expire", "--dry-run")["expired"] == 1
    assert len(world.stored()) == 1
    assert world.posternd.ctl_json("vault", "expire", "--rcpt", f"b@{DOMAIN}")["expired"] == 0
    told = world.posternd.ctl_json("vault", "expire")
    assert (told["expired"], told["messages"]) == (1, 1)
    assert not world.stored()


def test_what_is_over_goes_by_itself(world):
    quarantine(world, f"a@{DOMAIN}")
    world.posternd.stop()
    aged(world, 32)
    world.posternd.start()
    wait_until(lambda: not world.stored(), "the end of what is over")
    assert world.posternd.metric("postern_vault_expired_rows_total") == 1
    assert "vault: removed what has ended" in world.posternd.log()


def test_a_check_finds_and_repairs_beside_the_daemon(world):
    (row,) = quarantine(world, f"a@{DOMAIN}")
    quarantine(world, f"b@{DOMAIN}")
    assert world.posternd.ctl_json("vault", "check") == {"checked": 2, "findings": [], "left": 0, "repair": False}
    identity = row["id"]
    path = world.posternd.state / "vault" / "blobs" / identity[:2] / identity[2:4] / identity
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    done = world.posternd.ctl("vault", "check", "--json", check=False)
    (finding,) = json.loads(done.stdout)["findings"]
    assert done.returncode == 1 and (finding["fault"], finding["name"]) == ("damaged_blob", identity)
    assert world.posternd.ctl("vault", "show", identity, check=False).returncode == 1
    assert "repaired" in world.posternd.ctl("vault", "check", "--repair").stdout
    assert (world.posternd.state / "vault" / "aside" / identity).exists()
    assert world.posternd.ctl_json("vault", "check")["checked"] == 1
    assert [one["recipient"] for one in world.stored()] == [f"b@{DOMAIN}"]


def test_killed_again_and_again_while_it_removes(world):
    for number in range(40):
        quarantine(world, f"a{number}@{DOMAIN}")
    rounds = 0
    while world.stored() and rounds < 30:
        rounds += 1
        bulk = subprocess.Popen([world.posternd.bin / "posternctl", "--config", world.posternd.config, "vault", "delete",
                                 "--all"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                                **world.posternd.popen_options)
        # Somewhere within: after the first rows are gone, or before any is.
        if rounds % 2:
            wait_until(lambda: bulk.poll() is not None or not world.posternd.process.running()
                       or world.posternd.metric("postern_vault_messages") < 40, "a beginning", pause=0)
        world.posternd.kill()
        bulk.wait(60)
        world.posternd.start()
        told = world.posternd.ctl_json("vault", "check")
        assert told["findings"] == [] and told["checked"] == len(world.stored())
    assert not world.stored()


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of three megabytes, for the daemon's user."""
    folder = tmp_path / "disk"
    folder.mkdir()
    let_others_in(tmp_path)
    owner = subprocess.run(["id", "-u", ordinary_user() or "root"], capture_output=True, text=True, check=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=3m,mode=0700,uid={owner.stdout.strip()}", "tmpfs", folder],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_451_and_loses_nothing(fresh, policies, small_disk):
    """min_free is 0: it is the system that says no, in the middle of it."""
    world = fresh(policies=policies, settings={"vault": {"path": str(small_disk / "vault"), "min_free": "0"}})
    accepted, refused = 0, []
    for number in range(30):
        body = os.urandom(150_000).hex()[:200_000]
        lines = "\r\n".join(body[at:at + 70] for at in range(0, len(body), 70))
        outcome = world.send("someone@example.org", f"a{number}@{DOMAIN}", subject=f"large {number}", body=lines, headers=SPAM)
        if outcome.accepted:
            accepted += 1
        else:
            refused.append(str(outcome))
    assert accepted > 3 and len(refused) > 3
    assert all("451" in one for one in refused), refused
    rows = world.stored()
    assert len(rows) == accepted
    for row in rows:
        assert b"Subject: large" in world.posternd.message(row["id"])
    # Clean mail goes on, and there is room again once something is deleted.
    assert world.send("someone@example.org", f"clean@{DOMAIN}", subject="clean").accepted
    world.posternd.ctl("vault", "delete", "--all")
    quarantine(world, f"again@{DOMAIN}")
    assert world.posternd.ctl_json("vault", "check")["findings"] == []


def test_the_alarm_comes_before_the_vault_is_full(fresh, policies):
    most = 60 * 1024
    world = fresh(policies=policies, settings={"vault": {"max_size": "60KiB"}})
    assert world.posternd.get("/readyz") == (200, "ready\n")
    assert world.posternd.status()["vault"]["alarm"] is None
    while world.posternd.metric("postern_vault_bytes") < 0.81 * most:
        body = "\r\n".join(os.urandom(35).hex() for _ in range(60))
        assert world.send("someone@example.org", f"a@{DOMAIN}", body=body, headers=SPAM).accepted
    wait_until(lambda: "warning: vault nearly full" in world.posternd.get("/readyz")[1], "the alarm")
    assert world.posternd.get("/readyz")[0] == 200
    assert world.posternd.metric("postern_vault_alarm") == 1
    assert "vault nearly full" in world.posternd.status()["vault"]["alarm"]
    assert "WARNING vault nearly full" in world.posternd.ctl("status").stdout
    assert "when it is full, what must be kept is answered 451" in world.posternd.log()
    world.posternd.ctl("vault", "delete", "--all")
    wait_until(lambda: world.posternd.get("/readyz")[1] == "ready\n", "the end of the alarm")
