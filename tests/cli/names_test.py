"""What programs read of ours: names of fields, digit strings, exit codes, from a ledger to a revoked plate."""
import json
import re
import unittest

from programs.registry import Registry, write_ledger

FORGED_DIGIT = str.maketrans("0123456789", "1234567890")


class NamesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = registry = Registry()
        registry.start()
        ledger = write_ledger(registry.folder / "ledger.csv", 6, "W")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        registry.trust()
        cls.codes = registry.objects("codes", "issue", "--where", "class=01001")
        cls.blanks = registry.objects("codes", "issue", "--blank", "3")
        cls.text = cls.codes[0]["text"]
        # The last digit belongs to the signature.
        cls.forged = cls.text[:-1] + cls.text[-1].translate(FORGED_DIGIT)
        cls.moved = cls.text.replace("QR.EXAMPLE.CN", "QR.ELSEWHERE.CN")

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def fields(self, done, *names):
        """The objects of a command's stdout, each with these fields and nothing but data around them."""
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        for each in objects:
            for name in names:
                self.assertIn(name, each)
        return objects

    def test_codes_issue_names_its_fields_and_none_is_left_out(self):
        self.assertEqual(len(self.codes), 6)
        batches = {code["batch"] for code in self.codes}
        self.assertEqual(len(batches), 1)
        for code in self.codes + self.blanks:
            for name in ("serial", "text", "facilityCode", "shortNumber", "batch"):
                self.assertIsInstance(code[name], str, name)
            self.assertRegex(code["serial"], r"^\d+$")
            self.assertRegex(code["batch"], r"^\d+$")
            self.assertRegex(code["text"], r"^HTTPS://QR\.EXAMPLE\.CN/1\d{202}$")
            self.assertRegex(code["shortNumber"], r"^[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]$")
        for code in self.codes:
            self.assertRegex(code["facilityCode"], r"^140502010010\d{5}$")
        self.assertEqual({code["facilityCode"] for code in self.blanks}, {""})
        self.assertEqual([code["serial"] for code in self.codes], sorted(code["serial"] for code in self.codes))

    def test_issue_again_finds_all_coded_and_prints_nothing(self):
        done = self.registry.yima("codes", "issue", "--where", "class=01001", "--json")
        self.assertEqual(done.stdout, "")
        self.assertIn("0 codes", done.stderr)

    def test_verify_names_its_fields_and_gives_exit_3(self):
        names = ("text", "verdict", "serial", "facilityCode")
        [good] = self.fields(self.registry.yima("verify", "--json", self.text), *names)
        self.assertEqual((good["text"], good["verdict"], good["serial"], good["facilityCode"]),
                         (self.text, "AUTHENTIC", self.codes[0]["serial"], self.codes[0]["facilityCode"]))
        for text, verdict in ((self.forged, "FORGED"), (self.moved, "UNKNOWN_ISSUER"), ("hello", "MALFORMED"),
                              (self.text + "0", "MALFORMED"), (self.text + " ", "MALFORMED")):
            [bad] = self.fields(self.registry.yima("verify", "--json", text, expect=3), *names)
            self.assertEqual((bad["text"], bad["verdict"]), (text, verdict))
            self.assertIsInstance(bad["serial"], str)
            self.assertIsInstance(bad["facilityCode"], str)
        [lower] = self.fields(self.registry.yima("verify", "--json", self.text.lower()), *names)
        self.assertEqual(lower["verdict"], "AUTHENTIC")

    def test_verify_reads_one_text_a_line_from_stdin(self):
        done = self.registry.yima("verify", "--json", stdin=f"{self.text}\r\n\n{self.forged}\n{self.blanks[0]['text']}", expect=3)
        self.assertEqual([each["verdict"] for each in self.fields(done, "verdict")], ["AUTHENTIC", "FORGED", "AUTHENTIC"])
        self.assertIn("no text to verify", self.registry.yima("verify", stdin="", expect=2).stderr)

    def test_verify_without_trust_refuses_with_a_hint(self):
        done = self.registry.yima("verify", self.text, "--trust", "/nowhere", expect=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("yima: --trust: no trust is kept in /nowhere", done.stderr)
        self.assertIn("hint: first run yima trust fetch --root KEY", done.stderr)

    def test_trust_names_its_fields(self):
        for command in (("show",), ("fetch",)):
            [trust] = self.fields(self.registry.yima("trust", *command, "--json"), "registry", "origin", "origins", "keys")
            self.assertRegex(trust["registry"], "^[0-9a-f]{32}$")
            self.assertEqual((trust["origin"], trust["origins"]), ("HTTPS://QR.EXAMPLE.CN/", ["HTTPS://QR.EXAMPLE.CN/"]))
            [key] = trust["keys"]
            self.assertEqual(key["origin"], trust["origin"])
            self.assertIsInstance(key["keyId"], int)
            self.assertRegex(key["publicKey"], "^[0-9a-f]{64}$")
            self.assertLess(2000, key["firstDay"])
            self.assertLess(key["firstDay"], key["lastDay"])
            self.assertIs(key["revoked"], False)

    def test_trust_is_fetched_with_a_root_that_is_known_by_hand(self):
        kept = self.registry.folder / "kept"
        done = self.registry.yima("trust", "fetch", "--trust", kept, expect=1)
        self.assertIn("its root key is needed", done.stderr)
        self.assertIn("hint: give the root with --root", done.stderr)
        other = "5866666666666666666666666666666666666666666666666666666666666666"
        self.registry.yima("trust", "fetch", "--trust", kept, "--root", other, expect=1)
        self.assertFalse((kept / "bundle").exists())
        self.registry.yima("trust", "fetch", "--trust", kept, "--root", self.registry.root)
        self.registry.yima("trust", "fetch", "--trust", kept)
        done = self.registry.yima("trust", "show", "--trust", "/nowhere", expect=1)
        self.assertIn("hint: ", done.stderr)

    def test_damaged_trust_is_refused(self):
        kept = self.registry.folder / "damaged"
        self.registry.yima("trust", "fetch", "--trust", kept, "--root", self.registry.root)
        [bundle] = kept.glob("*/bundle")
        bundle.write_text(bundle.read_text().replace("current", "old"))
        done = self.registry.yima("verify", self.text, "--trust", kept, expect=1)
        self.assertIn(str(bundle), done.stderr)
        self.assertIn("hint: remove that registry's trust folder", done.stderr)

    def test_resolve_names_its_fields(self):
        names = ("verdict", "state", "facility", "rights", "organizations")
        [good] = self.fields(self.registry.yima("resolve", "--json", self.text, "--position", "112.85,35.5"), *names)
        self.assertEqual((good["verdict"], good["state"]), ("AUTHENTIC", "ACTIVE"))
        self.assertEqual(good["facility"]["codes"][0]["digits"], self.codes[0]["facilityCode"])
        self.assertEqual(good["rights"]["owning"]["holderName"], "城区排水公司")
        self.assertEqual(good["rights"]["supervising"]["state"], "RECORDED")
        self.assertEqual({each["name"] for each in good["organizations"]}, {"城区排水公司", "晋城市城区城市管理局"})
        [blank] = self.fields(self.registry.yima("resolve", "--json", self.blanks[0]["text"]), *names)
        self.assertEqual((blank["verdict"], blank["state"], blank["facility"]), ("AUTHENTIC", "BLANK", None))
        [bad] = self.fields(self.registry.yima("resolve", "--json", self.forged, expect=3), *names)
        self.assertEqual((bad["verdict"], bad["state"]), ("FORGED", ""))
        both = self.registry.yima("resolve", "--json", stdin=f"{self.text}\n{self.moved}\n", expect=3)
        self.assertEqual([each["verdict"] for each in self.fields(both, *names)], ["AUTHENTIC", "UNKNOWN_ISSUER"])
        self.registry.yima("resolve", "no-such.png", expect=1)

    def test_the_life_of_a_plate(self):
        ledger = write_ledger(self.registry.folder / "late.csv", 2, "L")
        self.registry.yima("facilities", "import", ledger, "--key", "编号")
        blank = self.blanks[1]
        [bound] = self.fields(self.registry.yima("codes", "bind", blank["text"], "late:L-000000", "--json"), "serial", "state", "facility")
        self.assertEqual((bound["serial"], bound["state"]), (blank["serial"], "ACTIVE"))
        taken = self.registry.yima("codes", "bind", blank["shortNumber"], "late:L-000001", expect=1)
        self.assertRegex(taken.stderr, "^yima: ")
        shown = self.registry.objects("codes", "show", blank["shortNumber"])[0]
        self.assertEqual(shown["facility"], bound["facility"])
        facility = self.registry.objects("facilities", "show", "late:L-000000")[0]
        self.assertEqual((facility["uid"], facility["activeCode"]), (bound["facility"], blank["serial"]))
        [revoked] = self.fields(self.registry.yima("codes", "revoke", blank["serial"], "--reason", "lost", "--json"), "state", "reason")
        self.assertEqual((revoked["state"], revoked["reason"]), ("REVOKED", "LOST"))
        # Twice has the same result.
        [again] = self.fields(self.registry.yima("codes", "revoke", blank["serial"], "--reason", "lost", "--json"))
        self.assertEqual(again, revoked)
        [seen] = self.fields(self.registry.yima("resolve", "--json", blank["text"], expect=3))
        self.assertEqual((seen["verdict"], seen["state"]), ("AUTHENTIC", "REVOKED"))
        # Offline too, once the list is fetched.
        self.registry.yima("trust", "fetch")
        [offline] = self.fields(self.registry.yima("verify", "--json", blank["text"], expect=3), "state")
        self.assertEqual((offline["verdict"], offline["state"]), ("AUTHENTIC", "REVOKED"))
        states = [code["state"] for code in self.registry.objects("codes", "list", "--state", "revoked")]
        self.assertEqual(states, ["REVOKED"])

    def test_rights_are_confirmed_on_a_basis(self):
        basis = ("--basis-kind", "移交协议", "--basis-number", "晋市移〔2026〕12号", "--basis-date", "2026-03-01")
        where = ("--where", "batch=" + self.registry.objects("facilities", "show", "ledger:W-000000")[0]["batch"])
        dry = self.registry.objects("rights", "confirm", *where, "--right", "owning", *basis, "--dry-run")[-1]
        self.assertEqual((dry["total"], dry["dryRun"]), ("6", True))
        done = self.registry.objects("rights", "confirm", *where, "--right", "owning", *basis, "--frozen-hash", dry["frozenHash"])[-1]
        self.assertEqual((done["confirmed"], done["total"]), (dry["confirmed"], "6"))
        again = self.registry.objects("rights", "confirm", *where, "--right", "owning", *basis)[-1]
        self.assertEqual((again["confirmed"], again["unchanged"]), ("0", "6"))
        [seen] = self.fields(self.registry.yima("resolve", "--json", self.text))
        self.assertEqual(seen["rights"]["owning"]["state"], "CONFIRMED")
        nobody = self.registry.yima("rights", "confirm", "--facility", "ledger:W-000001", "--right", "maintaining", *basis, expect=1)
        self.assertRegex(nobody.stderr, "^yima: ")

    def test_lists_are_one_record_a_line_in_text_and_json(self):
        for command, least in ((("organizations", "list"), 2), (("facilities", "list"), 6), (("codes", "list"), 9),
                               (("classes", "list"), 100), (("batches", "list"), 3)):
            with self.subTest(command=command):
                done = self.registry.yima(*command)
                lines = done.stdout.splitlines()
                objects = self.registry.objects(*command)
                self.assertEqual(done.stderr, "")
                self.assertGreaterEqual(len(lines), least)
                self.assertEqual(len(objects), len(lines))
                self.assertEqual(len({line.count("\t") for line in lines}), 1)
                self.assertEqual(len({tuple(each) for each in objects}), 1, "a field is left out somewhere")
        self.assertEqual({each["code"][:2] for each in self.registry.objects("classes", "list", "01")}, {"01"})
        [batch] = self.registry.objects("batches", "show", self.codes[0]["batch"])
        self.assertEqual((batch["id"], batch["state"]), (self.codes[0]["batch"], "DONE"))

    def test_filters_choose(self):
        self.assertEqual(len(self.registry.objects("codes", "list", "--batch", self.codes[0]["batch"])), 6)
        self.assertEqual(len(self.registry.objects("codes", "list", "--facility", "ledger:W-000003")), 1)
        self.assertEqual(self.registry.objects("facilities", "list", "--where", "division=110000"), [])
        self.assertGreaterEqual(len(self.registry.objects("facilities", "list", "--where", "organization=城区排水公司", "division=1405")), 6)
        self.registry.yima("facilities", "list", "--where", "organization=外星公司", expect=1)

    def test_people_read_times_and_nested_values(self):
        shown = self.registry.yima("facilities", "show", "ledger:W-000002").stdout
        self.assertRegex(shown, r"(?m)^createTime: \d{4}-\d\d-\d\dT")
        self.assertRegex(shown, r"(?m)^codes\[0\]\.digits: 140502010010\d{5}$")
        self.assertNotIn("{", shown)

    def test_what_is_not_there_is_exit_1_with_a_hint(self):
        for command in (("facilities", "show", "99999"), ("codes", "show", self.blanks[0]["serial"][:-3] + "999"),
                        ("batches", "show", "99999")):
            done = self.registry.yima(*command, expect=1)
            self.assertEqual(done.stdout, "")
            self.assertIn("hint: ", done.stderr)

    def test_chinese_is_spoken_when_asked_for(self):
        done = self.registry.yima("verify", self.forged, "--lang", "zh", expect=3)
        self.assertIn("FORGED（伪造）", done.stdout)
        done = self.registry.yima("facilities", "show", "99999", "--lang", "zh", expect=1)
        self.assertRegex(done.stderr, re.compile("^yima: .*没有这个部件.*\n提示：", re.S))


if __name__ == "__main__":
    unittest.main()
