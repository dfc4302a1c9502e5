"""Data folders of older versions, opened by today's programs: sound, every code resolved, and more issued.

usage: upgrade_test.py YIMAD YIMA
"""
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tarfile
import unittest

from programs.registry import Registry

HERE = pathlib.Path(__file__).parent
# Schema → the root key of its folder.
FOLDERS = {1: "709d4cbd1dfae1a32d9ca9d4c4741c3525e04e4e2af7fcb88bd3ca76b85355dd",
           2: "d80b1e9691032c65743502f19b6b7bb2557a0572589440bc5bbdfe3741a9d484",
           3: "98d1e046c3c9d49ea38c3e280ef91959c3e1db6e9f9822dd0fa51d67662c2852",
           4: "1e5f9787772e4a71a31df35b4d491a0a6ea720ea873a806db187d74ca1937da6"}


class Upgraded(Registry):
    """A copy of an old folder in the place of a new registry."""

    def __init__(self, schema):
        super().__init__()
        with tarfile.open(HERE / f"schema-{schema}.tar.xz") as archive:
            archive.extractall(self.folder / "old", filter="data")
        [database] = (self.folder / "old").rglob("yima.db")
        self.data = database.parent
        self.root = FOLDERS[schema]

    def schema(self):
        with sqlite3.connect(f"file:{self.data / 'yima.db'}?mode=ro", uri=True) as store:
            return store.execute("PRAGMA user_version").fetchone()[0]


class UpgradeTest(unittest.TestCase):
    def test_every_schema_has_its_folder(self):
        steps = (HERE.parents[1] / "server/store/sqlite_schema.cc").read_text().count("std::string StepToVersion")
        self.assertEqual(sorted(FOLDERS), list(range(1, steps)), "the schema before the newest has no folder here")

    def test_folders_of_older_versions_go_on(self):
        for schema in FOLDERS:
            with self.subTest(schema=schema):
                registry = Upgraded(schema)
                self.addCleanup(registry.__exit__)
                self.assertEqual(registry.schema(), schema)
                self.goes_on(registry, (HERE / f"schema-{schema}.codes.txt").read_text())
                self.assertGreater(registry.schema(), schema)

    def goes_on(self, registry, texts):
        before = subprocess.run([registry.yimad, "check", "--data", registry.data], capture_output=True, text=True)
        self.assertIn("start yimad serve once", before.stderr)
        registry.start()
        registry.trust()
        answers = registry.objects("resolve", stdin=texts, expect=None)
        self.assertEqual({answer["verdict"] for answer in answers}, {"AUTHENTIC"})
        states = [answer["state"] for answer in answers]
        self.assertEqual(states, ["REVOKED"] + ["ACTIVE"] * (len(states) - 4) + ["BLANK"] * 3)
        offline = registry.objects("verify", stdin=texts, expect=None)
        self.assertEqual([answer["verdict"] for answer in offline], ["AUTHENTIC"] * len(states))
        [new] = registry.objects("codes", "issue", "--blank", "1")
        self.assertNotIn(new["serial"], [answer["serial"] for answer in answers])
        self.has_its_past(registry)
        registry.kill(signal.SIGTERM)
        registry.check()

    def has_its_past(self, registry):
        """Histories and places were not kept by then."""
        facility = registry.objects("facilities", "list")[0]
        entries = registry.objects("facilities", "history", f"uid:{facility['uid']}")
        of_facility = [entry for entry in entries if entry["code"] == "0"]
        self.assertEqual([int(entry["revision"]) for entry in of_facility], list(range(len(of_facility), 0, -1)))
        self.assertGreater(len(of_facility), 0)
        whole = registry.objects("watch", "--from", "1-0", "--once")
        self.assertEqual([int(change["index"]) for change in whole], list(range(len(whole))))
        for each in registry.objects("facilities", "list"):
            position = each["position"] or {}
            if position.get("longitude") is None:
                continue
            point = f"{position['longitude']},{position['latitude']}"
            near = registry.objects("facilities", "near", point, "--within", "1")
            self.assertIn(each["uid"], [found["facility"]["uid"] for found in near])

    def test_an_older_folder_can_be_backed_up_before_it_is_opened(self):
        registry = Upgraded(1)
        self.addCleanup(registry.__exit__)
        subprocess.run([registry.yimad, "backup", "--data", registry.data, registry.folder / "backup"], check=True,
                       capture_output=True)
        self.assertEqual(registry.schema(), 1)
        again = registry.folder / "again"
        subprocess.run([registry.yimad, "restore", registry.folder / "backup", "--data", again, "--nothing-published"],
                       check=True, capture_output=True, env=registry.environment())
        registry.data = again
        registry.check()


if __name__ == "__main__":
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
