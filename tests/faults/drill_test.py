"""The drill: back up, issue on, lose the disk, restore, reclaim. No serial is given twice and every plate resolves.

usage: drill_test.py YIMAD YIMA
"""
import csv
import json
import pathlib
import shutil
import signal
import subprocess
import sys

from programs.registry import Registry, write_ledger

ROWS = 1300
WHERE = ("--where", "class=01001")


class Drill:
    def __init__(self, registry):
        self.registry = registry
        self.folder = registry.folder
        self.codes = {}  # serial → what it was issued as

    def yimad(self, *args):
        done = subprocess.run([self.registry.yimad, *map(str, args)], env=self.registry.environment(), capture_output=True,
                              text=True, timeout=300)
        assert done.returncode == 0, f"{args}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def take(self, codes):
        """Takes note of new codes, none of which may have been given before."""
        for code in codes:
            assert code["serial"] not in self.codes, f"serial {code['serial']} was given twice"
            self.codes[code["serial"]] = code
        return codes

    def labels(self, name, *selection):
        self.registry.yima("labels", *selection, "--template", "sticker-40", "--out", self.folder / name)
        return self.folder / name.replace(".pdf", ".manifest.csv")

    def states(self):
        """Serial → state, as a scan of each plate says."""
        texts = "\n".join(code["text"] for code in self.codes.values())
        answers = self.registry.objects("resolve", stdin=texts + "\n", expect=None)
        assert len(answers) == len(self.codes)
        for answer in answers:
            assert answer["verdict"] == "AUTHENTIC", answer
        return {answer["serial"]: (answer["state"], answer.get("facility", {}).get("uid") if answer.get("facility") else None)
                for answer in answers}

    def reclaim(self, manifest, *more, expect=0):
        return self.registry.objects("codes", "reclaim", manifest, *more, expect=expect)


def before_the_loss(drill):
    """A registry with a backup, 1,000 codes issued since, and trust published after that. Gives the manifests."""
    registry = drill.registry
    ledger = write_ledger(drill.folder / "ledger.csv", ROWS, "L")
    registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
    uids = [facility["uid"] for facility in registry.objects("facilities", "list", *WHERE)]
    for uid in uids[:300]:
        drill.take(registry.objects("codes", "issue", "--facility", f"uid:{uid}"))
    drill.take(registry.objects("codes", "issue", "--blank", "20"))
    drill.yimad("backup", "--data", registry.data, drill.folder / "backup")

    issued = drill.take(registry.objects("codes", "issue", *WHERE))
    assert len(issued) == 1000, len(issued)
    blanks = drill.take(registry.objects("codes", "issue", "--blank", "30"))
    manifests = [drill.labels("issued.pdf", *WHERE), drill.labels("blank.pdf", "--batch", blanks[0]["batch"])]
    kept = next(iter(drill.codes))
    for serial in (kept, issued[0]["serial"], blanks[0]["serial"]):
        registry.yima("codes", "revoke", serial, "--reason", "stolen")
    drill.bound_since = (next(code["serial"] for code in drill.codes.values() if code["state"] == "BLANK"),
                         f"uid:{drill.codes[kept]['facility']}")
    registry.yima("codes", "bind", *drill.bound_since)
    registry.trust()
    registry.kill(signal.SIGTERM)
    published = pathlib.Path(drill.yimad("trust", "export", "--data", registry.data, "-o", drill.folder / "published").strip())
    registry.start()
    return manifests, published


def lose_and_restore(drill, published):
    registry = drill.registry
    registry.kill()
    shutil.rmtree(registry.data)
    said = json.loads(drill.yimad("restore", drill.folder / "backup", "--data", registry.data, "--bundle", published / "bundle",
                                  "--list", published / "list", "--json"))
    assert said["epoch"] == 2, said
    registry.check()
    registry.start()
    # Who held the old trust takes the new: nothing in it goes back.
    registry.yima("trust", "fetch")


def prove_reclaiming(drill, manifests, before):
    registry = drill.registry
    outcomes = [outcome for manifest in manifests for outcome in drill.reclaim(manifest)]
    entered = [outcome for outcome in outcomes if outcome["entered"]]
    assert {outcome["reason"] for outcome in outcomes} <= {"", "CODE_STANDS"}, outcomes
    again = [outcome for manifest in manifests for outcome in drill.reclaim(manifest)]
    assert {outcome["reason"] for outcome in again} == {"CODE_STANDS"}, "the same manifest again changes nothing"
    after = drill.states()
    different = {serial: (before[serial], after[serial]) for serial in before if before[serial] != after[serial]}
    # Bound by hand since, which no manifest tells: to be bound again.
    assert set(different) == {drill.bound_since[0]}, different
    registry.yima("codes", "bind", *drill.bound_since)
    assert drill.states() == before
    registry.kill(signal.SIGTERM)
    registry.check()
    registry.start()
    return len(entered)


def prove_refusals(drill, manifest):
    registry = drill.registry
    with open(manifest, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text, other = rows[0]["text"], rows[1]["facility"]
    forged = text[:-1] + ("1" if text[-1] == "0" else "0")
    bad = drill.folder / "bad.csv"
    bad.write_text(f"text,facility\n{forged},\nHTTPS://ELSEWHERE.CN/1,\n{text},{other}\n{text},\n", encoding="utf-8")
    reasons = [outcome["reason"] for outcome in drill.reclaim(bad, expect=1)]
    assert reasons == ["PLATE_NOT_AUTHENTIC", "PLATE_NOT_AUTHENTIC", "CODE_STANDS", "PLATE_REPEATED"], reasons
    bad.write_text("serial,facility\n1,\n", encoding="utf-8")
    said = registry.yima("codes", "reclaim", bad, expect=2).stderr
    assert "bad.csv:1: no column is called text" in said, said


def main():
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        drill = Drill(registry)
        manifests, published = before_the_loss(drill)
        before = drill.states()
        lose_and_restore(drill, published)
        entered = prove_reclaiming(drill, manifests, before)
        prove_refusals(drill, manifests[0])
        drill.take(registry.objects("codes", "issue", "--blank", "50"))
        assert all(int(serial) >> 32 == 2 for serial in list(drill.codes)[-50:])
        registry.kill(signal.SIGTERM)
        registry.check()
        print(f"{len(drill.codes)} codes, {entered} of them reclaimed; no serial twice, all plates authentic")


main()
