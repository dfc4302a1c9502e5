"""Kills the server at random moments while facilities are edited one by one and by a filter, while the log's tree is signed, and
while the log is exported: nothing acknowledged is lost, no write acts twice, and no two trees of one log are ever signed.

usage: record_kill_test.py YIMAD YIMA [MOMENTS] [SEED]
"""
import os
import random
import sys
import threading
import time

from programs.logs import signed
from programs.registry import Registry, write_ledger

ROWS = 1000
EDITORS = 3
SERVER_NOT_REACHED = 4


class Editor(threading.Thread):
    """Gives one facility an address after another until the server is gone."""

    def __init__(self, registry, uid, acknowledged):
        super().__init__()
        self.registry, self.uid, self.acknowledged = registry, uid, acknowledged
        self.asked = None  # Was sent last, and not answered.

    def run(self):
        while True:
            self.asked = f"No. {len(self.acknowledged)} of {self.uid} {random.randrange(1 << 30)}"
            done = self.registry.yima("facilities", "update", f"uid:{self.uid}", f"address={self.asked}", "--json", expect=None)
            if done.returncode != 0:
                assert done.returncode == SERVER_NOT_REACHED, done.stderr
                return
            self.acknowledged.append(self.asked)
            self.asked = None


def address_of(registry, uid):
    [facility] = registry.objects("facilities", "show", f"uid:{uid}")
    return facility["address"]


def one_moment(registry, number, batch, edited, seconds, rng):
    """One kill, and what must hold after it; gives how many writes were unanswered and done all the same, or half done.

    `seconds` learns how long an edit of the batch takes, so that most moments lie within it however busy the machine is.
    """
    export = registry.folder / "export"
    source = f"moment {number}"
    setting = ("facilities", "set", f"data_source={source}", "--where", f"batch={batch}", "--yes", "--json")
    running = [registry.begin(*setting), registry.begin("log", "export", export)]
    editors = [Editor(registry, uid, acknowledged) for uid, acknowledged in edited.items()]
    for editor in editors:
        editor.start()
    moment = rng.uniform(0, seconds[0])
    time.sleep(moment)
    registry.kill()
    for editor in editors:
        editor.join()
    for process in running:
        said = process.communicate(timeout=120)[1].decode()
        assert process.returncode in (0, SERVER_NOT_REACHED), f"exit {process.returncode}: {said}"
    seconds[0] = max(moment, 0.05) if running[0].returncode == 0 else seconds[0] * 1.1
    if rng.random() < 0.15:
        registry.check()  # As the kill left it, not only as what follows mends it.
    registry.start()

    unanswered = 0
    for editor in editors:
        stands = address_of(registry, editor.uid)
        last = editor.acknowledged[-1] if editor.acknowledged else ""
        assert stands in (last, editor.asked), f"{editor.uid} says {stands}, acknowledged was {last}, asked for {editor.asked}"
        if stands != last:
            unanswered += 1
            editor.acknowledged.append(stands)
    half_done = any(batch["state"] == "RUNNING" for batch in registry.objects("batches", "list"))
    finish_edit(registry, setting, batch, source)
    registry.yima("log", "export", export)
    registry.yima("log", "monitor")
    return unanswered + half_done


def finish_edit(registry, setting, batch, source):
    """The same command goes on where it stopped."""
    registry.yima(*setting)
    assert not any(begun["state"] == "RUNNING" for begun in registry.objects("batches", "list")), "an edit is left half done"
    sources = [facility["dataSource"] for facility in registry.objects("facilities", "list", "--where", f"batch={batch}")]
    assert sources == [source] * ROWS, f"{sources.count(source)} of {len(sources)} facilities have what was set"


def check_histories(registry, edited):
    for uid, acknowledged in edited.items():
        told = [change["after"] for entry in registry.objects("facilities", "history", f"uid:{uid}")
                for change in entry["changes"] if change["path"] == "address"]
        assert sorted(told) == sorted(acknowledged), f"the history of {uid} is not what was acknowledged"


def main():
    moments = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        batches = []
        for name, rows in (("edited-by-filter", ROWS), ("edited-one-by-one", EDITORS)):
            ledger = write_ledger(registry.folder / f"{name}.csv", rows, name)
            registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
            batches.append(registry.objects("batches", "list")[0]["id"])
        registry.trust()
        signed(registry)
        edited = {facility["uid"]: [] for facility in registry.objects("facilities", "list", "--where", f"batch={batches[1]}")}
        seconds = [1.0]
        kills = unanswered = 0
        while kills < moments or unanswered < moments // 6:
            assert kills < 5 * moments, f"only {unanswered} writes were under way when the server was killed"
            unanswered += one_moment(registry, kills, batches[0], edited, seconds, rng)
            kills += 1
        check_histories(registry, edited)
        signed(registry)
        export = registry.folder / "export"
        registry.yima("log", "export", export)
        registry.yima("log", "verify", export)
        registry.yima("log", "verify")
        registry.kill()
        registry.check()
        print(f"{kills} kills, {unanswered} writes unanswered or half done, "
              f"{sum(map(len, edited.values()))} single edits, each in its history once")


main()
