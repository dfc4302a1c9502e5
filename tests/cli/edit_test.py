"""Many facilities changed by a filter, and batches taken back, as a user drives them."""
import os
import pty
import subprocess
import unittest

from programs.registry import Registry, write_ledger


class EditTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 3, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")

    def facilities(self):
        return self.registry.objects("facilities", "list")

    def set(self, *args, expect=0):
        [answer] = self.registry.objects("facilities", "set", *args, expect=expect)
        return answer

    def answered(self, answer, *args):
        """The command on a terminal, where somebody types that answer; what it says."""
        terminal, end = pty.openpty()
        process = subprocess.Popen(self.registry.command(*args), env=self.registry.environment(), stdin=end, stderr=end,
                                   stdout=subprocess.PIPE, text=True)
        os.close(end)
        os.write(terminal, answer.encode())
        shown = process.communicate(timeout=120)[0]
        os.close(terminal)
        self.assertEqual(process.returncode, 0)
        return shown

    def test_a_dry_run_writes_nothing_and_a_run_says_what_it_did(self):
        where = ("maintainer=城区排水公司", "--where", "class=01001")
        self.registry.yima("rights", "confirm", "--facility", "ledger:W-000001", "--right", "owning", "--basis-kind", "批复",
                           "--basis-number", "1号")
        before = self.registry.contents()
        dry = self.set(*where, "--dry-run")
        self.assertEqual((dry["total"], dry["changed"], dry["dryRun"]), ("3", "3", True))
        self.assertEqual(self.registry.contents(), before)
        done = self.set(*where, "--yes")
        self.assertEqual((done["changed"], done["unchanged"], done["refused"]), ("3", "0", "0"))
        self.assertEqual(self.set(*where, "--yes")["unchanged"], "3")
        half = self.set("owner=", "--where", "class=01001", "--yes")
        self.assertEqual((half["changed"], half["refused"]), ("2", "1"))
        self.assertEqual([one["reason"] for one in half["facilities"]], ["RIGHT_SETTLED"])
        self.assertIn("该权利已认领或确认",
                      self.registry.yima("facilities", "set", "owner=", "--where", "class=01001", "--yes", "--lang", "zh").stderr)
        batches = self.registry.objects("batches", "list")
        self.assertEqual(batches[0]["kind"], "EDIT")
        self.registry.check()

    def test_on_a_terminal_it_asks(self):
        words = ("facilities", "set", "address=x", "--where", "class=01001")
        self.assertEqual(self.answered("n\n", *words), "")
        self.assertEqual({f["address"] for f in self.facilities()}, {""})
        self.assertIn("changed: 3", self.answered("y\n", *words))
        self.assertEqual({f["address"] for f in self.facilities()}, {"x"})

    def test_without_a_terminal_it_wants_to_be_told(self):
        before = self.registry.contents()
        words = ("facilities", "set", "address=x", "--where", "class=01001")
        self.assertIn("say --yes or --dry-run", self.registry.yima(*words, expect=2).stderr)
        self.assertIn("没有确认", self.registry.yima(*words, "--lang", "zh", expect=2).stderr)
        self.assertIn("use yima facilities update", self.registry.yima("facilities", "set", "code=14050201001000777", "--where",
                                                                       "class=01001", "--yes", expect=2).stderr)
        self.assertEqual(self.registry.contents(), before)

    def test_batches_are_taken_back(self):
        [imported] = self.registry.objects("batches", "list")
        edit = self.set("address=x", "--where", "class=01001", "--yes")["batch"]
        said = self.registry.yima("batches", "undo", imported["id"], "--dry-run")
        self.assertIn("refused: 3", said.stdout)
        self.assertIn("UNDO_CHANGED_SINCE", said.stderr)
        [undone] = self.registry.objects("batches", "undo", edit)
        self.assertEqual((undone["restored"], undone["refused"]), ("3", "0"))
        self.assertEqual({f["address"] for f in self.facilities()}, {""})
        ledger = write_ledger(self.registry.folder / "more.csv", 2, "V")
        self.registry.yima("facilities", "import", ledger, "--key", "编号")
        more = self.registry.objects("batches", "list")[0]
        [undone] = self.registry.objects("batches", "undo", more["id"])
        self.assertEqual(undone["withdrawn"], "2")
        self.assertEqual(len(self.facilities()), 3)
        self.assertEqual(len(self.registry.objects("facilities", "list", "--where", "life=withdrawn")), 2)
        # Its names are free again: the same ledger makes new facilities.
        self.registry.yima("facilities", "import", ledger, "--key", "编号")
        self.assertEqual(len(self.facilities()), 5)
        for words, english, chinese in ((["batches", "undo", "4242"], "no batch has id", "没有这个批次"),
                                        (["batches", "undo", undone["batch"]], "only imports and edits", "只能撤回导入和批量改动")):
            self.assertIn(english, self.registry.yima(*words, expect=1).stderr)
            self.assertIn(chinese, self.registry.yima(*words, "--lang", "zh", expect=1).stderr)
        self.registry.check()


if __name__ == "__main__":
    unittest.main()
