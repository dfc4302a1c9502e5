"""Folders that are missing, read-only or full, as the programs meet them.

usage: files_test.py YIMAD YIMA
"""
import os
import pwd
import subprocess
import sys
import unittest

from programs.registry import Registry, write_ledger

NOBODY = pwd.getpwnam("nobody")


def as_nobody():
    """Root writes into read-only folders, so these tests drop what root may do."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        self.ledger = self.registry.folder / "ledger.csv"
        self.ledger.write_text("编号,小类编码,区划,主管部门\n" + "A,01001,140502,城管局\n" * 2)

    def run_as_nobody(self, *args, **environment):
        os.chmod(self.registry.folder, 0o755)
        return subprocess.run(self.registry.command(*args), env=self.registry.environment(**environment), capture_output=True,
                              text=True, timeout=60, preexec_fn=as_nobody)

    def import_with_rejects(self, rejects, **environment):
        return self.run_as_nobody("facilities", "import", self.ledger, "--key", "编号", "--create-organizations",
                                  "--keep-going", "--rejects", rejects, **environment)

    def locked(self, name):
        folder = self.registry.folder / name
        folder.mkdir()
        folder.chmod(0o555)
        return folder

    def test_rejects_into_a_folder_that_is_missing_or_read_only(self):
        before = self.registry.contents()
        for folder in (self.registry.folder / "nowhere", self.locked("locked")):
            done = self.import_with_rejects(folder / "bad.csv")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"yima: {folder / 'bad.csv'}: ", done.stderr)
            self.assertIn("hint: is the folder there, may you write to it", done.stderr)
            self.assertEqual(self.registry.contents(), before)

    def test_a_ledger_that_may_not_be_read(self):
        self.ledger.chmod(0o000)
        done = self.run_as_nobody("facilities", "import", self.ledger, "--key", "编号")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Permission denied\nhint: ", done.stderr)

    def test_work_is_not_begun_when_it_cannot_be_remembered(self):
        before = self.registry.contents()
        done = self.run_as_nobody("codes", "issue", "--blank", "1", XDG_STATE_HOME=str(self.locked("state")))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("hint: is the folder there", done.stderr)
        self.assertEqual(self.registry.contents(), before)

    def test_labels_into_a_read_only_folder(self):
        blank = self.registry.objects("codes", "issue", "--blank", "2")[0]
        folder = self.locked("plates")
        for picture in ("pdf", "png"):
            done = self.run_as_nobody("labels", "--batch", blank["batch"], "--format", picture, "--out", folder)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("Permission denied\nhint: is the folder there, may you write to it", done.stderr)
            self.assertEqual(list(folder.iterdir()), [])

    def test_trust_into_a_read_only_folder(self):
        done = self.run_as_nobody("trust", "fetch", "--root", self.registry.root, "--trust", self.locked("trust"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("hint: is the folder there", done.stderr)

    def test_rejects_and_output_on_a_full_disk(self):
        disk = self.registry.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0777", "tmpfs", disk], capture_output=True).returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        header = "编号,小类编码,区划,主管部门,备注\n"
        self.ledger.write_text(header + f"A,01001,140502,城管局,{'x' * 500}\n" * 500)
        theirs = self.registry.folder / "theirs"
        theirs.mkdir()
        theirs.chmod(0o777)
        done = self.import_with_rejects(disk / "bad.csv", XDG_STATE_HOME=str(theirs))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("No space left on device\nhint: ", done.stderr)
        self.assertIn("500 rows: 1 created", done.stdout)
        with open(disk / "codes.jsonl", "w") as output:
            running = self.registry.begin("codes", "issue", "--blank", "1000", "--json", stdout=output)
            said = running.communicate(timeout=60)[1].decode()
        self.assertEqual(running.returncode, 1)
        self.assertIn("the standard output could not be written", said)
        self.assertEqual(len(self.registry.objects("codes", "issue", "--blank", "1000")), 1000)
        self.assertEqual(len(self.registry.objects("codes", "list")), 1000, "the same batch, not another")
        self.registry.check()


if __name__ == "__main__":
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
