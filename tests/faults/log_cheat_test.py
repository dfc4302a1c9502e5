"""A server that cheats, its data really falsified: who notices, and by what.

usage: log_cheat_test.py YIMAD YIMA
"""
import shutil
import signal
import subprocess
import sys
import unittest

from programs.logs import forget_tree, import_rows, signed, store_of
from programs.registry import Registry, copy_data

YIMAD, YIMA = sys.argv[1:3]


class CheatTest(unittest.TestCase):
    """Somebody has watched the log, and holds its checkpoint, before it is falsified."""

    def setUp(self):
        self.registry = Registry(YIMAD, YIMA)
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        self.registry.trust()
        self.trust = self.registry.folder / "share/yima/trust"
        import_rows(self.registry, 600, "A")
        self.size = int(signed(self.registry)["size"])
        self.monitor()

    def monitor(self, registry=None, expect=0):
        return (registry or self.registry).yima("log", "monitor", "--trust", self.trust, expect=expect).stderr

    def evidence(self):
        return sorted(path.read_text() for path in self.trust.glob("*/log-evidence-*"))

    def stop(self, registry=None):
        (registry or self.registry).kill(signal.SIGTERM)

    def change(self, index):
        """One letter of an entry, and of nothing else."""
        with store_of(self.registry.data, write=True) as store:
            (entry,) = store.execute("SELECT entry FROM log WHERE idx = ?", (index,)).fetchone()
            self.assertIn(b"140502", entry)
            store.execute("UPDATE log SET entry = ? WHERE idx = ?", (bytes(entry).replace(b"140502", b"140503"), index))

    def check(self):
        done = subprocess.run([YIMAD, "check", "--data", self.registry.data], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stdout

    def test_an_entry_changed_is_found_by_the_operator_and_by_who_reads_the_entries(self):
        self.stop()
        self.change(300)
        self.assertIn("tile/0/001 of the log's tree is not what its entries make", self.check())
        self.registry.start()
        told = self.registry.yima("log", "verify", expect=6).stderr
        self.assertIn("entry 300 is not the one that tile/0/001 was made of", told)
        self.assertIn("entry 300 is another than", self.registry.yima("log", "entries", "--from", "256", expect=6).stderr)
        self.assertIn("entry 300 is not", self.registry.yima("log", "export", self.registry.folder / "log", expect=None).stderr
                      + told)

    def test_an_entry_changed_and_signed_anew_is_found_by_who_kept_a_checkpoint(self):
        self.stop()
        self.change(300)
        forget_tree(self.registry.data)
        self.registry.start()
        signed(self.registry)
        self.registry.yima("log", "verify")  # In itself the false log is sound.
        told = self.monitor(expect=6)
        self.assertIn(f"{self.size} entries were signed with two different roots", told)
        self.assertEqual(len(self.evidence()), 1)
        import_rows(self.registry, 2, "B")
        signed(self.registry)
        self.assertIn("are not the beginning of", self.monitor(expect=6))
        self.assertEqual(len(self.evidence()), 2)

    def test_an_entry_removed_is_found_by_everybody(self):
        self.stop()
        with store_of(self.registry.data, write=True) as store:
            store.execute("DELETE FROM log WHERE idx = 300")
        self.assertIn("the log has entry 301 where 300 is wanted", self.check())
        self.registry.start()
        self.assertIn("log entry 300 is missing", self.registry.yima("log", "verify", expect=1).stderr)

    def test_an_entry_removed_and_signed_anew_is_found_by_who_kept_a_checkpoint(self):
        self.stop()
        with store_of(self.registry.data, write=True) as store:
            store.execute("DELETE FROM log WHERE idx = 300")
            store.execute("UPDATE log SET idx = -idx WHERE idx > 300")
            store.execute("UPDATE log SET idx = -idx - 1 WHERE idx < 0")
        forget_tree(self.registry.data)
        self.registry.start()
        signed(self.registry)
        self.assertIn(f"the log has {self.size - 1} entries, {self.size} were signed before", self.monitor(expect=6))
        self.assertEqual(len(self.evidence()), 1)

    def test_two_histories_are_found_by_two_who_compare(self):
        self.stop()
        other = Registry(YIMAD, YIMA)
        self.addCleanup(other.__exit__)
        shutil.rmtree(other.data)
        copy_data(self.registry.data, other.data)
        for registry, name in ((self.registry, "A2"), (other, "B2")):
            registry.start()
            import_rows(registry, 3, name)
            signed(registry, "--trust", self.trust)
        kept = self.monitor()
        self.assertEqual(kept, "")
        # The same signed size, then a longer and a shorter one.
        self.assertIn("were signed with two different roots", self.monitor(other, expect=6))
        import_rows(other, 5, "B3")
        signed(other, "--trust", self.trust)
        self.assertIn("are not the beginning of", self.monitor(other, expect=6))
        import_rows(self.registry, 20, "A3")
        signed(self.registry)
        self.monitor()
        self.assertIn("were signed before", self.monitor(other, expect=6))
        notes = self.evidence()
        self.assertEqual(len(notes), 3)
        for note in notes:
            origin = note.splitlines()[2]
            self.assertEqual(note.count(origin + "\n"), 2, note)
            self.assertEqual(note.count("— "), 2, note)
        # What was seen first stays what is held.
        self.assertEqual(self.monitor(), "")

    def test_a_record_that_says_other_than_its_history_is_found(self):
        uid = self.registry.objects("facilities", "list")[0]["uid"]
        self.stop()
        with store_of(self.registry.data, write=True) as store:
            (record,) = store.execute("SELECT bytes FROM record1 WHERE id = ?", (uid,)).fetchone()
            store.execute("UPDATE record1 SET bytes = ? WHERE id = ?", (bytes(record).replace(b"140502", b"140503"), uid))
        self.assertIn(f"facility {uid} differs from its last log entry", self.check())
        self.registry.start()
        self.registry.yima("log", "verify")
        shown = self.registry.objects("facilities", "show", f"uid:{uid}")[0]
        logged = [row["facility"] for row in self.registry.objects("log", "entries") if row["facility"]
                  and row["facility"]["uid"] == uid][-1]
        shown = shown.get("facility", shown)
        self.assertNotEqual(shown["division"], logged["division"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
