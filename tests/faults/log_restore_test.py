"""The log over a restore: the new epoch names the last checkpoint of the old, and whoever watches says what was lost.

usage: log_restore_test.py YIMAD YIMA
"""
import json
import signal
import subprocess
import sys
import unittest

from programs.logs import forget_tree, import_rows, signed, store_of
from programs.registry import Registry, copy_data

YIMAD, YIMA = sys.argv[1:3]


class RestoreTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry(YIMAD, YIMA)
        self.addCleanup(self.registry.__exit__)
        self.folder = self.registry.folder
        self.trust = self.folder / "share/yima/trust"
        self.backup = self.folder / "backup"
        self.registry.start()
        self.registry.trust()

    def yimad(self, *args, expect=0):
        done = subprocess.run([YIMAD, *map(str, args)], env=self.registry.environment(), capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def yima(self, *args, expect=0):
        return self.registry.yima("log", *args, expect=expect)

    def make_backup(self):
        return json.loads(self.yimad("backup", "--data", self.registry.data, self.backup, "--json").stdout)

    def restore(self, *more, expect=0):
        """Over the data that is lost, with the notes that the verifier holds."""
        self.registry.kill(signal.SIGTERM)
        again = self.folder / "again"
        notes = next(self.trust.glob("*/bundle")).parent
        done = self.yimad("restore", self.backup, "--data", again, "--bundle", notes / "bundle", "--list", notes / "list",
                          "--json", *more, expect=expect)
        if expect:
            self.assertFalse(again.exists())
            return done.stderr
        self.registry.data = again
        self.registry.start()
        return json.loads(done.stdout)

    def restores(self):
        """What the registry's own entries say."""
        return [row["registry"]["restores"] for row in self.registry.objects("log", "entries") if row["registry"]][-1]

    def checkpoint_file(self):
        file = self.folder / "checkpoint"
        file.write_text(signed(self.registry)["note"])
        return file

    def test_nothing_lost_goes_over_without_a_word(self):
        import_rows(self.registry, 300, "A")
        published = self.checkpoint_file()
        import_rows(self.registry, 5, "B")
        before = signed(self.registry)
        self.yima("monitor")
        self.make_backup()
        said = self.restore("--checkpoint", published)  # The backup's own is larger, and stands.
        self.assertEqual((said["epoch"], said["lostEntries"]), (2, "0"))
        # Not before the bundle says that there is another epoch.
        self.assertIn("of epoch 2, the trust bundle kept of epoch 1", self.yima("monitor", expect=1).stderr)
        self.registry.trust()
        signed(self.registry)
        told = self.yima("monitor")
        self.assertIn("opened epoch 2 with " + before["size"], told.stderr)
        self.assertNotIn("lost", told.stderr)
        self.assertEqual(self.restores()[0]["lastCheckpoint"], before["note"])
        self.assertNotIn("lost", self.yima("verify").stderr)
        self.yima("monitor")

    def test_what_was_signed_after_the_backup_is_counted(self):
        import_rows(self.registry, 300, "A")
        size = int(signed(self.registry)["size"])
        self.make_backup()
        import_rows(self.registry, 40, "B")
        published = self.checkpoint_file()
        lost = int(signed(self.registry)["size"]) - size
        self.yima("monitor")
        state = self.folder / "verified"
        self.yima("verify", "--state", state)
        said = self.restore("--checkpoint", published)
        self.assertEqual(said["lostEntries"], str(lost))
        self.registry.trust()
        signed(self.registry)
        self.assertEqual(self.restores()[0]["lastCheckpoint"], published.read_text())
        self.assertIn(f"it lost {lost} entries", self.yima("verify").stderr)
        for command in (("monitor",), ("verify", "--state", state)):
            told = self.yima(*command, expect=6).stderr
            self.assertRegex(told, f"{lost} entries of log [0-9a-f]*/1 that were seen, {size} to {size + lost - 1},")
            self.assertNotIn("does not own up", told)
            self.yima(*command)
        # Each epoch's log has a folder of its own.
        self.yima("export", self.folder / "log")
        self.assertIn(f"it lost {lost} entries", self.yima("verify", self.folder / "log").stderr)

    def test_what_a_restore_does_not_own_up_to_is_named(self):
        import_rows(self.registry, 300, "A")
        size = int(signed(self.registry)["size"])
        self.make_backup()
        self.yima("monitor")
        import_rows(self.registry, 40, "B")
        after = int(signed(self.registry)["size"])
        self.yima("monitor")
        self.restore()
        self.registry.trust()
        signed(self.registry)
        told = self.yima("monitor", expect=6).stderr
        self.assertIn(f"does not own up to {after - size} of them, {size} to {after - 1}", told)
        self.assertEqual(len(list(self.trust.glob("*/log-evidence-*"))), 1)
        self.yima("monitor")

    def test_what_was_seen_before_a_backup_is_compared_with_what_it_brought_back(self):
        import_rows(self.registry, 300, "A")
        signed(self.registry)
        self.yima("monitor")
        import_rows(self.registry, 40, "B")
        signed(self.registry)
        self.yima("monitor")
        # A past that is another, passed off as a backup that lost the last entries.
        self.registry.kill(signal.SIGTERM)
        with store_of(self.registry.data, write=True) as store:
            (entry,) = store.execute("SELECT entry FROM log WHERE idx = 290").fetchone()
            store.execute("UPDATE log SET entry = ? WHERE idx = 290", (bytes(entry).replace(b"140502", b"140503"),))
            store.execute("DELETE FROM log WHERE idx >= 600")
        forget_tree(self.registry.data)
        self.make_backup()
        self.restore()
        self.registry.trust()
        signed(self.registry)
        self.assertIn("were restored as others", self.yima("monitor", expect=6).stderr)

    def test_the_new_epoch_is_signed_over_the_entry_that_opened_it_before_it_is_served(self):
        import_rows(self.registry, 10, "A")
        signed(self.registry)
        self.make_backup()
        self.registry.kill(signal.SIGTERM)
        notes = next(self.trust.glob("*/bundle")).parent
        again = self.folder / "again"
        self.yimad("restore", self.backup, "--data", again, "--bundle", notes / "bundle", "--list", notes / "list")
        with store_of(again) as store:
            (size,) = store.execute("SELECT count(*) FROM log").fetchone()
            (head,) = store.execute("SELECT bytes FROM record72").fetchone()
        self.assertEqual(bytes(head).split(b"\n")[2], str(size).encode())
        self.assertIn(b"/2", bytes(head).split(b"\n")[1])

    def test_a_backup_whose_own_checkpoint_is_of_other_entries_is_refused(self):
        import_rows(self.registry, 300, "A")
        signed(self.registry)
        self.registry.kill(signal.SIGTERM)
        with store_of(self.registry.data, write=True) as store:
            (entry,) = store.execute("SELECT entry FROM log WHERE idx = 290").fetchone()
            store.execute("UPDATE log SET entry = ? WHERE idx = 290", (bytes(entry).replace(b"140502", b"140503"),))
        self.make_backup()
        self.registry.start()
        self.assertIn("are not the first of", self.restore(expect=1))

    def test_a_watcher_who_may_not_read_entries_is_not_told_that_all_is_well(self):
        import_rows(self.registry, 300, "A")
        signed(self.registry)
        self.make_backup()
        import_rows(self.registry, 40, "B")
        signed(self.registry)
        self.yima("monitor")
        self.restore()
        self.registry.trust()
        signed(self.registry)
        words = self.registry.command("log", "monitor")
        told = self.registry.run(words, 6, "", {"YIMA_TOKEN": ""}).stderr
        self.assertIn("does not begin with", told)
        self.assertEqual(len(list(self.trust.glob("*/log-evidence-*"))), 1)

    def test_a_server_that_goes_on_under_the_old_epoch_is_a_fork(self):
        import_rows(self.registry, 10, "A")
        signed(self.registry)
        self.yima("monitor")
        self.make_backup()
        old = self.registry.data
        self.restore()
        self.registry.trust()
        self.registry.kill(signal.SIGTERM)
        self.registry.data = old
        self.registry.start()
        self.assertIn("goes on with the log of epoch 1", self.yima("monitor", expect=6).stderr)

    def test_a_checkpoint_that_is_not_of_this_log_is_refused_and_leaves_nothing(self):
        import_rows(self.registry, 10, "A")
        note = self.checkpoint_file().read_text()
        self.make_backup()
        with Registry(YIMAD, YIMA) as other:
            other.trust()
            (self.folder / "other").write_text(signed(other)["note"])
        size = note.splitlines()[1]
        (self.folder / "altered").write_text(note.replace(f"\n{size}\n", f"\n{int(size) + 5}\n", 1))
        (self.folder / "short").write_text(note[:20])
        for name, code, reason in (("other", 1, "the backup of registry"), ("altered", 1, "signed by no log key"),
                                   ("short", 2, "signed note"), ("nowhere", 1, "cannot be read")):
            self.assertIn(reason, self.restore("--checkpoint", self.folder / name, expect=code))

    def test_a_backup_of_another_history_than_the_published_one_is_refused(self):
        import_rows(self.registry, 10, "A")
        signed(self.registry)
        self.registry.kill(signal.SIGTERM)
        copy_data(self.registry.data, self.folder / "fork")
        self.registry.start()
        import_rows(self.registry, 1, "B")
        published = self.checkpoint_file()
        self.registry.kill(signal.SIGTERM)
        self.registry.data = self.folder / "fork"
        self.registry.start()
        import_rows(self.registry, 30, "C")
        self.make_backup()
        self.assertIn("are not those that the checkpoint signs", self.restore("--checkpoint", published, expect=1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
