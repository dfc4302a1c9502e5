"""Backups: made while a server writes, refused when they are not whole, and restored as the next epoch.

usage: backup_test.py YIMAD YIMA
"""
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

from programs.registry import Registry, copy_data, write_ledger


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.folder = self.registry.folder
        self.backup = self.folder / "backup"
        self.state = self.folder / "state"

    def yimad(self, *args, expect=0):
        done = subprocess.run([self.registry.yimad, *map(str, args)], env=self.registry.environment(), capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def make_backup(self, to=None):
        return json.loads(self.yimad("backup", "--data", self.registry.data, to or self.backup, "--json").stdout)

    def refused(self, *args, expect=1):
        done = self.yimad(*args, expect=expect)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def restore(self, *more, data=None):
        return json.loads(self.yimad("restore", self.backup, "--data", data or self.folder / "again",
                                     *(more or ("--nothing-published",)), "--json").stdout)

    def restore_refused(self, *more, expect=1):
        said = self.refused("restore", self.backup, "--data", self.folder / "again", *(more or ("--nothing-published",)),
                            expect=expect)
        self.assertFalse((self.folder / "again").exists(), said)
        self.assertEqual([path.name for path in self.folder.glob(".*")], [], "something was left behind")
        return said

    def notes(self, name="published", data=None):
        """Bundle and list as they are published now: the options that name them."""
        out = pathlib.Path(self.yimad("trust", "export", "--data", data or self.registry.data, "-o",
                                      self.folder / name).stdout.strip())
        return "--bundle", out / "bundle", "--list", out / "list"

    def note_field(self, note, name):
        return next(line.split()[1] for line in pathlib.Path(note).read_text().splitlines() if line.startswith(name + " "))


class MakingTest(BackupTest):
    def test_is_whole_though_the_server_writes_meanwhile(self):
        self.registry.start()
        ledger = write_ledger(self.folder / "ledger.csv", 20_000, "L")
        importing = threading.Thread(target=self.registry.yima, args=("facilities", "import", ledger, "--key", "编号",
                                                                      "--create-organizations"))
        importing.start()
        logs = []
        while importing.is_alive():
            self.backup = self.folder / f"backup-{len(logs)}"
            logs.append(int(self.make_backup()["logSize"]))
        importing.join()
        self.assertEqual(logs, sorted(logs))
        again = self.folder / "again"
        self.restore(data=again)
        self.yimad("check", "--data", again)
        self.assertTrue((again / "keys" / "root.key").exists())

    def test_holds_the_keys_as_they_lie_and_nothing_that_others_may_read(self):
        self.make_backup()
        for name in ("root", "status", "code-1", "hash"):
            kept = self.backup / "keys" / f"{name}.key"
            self.assertEqual(kept.read_bytes(), (self.registry.data / "keys" / f"{name}.key").read_bytes())
        for path in [self.backup, *self.backup.rglob("*")]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertEqual(sorted(path.name for path in self.backup.iterdir()), ["keys", "manifest", "yima.db"])

    def test_says_of_itself_what_it_holds(self):
        said = self.make_backup()
        lines = (self.backup / "manifest").read_text().splitlines()
        self.assertEqual(lines[:3], ["yima-backup 1", f"registry {said['registry']}", "epoch 1"])
        digest = hashlib.sha256((self.backup / "yima.db").read_bytes()).hexdigest()
        self.assertIn(f"file {digest} {(self.backup / 'yima.db').stat().st_size} yima.db", lines)

    def test_is_never_written_over_another(self):
        for target in (self.backup, self.registry.data):
            target.mkdir(exist_ok=True)
            before = sorted(target.rglob("*"))
            self.assertIn(f"{target} exists", self.refused("backup", "--data", self.registry.data, target))
            self.assertEqual(sorted(target.rglob("*")), before)

    def test_of_no_registry_is_refused(self):
        self.assertIn("holds no registry", self.refused("backup", "--data", self.folder / "nowhere", self.backup))
        self.assertFalse(self.backup.exists())

    def test_what_a_killed_one_left_is_cleared_away(self):
        left = self.folder / ".backup.part"
        left.mkdir()
        (left / "yima.db").write_bytes(b"half")
        self.make_backup()
        self.assertFalse(left.exists())

    def test_a_planted_place_is_not_written_to(self):
        victim = self.folder / "victim"
        victim.mkdir()
        (victim / "theirs").write_text("kept")
        (self.folder / ".backup.part").symlink_to(victim)
        self.yimad("backup", "--data", self.registry.data, self.folder / "backup", expect=1)
        self.assertEqual((victim / "theirs").read_text(), "kept")
        self.assertFalse((self.folder / "backup").exists())

    def test_leaves_nothing_on_a_full_disk(self):
        disk = pathlib.Path(tempfile.mkdtemp(prefix="yima-disk-"))
        self.addCleanup(disk.rmdir)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True).returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.assertIn("the disk is full", self.refused("backup", "--data", self.registry.data, disk / "backup"))
        self.assertEqual(list(disk.iterdir()), [])
        self.make_backup()
        disk_data = disk / "data"
        self.assertIn("the disk is full", self.refused("restore", self.backup, "--data", disk_data, "--nothing-published"))
        self.assertEqual(list(disk.iterdir()), [])

    def test_of_damaged_data_is_refused(self):
        self.registry.start()
        self.registry.yima("codes", "issue", "--blank", "500")
        self.registry.kill()
        with open(self.registry.data / "yima.db-wal", "ab"):
            pass
        with sqlite3.connect(self.registry.data / "yima.db") as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.registry.data / "yima.db", "r+b") as file:
            file.seek(4096 * 9)
            file.write(os.urandom(4096 * 4))
        self.refused("backup", "--data", self.registry.data, self.backup)
        self.assertFalse(self.backup.exists())
        self.assertEqual([path.name for path in self.folder.glob(".*")], [])


