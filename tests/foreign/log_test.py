"""An exported log, read by a program that knows nothing of ours. usage: log_test.py NODE YIMAD YIMA"""
import pathlib
import subprocess
import sys
import time

from programs.registry import Registry, write_ledger

NODE, YIMAD, YIMA = sys.argv[1:]
READER = pathlib.Path(__file__).parent / "log.mjs"


def read(*words, expect=0):
    done = subprocess.run([NODE, READER, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


assert "all vectors agree" in read(READER.parents[1] / "vectors/log.json")
with Registry(YIMAD, YIMA) as registry:
    registry.trust()
    ledger = write_ledger(registry.folder / "ledger.csv", 600, "a")
    registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
    while int(registry.objects("log", "checkpoint")[0]["size"]) < 600:
        time.sleep(0.05)
    log = registry.folder / "log"
    size = registry.objects("log", "export", log)[0]["size"]
    bundle = next((registry.folder / "share/yima/trust").glob("*/bundle")).read_text().splitlines()
    key = next(line.split()[1] for line in bundle if line.startswith("log "))
    origin = (log / "checkpoint").read_text().splitlines()[0]
    assert f"{size} entries are as signed" in read(log, origin, key)

    assert "CHECKPOINT_OF_ANOTHER_LOG" in read(log, origin + "1", key, expect=1)
    assert "CHECKPOINT_UNSIGNED" in read(log, origin, registry.root, expect=1)
    entries = log / "tile/entries/001"
    entries.write_bytes(entries.read_bytes()[:-1] + b"\x7f")
    assert "is not what the entries make" in read(log, origin, key, expect=1)
print("a stranger reads the log")
