"""A disk that fails or hangs for a while: said plainly, read from all the same, and written to again without a restart.

usage: disk_error_test.py YIMAD YIMA, with FAIL_WHILE_LIBRARY in the environment
"""
import json
import os
import sys
import threading
import time

from programs.registry import Registry, write_ledger

ROWS = 500


def until_ready(registry, status):
    deadline = time.monotonic() + 60
    while registry.readiness()[0] != status:
        assert time.monotonic() < deadline, f"/readyz never said {status}"
        time.sleep(0.05)


def fail_for_a_while(registry, mark, what, printed):
    """Lets `what` fail while blank codes are issued; gives the refusal."""
    issuing = threading.Event()

    def issue():
        while not issuing.is_set():
            done = registry.yima("codes", "issue", "--blank", "20", "--json", expect=None)
            printed.extend(done.stdout.splitlines())

    worker = threading.Thread(target=issue)
    worker.start()
    time.sleep(0.3)
    mark.write_text(what)
    until_ready(registry, 503)
    refused = registry.yima("codes", "issue", "--blank", "1", expect=4).stderr
    assert "the disk fails" in refused and "once the disk of the server works" in refused, refused
    assert len(registry.objects("facilities", "list")) == ROWS, "a failing disk must not keep from reading"
    mark.unlink()
    until_ready(registry, 200)
    issuing.set()
    worker.join()
    printed.extend(registry.yima("codes", "issue", "--blank", "20", "--json").stdout.splitlines())
    return refused.strip().splitlines()[0]


def hang_for_a_while(registry, mark, printed):
    """Lets syncs hang while a blank code is issued, which is answered once they have ended."""
    answers = []
    worker = threading.Thread(target=lambda: answers.append(registry.yima("codes", "issue", "--blank", "1", "--json", expect=None)))
    mark.write_text("hang")
    try:
        worker.start()
        until_ready(registry, 503)
        assert registry.readiness() == (503, "DISK_HANGS"), registry.readiness()
        assert len(registry.objects("facilities", "list")) == ROWS, "a hanging disk must not keep from reading"
        assert worker.is_alive(), "answered though nothing was durable"
    finally:
        mark.unlink()
        worker.join()
    until_ready(registry, 200)
    assert answers[0].returncode == 0, answers[0].stderr
    printed.extend(answers[0].stdout.splitlines())


def main():
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        registry.kill()
        mark = registry.folder / "disk-fails"
        registry.start(LD_PRELOAD=os.environ["FAIL_WHILE_LIBRARY"], FAIL_WHILE=str(mark))
        ledger = write_ledger(registry.folder / "ledger.csv", ROWS, "F")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        printed = []
        for what in ("everything", "syncs", "everything"):
            said = fail_for_a_while(registry, mark, what, printed)
        hang_for_a_while(registry, mark, printed)
        listed = {code["serial"]: code["text"] for code in registry.objects("codes", "list")}
        registry.kill()
        registry.check()
        for code in map(json.loads, printed):
            assert listed.get(code["serial"]) == code["text"], f"{code} was printed and is lost"
        print(f"a failing disk was said ({said}), read from and written to again; {len(printed)} codes printed, none lost")


main()