class RestoringTest(BackupTest):
    def test_opens_the_next_epoch_and_says_so_in_the_log(self):
        self.make_backup()
        said = self.restore()
        self.assertEqual(said["epoch"], 2)
        with sqlite3.connect(f"file:{self.folder / 'again' / 'yima.db'}?mode=ro", uri=True) as store:
            [(token,), (opened,)] = store.execute("SELECT entry FROM log ORDER BY idx DESC LIMIT 2").fetchall()
        self.assertIn(b"yimad/restore", opened)
        self.assertIn(b"yimad/admin-token", token)
        bundle, held = self.notes(data=self.folder / "again")[1::2]
        self.assertEqual((self.note_field(bundle, "epoch"), self.note_field(held, "epoch")), ("2", "2"))
        self.yimad("check", "--data", self.folder / "again")

    def test_asks_for_what_was_published_or_the_word_that_nothing_was(self):
        self.make_backup()
        bundle = self.notes()[:2]
        for options in (("--json",), bundle, (*self.notes(), "--nothing-published"), (*bundle, "--nothing-published")):
            self.assertIn("--nothing-published as the word", self.restore_refused(*options, expect=2))

    def test_two_restores_of_one_backup_never_open_the_same_epoch(self):
        self.make_backup()
        self.assertEqual([self.restore(data=self.folder / f"again-{n}")["epoch"] for n in range(3)], [2, 3, 4])

    def test_opens_an_epoch_above_the_one_published(self):
        self.make_backup()
        self.restore()
        published = self.notes(data=self.folder / "again")
        shutil.rmtree(self.folder / "again")
        shutil.rmtree(self.state)
        self.assertEqual(self.restore(*published)["epoch"], 3)

    def test_sequences_go_on_above_what_was_published(self):
        self.make_backup()
        self.registry.start()
        self.registry.yima("codes", "issue", "--blank", "1")
        self.registry.kill(15)
        published = self.notes()
        before = {name: int(self.note_field(file, "sequence")) for name, file in zip(("bundle", "list"), published[1::2])}
        self.restore(*published)
        after = self.notes(data=self.folder / "again", name="after")
        for name, file in zip(("bundle", "list"), after[1::2]):
            self.assertGreater(int(self.note_field(file, "sequence")), before[name])

    def test_codes_revoked_since_stay_revoked_recorded_or_not(self):
        self.registry.start()
        kept = self.registry.objects("codes", "issue", "--blank", "3")
        self.make_backup()
        lost = self.registry.objects("codes", "issue", "--blank", "2")
        for code in (kept[0], lost[0]):
            self.registry.yima("codes", "revoke", code["serial"], "--reason", "stolen")
        self.registry.trust()
        self.registry.kill(15)
        published = self.notes()
        said = self.restore(*published)
        self.assertEqual((said["revoked"], said["lost"]), ("1", "1"))
        self.yimad("check", "--data", self.folder / "again")
        revoked = "\n".join(line for line in (self.notes(data=self.folder / "again", name="after")[3]).read_text().splitlines()
                            if line.startswith("revoked"))
        before = "\n".join(line for line in published[3].read_text().splitlines() if line.startswith("revoked"))
        self.assertEqual(revoked, before)

    def test_two_at_once_into_one_folder_are_one_and_a_refusal(self):
        self.make_backup()
        data = self.folder / "again"
        words = [self.registry.yimad, "restore", self.backup, "--data", data, "--nothing-published"]
        for step in itertools.count(1):
            shutil.rmtree(data, ignore_errors=True)
            first = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                     env=self.registry.environment(LD_PRELOAD=os.environ["KILL_AT_LIBRARY"], STOP_AT=str(step)))
            _, status = os.waitpid(first.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                first.returncode = status
                break
            second = subprocess.run(words, env=self.registry.environment(), capture_output=True, text=True, timeout=60)
            os.kill(first.pid, signal.SIGCONT)
            # Before the first has begun to make the folder, the second is first.
            told = sorted([(first.wait(timeout=60), first.stderr.read()), (second.returncode, second.stderr)])
            self.assertEqual([code for code, _ in told], [0, 1], f"at step {step}: {told}")
            self.assertRegex(told[1][1], "another process is making|another process has made|is not an empty folder", f"at step {step}")
            first.stderr.close()
            self.yimad("check", "--data", data)
        self.assertEqual(first.returncode, 0, first.stderr.read())
        first.stderr.close()
        self.assertGreater(step, 20)

    def test_tokens_hold_no_more_but_a_new_one_of_the_administrator(self):
        self.registry.start()
        made = self.registry.objects("access", "tokens", "create")[0]
        self.make_backup()
        self.registry.yima("access", "tokens", "revoke", made["id"])
        old = self.registry.token
        self.registry.kill(15)
        shutil.rmtree(self.registry.data)
        self.assertEqual(self.restore(data=self.registry.data)["tokens"], "2")
        self.registry.start()
        self.assertNotEqual(self.registry.token, old)
        self.registry.yima("access", "tokens", "list")
        for token in (old, made["text"]):
            self.assertIn("was revoked", self.registry.yima("access", "tokens", "list", expect=1, env={"YIMA_TOKEN": token}).stderr)
        self.registry.check()

    def test_tokens_hold_again_when_they_are_to_be_kept(self):
        self.make_backup()
        shutil.rmtree(self.registry.data)
        self.assertEqual(self.restore("--nothing-published", "--keep-tokens", data=self.registry.data)["tokens"], "0")
        self.assertFalse((self.registry.data / "admin-token").exists())
        self.registry.start()
        self.registry.yima("access", "tokens", "list")

    def test_a_folder_in_use_or_not_empty_is_refused(self):
        self.make_backup()
        self.registry.start()
        said = self.refused("restore", self.backup, "--data", self.registry.data, "--nothing-published")
        self.assertIn("another process is writing", said)
        self.registry.kill()
        before = self.registry.contents()
        said = self.refused("restore", self.backup, "--data", self.registry.data, "--nothing-published")
        self.assertIn("is not an empty folder", said)
        self.assertEqual(self.registry.contents(), before)

    def test_a_backup_itself_is_not_served(self):
        self.make_backup()
        said = self.refused("serve", "--data", self.backup, "--listen", "127.0.0.1:0")
        self.assertIn("is a backup", said)
        self.assertIn("yimad restore", said)

    def test_a_damaged_backup_is_refused(self):
        self.make_backup()
        whole = {path: path.read_bytes() for path in self.backup.rglob("*") if path.is_file()}
        for path, content in whole.items():
            for damaged in (content[:-1], content[:-2] + b"?\n", b"", None):
                if damaged is None:
                    path.unlink()
                else:
                    path.write_bytes(damaged)
                said = self.restore_refused()
                self.assertRegex(said, "manifest|is not what|cannot read", path)
                path.write_bytes(content)
        self.restore()

    def rewrite_manifest(self, change):
        manifest = self.backup / "manifest"
        text = change("".join(manifest.read_text().splitlines(keepends=True)[:-1]))
        manifest.write_text(f"{text}sha256 {hashlib.sha256(text.encode()).hexdigest()}\n")

    def test_a_backup_of_a_newer_program_is_refused(self):
        self.make_backup()
        self.rewrite_manifest(lambda text: text.replace("\nschema ", "\nschema 9"))
        self.assertIn("use a newer yimad", self.restore_refused())

    def test_a_manifest_leads_nowhere_else(self):
        self.make_backup()
        for name in ("../stolen", "/etc/passwd", "keys/../../stolen", "keys/.hidden", "other"):
            before = (self.backup / "manifest").read_text()
            self.rewrite_manifest(lambda text, name=name: text + f"file {'0' * 64} 0 {name}\n")
            self.assertIn("names a file in a way that is not ours", self.restore_refused())
            (self.backup / "manifest").write_text(before)

    def test_keys_and_notes_of_another_registry_are_refused(self):
        self.make_backup()
        other = Registry()
        self.addCleanup(other.__exit__)
        foreign = self.notes(name="foreign", data=other.data)
        self.assertIn("it is not of registry", self.restore_refused(*foreign))
        own = self.notes()
        self.assertIn("--list: it is not of registry", self.restore_refused(*own[:2], *foreign[2:]))
        shutil.copy(other.data / "keys" / "root.key", self.backup / "keys" / "root.key")
        digest = hashlib.sha256((self.backup / "keys" / "root.key").read_bytes()).hexdigest()
        size = (self.backup / "keys" / "root.key").stat().st_size
        self.rewrite_manifest(lambda text: "".join(
            f"file {digest} {size} keys/root.key\n" if line.endswith(" keys/root.key\n") else line
            for line in text.splitlines(keepends=True)))
        self.assertIn("key file root.key is not of this registry", self.restore_refused())

    def test_a_note_that_was_altered_is_refused(self):
        self.make_backup()
        published = self.notes()
        text = published[1].read_text()
        published[1].write_text(text.replace("epoch 1\n", "epoch 7\n"))
        self.assertIn("no root key held has signed", self.restore_refused(*published))
        published[1].write_text(text)
        published[3].write_text(published[3].read_text().replace("epoch 1\n", "epoch 7\n"))
        self.assertIn("no status key of the bundle has signed", self.restore_refused(*published))
        published[3].write_text("")
        self.assertIn("--list: signed note: ", self.restore_refused(*published, expect=2))

    def test_what_is_no_backup_is_refused(self):
        self.assertIn("this is no backup", self.restore_refused())
        copy_data(self.registry.data, self.backup)
        self.assertIn("this is no backup", self.restore_refused())


if __name__ == "__main__":
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
