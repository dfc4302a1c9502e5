"""A data folder on a small disk that fills up: said plainly, read from all the same, and recovered from.

usage: full_disk_test.py YIMAD YIMA
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from programs.registry import Registry, write_ledger

SKIPPED = 77
MB = 1 << 20


def main():
    yimad, yima = sys.argv[1], sys.argv[2]
    disk = pathlib.Path(tempfile.mkdtemp(prefix="yima-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={96 * MB}", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        disk.rmdir()
        print("skipped: a small disk can only be mounted by root")
        sys.exit(SKIPPED)
    try:
        with Registry(yimad, yima, disk / "data") as registry:
            fill_up(registry, disk / "ballast")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()


def fill_to_the_brim(ballast):
    with open(ballast, "wb", buffering=0) as file:
        for size in (MB, 4096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


def until(holds, otherwise, meanwhile):
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, otherwise
        meanwhile()


def fill_up(registry, ballast):
    first = write_ledger(registry.folder / "first.csv", 500, "F")
    registry.yima("facilities", "import", first, "--key", "编号", "--create-organizations")
    fill_to_the_brim(ballast)
    until(lambda: registry.readiness()[0] == 503, "health must say that nothing can be written",
          lambda: registry.yima("codes", "issue", "--blank", "1", expect=None))
    refused = registry.yima("codes", "issue", "--blank", "1", expect=1).stderr
    said = refused.strip().splitlines()[-1]
    assert "the disk is full" in said, refused
    ledger = write_ledger(registry.folder / "ledger.csv", 20_000, "L")
    importing = ("facilities", "import", ledger, "--key", "编号")
    registry.yima(*importing, expect=1)
    assert len(registry.objects("facilities", "list")) >= 500, "a full disk must not keep from reading"
    ballast.unlink()
    until(lambda: registry.readiness()[0] == 200, "there is space again, and nobody notices", lambda: time.sleep(0.1))
    registry.yima(*importing)
    listed = len(registry.objects("facilities", "list"))
    assert listed == 20_500, f"{listed} facilities of 20,500 rows"
    registry.kill()
    registry.check()
    print(f"a full disk was said ({said}), read from and recovered from")


main()
