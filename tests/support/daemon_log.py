"""The daemon's log as JSON (log.format: json), line by line as it grows."""
import json


class DaemonLog:
    """`new(message)`: the lines with this message since the last call."""

    def __init__(self, posternd):
        self.path = posternd.folder / "posternd.log"
        self.at = self.path.stat().st_size

    def new(self, *messages):
        with open(self.path, "rb") as file:
            file.seek(self.at)
            text = file.read()
        text = text[:text.rfind(b"\n") + 1]  # the rest of a line is still to come
        self.at += len(text)
        lines = [json.loads(line) for line in text.splitlines() if line.startswith(b"{")]
        return [line for line in lines if line["message"] in messages]
