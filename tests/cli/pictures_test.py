"""Pictures: codes read out of them, and what is no picture, or too much of one."""
import json
import os
import struct
import subprocess
import unittest
import zlib

from programs.registry import Registry, write_ledger


def png(width, height, rows=b""):
    """A gray PNG of these sizes in its header, whatever its rows hold."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class PicturesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = registry = Registry()
        registry.start()
        ledger = write_ledger(registry.folder / "ledger.csv", 3, "W")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        registry.trust()
        cls.texts = [code["text"] for code in registry.objects("codes", "issue", "--where", "class=01001")]
        cls.forged = cls.texts[0][:-1] + str((int(cls.texts[0][-1]) + 1) % 10)

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def draw(self, name, *texts):
        path = self.registry.folder / name
        subprocess.run([os.environ["DRAW_SYMBOLS"], path, *texts], check=True)
        return path

    def scan(self, *files, expect=0, more=()):
        done = self.registry.yima("scan", "--json", *more, *files, expect=expect)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for each in found:
            for name in ("file", "text", "foreign", "verdict", "state", "originLost", "refreshTrust", "staleSince"):
                self.assertIn(name, each)
        return found, done.stderr

    def test_one_label(self):
        for name in ("one.png", "one.jpg"):
            path = self.draw(name, self.texts[0])
            for more, state in (((), "NOT_LISTED"), (("--offline",), "NOT_LISTED"), (("--online",), "ACTIVE")):
                [found], _ = self.scan(path, more=more)
                self.assertEqual((found["file"], found["text"], found["foreign"], found["verdict"], found["state"]),
                                 (str(path), self.texts[0], False, "AUTHENTIC", state))

    def test_three_labels_in_one_picture(self):
        found, _ = self.scan(self.draw("three.png", *self.texts))
        self.assertEqual([each["text"] for each in found], self.texts)

    def test_a_forged_label_is_exit_3(self):
        [found], _ = self.scan(self.draw("forged.png", self.forged), expect=3)
        self.assertEqual(found["verdict"], "FORGED")
        resolved = self.registry.objects("resolve", self.draw("forged.png", self.forged), expect=3)
        self.assertEqual(resolved[0]["verdict"], "FORGED")

    def test_a_foreign_symbol_alone_is_exit_0(self):
        [found], _ = self.scan(self.draw("foreign.png", "https://example.org/menu"))
        self.assertEqual((found["foreign"], found["verdict"], found["state"]), (True, "", ""))
        found, _ = self.scan(self.draw("both.png", "https://example.org/menu", self.texts[0]))
        self.assertEqual([each["foreign"] for each in found], [True, False])

    def test_resolve_shows_foreign_symbols_of_a_picture_and_does_not_count_them(self):
        foreign = "https://example.org/menu"
        alone, both = self.draw("foreign.png", foreign), self.draw("both.png", foreign, self.texts[0])
        [found] = self.registry.objects("resolve", alone)
        self.assertEqual((found["text"], found["foreign"], found["verdict"], found["state"], found["facility"]),
                         (foreign, True, "", "", None))
        self.assertEqual([(each["foreign"], each["verdict"]) for each in self.registry.objects("resolve", both)],
                         [(True, ""), (False, "AUTHENTIC")])
        self.assertIn("foreign: no code of a registry", self.registry.yima("resolve", alone).stdout)
        self.assertIn("外来码", self.registry.yima("resolve", alone, "--lang", "zh").stdout)
        self.registry.yima("resolve", alone, self.draw("forged.png", self.forged), expect=3)
        # What somebody types is meant to be a code.
        self.assertEqual(self.registry.objects("resolve", foreign, expect=3)[0]["verdict"], "MALFORMED")

    def test_controls_in_a_foreign_text_do_not_drive_the_terminal(self):
        path = self.draw("escape.png", "see \x1b[2J\x07 here\nand there")
        self.assertIn("\\x1b[2J\\x07", self.registry.yima("scan", path).stdout)

    def test_no_symbol_is_exit_1(self):
        path = self.registry.folder / "white.png"
        path.write_bytes(png(100, 100, (b"\0" + b"\xff" * 100) * 100))
        found, said = self.scan(path, expect=1)
        self.assertEqual(found, [])
        self.assertIn("no symbol found\nhint: ", said)

    def test_without_trust_texts_are_read_and_not_judged(self):
        path = self.draw("one.png", self.texts[0])
        [found], said = self.scan(path, more=("--trust", "/nowhere"))
        self.assertEqual((found["text"], found["verdict"], found["state"]), (self.texts[0], "", ""))
        self.assertIn("no trust is kept", said)
        self.assertIn(self.texts[0], self.registry.yima("scan", path, "--trust", "/nowhere").stdout)

    def test_what_is_no_picture_is_exit_2_with_a_hint(self):
        whole = {name: self.draw(name, self.texts[0]).read_bytes() for name in ("whole.png", "whole.jpg")}
        bad = {"text.png": (b"a letter, not a picture", "not an image we read, want PNG, JPEG, PGM or PPM"),
               "empty.png": (b"", "the file is empty"),
               "cut.png": (whole["whole.png"][:-len(whole["whole.png"]) // 3], "damaged or cut short"),
               "cut.jpg": (whole["whole.jpg"][:-len(whole["whole.jpg"]) // 3], "cut short"),
               "bomb.png": (png(40000, 40000), "the image is 40000 × 40000 pixels, at most 100 million")}
        for name, (data, saying) in bad.items():
            with self.subTest(name=name):
                path = self.registry.folder / name
                path.write_bytes(data)
                for command in ("scan", "resolve"):
                    done = self.registry.yima(command, path, expect=2)
                    self.assertEqual(done.stdout, "")
                    self.assertIn(f"yima: {path}: ", done.stderr)
                    self.assertIn(saying, done.stderr)
                    self.assertIn("hint: ", done.stderr)
                self.assertRegex(self.registry.yima("scan", path, "--lang", "zh", expect=2).stderr, "图片")

    def test_of_several_inputs_the_first_of_4_1_2_3_counts(self):
        good, forged = self.draw("good.png", self.texts[1]), self.draw("forged.png", self.forged)
        broken, missing = self.registry.folder / "broken.png", self.registry.folder / "missing.png"
        broken.write_bytes(b"no picture")
        for files, expect in (((forged, good), 3), ((good, forged, broken), 2), ((broken, missing, forged), 1),
                              ((good, missing), 1)):
            found, _ = self.scan(*files, expect=expect)
            self.assertEqual(len(found), sum(file in (good, forged) for file in files), "the others are read all the same")
        done = self.registry.bare("resolve", forged, missing, "--server", "127.0.0.1:1", expect=4)
        self.assertIn("missing.png", done.stderr)


if __name__ == "__main__":
    unittest.main()
