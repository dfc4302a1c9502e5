"""The life of a plate as a user drives it: suspended, resumed, replaced, and found by its short number."""
import unittest

from programs.registry import Registry, write_ledger


class PlatesTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 3, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        self.codes = self.registry.objects("codes", "issue", "--where", "class=01001")
        self.blank = self.registry.objects("codes", "issue", "--blank", "1")[0]

    def one(self, *args, expect=0):
        [found] = self.registry.objects(*args, expect=expect)
        return found

    def states(self):
        """What a reader in a basement would say of every plate, by its serial."""
        self.registry.trust()
        texts = "\n".join(code["text"] for code in [*self.codes, self.blank])
        lines = self.registry.objects("verify", stdin=texts, expect=None)
        return {line["serial"]: line["state"] for line in lines}

    def listed_as(self, wanted):
        """Whether the revocation list, renewed seconds after a change, says it."""
        return [serial for serial, state in self.states().items() if state == wanted]

    def test_a_suspended_plate_is_told_of_online_and_offline_until_it_is_resumed(self):
        code = self.codes[0]
        self.assertEqual(self.one("codes", "suspend", code["shortNumber"])["state"], "SUSPENDED")
        self.assertEqual(self.one("codes", "suspend", code["serial"])["state"], "SUSPENDED")
        self.assertEqual(self.one("resolve", code["text"], expect=3)["state"], "SUSPENDED")
        self.assertEqual(self.listed_as("SUSPENDED"), [code["serial"]])
        self.assertEqual(self.one("codes", "resume", code["text"])["state"], "ACTIVE")
        self.assertEqual(self.one("resolve", code["text"])["state"], "ACTIVE")
        self.assertEqual(self.listed_as("SUSPENDED"), [])
        self.registry.check()

    def test_a_replaced_plate_names_its_successor(self):
        first, second = self.codes[:2]
        new = self.one("codes", "replace", first["serial"], "--reason", "damaged")
        self.assertEqual((new["state"], new["facilityCode"]), ("ACTIVE", first["facilityCode"]))
        old = self.one("codes", "show", first["serial"])
        self.assertEqual((old["state"], old["reason"], old["successor"]), ("REPLACED", "DAMAGED", new["serial"]))
        self.assertEqual(self.one("resolve", first["text"], expect=3)["successor"], new["serial"])
        bound = self.one("codes", "replace", second["serial"], "--reason", "lost", "--blank", self.blank["shortNumber"])
        self.assertEqual((bound["serial"], bound["facility"]), (self.blank["serial"], second["facility"]))
        self.assertEqual(sorted(self.listed_as("REPLACED")), sorted([first["serial"], second["serial"]]))
        said = self.registry.yima("codes", "replace", first["serial"], "--reason", "lost", expect=1)
        self.assertIn("has ended: it is REPLACED", said.stderr)
        self.registry.check()

    def test_refusals_say_what_to_do_in_both_languages(self):
        for words, expect, english, chinese in (
                (["suspend", self.blank["serial"]], 1, "is BLANK", "该码不在用"),
                (["resume", self.blank["serial"]], 1, "is BLANK", "该码未停用"),
                (["replace", self.blank["serial"], "--reason", "lost"], 1, "has no facility", "该码尚未绑定"),
                (["replace", self.codes[0]["serial"], "--reason", "scrapped"], 2, "want LOST", "该原因不能用于更换"),
                (["lookup", "00040-00001-9"], 2, "a symbol was misread", "短号校验位不符"),
                (["lookup", "00040"], 2, "short number", "短号格式有误"),
                (["lookup", "ZZZZ0-00000-0"], 2, "short number", "短号格式有误")):
            with self.subTest(words=words):
                said = self.registry.yima("codes", *words, expect=expect)
                self.assertIn(english, said.stderr)
                said = self.registry.yima("codes", *words, "--lang", "zh", expect=expect)
                self.assertIn(chinese, said.stderr)

    def test_a_short_number_finds_the_record_and_proves_nothing(self):
        code = self.codes[0]
        typed = code["shortNumber"].lower().replace("0", "o").replace("-", " ")
        found = self.one("codes", "lookup", typed)
        self.assertEqual((found["serial"], found["state"]), (code["serial"], "ACTIVE"))
        self.assertEqual(found["facility"]["uid"], code["facility"])
        self.assertEqual(found["rights"]["owning"]["holderName"], "城区排水公司")
        shown = self.registry.yima("codes", "lookup", code["shortNumber"])
        self.assertIn("城区排水公司", shown.stdout)
        self.assertIn("proves nothing", shown.stderr)
        self.one("codes", "lookup", self.blank["shortNumber"])
        self.one("codes", "suspend", code["serial"])
        self.assertEqual(self.one("codes", "lookup", code["shortNumber"], expect=3)["state"], "SUSPENDED")


if __name__ == "__main__":
    unittest.main()
