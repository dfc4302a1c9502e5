"""yima rights certificate and verify-certificate, with a server and without."""
import json
import pathlib
import subprocess
import time
import unittest

from programs.registry import Registry, write_ledger

CONFIRM = ("rights", "confirm", "--right", "owning", "--basis-kind", "移交协议", "--basis-number", "晋市移〔2026〕12号", "--where")


class CertificateTest(unittest.TestCase):
    """One registry with a ledger, whose owners are confirmed for some."""

    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()
        cls.registry.trust()
        ledger = cls.registry.folder / "ledger.csv"
        write_ledger(ledger, 12, "A")
        cls.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        cls.registry.yima(*CONFIRM, "class=01001")

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def setUp(self):
        self.folder = self.registry.folder / self._testMethodName
        self.folder.mkdir()

    def make(self, *words):
        """One certificate's file."""
        return pathlib.Path(self.registry.objects("rights", "certificate", *words)[0]["file"])

    def verify(self, file, *words, expect=0):
        """Offline: no server is named that could be asked."""
        return self.registry.bare("rights", "verify-certificate", file, *words, expect=expect)

    def verdict(self, file, *words, expect=0):
        return json.loads(self.verify(file, "--json", *words, expect=expect).stdout)

    def test_a_pdf_says_offline_what_the_registry_knew(self):
        file = self.make("ledger:A-000001", "--out", self.folder / "one.pdf")
        said = self.verdict(file)
        self.assertEqual(said["verdict"], "AUTHENTIC")
        self.assertEqual(said["owning"]["state"], "CONFIRMED")
        self.assertEqual(said["owning"]["holderName"], "城区排水公司")
        self.assertEqual(said["owning"]["basis"]["number"], "晋市移〔2026〕12号")
        self.assertEqual(said["supervising"]["state"], "RECORDED")
        self.assertEqual(said["clock"], "registry")
        self.assertGreater(int(said["treeSize"]), int(said["index"]))
        done = self.verify(file)
        self.assertIn("AUTHENTIC", done.stdout)
        self.assertIn("by the registry's clock", done.stdout)
        self.assertIn("compare the page", done.stderr)
        chinese = self.verify(file, "--lang", "zh").stdout
        self.assertIn("真实", chinese)
        self.assertIn("权属: 已确权\t城区排水公司\t移交协议 晋市移〔2026〕12号", chinese)
        self.assertIn("登记机关的时钟", chinese)

    def test_the_page_shows_the_same(self):
        file = self.make("ledger:A-000001", "--out", self.folder)
        text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        for words in ("城区排水公司", "晋城市城区城市管理局", "移交协议", "已确权", "盖章处", "无在用二维码", "位置未登记"):
            self.assertIn(words, text)

    def test_a_page_carries_the_code_in_force(self):
        self.registry.yima("codes", "issue", "--where", "uid=" + self.uid("ledger:A-000002"))
        file = self.make("ledger:A-000002", "--out", self.folder)
        said = self.verdict(file)
        self.assertEqual(said["code"]["state"], "ACTIVE")
        text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("无在用二维码", text)
        subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", file, self.folder / "page"], check=True)
        [seen] = self.registry.objects("scan", self.folder / "page.png")
        [code] = self.registry.objects("codes", "list", "--where", "uid=" + self.uid("ledger:A-000002"))
        self.assertEqual((seen["verdict"], seen["text"]), ("AUTHENTIC", code["text"]))

    def uid(self, name):
        return self.registry.objects("facilities", "show", name)[0]["uid"]

    def test_many_are_made_and_made_again_only_where_something_changed(self):
        words = ("rights", "certificate", "--where", "class=01001", "--out", self.folder / "all")
        first = self.registry.objects(*words)
        self.assertEqual(len(first), 12)
        self.assertEqual({row["unchanged"] for row in first}, {False})
        self.assertEqual(len(list((self.folder / "all").glob("*.pdf"))), 12)
        (self.folder / "all").joinpath(pathlib.Path(first[3]["file"]).name).unlink()
        again = self.registry.objects(*words)
        self.assertEqual(sum(row["unchanged"] for row in again), 11)
        self.assertFalse(any(row["unchanged"] for row in self.registry.objects(*words, "--renew")))
        self.verify(first[3]["file"])

    def test_nothing_of_others_is_replaced(self):
        file = self.make("ledger:A-000001", "--out", self.folder)
        text = file.read_bytes()
        for content in (b"a letter", text.replace(b"certificate.yima", b"another.letter"), self.other().read_bytes()):
            file.write_bytes(content)
            done = self.registry.yima("rights", "certificate", "ledger:A-000001", "--out", self.folder, expect=1)
            self.assertIn("not replaced", done.stderr)
            self.assertEqual(file.read_bytes(), content)

    def other(self):
        return self.make("ledger:A-000003", "--out", self.folder / "other.pdf")

    def test_a_machine_file_stands_alone_and_no_byte_of_it_may_change(self):
        file = self.make("ledger:A-000001", "--machine-only", "--out", self.folder)
        self.assertEqual(file.suffix, ".yima")
        self.assertEqual(self.verdict(file)["verdict"], "AUTHENTIC")
        whole = file.read_bytes()
        for place in range(0, len(whole), 211):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
            said = self.verdict(file, expect=3)
            self.assertEqual(said["verdict"], "REFUSED")
        file.write_bytes(whole[:-7])
        self.assertIn("REFUSED: ", self.verify(file, expect=3).stdout)

    def test_what_is_no_certificate_is_refused_with_what_is_wrong(self):
        file = self.folder / "letter.pdf"
        for content, reason in ((b"a letter", "CERTIFICATE_MALFORMED"), (b"", "CERTIFICATE_MALFORMED"), (b"%PDF-1.7\n", "PDF_MALFORMED")):
            file.write_bytes(content)
            self.assertEqual(self.verdict(file, expect=3)["reason"], reason)
        whole = self.make("ledger:A-000001", "--out", self.folder).read_bytes()
        file.write_bytes(whole[:len(whole) // 2])
        done = self.verify(file, expect=3)
        self.assertNotIn("WARNING", done.stderr)
        self.verify(self.folder / "missing.pdf", expect=1)

    def test_of_another_city_and_without_trust(self):
        file = self.make("ledger:A-000001", "--out", self.folder)
        with Registry() as other:
            done = other.bare("rights", "verify-certificate", file, expect=1)
            self.assertIn("hint: first run yima trust fetch", done.stderr)
            other.trust()
            done = other.bare("rights", "verify-certificate", file, "--json", expect=3)
            self.assertEqual(json.loads(done.stdout)["reason"], "CERTIFICATE_OF_ANOTHER_REGISTRY")

    def test_online_it_says_whether_it_was_overtaken(self):
        file = self.make("ledger:A-000005", "--out", self.folder)
        online = lambda expect=0: json.loads(self.registry.yima("rights", "verify-certificate", file, "--online", "--json",
                                                                expect=expect).stdout)
        self.assertFalse(online()["overtaken"])
        uid = self.uid("ledger:A-000005")
        self.registry.yima("facilities", "update", "ledger:A-000005", "address=凤台西街")
        now = online()
        self.assertTrue(now["overtaken"])
        self.assertFalse(now["rightsChanged"])
        self.registry.yima("rights", "confirm", "--facility", f"uid:{uid}", "--right", "supervising", "--basis-kind", "批复",
                           "--basis-number", "3号")
        self.assertTrue(online(expect=3)["rightsChanged"])
        self.assertEqual(self.verdict(file)["verdict"], "AUTHENTIC")
        # By anybody, without a token.
        done = self.registry.run(self.registry.command("rights", "verify-certificate", file, "--online"), 3, "", {"YIMA_TOKEN": ""})
        self.assertIn("its rights have changed", done.stdout)

    def test_a_certificate_is_for_who_may_read(self):
        name = self.uid("ledger:A-000001")
        nobody = self.registry.yima("rights", "certificate", f"uid:{name}", "--out", self.folder, expect=1, env={"YIMA_TOKEN": ""})
        self.assertIn("yima login", nobody.stderr)
        elsewhere = self.registry.principal("别处", "registrar:3301")
        self.registry.yima("rights", "certificate", f"uid:{name}", "--out", self.folder, expect=1, env=elsewhere)
        self.assertEqual(list(self.folder.iterdir()), [])
        here = self.registry.principal("本区", "registrar:1405")
        self.registry.yima("rights", "certificate", f"uid:{name}", "--out", self.folder, env=here)
        self.assertEqual(len(list(self.folder.iterdir())), 1)

    def test_wrong_use_is_told(self):
        self.registry.yima("rights", "certificate", expect=2)
        self.registry.yima("rights", "certificate", "ledger:A-000001", "--where", "class=01001", expect=2)
        self.registry.yima("rights", "certificate", "--where", "class=01001", "--out", self.folder / "one.pdf", expect=2)
        self.registry.yima("rights", "certificate", "uid:999", "--out", self.folder, expect=1)

    def test_it_is_of_what_was_committed_before(self):
        """No waiting between a confirmation and its certificate."""
        for n in range(3):
            self.registry.yima("rights", "confirm", "--facility", "ledger:A-000009", "--right", "owning", "--basis-kind", "批复",
                               "--basis-number", f"{n}号")
            began = time.monotonic()
            file = self.make("ledger:A-000009", "--machine-only", "--out", self.folder)
            self.assertEqual(self.verdict(file)["owning"]["basis"]["number"], f"{n}号", time.monotonic() - began)


if __name__ == "__main__":
    unittest.main()
