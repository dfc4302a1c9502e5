"""Personal values erased by the real programs: the value and its salt are in no file any more, whatever happens then."""
import sqlite3
import subprocess
import unittest

from programs.registry import Registry

REMARK = "夜间施工请联系李四壹叁捌零零"
CONTACT = "王五乃本单位之联络人"
ROWS = 600
WHO = 200


class EraseTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        self.folder, self.data = self.registry.folder, self.registry.data
        ledger = self.folder / "ledger.csv"
        with open(ledger, "w", encoding="utf-8") as rows:
            rows.write("编号,小类编码,区划,主管部门,备注\n")
            for n in range(ROWS):
                remark = REMARK if n == WHO else f"备注{n}" * (n % 30)
                rows.write(f"W-{n:06},01001,140502,晋城市城区城市管理局,{remark}\n")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        organizations = self.folder / "organizations.csv"
        organizations.write_text(f"名称,联系人\n排水公司,{CONTACT}\n", encoding="utf-8")
        self.registry.yima("organizations", "import", organizations)
        # Rows that grow move from page to page, and leave copies behind.
        self.registry.yima("rights", "confirm", "--where", "class=01001", "--right", "supervising", "--basis-kind",
                           "城区市政设施移交协议", "--basis-number", "晋市移〔2026〕12号" * 3)
        self.facility = f"ledger:W-{WHO:06}"

    def yimad(self, *args):
        return subprocess.run([self.registry.yimad, *map(str, args)], env=self.registry.environment(), check=True,
                              capture_output=True, text=True, timeout=300).stdout

    def ask(self, sql):
        with sqlite3.connect(f"file:{self.data / 'yima.db'}?mode=ro", uri=True) as store:
            return [bytes(value) for (value,) in store.execute(sql)]

    def withheld(self, table, value):
        """The salt and the hash that lie before a value in its record: fields 2 and 1 of Withheld."""
        for record in self.ask(f"SELECT bytes FROM {table}"):
            at = record.find(value.encode())
            if at >= 0:
                self.assertEqual(record[at - 20:at - 18], b"\x12\x10")
                return record[at - 18:at - 2], record[at - 52:at - 20]
        self.fail(f"nobody has {value}")

    def entries(self):
        return self.ask("SELECT entry FROM log ORDER BY idx")

    def found(self, secret, folder=None):
        """Files that hold these bytes, as they lie."""
        return [path.name for path in (folder or self.data).rglob("*") if path.is_file() and secret in path.read_bytes()]

    def nowhere(self, *secrets, folder=None):
        for secret in secrets:
            self.assertEqual(self.found(secret, folder), [], secret)

    def test_value_and_salt_are_nowhere_whatever_happens_then(self):
        salt, kept = self.withheld("record1", REMARK)
        secrets = (REMARK.encode(), REMARK.encode()[6:], salt)
        self.assertNotEqual(self.found(salt), [])
        before = self.entries()
        (answer,) = self.registry.objects("facilities", "erase", self.facility, "--value", "remark")
        self.assertFalse(answer["stillInFiles"])
        self.assertEqual(answer["facility"]["remark"], "")
        # At once, while it serves; killed; served anew; from a backup.
        self.nowhere(*secrets)
        self.registry.kill()
        self.nowhere(*secrets)
        self.registry.start()
        self.nowhere(*secrets)
        self.yimad("backup", "--data", self.data, self.folder / "backup")
        self.nowhere(*secrets, folder=self.folder / "backup")
        self.assertNotEqual(self.found(kept), [], "the hash stays")
        # The log is what it was, and one entry more.
        after = self.entries()
        self.assertEqual(after[:len(before)], before)
        self.assertEqual(len(after), len(before) + 1)
        self.assertIn(kept, after[-1])
        self.registry.check()
        # Later changes bring nothing back.
        self.registry.yima("codes", "issue", "--where", "class=01001", "--json")
        self.registry.kill()
        self.nowhere(*secrets)

    def test_an_organization_forgets_its_contact(self):
        salt, _ = self.withheld("record3", CONTACT)
        done = self.registry.yima("organizations", "erase", "排水公司", "--value", "contact_name")
        self.assertIn("contactName: erased", done.stdout)
        self.assertIn("backups made before", done.stderr)
        self.nowhere(CONTACT.encode(), salt)
        self.registry.check()

    def test_twice_is_the_same_answer_and_people_are_told_in_words(self):
        first = self.registry.yima("facilities", "erase", self.facility, "--value", "remark")
        self.assertIn("remark: erased", first.stdout)
        before = self.registry.contents()
        again = self.registry.yima("facilities", "erase", self.facility, "--value", "remark")
        self.assertEqual(again.stdout, first.stdout)
        after = self.registry.contents()
        before.pop("request"), after.pop("request")
        self.assertEqual(after, before)
        shown = self.registry.yima("facilities", "show", self.facility, "--lang", "zh")
        self.assertIn("remark: 已删除", shown.stdout)

    def test_it_waits_for_who_reads_and_goes_on_by_itself(self):
        salt, _ = self.withheld("record1", REMARK)
        reader = sqlite3.connect(f"file:{self.data / 'yima.db'}?mode=ro", uri=True)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM log").fetchall()
        done = self.registry.yima("facilities", "erase", self.facility, "--value", "remark")
        self.assertIn("still reads", done.stderr)
        self.assertIn("remark: erased", done.stdout)
        reader.close()
        # The same again waits until it is done.
        (answer,) = self.registry.objects("facilities", "erase", self.facility, "--value", "remark")
        self.assertFalse(answer["stillInFiles"])
        self.nowhere(REMARK.encode(), salt)

    def test_it_is_refused_without_the_role_and_for_what_is_no_value(self):
        before = self.entries()
        manager = self.registry.principal("录入员", "manager")
        made = self.entries()
        refused = self.registry.yima("facilities", "erase", self.facility, "--value", "remark", expect=1,
                                     env=manager)
        self.assertIn("role", refused.stderr)
        for value, said in (("address", "none of remark"), ("personal[电话]", "has no personal")):
            refused = self.registry.yima("facilities", "erase", self.facility, "--value", value, expect=None)
            self.assertIn(refused.returncode, (1, 2))
            self.assertIn(said, refused.stderr)
        unknown = self.registry.yima("facilities", "erase", self.facility, "--value", "x", "--lang", "zh", expect=2)
        self.assertIn("不能删除", unknown.stderr)
        self.assertGreater(len(made), len(before))
        self.assertEqual(self.entries(), made)
        self.assertNotEqual(self.found(REMARK.encode()), [])


if __name__ == "__main__":
    unittest.main()
