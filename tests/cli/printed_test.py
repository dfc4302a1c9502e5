"""Plates between the press and the wall: printed, handed out, bound by a scanner gun, accounted for."""
import os
import subprocess
import unittest

from programs.registry import Registry, write_ledger


class PrintedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()
        ledger = write_ledger(cls.registry.folder / "ledger.csv", 8, "W")
        cls.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations", "--ledger", "ledger")
        cls.codes = cls.registry.objects("codes", "issue", "--facility", "ledger:W-000000")

    @classmethod
    def tearDownClass(cls):
        cls.registry.check()
        cls.registry.__exit__()

    def blanks(self, n):
        return self.registry.objects("codes", "issue", "--blank", n)

    def prints(self, codes):
        return [self.registry.objects("codes", "show", code["serial"])[0]["prints"] for code in codes]

    def labels(self, codes, name, *more, expect=0):
        (self.registry.folder / name).mkdir()
        texts = self.registry.folder / (name + ".txt")
        texts.write_text("".join(code["text"] + "\n" for code in codes))
        return self.registry.yima("labels", "--from", texts, "--template", "sticker-40", "--out",
                                  self.registry.folder / name, *more, expect=expect)

    def test_a_batch_is_marked_once_and_again_with_a_reason(self):
        plates = self.blanks(3)
        batch = plates[0]["batch"]
        done = self.registry.yima("codes", "printed", "--batch", batch)
        self.assertIn("3 plates marked as printed", done.stderr)
        self.assertEqual(self.prints(plates), [1, 1, 1])
        done = self.registry.yima("codes", "printed", "--batch", batch, expect=1)
        self.assertIn("printed already: " + plates[0]["serial"], done.stderr)
        self.assertIn("--reprint", done.stderr)
        self.registry.yima("codes", "printed", "--batch", batch, "--reprint", "misprint")
        self.assertEqual(self.prints(plates), [2, 2, 2])
        done = self.registry.yima("codes", "printed", "--batch", batch, "--reprint", "boredom", expect=2)
        self.assertIn("MISPRINT, SPOILED, LOST, WORN", done.stderr)

    def test_the_list_tells_printed_from_unprinted(self):
        plates = self.blanks(2)
        batch = plates[0]["batch"]
        self.registry.yima("codes", "printed", "--batch", batch, "--where", "printed=no")
        more = self.registry.yima("codes", "printed", "--batch", batch, "--where", "printed=no")
        self.assertIn("0 plates", more.stderr)
        listed = lambda which: [code["serial"] for code in
                                self.registry.objects("codes", "list", "--batch", batch, "--where", f"printed={which}")]
        self.assertEqual(listed("yes"), [plate["serial"] for plate in plates])
        self.assertEqual(listed("no"), [])
        self.registry.yima("codes", "list", "--where", "printed=perhaps", expect=2)

    def test_labels_mark_what_they_made_only_when_they_are_told_to(self):
        plates = self.blanks(2)
        self.labels(plates, "first")
        self.assertEqual(self.prints(plates), [0, 0])
        self.labels(plates, "second", "--mark-printed")
        self.assertEqual(self.prints(plates), [1, 1])
        self.assertIn("printed already", self.labels(plates, "again", "--mark-printed", expect=1).stderr)
        self.assertFalse((self.registry.folder / "again" / "labels.pdf").exists())
        batch = plates[0]["batch"]
        (self.registry.folder / "third").mkdir()
        refused = self.registry.yima("labels", "--batch", batch, "--template", "sticker-40", "--out",
                                     self.registry.folder / "third", "--mark-printed", expect=1)
        self.assertIn("printed already", refused.stderr)
        self.assertFalse((self.registry.folder / "third" / "labels.pdf").exists())
        self.registry.yima("labels", "--batch", batch, "--template", "sticker-40", "--out", self.registry.folder / "third",
                           "--mark-printed", "--reprint", "lost")
        self.assertEqual(self.prints(plates), [2, 2])

    def test_a_manifest_of_the_labels_is_enough(self):
        plates = self.blanks(2)
        self.labels(plates, "made")
        [manifest] = (self.registry.folder / "made").glob("*.manifest.csv")
        self.registry.yima("codes", "printed", "--from", manifest)
        self.assertEqual(self.prints(plates), [1, 1])
        self.assertIn("2 stood already", self.registry.yima("codes", "reclaim", manifest).stderr)
        self.registry.yima("codes", "printed", expect=2)
        self.registry.yima("codes", "printed", "--from", manifest, "--batch", "1", expect=2)

    def test_a_range_is_handed_out_accounted_for_and_closed(self):
        plates = self.blanks(4)
        first, last = plates[0]["serial"], plates[-1]["serial"]
        self.registry.yima("organizations", "list")
        contractor = "城区排水公司"
        [made] = self.registry.objects("ranges", "create", first, last, "--contractor", contractor, "--reference", "单 17")
        self.assertEqual((made["plates"], made["state"]), (4, "OPEN"))
        again = self.registry.yima("ranges", "create", plates[1]["shortNumber"], last, "--contractor", contractor,
                                   "--lang", "zh", expect=1)
        self.assertIn("与另一未结清的段重叠", again.stderr)
        self.assertIn(made["id"], again.stderr)
        self.registry.yima("codes", "bind", plates[0]["text"], "ledger:W-000001")
        self.registry.yima("codes", "revoke", plates[1]["serial"], "--reason", "spoiled")
        [shown] = self.registry.objects("ranges", "show", made["id"])
        self.assertEqual([shown["account"][name] for name in ("issued", "bound", "spoiled", "missing", "out")],
                         ["4", "1", "1", "0", "2"])
        refused = self.registry.yima("ranges", "close", made["id"], expect=1)
        self.assertIn("2 plates are still out", refused.stderr)
        grown = self.registry.yima("ranges", "close", made["id"], "--missing", "--issued", "5", expect=1)
        self.assertIn("holds 4 plates, not 5", grown.stderr)
        [closed] = self.registry.objects("ranges", "close", made["id"], "--missing", "--issued", "4")
        self.assertEqual((closed["blankRange"]["state"], closed["account"]["missing"]), ("CLOSED", "2"))
        self.assertEqual(self.registry.objects("codes", "show", last)[0]["reason"], "LOST")
        self.assertNotIn(made["id"], self.registry.yima("ranges", "list", "--open").stdout)
        self.assertIn(made["id"], self.registry.yima("ranges", "list").stdout)

    def test_a_scanner_gun_binds_pair_after_pair_and_goes_on_after_a_bad_one(self):
        plates = self.blanks(4)
        lines = [plates[0]["text"], "W-000002",         # a painted number
                 plates[1]["text"], self.codes[0]["text"],  # an old plate, whose facility has a code
                 "W-000003",                                # no plate: passed over
                 plates[2]["shortNumber"],                  # its facility was not scanned …
                 plates[3]["text"], "uid:1",                # … so the next plate begins a pair; no such facility
                 plates[3]["serial"], "ledger:W-000004",
                 plates[1]["text"]]                         # the end comes too early
        done = self.registry.yima("codes", "bind", "--namespace", "ledger", stdin="\n".join(lines) + "\n", expect=None)
        self.assertIn(done.returncode, (1, 2), done.stderr)
        bound = [line.split("\t")[0] for line in done.stdout.splitlines()]
        self.assertEqual(bound, [plates[0]["serial"], plates[3]["serial"]], done.stderr)
        for said in ("pair 1: ", "-:4: facility", "has active code", '-:5: "W-000003" is no plate', "-:7: ", "stands for no facility",
                     "-:8: ", "-:11: ", "has no facility after it", "2 pairs bound, 4 not bound"):
            self.assertIn(said, done.stderr)

    def test_a_scanner_gun_stays_in_step_when_numbers_are_scanned(self):
        plates = self.blanks(3)
        lines = ["4294967",              # a painted number where a plate is wanted
                 plates[0]["shortNumber"],  # its facility was not scanned …
                 plates[1]["shortNumber"], "W-000006",
                 plates[2]["shortNumber"], plates[2]["shortNumber"],  # the trigger was pulled twice
                 "W-000007"]
        done = self.registry.yima("codes", "bind", "--namespace", "ledger", stdin="\n".join(lines) + "\n", expect=None)
        self.assertNotEqual(done.returncode, 0)
        bound = [line.split("\t")[0] for line in done.stdout.splitlines()]
        self.assertEqual(bound, [plates[1]["serial"], plates[2]["serial"]], done.stderr)
        for said in ('-:1: "4294967" is no plate', "-:3: ", "2 pairs bound, 1 not bound"):
            self.assertIn(said, done.stderr)

    def test_a_scanner_gun_tells_serials_from_facilities_that_have_the_same_numbers(self):
        with Registry() as registry:
            ledger = write_ledger(registry.folder / "ledger.csv", 4, "W")
            registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
            plates = {plate["serial"] for plate in registry.objects("codes", "issue", "--blank", 20)}
            first, second, coded, last = sorted((f["uid"] for f in registry.objects("facilities", "list")), key=int)
            self.assertLess({first, second, coded, last}, plates)
            registry.yima("codes", "issue", "--facility", f"uid:{coded}")
            lines = [first, first,    # a plate, and the facility of the same number
                     second, coded,   # refused: it has a code; its number is a blank plate's, too …
                     last, last]      # … and still the next pair begins here
            done = registry.yima("codes", "bind", stdin="\n".join(lines) + "\n", expect=1)
            self.assertEqual([line.split("\t")[0] for line in done.stdout.splitlines()], [first, last], done.stderr)
            self.assertEqual([registry.objects("codes", "show", serial)[0]["facility"] for serial in (first, last)], [first, last])

    def test_many_spoiled_plates_are_ended_at_once(self):
        plates = self.blanks(4)
        lines = [plates[0]["text"], plates[1]["shortNumber"], "nonsense", self.codes[0]["serial"], plates[2]["serial"]]
        for _ in range(2):
            done = self.registry.yima("codes", "revoke", "-", "--reason", "spoiled", stdin="\n".join(lines) + "\n", expect=None)
            self.assertEqual([line.split("\t")[0] for line in done.stdout.splitlines()], [plate["serial"] for plate in plates[:3]])
            self.assertNotEqual(done.returncode, 0)
            for said in ("-:3: ", "-:4: ", "3 revoked, 2 not"):
                self.assertIn(said, done.stderr)
        states = [self.registry.objects("codes", "show", plate["serial"])[0] for plate in plates]
        self.assertEqual([(state["state"], state["reason"]) for state in states], [("REVOKED", "SPOILED")] * 3 + [("BLANK", "")])
        self.registry.yima("codes", "revoke", "-", "--reason", "spoiled", expect=2)

    def test_a_photograph_names_the_plate(self):
        [plate] = self.blanks(1)
        picture = self.registry.folder / "plate.png"
        subprocess.run([os.environ["DRAW_SYMBOLS"], picture, plate["text"]], check=True)
        [bound] = self.registry.objects("codes", "bind", "--scan", picture, "ledger:W-000005")
        self.assertEqual(bound["serial"], plate["serial"])
        self.registry.yima("codes", "bind", "--scan", picture, expect=2)
        empty = self.registry.yima("codes", "bind", "--scan", self.registry.folder / "nothing.png", "uid:1", expect=None)
        self.assertNotEqual(empty.returncode, 0)


if __name__ == "__main__":
    unittest.main()
