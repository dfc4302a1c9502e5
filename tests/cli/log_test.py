"""yima log: checkpoint, entries, proofs, exported copies, verification and the monitor, as strangers use them."""
import hashlib
import json
import pathlib
import shutil
import signal
import time
import unittest

from programs.logs import entries_of, import_rows, signed
from programs.registry import Registry


def root_of(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class LogTest(unittest.TestCase):
    """One registry with some tiles of entries, which no test changes but by adding to it."""

    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()
        cls.registry.trust()
        import_rows(cls.registry, 700, "A")
        cls.checkpoint = signed(cls.registry)

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def setUp(self):
        self.folder = self.registry.folder / self._testMethodName
        self.folder.mkdir()

    def yima(self, *words, expect=0):
        return self.registry.yima("log", *words, expect=expect)

    def objects(self, *words, expect=0):
        return self.registry.objects("log", *words, expect=expect)

    def export(self, *more):
        self.yima("export", self.folder / "log", *more)
        return self.folder / "log"


class ReadingTest(LogTest):
    def test_the_checkpoint_says_what_the_entries_make(self):
        entries = entries_of(self.registry)
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
        self.assertEqual(self.checkpoint["size"], str(len(entries)))
        self.assertEqual(self.checkpoint["root"], root_of(leaves).hex())
        words = self.yima("checkpoint").stdout
        self.assertIn(f"size: {len(entries)}\nroot: {self.checkpoint['root']}\n", words)

    def test_without_trust_no_checkpoint_is_believed(self):
        done = self.yima("checkpoint", "--trust", self.folder / "none", expect=1)
        self.assertIn("no trust is kept", done.stderr)

    def test_a_checkpoint_of_another_registry_is_refused(self):
        with Registry() as other:
            other.trust()
            done = self.registry.run([self.registry.yima_path, "log", "checkpoint", "--server", self.registry.address, "--trust",
                                      str(other.folder / "share/yima/trust")], 1, "", None)
            self.assertIn("of no registry whose trust is kept", done.stderr)

    def test_entries_come_in_order_with_all_their_fields(self):
        rows = self.objects("entries", "--from", "250", "--to", "260")
        self.assertEqual([row["index"] for row in rows], [str(n) for n in range(250, 260)])
        for row in rows:
            self.assertEqual(row["revision"], "1")
            self.assertEqual(row["method"], "yima.v1.RegistryService/ImportFacilities")
            self.assertEqual(row["facility"]["division"], "140502")
        line = self.yima("entries", "--from", "250", "--to", "251").stdout.split()
        self.assertEqual([line[0], line[4], line[6]], ["250", "facility", "1"])
        self.assertEqual(len(self.yima("entries").stdout.splitlines()), int(self.checkpoint["size"]))

    def test_a_range_that_the_log_has_not_is_refused(self):
        for words in (("--from", "5", "--to", "4"), ("--to", "9999999"), ("--from", "x")):
            self.yima("entries", *words, expect=2)

    def test_entries_are_for_auditors(self):
        done = self.registry.run(self.registry.command("log", "entries"), None, "", {"YIMA_TOKEN": ""})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("hint: first run yima login", done.stderr)

    def test_an_inclusion_proof_leads_to_the_root(self):
        for index in (0, 255, 256, int(self.checkpoint["size"]) - 1):
            proof = self.objects("proof", index)[0]
            self.assertEqual((proof["index"], proof["root"]), (str(index), self.checkpoint["root"]))
            self.assertEqual(proof["leaf"], hashlib.sha256(b"\0" + entries_of(self.registry)[index]).hexdigest())
        self.assertIn("is not in a tree", self.yima("proof", "9999999", expect=2).stderr)
        self.yima("proof", expect=2)

    def test_consistency_is_proved_to_a_size_and_to_a_kept_checkpoint(self):
        proof = self.objects("proof", "--consistency", "300")[0]
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries_of(self.registry)]
        self.assertEqual(proof["olderRoot"], root_of(leaves[:300]).hex())
        kept = self.folder / "kept"
        kept.write_text(self.checkpoint["note"])
        self.assertEqual(self.objects("proof", "--consistency", kept)[0]["proof"], [])
        kept.write_text(self.checkpoint["note"].replace("\n" + self.checkpoint["size"], "\n1", 1))
        self.assertIn("signed by no log key", self.yima("proof", "--consistency", kept, expect=1).stderr)
        self.yima("proof", "--consistency", "9999999", expect=2)


