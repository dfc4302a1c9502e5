"""What was, and what lies where: a facility's history in both languages, what is near, and the watch."""
import re
import unittest

from programs.registry import Registry


class PastTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = registry = Registry()
        registry.start()
        ledger = registry.folder / "ledger.csv"
        rows = ["编号,小类编码,区划,主管部门,权属单位,经度,纬度,备注"]
        for n in range(5):
            rows.append(f"W-{n:06},0100{n % 2 + 1},140502,城市管理局,排水公司,112.85{n}00,35.490000,王工 1380000000{n}")
        ledger.write_text("\n".join(rows) + "\n", encoding="utf-8")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        cls.codes = registry.objects("codes", "issue", "--where", "class=01001")
        registry.yima("codes", "suspend", cls.codes[0]["serial"])

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def test_history_is_a_story_in_english(self):
        shown = self.registry.yima("facilities", "history", "ledger:W-000000", "--lang", "en").stdout
        self.assertRegex(shown, r"code suspended .*\(log \d+, revision 2\)")
        self.assertIn("state: active → suspended", shown)
        self.assertIn("owner organization: 排水公司", shown)
        self.assertIn("remark: (withheld)", shown)
        self.assertNotIn("1380000", shown)
        self.assertLess(shown.index("code suspended"), shown.index("imported from a ledger"))

    def test_history_is_a_story_in_chinese(self):
        shown = self.registry.yima("facilities", "history", "ledger:W-000000", "--lang", "zh").stdout
        self.assertIn("停用码", shown)
        self.assertIn("状态: 在用 → 停用", shown)
        self.assertIn("台账导入", shown)
        self.assertIn("备注: （不公开）", shown)

    def test_history_as_json_is_complete(self):
        entries = self.registry.objects("facilities", "history", "ledger:W-000000")
        self.assertEqual(len(entries), 3)
        for entry in entries:
            for name in ("index", "timeUs", "principal", "principalName", "method", "requestId", "batch", "revision",
                         "code", "changes"):
                self.assertIn(name, entry)
        self.assertEqual(entries[0]["changes"],
                         [{"path": "state", "before": "CODE_STATE_ACTIVE", "after": "CODE_STATE_SUSPENDED"}])

    def test_near_lists_the_nearest_first(self):
        lines = self.registry.yima("facilities", "near", "112.8511,35.49", "--within", "120").stdout.splitlines()
        self.assertEqual([float(re.match(r"([\d.]+) m\t", line)[1]) for line in lines], [9.1, 81.5, 99.6])
        of_class = self.registry.objects("facilities", "near", "112.8511,35.49", "--within", "120", "--where", "class=01001")
        self.assertEqual([near["facility"]["externalCodes"][0]["value"] for near in of_class], ["W-000002", "W-000000"])

    def test_near_refuses_what_is_no_point(self):
        for point in ("112", "112,x", "112,35,1", "nan,1", ""):
            done = self.registry.yima("facilities", "near", point, expect=2)
            self.assertIn("LONGITUDE,LATITUDE", done.stderr)
        done = self.registry.yima("facilities", "near", "112,35", "--within", "50001", expect=2)
        self.assertIn("50000", done.stderr)

    def test_watch_tells_what_matches_and_ends_when_it_has_caught_up(self):
        whole = self.registry.objects("watch", "--from", "1-0", "--once")
        self.assertEqual([int(change["index"]) for change in whole], list(range(len(whole))))
        codes = self.registry.objects("watch", "--from", "1-0", "--once", "--where", "kind=code")
        self.assertEqual({change["kind"] for change in codes}, {"CODE"})
        self.assertEqual(len(codes), len(self.codes) + 1)
        after = self.registry.objects("watch", "--from", codes[-2]["token"], "--once", "--where", "kind=code")
        self.assertEqual(after, codes[-1:])
        done = self.registry.yima("watch", "--from", whole[-1]["token"], "--once")
        self.assertEqual(done.stdout, "")
        self.assertIn(f"--from {whole[-1]['token']}", done.stderr)

    def test_watch_refuses_tokens_and_filters_that_are_none(self):
        for token, words in (("1-99999", "fewer than 99999"), ("7-0", "knows nothing of epoch 7"), ("x", "EPOCH-ENTRIES")):
            done = self.registry.yima("watch", "--from", token, "--once", expect=None)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
        self.registry.yima("watch", "--once", "--where", "coded=yes", expect=2)
        self.registry.yima("watch", "--once", "--where", "kind=lamp", expect=2)


if __name__ == "__main__":
    unittest.main()
