"""Kills the server at random moments during import and issue; the same command again must finish the work.

usage: kill_test.py YIMAD YIMA [MOMENTS] [SEED]
"""
import os
import random
import sys
import time

from registry import Registry, write_ledger

ROWS = 4000


def interrupted(registry, args, seconds_max, rng):
    """Runs a command and kills the server under it. True when the command was left unanswered."""
    running = registry.begin(*args)
    time.sleep(rng.uniform(0, seconds_max))
    registry.kill()
    running.communicate(timeout=120)
    registry.start()
    return running.returncode != 0


def main():
    yimad, yima = sys.argv[1], sys.argv[2]
    moments = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    rng = random.Random(seed)
    with Registry(yimad, yima) as registry:
        ledger = write_ledger(registry.folder / "warm-up.csv", ROWS, "W")
        began = time.monotonic()
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        import_seconds = time.monotonic() - began
        began = time.monotonic()
        registry.yima("codes", "issue", "--where", "class=01001")
        issue_seconds = time.monotonic() - began

        unanswered, rounds, facilities = 0, 0, ROWS
        while unanswered < moments:
            rounds += 1
            assert rounds < 10 * moments, "the server is never hit while it writes"
            ledger = write_ledger(registry.folder / f"ledger-{rounds}.csv", ROWS, f"R{rounds}")
            importing = ("facilities", "import", ledger, "--key", "编号")
            unanswered += interrupted(registry, importing, import_seconds, rng)
            registry.yima(*importing)
            facilities += ROWS
            issuing = ("codes", "issue", "--where", "class=01001")
            unanswered += interrupted(registry, issuing, issue_seconds, rng)
            registry.yima(*issuing)

        codes = registry.objects("codes", "list", "--where", "class=01001")
        assert len(codes) == facilities, f"{len(codes)} codes for {facilities} facilities"
        assert len({code["serial"] for code in codes}) == facilities, "a serial stands twice"
        assert len({code["facilityCode"] for code in codes}) == facilities, "a facility has two active codes"
        again = registry.objects("codes", "issue", "--where", "class=01001")
        assert not [code for code in again if "serial" in code], "codes were issued for coded facilities"
        registry.kill()
        registry.check()
        print(f"{unanswered} kills with a write unanswered in {rounds} rounds; {facilities} facilities, each one code")


main()
