"""The life of a facility as a user drives it: updated, put into a whole, damaged, handed over and retired."""
import unittest

from programs.registry import Registry, write_ledger

BASIS = ["--basis-kind", "移交协议", "--basis-number", "晋市移〔2026〕12号"]


class LifeTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 3, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")

    def one(self, *args, expect=0):
        [found] = self.registry.objects("facilities", *args, expect=expect)
        return found

    def refused(self, expect, english, chinese, *args):
        before = self.registry.contents()
        self.assertIn(english, self.registry.yima("facilities", *args, expect=expect).stderr)
        self.assertIn(chinese, self.registry.yima("facilities", *args, "--lang", "zh", expect=expect).stderr)
        self.assertEqual(self.registry.contents(), before)

    def test_a_walk_through_a_life(self):
        name = "ledger:W-000001"
        self.assertEqual(len(self.registry.objects("facilities", "list", "--not-handed-over")), 3)
        handed = self.one("handover", name, "--from", "城区排水公司", "--to", "晋城市城区城市管理局", *BASIS, "--note", "张三签字")
        self.assertEqual((handed["life"], handed["handOver"]["basis"]["number"]), ("IN_USE", "晋市移〔2026〕12号"))
        self.assertEqual(handed["handOver"]["note"], "张三签字")
        self.assertEqual(len(self.registry.objects("facilities", "list", "--where", "handed-over=no")), 2)
        self.assertEqual(self.one("life", name, "damage", "--date", "2026-11-20")["condition"], "DAMAGED")
        self.assertEqual(self.one("life", name, "repair")["condition"], "INTACT")
        moved = self.one("life", name, "move", "--position", "112.85,35.49")
        self.assertEqual(moved["position"]["longitude"], 112.85)
        [code] = self.registry.objects("codes", "issue", "--facility", name)
        retired = self.one("retire", name, *BASIS)
        self.assertEqual((retired["life"], retired["revokedCodes"]), ("SCRAPPED", [code["serial"]]))
        self.assertEqual(self.registry.objects("resolve", code["text"], expect=3)[0]["state"], "REVOKED")
        self.assertEqual([f["uid"] for f in self.registry.objects("facilities", "list", "--where", "life=scrapped")],
                         [retired["uid"]])
        # The list of revoked codes is renewed meanwhile, so the store does not stand still.
        said = self.registry.yima("facilities", "life", name, "damage", "--lang", "zh", expect=1).stderr
        self.assertIn("这一步不能接在现状之后", said)
        self.assertIn("is SCRAPPED and INTACT; what may follow: none", said)
        self.registry.check()

    def test_fields_are_updated_and_the_rest_stays(self):
        name = "ledger:W-000001"
        updated = self.one("update", name, "address=黄华街297号", "owner=晋城市城区城市管理局", "maintainer=城区排水公司",
                           "extra:材质=铸铁", "personal:户主=李四", "code=14050201001000777")
        self.assertEqual((updated["address"], updated["name"]), ("黄华街297号", "供水井盖"))
        self.assertEqual(updated["owning"]["state"], "RECORDED")
        self.assertEqual(updated["maintaining"]["holder"] != "0", True)
        self.assertEqual([(f["name"], f["value"]) for f in updated["extra"]][-1], ("材质", "铸铁"))
        updated = self.one("update", "14050201001000777", "extra:规格=D700", "owner=无主", "address=")
        self.assertEqual({f["name"]: f["value"] for f in updated["extra"]}, {"材质": "铸铁", "规格": "D700"})
        self.assertEqual((updated["owning"]["state"], updated["address"]), ("OWNERLESS", ""))
        self.assertEqual(updated["personal"], [{"name": "户主", "value": "李四"}])
        etag = updated["etag"]
        self.assertEqual(self.one("update", name, "owner=ownerless")["etag"], etag)
        self.refused(2, "colour= is no field", "改动的写法有误", "update", name, "colour=red")
        self.refused(2, "want FIELD=VALUE", "改动的写法有误", "update", name, "address")
        self.refused(1, "class \"99999\" is not in the catalogue", "没有这个小类", "update", name, "class=99999")
        self.registry.yima("rights", "confirm", "--facility", name, "--right", "maintaining", *BASIS)
        self.refused(1, "claimed or confirmed", "该权利已认领或确认", "update", name, "maintainer=")
        self.registry.check()

    def test_parts_and_wholes(self):
        whole, part, other = "ledger:W-000001", "ledger:W-000002", "ledger:W-000000"
        self.assertNotEqual(self.one("update", part, f"parent={whole}")["parent"], "0")
        self.one("update", other, f"parent={part}")
        shown = self.one("show", part)
        self.assertEqual(shown["whole"]["uid"], shown["parent"])
        self.assertEqual([p["uid"] for p in shown["parts"]], [self.one("show", other)["uid"]])
        self.assertEqual(len(self.registry.objects("facilities", "list", "--where", f"parent={whole}")), 1)
        self.assertIn("有下级部件", self.registry.yima("facilities", "history", whole, "--lang", "zh").stdout)
        self.refused(1, "stands within", "部件不能成为自身的上级", "update", whole, f"parent={other}")
        self.refused(1, "has parts that stand", "该部件还有下级部件", "retire", whole, *BASIS)
        [code] = self.registry.objects("codes", "issue", "--facility", part)
        self.assertIn("part of: uid:", self.registry.yima("resolve", code["text"]).stdout)
        self.assertIn("下级部件: uid:", self.registry.yima("codes", "lookup", code["shortNumber"], "--lang", "zh").stdout)
        self.assertEqual(self.one("update", part, "parent=")["parent"], "0")
        self.registry.check()

    def test_bad_steps_are_refused(self):
        name = "ledger:W-000001"
        self.refused(2, "is none of", "没有这个取值", "life", name, "vanish")
        self.refused(2, "yet to come", "日期在将来", "life", name, "damage", "--date", "2999-01-01")
        self.refused(2, "only a hand-over", "该字段不属于这一步", "life", name, "damage", "--to", "城区排水公司")
        self.refused(2, "done on a document", "缺少依据文件", "life", name, "scrap")
        self.refused(2, "want LONGITUDE,LATITUDE", "改动的写法有误", "life", name, "move", "--position", "here")


if __name__ == "__main__":
    unittest.main()
