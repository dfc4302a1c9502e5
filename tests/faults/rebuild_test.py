"""A registry made anew from its exported log: equal to what it was, but for what the log does not hold.

usage: rebuild_test.py YIMAD YIMA
"""
import hashlib
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import unittest
import zlib

from programs.logs import signed, store_of
from programs.registry import Registry

YIMAD, YIMA = sys.argv[1:3]
LEDGER = """编号,小类编码,区划,主管部门,权属单位,联系人电话
{rows}"""


def png():
    """The smallest picture there is."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))


class RebuildTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = registry = Registry(YIMAD, YIMA)
        registry.start()
        registry.trust()
        rows = "\n".join(f"L-{n},01001,140502,晋城市城区城市管理局,城区排水公司,1390000{n:04}" for n in range(400))
        (registry.folder / "ledger.csv").write_text(LEDGER.format(rows=rows))
        registry.yima("facilities", "import", registry.folder / "ledger.csv", "--key", "编号", "--create-organizations",
                      "--map", "联系人电话=personal:电话")
        cls.codes = registry.objects("codes", "issue", "--where", "class=01001")
        registry.yima("codes", "revoke", cls.codes[0]["shortNumber"], "--reason", "lost")
        registry.yima("codes", "replace", cls.codes[1]["shortNumber"], "--reason", "damaged")
        cls.uid = registry.objects("facilities", "list")[3]["uid"]
        cls.picture = registry.folder / "cover.png"
        cls.picture.write_bytes(png())
        registry.yima("files", "add", f"uid:{cls.uid}", cls.picture)
        cls.stock_take = registry.objects("audit", "start", "--where", "class=01001")[0]
        signed(registry)
        cls.log = registry.folder / "log"
        registry.yima("log", "export", cls.log)
        registry.kill(signal.SIGTERM)

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def setUp(self):
        self.data = self.registry.folder / self._testMethodName

    def yimad(self, *args, expect=0):
        done = subprocess.run([YIMAD, *map(str, args)], env=self.registry.environment(), capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def rebuild(self, *more, log=None, expect=0):
        done = self.yimad("rebuild", "--from", log or self.log, "--data", self.data, "--json", *more, expect=expect)
        if expect:
            self.assertFalse(self.data.exists(), done.stderr)
            return done.stderr
        return json.loads(done.stdout)

    def contents(self, data):
        with store_of(data) as store:
            tables = [f"record{kind}" for kind in range(1, 8)] + ["claim", "term", "counter", "log"]
            return {table: store.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}

    def test_with_its_personal_values_it_is_what_it_was(self):
        said = self.rebuild("--personal-from", self.registry.data)
        self.assertEqual(said["erased"], "0")
        self.assertGreater(int(said["joined"]), 800)
        self.assertEqual(self.contents(self.data), self.contents(self.registry.data))
        self.assertEqual(self.yimad("check", "--data", self.data).stderr, "")

    def test_without_them_they_are_erased_and_all_else_is_what_it_was(self):
        said = self.rebuild()
        self.assertEqual(said["joined"], "0")
        here, there = self.contents(self.data), self.contents(self.registry.data)
        for table in ("record3", "record4", "record5", "record6", "claim", "term", "counter", "log"):
            self.assertEqual(here[table], there[table], table)
        for table in ("record1", "record2"):
            self.assertEqual([row[:2] for row in here[table]], [row[:2] for row in there[table]])
        checked = self.yimad("check", "--data", self.data)
        self.assertIn(f"note: signatures of {len(self.codes) + 1} codes are erased", checked.stderr)
        with store_of(self.data) as store:
            everything = b"".join(bytes(row[0]) for row in store.execute("SELECT bytes FROM record1"))
        self.assertNotIn(b"1390000", everything)

    def test_it_is_restored_and_served_as_the_next_epoch(self):
        self.rebuild("--personal-from", self.registry.data, "--keys", self.registry.data / "keys")
        trust = next((self.registry.folder / "share/yima/trust").glob("*/bundle")).parent
        again = self.registry.folder / "again"
        self.yimad("restore", self.data, "--data", again, "--bundle", trust / "bundle", "--list", trust / "list",
                   "--checkpoint", self.log / "checkpoint")
        self.yimad("check", "--data", again)
        original, self.registry.data = self.registry.data, again
        self.addCleanup(setattr, self.registry, "data", original)
        self.registry.start()
        self.addCleanup(self.registry.kill)
        answers = self.registry.objects("resolve", stdin="".join(code["text"] + "\n" for code in self.codes[:4]), expect=3)
        self.assertEqual([answer["state"] for answer in answers], ["REVOKED", "REPLACED", "ACTIVE", "ACTIVE"])
        row = self.registry.objects("facilities", "list")[3]
        self.assertIn("1390000", json.dumps(row))
        self.registry.kill(signal.SIGTERM)
        trust = pathlib.Path(self.yimad("trust", "export", "--data", again, "-o", self.registry.folder / "trust-2").stdout.strip())
        done = self.yimad("rebuild", "--from", self.log, "--data", self.registry.folder / "earlier", "--bundle", trust / "bundle",
                          "--root", self.registry.root)
        self.assertRegex(done.stderr, "the log is of epoch 1, the trust bundle of epoch [2-9]")

    def serve(self, data):
        original, self.registry.data = self.registry.data, data
        self.addCleanup(setattr, self.registry, "data", original)
        self.registry.start()
        self.addCleanup(self.registry.kill)

    def restored(self, *more):
        self.rebuild("--keys", self.registry.data / "keys", *more)
        trust = next((self.registry.folder / "share/yima/trust").glob("*/bundle")).parent
        again = self.registry.folder / (self._testMethodName + "-again")
        self.yimad("restore", self.data, "--data", again, "--bundle", trust / "bundle", "--list", trust / "list")
        return again

    def hash_of_file(self):
        return hashlib.sha256(self.picture.read_bytes()).hexdigest()

    def test_files_that_are_nowhere_read_as_erased_and_come_back_when_they_are_brought(self):
        said = self.rebuild()
        self.assertEqual((said["files"], said["filesErased"]), ("0", "1"))
        self.assertNotIn("names a file", self.yimad("check", "--data", self.data).stdout)
        shutil.rmtree(self.data)
        self.serve(self.restored())
        told = self.registry.yima("files", "get", self.hash_of_file(), "-o", self.registry.folder / "none.png", expect=1).stderr
        self.assertIn("the file was erased", told)
        self.registry.yima("files", "add", f"uid:{self.uid}", self.picture)
        self.registry.yima("files", "get", self.hash_of_file(), "-o", self.registry.folder / "back.png")

    def test_files_are_joined_and_lists_of_stock_takes_are_said_to_be_gone(self):
        self.serve(self.restored("--personal-from", self.registry.data))
        self.registry.yima("files", "get", self.hash_of_file(), "-o", self.registry.folder / "joined.png")
        told = self.registry.yima("audit", "report", self.stock_take["id"], expect=None)
        self.assertNotEqual(told.returncode, 0)
        self.assertIn("has lost its list", told.stderr)

    def test_the_checkpoint_is_judged_by_a_bundle_whose_root_is_given(self):
        bundle = next((self.registry.folder / "share/yima/trust").glob("*/bundle"))
        done = self.yimad("rebuild", "--from", self.log, "--data", self.data)
        self.assertIn("without --bundle", done.stderr)
        shutil.rmtree(self.data)
        self.assertTrue(self.rebuild("--bundle", bundle, "--root", self.registry.root)["judgedByBundle"])
        shutil.rmtree(self.data)
        self.assertIn("--root", self.rebuild("--bundle", bundle, expect=2))
        self.assertIn("no public key", self.rebuild("--bundle", bundle, "--root", "00", expect=2))
        self.rebuild("--bundle", bundle, "--root", "ab" * 32, expect=1)
        with Registry(YIMAD, YIMA) as other:
            other.trust()
            foreign = next((other.folder / "share/yima/trust").glob("*/bundle"))
            self.assertIn("the trust bundle is of registry", self.rebuild("--bundle", foreign, "--root", other.root, expect=1))

    def test_without_keys_it_is_not_served(self):
        self.rebuild()
        self.yimad("restore", self.data, "--data", self.registry.folder / "again-2", "--nothing-published", expect=1)
        self.assertFalse((self.registry.folder / "again-2").exists())

    def test_a_log_that_is_not_as_signed_is_refused(self):
        def damaged(name, change):
            log = self.registry.folder / "damaged"
            shutil.rmtree(log, ignore_errors=True)
            shutil.copytree(self.log, log)
            change(log / name)
            return log

        flip = lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\x7f")
        self.assertIn("is not theirs", self.rebuild(log=damaged("tile/entries/001", flip), expect=1))
        cut = lambda file: file.write_bytes(file.read_bytes()[:-5])
        self.assertIn("tile/entries/001: ", self.rebuild(log=damaged("tile/entries/001", cut), expect=1))
        self.assertIn("tile/entries/001 is missing", self.rebuild(log=damaged("tile/entries/001", lambda f: f.unlink()), expect=1))
        self.assertIn("holds no checkpoint", self.rebuild(log=damaged("checkpoint", lambda f: f.unlink()), expect=1))
        lines = (self.log / "checkpoint").read_text()
        unsigned = lambda file: file.write_text(lines.replace("— ", "— x", 1))
        self.assertIn("is not signed by a log key", self.rebuild(log=damaged("checkpoint", unsigned), expect=1))

    def test_data_of_another_registry_gives_nothing_back(self):
        with Registry(YIMAD, YIMA) as other:
            self.assertIn("holds registry", self.rebuild("--personal-from", other.data, expect=1))

    def test_a_folder_that_is_in_use_is_not_written_over(self):
        self.assertIn("is not an empty folder",
                      self.yimad("rebuild", "--from", self.log, "--data", self.registry.data, expect=1).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
