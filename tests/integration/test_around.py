"""What an operator sees: metrics, health, the log line of a message, posternctl."""
import json
import re
import shutil

METRICS = ["postern_messages_total", "postern_recipients_total", "postern_transaction_seconds_count",
           "postern_policy_generation", "postern_policy_age_seconds", "postern_policy_refused_documents",
           "postern_scanner_seconds_count", "postern_vault_messages", "postern_vault_bytes"]


def test_metrics_are_there_and_count(world):
    before = world.posternd.metric("postern_messages_total") or 0
    assert world.send("a@example.org", "cersei@lannister.net", headers={"X-Spam-Score": "8"}).accepted
    missing = [name for name in METRICS if world.posternd.metric(name) is None]
    assert missing == []
    assert world.posternd.metric("postern_messages_total") == before + 1
    assert world.posternd.metric("postern_vault_messages") >= 1


def test_one_log_line_tells_a_message(world):
    outcome = world.send("a@example.org", "cersei@lannister.net", headers={"X-Spam-Score": "8"})
    queue_id = re.search(r"queued as (\w+)", outcome.reply).group(1)
    lines = [line for line in world.posternd.log().splitlines() if queue_id in line]
    assert len(lines) == 1, lines
    for part in ("cersei@lannister.net", "8"):
        assert part in lines[0]
    delivery = world.sinks["primary"].wait_for(lambda d: "cersei@lannister.net" in d.recipients)[-1]
    assert re.search(r"\b[0-9a-f]{32}\b", lines[0])
    assert delivery.header("X-Postern-Id")


def test_status(world):
    status = world.posternd.policy_status()
    assert status["generation"] >= 1 and status["refused"] == []
    text = world.posternd.ctl("status").stdout
    assert f"generation {status['generation']}" in text and "ready" in text


def test_route_tells_what_each_table_answers(world):
    answers = world.posternd.ctl_json("route", "arya@stark.net")
    assert "postern-none:[127.0.0.11]" in json.dumps(answers)
    assert "127.0.0.11" in world.posternd.ctl("route", "arya@stark.net").stdout


def test_policy_show_hides_secrets(world):
    shown = world.posternd.ctl("policy", "show", "dkim:targaryen.net").stdout
    assert "protect" in shown and "PRIVATE KEY" not in shown


def test_policy_check_judges_a_directory(world):
    done = world.posternd.ctl("policy", "check", world.posternd.policy_folder, check=False)
    assert done.returncode == 1  # one user's policyId leads nowhere, on purpose
    assert "1 faults" in done.stdout and "lancel@lannister.net.json: /policyId: zzzzz does not" in done.stdout
    sound = shutil.copytree(world.posternd.policy_folder, world.folder / "sound")
    (sound / "user" / "lancel@lannister.net.json").unlink()
    assert world.posternd.ctl("policy", "check", sound).returncode == 0
    broken = world.folder / "broken"
    folder = broken / "domain"
    folder.mkdir(parents=True)
    (folder / "broken.net.json").write_text('{"name": "broken.net", "status": "ASLEEP"}')
    done = world.posternd.ctl("policy", "check", broken, check=False)
    assert done.returncode == 1
    assert "broken.net" in done.stdout + done.stderr and "status" in done.stdout + done.stderr
