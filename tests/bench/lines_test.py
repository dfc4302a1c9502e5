"""Every bench prints one JSON object with the fields that others read. What it measures is not asserted."""
import json
import pathlib
import subprocess
import sys
import tempfile

BENCH, YIMAD, YIMA = sys.argv[1:]
NAMES = ["issue", "import", "resolve", "resolve_tls", "resolve_stream", "access", "verify", "symbol", "sheet", "single_write", "flood",
         "backup", "restart", "page", "page_slow", "nearby", "coverage", "watch", "history",
         "rights_notice",
         "memory_import", "memory_issue", "memory_labels", "memory_rights",
         "certificate", "verify_certificate",
         "log_integrate", "log_verify", "log_proof"]
FIELDS = ["bench", "value", "unit", "floor", "floor_unit", "ratio", "bar", "better", "met"]


def run(work, *words):
    return subprocess.run([BENCH, "--work", work, "--yimad", YIMAD, "--yima", YIMA, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


def check(line):
    assert list(line) == FIELDS, line
    assert line["value"] > 0 and line["bar"] > 0, line
    assert line["better"] in ("min", "max") and isinstance(line["met"], bool), line
    for field in ("floor", "ratio"):
        assert line[field] is None or line[field] > 0, line


# In the build folder, which lies on a disk: a registry in memory is refused.
with tempfile.TemporaryDirectory(dir=pathlib.Path(BENCH).parent) as work:
    done = run(work, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["bench"] for line in lines] == NAMES, done.stdout
    for line in lines:
        check(line)
    assert not list(pathlib.Path(work).glob("*-*/yima.db")), "registries are left behind"

    unknown = run(work, "nothing")
    assert unknown.returncode == 2 and '"nothing"' in unknown.stderr, unknown.stderr
print(f"{len(lines)} lines")