class CopyTest(LogTest):
    def test_an_export_has_every_tile_and_entry(self):
        log = self.export()
        size = int(self.checkpoint["size"])
        entries = entries_of(self.registry)[:size]
        leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
        wanted = {"checkpoint"}
        for tile in range(size // 256):
            wanted |= {f"tile/0/{tile:03}", f"tile/entries/{tile:03}"}
            self.assertEqual((log / f"tile/0/{tile:03}").read_bytes(), b"".join(leaves[256 * tile:256 * tile + 256]))
        rest = f"{size // 256:03}.p/{size % 256}"
        wanted |= {f"tile/0/{rest}", f"tile/entries/{rest}", f"tile/1/000.p/{size // 256}"}
        self.assertEqual(set(files(log)), wanted)
        self.assertEqual((log / f"tile/entries/{rest}").read_bytes(),
                         b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries[size // 256 * 256:]))
        self.assertIn(f"all {size} entries", self.yima("verify", log).stdout)

    def test_a_mirror_for_everybody_has_no_entries(self):
        log = self.folder / "log"
        done = self.registry.run(self.registry.command("log", "export", log, "--hashes-only"), 0, "", {"YIMA_TOKEN": ""})
        self.assertEqual(done.stderr, "")
        self.assertFalse((log / "tile/entries").exists())
        self.yima("verify", log, "--hashes-only")
        self.assertIn("tile/entries/000 is missing", self.yima("verify", log, expect=1).stderr)

    def test_an_export_goes_on_and_only_where_it_is_of_the_same_log(self):
        log = self.export()
        import_rows(self.registry, 400, "B")
        type(self).checkpoint = signed(self.registry)
        self.export()
        fresh = self.folder / "fresh"
        self.yima("export", fresh)
        here, there = files(log), files(fresh)
        self.assertEqual({name: here[name] for name in there}, there)
        self.yima("verify", log)
        # Another registry's folder, and one whose past is another.
        with Registry() as other:
            other.trust()
            signed(other)
            other.yima("log", "export", other.folder / "log")
            before = files(other.folder / "log")
            done = self.yima("export", other.folder / "log", expect=1)
            self.assertIn("is not added to", done.stderr)
            self.assertEqual(files(other.folder / "log"), before)

    def test_an_export_that_was_killed_is_never_taken_for_whole_and_goes_on(self):
        for pause in (0.0, 0.01, 0.02, 0.03, 0.05):
            log = self.folder / f"log-{pause}"
            export = self.registry.begin("log", "export", log)
            time.sleep(pause)
            export.send_signal(signal.SIGKILL)
            export.communicate()
            if not (log / "checkpoint").exists():
                self.assertIn("holds no checkpoint", self.yima("verify", log, expect=1).stderr)
            self.yima("export", log)
            self.yima("verify", log)

    def test_a_half_written_tile_that_was_left_behind_is_written_again(self):
        log = self.export()
        (log / "checkpoint").unlink()
        (log / "tile/0/001").write_bytes((log / "tile/0/001").read_bytes()[:100])
        (log / "tile/entries/000").write_bytes(b"")
        self.export()
        self.yima("verify", log)

    def test_tiles_of_another_log_that_lie_in_a_folder_are_written_again(self):
        log = self.export()
        (log / "checkpoint").unlink()
        entries = (log / "tile/entries/000").read_bytes()
        changed = entries[:-1] + bytes([entries[-1] ^ 1])
        (log / "tile/entries/000").write_bytes(changed)
        leaves, at = b"", 0
        while at < len(changed):
            size = int.from_bytes(changed[at:at + 2], "big")
            leaves += hashlib.sha256(b"\0" + changed[at + 2:at + 2 + size]).digest()
            at += 2 + size
        (log / "tile/0/000").write_bytes(leaves)
        self.yima("export", log)
        self.assertEqual((log / "tile/entries/000").read_bytes(), entries)
        self.yima("verify", log)

    def test_verifying_names_what_differs(self):
        def damaged(name, change):
            log = self.folder / "damaged"
            shutil.rmtree(log, ignore_errors=True)
            shutil.copytree(self.folder / "log", log)
            (log / name).write_bytes(change((log / name).read_bytes()))
            return log

        self.export()
        flip = lambda bytes_: bytes_[:-1] + bytes([bytes_[-1] ^ 1])
        said = lambda log, code: self.yima("verify", log, expect=code).stderr
        self.assertIn("entry 255 is not the one that tile/0/000 was made of", said(damaged("tile/entries/000", flip), 6))
        self.assertIn("entry 511 is not the one", said(damaged("tile/0/001", flip), 6))
        size = int(self.checkpoint["size"])
        self.assertIn("is not what the entries make: hash", said(damaged(f"tile/1/000.p/{size // 256}", flip), 6))
        for cut in (0, 31, 8191):
            self.assertIn("want 8192", said(damaged("tile/0/000", lambda bytes_: bytes_[:cut]), 1))
        self.assertIn("tile/0/000 has more than 8192", said(damaged("tile/0/000", lambda bytes_: bytes_ + b"x"), 1))
        self.assertIn("tile/entries/001: ", said(damaged("tile/entries/001", lambda bytes_: bytes_[:-3]), 1))
        self.assertIn("signed by no log key",
                      said(damaged("checkpoint", lambda note: note.replace(b"\n" + str(size).encode(), b"\n5", 1)), 1))
        self.assertEqual(said(damaged("checkpoint", lambda note: note), 0), "")

    def test_a_state_file_spares_what_was_verified(self):
        state = self.folder / "state"
        before = self.objects("verify", "--state", state)[0]
        self.assertEqual(before["begun"], "0")
        import_rows(self.registry, 300, "C")
        type(self).checkpoint = signed(self.registry)
        after = self.objects("verify", "--state", state)[0]
        self.assertEqual((after["begun"], after["before"]), (before["size"], before["size"]))
        self.assertEqual(after["root"], self.checkpoint["root"])
        # What was read of the server says nothing of a folder's files.
        log = self.export()
        copy = self.objects("verify", log, "--state", state)[0]
        self.assertEqual((copy["size"], copy["begun"], copy["before"]), (after["size"], "0", after["size"]))
        state.write_bytes(state.read_bytes()[:-40])
        self.assertIn("is not as it was written", self.yima("verify", "--state", state, expect=1).stderr)

    def test_a_folder_that_lags_is_no_alarm(self):
        state = self.folder / "state"
        log = self.export()
        import_rows(self.registry, 2, "G")
        type(self).checkpoint = signed(self.registry)
        after = self.objects("verify", "--state", state)[0]
        told = self.yima("verify", log, "--state", state, expect=1).stderr
        self.assertIn("the copy has", told)
        self.assertIn("bring the copy up to date", told)
        self.assertEqual(self.objects("verify", "--state", state)[0]["begun"], after["size"])

    def test_a_state_is_of_one_registry(self):
        state = self.folder / "state"
        self.yima("verify", "--state", state)
        with Registry() as other:
            other.trust()
            signed(other)
            self.assertIn("is of registry", other.yima("log", "verify", "--state", state, expect=1).stderr)

    def test_a_mirror_without_entries_is_completed(self):
        log = self.export("--hashes-only")
        self.export()
        self.yima("verify", log)


class MonitorTest(LogTest):
    def monitor(self, *more, expect=0, trust="share/yima/trust"):
        return self.yima("monitor", *more, "--trust", self.registry.folder / trust, expect=expect)

    def test_it_tells_what_changed_of_what_is_watched(self):
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        trust = self.folder / "trust"
        self.assertIn("the first look", self.monitor(trust=trust).stdout)
        self.assertIn("one history", self.monitor(trust=trust).stdout)
        import_rows(self.registry, 3, "D")
        signed(self.registry)
        seen = self.monitor("--organization", "城区排水公司", "--json", trust=trust, expect=5).stdout.splitlines()
        changed = [json.loads(line) for line in seen if "facility" in json.loads(line)]
        self.assertEqual(len([row for row in changed if row["facility"]]), 3)
        self.monitor("--organization", "城区排水公司", trust=trust)
        uid = changed[0]["facility"]["uid"]
        code = self.registry.objects("codes", "issue", "--where", f"uid={uid}")[0]
        signed(self.registry)
        told = self.monitor("--facility", f"uid:{uid}", trust=trust, expect=5).stdout
        self.assertIn(f"code {code['serial']}", told)
        type(self).checkpoint = signed(self.registry)

    def test_it_tells_what_an_organization_no_longer_holds(self):
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        trust = self.folder / "trust"
        self.monitor("--organization", "城区排水公司", trust=trust)
        uid = self.registry.objects("facilities", "list")[0]["uid"]
        self.registry.yima("facilities", "update", f"uid:{uid}", "owner=晋城市城区城市管理局")
        type(self).checkpoint = signed(self.registry)
        told = self.monitor("--organization", "城区排水公司", trust=trust, expect=5).stdout
        self.assertIn(f"facility {uid}", told)
        self.assertIn("城区排水公司: owning", told)
        self.monitor("--organization", "城区排水公司", trust=trust)

    def test_a_name_that_no_entry_gives_is_refused(self):
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        self.assertIn("no entry of the log names an organization",
                      self.monitor("--organization", "没有这家", trust=self.folder / "trust", expect=1).stderr)

    def test_what_could_not_be_read_is_told_the_next_time(self):
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        self.monitor(trust=self.folder / "trust")
        import_rows(self.registry, 2, "E")
        type(self).checkpoint = signed(self.registry)
        words = self.registry.command("log", "monitor", "--organization", "城区排水公司", "--trust", self.folder / "trust")
        self.assertNotEqual(self.registry.run(words, None, "", {"YIMA_TOKEN": ""}).returncode, 0)
        self.monitor("--organization", "城区排水公司", trust=self.folder / "trust", expect=5)

    def test_what_could_not_be_printed_is_told_the_next_time(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full here")
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        self.monitor(trust=self.folder / "trust")
        import_rows(self.registry, 2, "F")
        type(self).checkpoint = signed(self.registry)
        words = ("log", "monitor", "--organization", "城区排水公司", "--trust", self.folder / "trust")
        with open("/dev/full", "w") as full:
            begun = self.registry.begin(*words, stdout=full)
            said = begun.communicate(timeout=60)[1].decode()
        self.assertEqual(begun.returncode, 1, said)
        self.monitor("--organization", "城区排水公司", trust=self.folder / "trust", expect=5)
        self.monitor("--organization", "城区排水公司", trust=self.folder / "trust")

    def test_a_kept_checkpoint_that_is_damaged_is_said(self):
        shutil.copytree(self.registry.folder / "share/yima/trust", self.folder / "trust")
        self.monitor(trust=self.folder / "trust")
        kept = next((self.folder / "trust").glob("*/log"))
        kept.write_text("nothing")
        self.assertIn("is not the checkpoint that was kept", self.monitor(trust=self.folder / "trust", expect=1).stderr)


if __name__ == "__main__":
    unittest.main()
