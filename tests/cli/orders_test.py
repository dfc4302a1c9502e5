"""Orders, offers, rules and reorganized organizations as their users drive them, each as who he is."""
import json
import pathlib
import unittest

from programs.registry import Registry, write_ledger

BASIS = ["--basis-kind", "批复", "--basis-number", "12号"]
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "tools" / "sample" / "rights_rules.json"
WATER, BUREAU = "城区排水公司", "晋城市城区城市管理局"


class OrdersTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 5, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        other = self.registry.folder / "other.csv"
        other.write_text("编号,小类编码,区划,主管部门,权属单位\nP-1,01001,140521,晋城市城区城市管理局,城区供电公司\n", encoding="utf-8")
        self.registry.yima("facilities", "import", other, "--key", "编号", "--create-organizations")
        self.second = self.registry.principal("二号确权员", "registrar")
        self.water = self.manager("排水", WATER)
        self.power = self.manager("供电", "城区供电公司")

    def manager(self, name, organization):
        number = self.number(organization)
        return self.registry.principal(name, f"manager:org={number}", organization=number)

    def number(self, organization):
        [found] = self.registry.objects("organizations", "show", organization)
        return found["id"]

    def one(self, *words, env=None, expect=0):
        [found] = self.registry.objects(*words, env=env, expect=expect)
        return found

    def owning(self, name):
        return self.one("facilities", "show", name)["owning"]

    def refused(self, english, chinese, *words, env=None, expect=1):
        before = self.registry.contents()
        self.assertIn(english, self.registry.yima(*words, env=env, expect=expect).stderr)
        self.assertIn(chinese, self.registry.yima(*words, "--lang", "zh", env=env, expect=expect).stderr)
        self.assertEqual(self.registry.contents(), before)

    def test_a_transfer_that_both_sides_agree_to(self):
        name = "ledger:W-000001"
        transfer = ("rights", "transfer", name, "--right", "owning", "--to", "城区供电公司", *BASIS)
        self.refused("recorded and not confirmed", "该权利尚未确认", *transfer)
        self.registry.yima("rights", "confirm", "--facility", name, "--right", "owning", *BASIS)
        stale = self.one("facilities", "show", name)["etag"]
        self.registry.yima("facilities", "update", name, "address=黄华街")
        self.refused("was changed since etag", "记录已被他人修改", *transfer, "--etag", stale)
        self.refused("holds that right already", "不能转给现持有单位自己", "rights", "transfer", name, "--right", "owning",
                     "--to", WATER, *BASIS)
        order = self.one(*transfer, "--reason", "移交")
        self.assertEqual((order["state"], order["byOrder"], order["reason"]), ("PROPOSED", False, "移交"))
        self.refused("agreed to by both sides", "该变更由双方同意", "rights", "countersign", order["id"], env=self.second)
        self.assertEqual(self.one("rights", "orders", env=self.power)["id"], order["id"])
        self.registry.yima("rights", "agree", order["id"], env=self.power)
        self.assertEqual(self.owning(name)["order"], order["id"])
        self.assertEqual(self.one("rights", "agree", order["id"], env=self.water)["state"], "DONE")
        self.assertEqual(self.owning(name)["holder"], self.number("城区供电公司"))
        self.assertEqual(self.registry.yima("rights", "orders").stdout, "")
        self.assertIn("TRANSFER", self.registry.yima("rights", "orders", "--all").stdout)
        self.refused("is ORDER_STATE_DONE", "该决定已办结", "rights", "withdraw-order", order["id"])
        self.registry.check()

    def test_what_is_by_order_takes_a_second_registrar(self):
        name = "ledger:W-000002"
        self.registry.yima("rights", "confirm", "--facility", name, "--right", "owning", *BASIS)
        revoke = ("rights", "revoke", name, "--right", "owning", "--reason", "证据系伪造", *BASIS)
        order = self.one(*revoke)
        self.refused("another has to decide", "", "rights", "countersign", order["id"])
        self.assertEqual(self.one("rights", "countersign", order["id"], env=self.second)["order"]["state"], "DONE")
        self.assertEqual((self.owning(name)["state"], self.owning(name)["decidedOrder"]), ("RECORDED", order["id"]))
        self.registry.yima("rights", "confirm", "--facility", name, "--right", "owning", *BASIS)
        order = self.one("rights", "correct", name, "--right", "owning", "--to", "城区供电公司", "--reason", "有误", *BASIS)
        said = self.registry.yima("rights", "countersign", order["id"], "--lang", "zh", env=self.second).stdout
        self.assertIn("权属更正公示", said)
        self.assertEqual((self.owning(name)["state"], len(self.owning(name)["claims"])), ("CONFIRMED", 1))
        self.registry.check()

    def test_nobodys_facilities_are_offered_and_given_to_a_custodian(self):
        rules = json.loads(SAMPLE.read_text(encoding="utf-8"))
        del rules["calendars"]  # A test runs in any year.
        rules["classRules"] = [{"classPrefix": "01", "candidates": [self.number(WATER), self.number("城区供电公司")]}]
        file = self.registry.folder / "rules.json"
        file.write_text(json.dumps(rules), encoding="utf-8")
        self.registry.yima("rights", "rules", "set", "--file", file)
        for name in ("W-000001", "W-000002"):
            self.registry.yima("facilities", "update", f"ledger:{name}", "owner=无主")
        offer = ("rights", "offer", "--where", "right=owning", "right-state=ownerless")
        looked = self.one(*offer, "--dry-run")
        self.assertEqual((looked["rights"], looked["dryRun"]), ("2", True))
        self.assertEqual(self.one(*offer, "--yes")["changed"], "2")
        self.refused("may be answered until", "正在无主认领中", "rights", "offer", "--facility", "ledger:W-000001", "--yes")
        first, second = [o["id"] for o in self.registry.objects("rights", "offers")]
        self.assertEqual(len(self.registry.yima("rights", "offers", "--organization", WATER, env=self.water).stdout.splitlines()), 2)
        taken = self.one("rights", "accept", first, *BASIS, env=self.water)
        self.assertEqual(taken["state"], "ACCEPTED")
        self.refused("was taken", "该部件已被接收", "rights", "accept", first, *BASIS, env=self.power)
        self.assertEqual(self.owning("ledger:W-000001")["state"], "CLAIMED")
        for who in (self.water, self.power):
            declined = self.one("rights", "decline", second, "--reason", "非我单位", env=who)
        self.assertEqual(declined["state"], "DECLINED")
        waiting = {r["code"]["digits"] if r["code"] else r["facility"]: r["waitsFor"]
                   for r in self.registry.objects("rights", "unresolved")}
        self.assertIn("CUSTODIAN", waiting.values())
        self.assertIn("指定管护单位", self.registry.yima("rights", "unresolved", "--lang", "zh").stdout)
        order = self.one("rights", "assign", "ledger:W-000002", "--to", WATER, "--reason", "按用途", *BASIS)
        self.registry.yima("rights", "countersign", order["id"], env=self.second)
        shown = self.one("facilities", "show", "ledger:W-000002")
        self.assertEqual((shown["owning"]["state"], shown["maintaining"]["byOrder"]), ("OWNERLESS", True))
        self.registry.check()

    def test_a_merger_that_was_cut_off_goes_on_by_the_same_command(self):
        ledger = write_ledger(self.registry.folder / "many.csv", 3000, "M")
        self.registry.yima("facilities", "import", ledger, "--key", "编号")
        merge = ("organizations", "merge", WATER, "--into", "城区供电公司", "--date", "2026-11-30", *BASIS, "--yes")
        running = self.registry.begin(*merge)
        while running.poll() is None and self.one("organizations", "show", WATER)["state"] != "MERGED":
            pass
        self.registry.kill()
        running.communicate()
        if running.returncode == 0:
            self.skipTest("it was done before it could be cut off")
        self.registry.start()
        done = self.one(*merge)
        self.assertEqual((done["total"], done["changed"], done["moved"]), ("3005", "3005", "0"))
        self.assertEqual(self.registry.objects("facilities", "list", "--where", f"organization={self.number(WATER)}"), [])
        self.registry.check()

    def test_rules_are_read_back_as_they_were(self):
        self.assertIn("no rules were set", self.registry.yima("rights", "rules", "show").stderr)
        self.assertIn("the rules are sound", self.registry.yima("rights", "rules", "set", "--file", SAMPLE, "--dry-run").stdout)
        self.assertEqual(self.one("rights", "rules", "set", "--file", SAMPLE)["version"], "1")
        shown = self.registry.yima("rights", "rules", "show").stdout
        changed = json.loads(shown) | {"publicityDays": 30}
        again = self.registry.yima("rights", "rules", "set", "--file", "-", stdin=json.dumps(changed))
        self.assertIn("2", again.stdout)
        self.assertEqual(self.one("rights", "rules", "show", "--version", "1")["rules"]["publicityDays"], 15)
        self.assertEqual(self.one("rights", "rules", "show")["rules"]["publicityDays"], 30)
        stale = self.registry.folder / "stale.json"
        stale.write_text(shown, encoding="utf-8")
        self.refused("was changed since etag", "记录已被他人修改", "rights", "rules", "set", "--file", stale)
        self.refused("have no version 9", "规则没有这个版本", "rights", "rules", "show", "--version", "9")
        for text, english, chinese in (('{"colour": 1}', "colour", "规则文件格式有误"),
                                       ('{"classRules": [{"prefix": "01"}]}', "(class_rules[0]) prefix", "规则文件格式有误"),
                                       ("{", "bad.json", "规则文件格式有误"),
                                       ('{"publicityDays": 400}', "rules.publicity_days: 400 days, want 1 to 365", "天数"),
                                       ('{"calendars": [{"year": 2026, "daysOff": ["2027-01-01"]}]}',
                                        "rules.calendars[0].days_off[0]: 2027-01-01 is no day of 2026", "不属于该年")):
            bad = self.registry.folder / "bad.json"
            bad.write_text(text, encoding="utf-8")
            self.refused(english, chinese, "rights", "rules", "set", "--file", bad, expect=2)
        self.refused("cannot read", "无法读取文件", "rights", "rules", "set", "--file", self.registry.folder / "none.json")
        self.registry.check()

    def test_organizations_are_renamed_merged_split_and_dissolved(self):
        when = ["--date", "2026-11-30", *BASIS]
        before = self.number(WATER)
        self.registry.yima("organizations", "rename", WATER, "--new-name", "城区水务集团", *when, "--yes")
        self.assertEqual(self.number(WATER), before)
        self.assertIn(f"formerly {WATER} (until 2026-11-30)", self.registry.yima("organizations", "list").stdout)
        self.refused("belongs to organization", "名称", "organizations", "rename", WATER, "--new-name", BUREAU, *when, "--yes")
        split = self.one("organizations", "split", WATER, "--to", "城区供电公司", "--where", "class=01001", *when, "--dry-run")
        self.assertEqual(split["rights"], "5")
        merged = self.one("organizations", "merge", WATER, "--into", "城区供电公司", *when, "--yes")
        self.assertEqual((merged["rights"], merged["organization"]["state"]), ("5", "MERGED"))
        self.assertEqual(self.owning("ledger:W-000001")["holder"], self.number("城区供电公司"))
        self.refused("ended on 2026-11-30", "", "facilities", "update", "ledger:W-000001", f"maintainer={WATER}")
        # A ledger with the old name means the one that was merged, and gives it nothing.
        told = self.registry.yima("facilities", "import", self.registry.folder / "ledger.csv", "--key", "编号", "--update", expect=2)
        self.assertIn("follows it", told.stdout + told.stderr)
        self.refused("supervises facility", "须指明接续单位", "organizations", "dissolve", BUREAU, *when, "--yes")
        self.registry.yima("organizations", "dissolve", "城区供电公司", *when, "--yes")
        self.assertEqual(self.owning("ledger:W-000001")["state"], "OWNERLESS")
        self.assertIn("已撤销 2026-11-30", self.registry.yima("organizations", "list", "--lang", "zh").stdout)
        self.registry.check()


if __name__ == "__main__":
    unittest.main()
