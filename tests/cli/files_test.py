"""Photos and documents of facilities, and what is erased for ever, by the real programs."""
import hashlib
import struct
import subprocess
import unittest
import zlib

from programs.registry import Registry, write_ledger


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*said, size=6):
    rows = b"".join(b"\0" + bytes((x * 31 + y * 17) % 256 for x in range(3 * size)) for y in range(size))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)) +
            b"".join(chunk(*one) for one in said) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        self.folder = self.registry.folder
        ledger = write_ledger(self.folder / "ledger.csv", 20, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        self.facility = "uid:" + self.registry.objects("facilities", "list")[0]["uid"]

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def found(self, content, folder=None):
        """Files of the data folder, or of another, that hold these bytes."""
        return [path.name for path in (folder or self.registry.data).rglob("*")
                if path.is_file() and content in path.read_bytes()]

    def yimad(self, *args):
        return subprocess.run([self.registry.yimad, *map(str, args)], env=self.registry.environment(), check=True,
                              capture_output=True, text=True, timeout=300).stdout

    def add(self, path, *more):
        (added,) = self.registry.objects("files", "add", self.facility, path, *more)
        return added

    def test_a_photo_loses_what_it_says_and_is_the_same_for_ever(self):
        photo = png((b"tEXt", b"Author\0Zhang San"), (b"eXIf", b"MM\0*\0\0\0\x08\0\0"))
        added = self.add(self.file("cover.png", photo), "--title", "井盖")
        kept = png()
        self.assertEqual(added["sha256"], hashlib.sha256(kept).hexdigest())
        self.assertTrue(added["stripped"])
        self.assertEqual(self.found(b"Zhang San"), [])
        out = self.folder / "again.png"
        self.registry.yima("files", "get", added["sha256"], "-o", out)
        self.assertEqual(out.read_bytes(), kept)
        listed = self.registry.yima("files", "list", self.facility).stdout.split("\t")
        self.assertEqual(listed[0:3], [added["sha256"], "image/png", str(len(kept))])
        self.assertEqual(listed[4], "井盖")
        shown = self.registry.yima("facilities", "show", self.facility).stdout
        self.assertIn(f"files[0].sha256: {added['sha256']}", shown)
        said = self.registry.yima("files", "add", self.facility, self.folder / "cover.png")
        self.assertEqual(said.stdout.strip(), added["sha256"])
        self.assertIn("taken out", said.stderr)
        self.registry.check()

    def test_a_large_file_comes_back_as_it_was_also_from_a_backup(self):
        pdf = b"%PDF-1.7\n" + bytes(range(256)) * 32_000
        added = self.add(self.file("handover.pdf", pdf))
        self.assertFalse(added["stripped"])
        backup = self.folder / "backup"
        self.yimad("backup", "--data", self.registry.data, backup)
        self.registry.kill()
        self.registry.data = self.folder / "restored"
        self.yimad("restore", backup, "--data", self.registry.data, "--nothing-published", "--keep-tokens")
        self.registry.start()
        out = self.folder / "out.pdf"
        self.registry.yima("files", "get", added["sha256"], "-o", out)
        self.assertEqual(out.read_bytes(), pdf)
        self.registry.check()

    def test_bad_files_are_refused_and_nothing_is_kept(self):
        before = self.registry.contents()
        for name, content, said in (("a.gif", b"GIF89a...", "neither JPEG nor PNG nor PDF"),
                                    ("cut.png", png()[:60], "damaged"),
                                    ("empty.pdf", b"", "a file has a byte"),
                                    ("big.pdf", b"%PDF-" + bytes(8 << 20), "8388608")):
            refused = self.registry.yima("files", "add", self.facility, self.file(name, content), expect=2)
            self.assertIn(said, refused.stderr, name)
        self.registry.yima("files", "add", self.facility, self.folder / "missing.png", expect=1)
        self.registry.yima("files", "get", "00", "-o", self.folder / "out", expect=2)
        nothing = self.registry.yima("files", "get", "0" * 64, "-o", self.folder / "out", "--lang", "zh", expect=1)
        self.assertIn("没有这个文件", nothing.stderr)
        self.assertFalse((self.folder / "out").exists())
        self.assertEqual(self.registry.contents(), before)

    def test_an_erased_file_is_gone_and_its_hash_stays(self):
        secret = b"signed by " + bytes(range(200, 256)) * 20_000
        added = self.add(self.file("secret.pdf", b"%PDF-1.7\n" + secret))
        needle = bytes(range(200, 256))
        self.assertNotEqual(self.found(needle), [])
        (erased,) = self.registry.objects("files", "erase", added["sha256"])
        self.assertFalse(erased["stillInFiles"])
        self.registry.kill()
        self.assertEqual(self.found(needle), [])
        self.registry.start()
        self.assertEqual(self.found(needle), [])
        self.registry.yima("files", "get", added["sha256"], "-o", self.folder / "out", expect=1)
        self.assertIn("erased", self.registry.yima("files", "list", self.facility).stdout)
        self.registry.check()
        detached = self.registry.objects("files", "detach", self.facility, added["sha256"])[0]
        self.assertEqual(detached["files"], [])
        self.registry.check()


if __name__ == "__main__":
    unittest.main()
