"""How far codes and rights have come, as a user asks for it: table, JSON, chart and page."""
import unittest
import urllib.request
import xml.etree.ElementTree

from programs.registry import Registry, write_ledger

BASIS = ["--basis-kind", "批复", "--basis-number", "3号"]


class CoverageTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 4, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        self.registry.yima("facilities", "update", "ledger:W-000003", "division=140602")
        self.registry.yima("codes", "issue", "--where", "division=140502")
        self.registry.yima("rights", "confirm", "--facility", "ledger:W-000000", "--right", "owning", *BASIS)

    def coverage(self, *args):
        [answer] = self.registry.objects("coverage", *args)
        return answer

    def test_counts_follow_codes_and_rights(self):
        total = self.coverage()["total"]
        self.assertEqual((total["facilities"], total["coded"]), ("4", "3"))
        self.assertEqual((total["owning"]["recorded"], total["owning"]["confirmed"]), ("3", "1"))
        rows = self.coverage("--by", "division")["rows"]
        self.assertEqual([(row["group"], row["facilities"], row["coded"]) for row in rows],
                         [("140502", "3", "3"), ("140602", "1", "0")])
        self.assertEqual(len(self.coverage("--by", "class", "--division", "1406")["rows"]), 1)
        by_owner = self.coverage("--by", "organization", "--organization", "城区排水公司")
        self.assertEqual([each["name"] for each in by_owner["organizations"]], ["城区排水公司"])
        self.registry.check()

    def test_table_stands_in_columns_in_both_languages(self):
        for lang, head in ("zh", "赋码率"), ("en", "coded %"):
            said = self.registry.yima("coverage", "--by", "organization", "--lang", lang).stdout
            self.assertIn(head, said)
            self.assertIn("75.0%", said)
            lines = said.splitlines()
            self.assertEqual(len(lines), 3)
            columns = {sum(2 if ord(c) > 0x2E80 else 1 for c in line) for line in lines}
            self.assertEqual(len(columns), 1, said)
        self.assertIn("140602", self.registry.yima("coverage", "--by", "division").stdout)

    def test_days_end_with_today_as_it_stands(self):
        days = self.registry.objects("coverage", "--since", "2020-01-01")
        self.assertEqual(days[-1]["total"]["coded"], "3")
        self.assertIn(days[-1]["day"], self.registry.yima("coverage", "--since", "2020-01-01").stdout)

    def test_charts_are_drawings(self):
        for name, args in ("bars.svg", ["--by", "class"]), ("lines.svg", ["--since", "2020-01-01"]):
            file = self.registry.folder / name
            self.registry.yima("coverage", *args, "--svg", file, "--lang", "zh")
            self.registry.yima("coverage", *args, "--svg", file, "--lang", "zh")
            self.assertEqual(xml.etree.ElementTree.parse(file).getroot().tag, "{http://www.w3.org/2000/svg}svg")
        mine = self.registry.folder / "mine.txt"
        mine.write_text("mine")
        self.assertIn("not replaced", self.registry.yima("coverage", "--svg", mine, expect=2).stderr)
        self.assertEqual(mine.read_text(), "mine")

    def test_page_is_for_everybody_and_names_no_organization(self):
        with urllib.request.urlopen(f"http://{self.registry.http}/coverage?lang=zh", timeout=60) as answer:
            page = answer.read().decode()
        self.assertIn("75.0 %", page)
        self.assertIn("140602", page)
        self.assertNotIn("城区排水公司", page)
        nobody = {"YIMA_TOKEN": ""}
        self.assertIn("75.0%", self.registry.yima("coverage", env=nobody).stdout)
        self.assertIn("token", self.registry.yima("coverage", "--by", "organization", env=nobody, expect=1).stderr)

    def test_bad_input_is_refused(self):
        for reason, *args in (("want 2, 4 or 6 digits", "--division", "140"), ("--by", "--by", "colour"),
                              ("--right", "--right", "colour"), ("YYYY-MM-DD", "--since", "yesterday"),
                              ("without --by", "--since", "2026-01-01", "--by", "class")):
            self.assertIn(reason, self.registry.yima("coverage", *args, expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
