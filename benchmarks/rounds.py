"""Run the ways of a benchmark in turn, each in a process of its own, and keep the best round of each."""

import json
import subprocess
import sys


def best(script: str, ways: tuple[str, ...], rounds: int, *arguments: str, env: dict | None = None) -> dict[str, dict]:
    """Return each way's best result: `script --one WAY` prints it as JSON on its last line, with its seconds."""
    found: dict[str, dict] = {}
    for _ in range(rounds):
        for way in ways:
            command = [sys.executable, script, "--one", way, *arguments]
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
            result = json.loads(done.stdout.splitlines()[-1])
            if way not in found or result["seconds"] < found[way]["seconds"]:
                found[way] = result
    return found
