"""SIGTERM in the middle of import and issue: the server ends well, and the same command again finishes the work.

usage: stop_test.py YIMAD YIMA
"""
import signal
import sys
import time

from programs.registry import Registry, write_ledger

ROWS = 8000


def stopped_under_way(registry, args):
    """Stops the server once it has written something of a command. True when the command was left unfinished."""
    log = registry.data / "yima.db-wal"
    before = log.stat().st_size if log.exists() else 0
    running = registry.begin(*args)
    while running.poll() is None and (not log.exists() or log.stat().st_size <= before):
        time.sleep(0.001)
    registry.kill(signal.SIGTERM)
    assert registry.process.returncode == 0, f"exit {registry.process.returncode} of a server that was told to stop"
    registry.check()
    running.communicate(timeout=120)
    registry.start()
    return running.returncode != 0


def main():
    yimad, yima = sys.argv[1], sys.argv[2]
    with Registry(yimad, yima) as registry:
        ledger = write_ledger(registry.folder / "ledger.csv", ROWS, "L")
        importing = ("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        unfinished = stopped_under_way(registry, importing)
        registry.yima(*importing)
        facilities = registry.objects("facilities", "list")
        assert len(facilities) == ROWS, f"{len(facilities)} facilities of {ROWS} rows"
        issuing = ("codes", "issue", "--where", "class=01001")
        unfinished += stopped_under_way(registry, issuing)
        registry.yima(*issuing)
        codes = registry.objects("codes", "list", "--where", "class=01001")
        assert len({code["facilityCode"] for code in codes}) == len(codes) == ROWS, f"{len(codes)} codes"
        registry.kill(signal.SIGTERM)
        registry.check()
        print(f"stopped twice, with {unfinished} commands unfinished; {ROWS} facilities, each one code")


main()
