"""Follows the log with `yima watch` over kills and restarts of the server: nothing left out, nothing twice.

usage: watch_test.py YIMAD YIMA [KILLS] [SEED]
"""
import json
import os
import random
import signal
import sqlite3
import sys
import time

from programs.registry import Registry, write_ledger

ROWS = 400
SERVER_NOT_REACHED = 4


def log_size(registry):
    with sqlite3.connect(f"file:{registry.data / 'yima.db'}?mode=ro", uri=True) as store:
        return store.execute("SELECT coalesce(max(idx) + 1, 0) FROM log").fetchone()[0]


def told(path):
    """What the watcher has printed: whole lines alone."""
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def wait_for(path, size):
    deadline = time.monotonic() + 240
    while len(told(path)) < size:
        assert time.monotonic() < deadline, f"{len(told(path))} of {size} entries told"
        time.sleep(0.05)


def main():
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with Registry() as registry:
        printed = registry.folder / "watched"
        with open(printed, "wb") as out:
            watcher = registry.begin("watch", "--from", "1-0", "--json", stdout=out)
        for number in range(kills):
            ledger = write_ledger(registry.folder / f"ledger-{number}.csv", ROWS, f"R{number}")
            importing = ("facilities", "import", ledger, "--key", "编号", "--create-organizations")
            running = registry.begin(*importing)
            time.sleep(rng.uniform(0, 1))
            registry.kill(rng.choice((signal.SIGKILL, signal.SIGTERM)))
            running.communicate(timeout=120)
            assert running.returncode in (0, 1, SERVER_NOT_REACHED), running.returncode
            registry.start()
            registry.yima(*importing)
        size = log_size(registry)
        wait_for(printed, size)

        # Another one, that is killed itself and goes on after the last line it printed.
        changes, token = [], "1-0"
        while len(changes) < size:
            part = registry.folder / "part"
            with open(part, "wb") as out:
                second = registry.begin("watch", "--from", token, "--json", stdout=out)
            time.sleep(rng.uniform(0.1, 0.6))
            second.kill()
            second.communicate()
            changes += told(part)
            token = changes[-1]["token"] if changes else token
        watcher.kill()
        watcher.communicate()

        for each in (told(printed), changes):
            assert [int(change["index"]) for change in each] == list(range(size)), "entries are missing, twice or out of order"
        once = registry.objects("watch", "--from", f"1-{size - 3}", "--once")
        assert [int(change["index"]) for change in once] == [size - 3, size - 2, size - 1], once
        registry.kill(signal.SIGTERM)
        registry.check()
    print(f"{size} entries over {kills} kills")


main()
