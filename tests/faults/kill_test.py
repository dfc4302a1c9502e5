"""Kills the server at random moments during import and issue; the same command again must finish the work.

usage: kill_test.py YIMAD YIMA [MOMENTS] [SEED]
"""
import json
import os
import random
import sys
import time

from programs.registry import Registry, write_ledger

ROWS = 2000
SERVER_NOT_REACHED = 4
ISSUE = ("codes", "issue", "--where", "class=01001", "--json")


class Tally:
    """What was acknowledged so far, to be found again at the end."""

    def __init__(self):
        self.unanswered = 0
        self.begun = 0
        self.facilities = 0
        self.texts = {}  # By serial, of every code that was ever printed.

    def take_codes(self, lines):
        for line in lines:
            code = json.loads(line)
            assert self.texts.setdefault(code["serial"], code["text"]) == code["text"], "a serial was printed with two texts"


def batches(registry):
    return {batch["id"]: batch["state"] for batch in registry.objects("batches", "list")}


class Window:
    """The seconds of a command in which its batch is under way, learnt so that most moments hit however busy the machine is."""

    def __init__(self, late):
        self.early = 0
        self.late = late

    def learn(self, moment, begun, answered):
        if answered:
            self.late = max(moment, 0.02)
        elif not begun:
            self.early = moment
            self.late *= 1.1
        else:
            self.early *= 0.9
            self.late *= 1.1
        self.early = min(self.early, self.late / 2)


def interrupted(registry, args, window, rng, tally):
    """Runs a command and kills the server under it; gives the whole lines that were printed by then.

    A write was unanswered if the command says so and its batch stands all the same: then the server was at work, and not
    merely out of reach before or after.
    """
    before = batches(registry)
    with open(registry.folder / "printed", "wb") as printed:
        running = registry.begin(*args, stdout=printed)
        moment = rng.uniform(window.early if rng.random() < 0.8 else 0, window.late)
        time.sleep(moment)
        registry.kill()
        said = running.communicate(timeout=120)[1].decode()
    assert running.returncode in (0, SERVER_NOT_REACHED), f"exit {running.returncode}: {said}"
    if rng.random() < 0.2:
        registry.check()  # As the kill left it, not only as the next command mends it.
    registry.start()
    new = {number: state for number, state in batches(registry).items() if number not in before}
    window.learn(moment, begun=len(new) > 0, answered=running.returncode == 0)
    assert len(new) <= 1, f"one command began {len(new)} batches"
    assert running.returncode != 0 or list(new.values()) == ["DONE"], f"the command was answered, its batch is {new}"
    tally.unanswered += running.returncode == SERVER_NOT_REACHED and len(new) == 1
    tally.begun += "RUNNING" in new.values()
    return [line for line in (registry.folder / "printed").read_text().splitlines(keepends=True) if line.endswith("\n")]


def one_round(registry, number, windows, rng, tally):
    ledger = write_ledger(registry.folder / f"ledger-{number}.csv", ROWS, f"R{number}")
    importing = ("facilities", "import", ledger, "--key", "编号", "--json")
    interrupted(registry, importing, windows["import"], rng, tally)
    report = registry.objects(*importing)[-1]
    assert int(report["created"]) + int(report["unchanged"]) == ROWS, report
    tally.facilities += ROWS
    assert len(registry.objects("facilities", "list", "--where", "coded=no")) == ROWS, "rows are lost or doubled"

    cut = interrupted(registry, ISSUE, windows["issue"], rng, tally)
    tally.take_codes(cut)
    whole = registry.yima(*ISSUE).stdout.splitlines()
    if len(cut) < ROWS:
        assert len(whole) == ROWS, f"the same command printed {len(whole)} codes of a batch of {ROWS}"
    tally.take_codes(whole)
    assert len(tally.texts) == tally.facilities, f"{len(tally.texts)} codes printed for {tally.facilities} facilities"


def verify_all(registry, tally):
    codes = registry.objects("codes", "list", "--where", "class=01001")
    assert {code["serial"]: code["text"] for code in codes} == tally.texts, "codes that were printed are not those that stand"
    assert len(codes) == tally.facilities, f"{len(codes)} codes for {tally.facilities} facilities"
    assert {code["state"] for code in codes} == {"ACTIVE"}
    assert len({code["facility"] for code in codes}) == tally.facilities, "a facility has two active codes"
    assert len({code["facilityCode"] for code in codes}) == tally.facilities, "two facilities have one code"
    assert registry.yima(*ISSUE).stdout == "", "codes were issued for coded facilities"
    registry.kill()
    registry.check()


def main():
    moments = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    tally = Tally()
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        ledger = write_ledger(registry.folder / "warm-up.csv", ROWS, "W")
        windows = {}
        began = time.monotonic()
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        windows["import"] = Window(time.monotonic() - began)
        tally.facilities += ROWS
        began = time.monotonic()
        tally.take_codes(registry.yima(*ISSUE).stdout.splitlines())
        windows["issue"] = Window(time.monotonic() - began)
        rounds = 0
        while tally.unanswered < moments:
            rounds += 1
            assert rounds < 10 * moments, "the server is never hit while it writes"
            one_round(registry, rounds, windows, rng, tally)
        verify_all(registry, tally)
        print(f"{tally.unanswered} kills with a write unanswered, {tally.begun} of them amid a batch, in {rounds} rounds; "
              f"{tally.facilities} facilities, each with one code")


main()
