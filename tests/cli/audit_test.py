"""Stock-takes as crews make them: several at once, without signal, from photographs and a scanner gun; and codes seen elsewhere."""
import os
import signal
import subprocess
import time
import unittest

from programs.registry import Registry, write_ledger


class AuditTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 4, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations", "--ledger", "ledger")
        self.codes = self.registry.objects("codes", "issue", "--where", "class=01001")
        self.audit = self.registry.objects("audit", "start", "--where", "class=01001")[0]["id"]

    def outcomes(self, *args, stdin="", expect=0):
        return [line["outcome"] for line in self.registry.objects("audit", "scan", self.audit, *args, stdin=stdin, expect=expect)]

    def counts(self):
        *_, last = self.registry.objects("audit", "report", self.audit)
        return {name: int(n) for name, n in last["counts"].items() if n != "0"}

    def test_lines_photographs_and_names_are_found_missing_or_unknown(self):
        lines = [self.codes[0]["text"], self.codes[0]["shortNumber"], "W-000001", "HTTPS://QR.ANOTHER.CN/1", "ledger:nobody"]
        self.assertEqual(self.outcomes(*["--namespace", "ledger"], stdin="\n".join(lines), expect=3),
                         ["FOUND", "FOUND", "FOUND", "NOT_AUTHENTIC", "UNKNOWN"])
        picture = self.registry.folder / "plate.png"
        subprocess.run([os.environ["DRAW_SYMBOLS"], picture, self.codes[2]["text"]], check=True)
        self.assertEqual(self.outcomes(picture), ["FOUND"])
        self.assertEqual(self.counts(), {"expected": 4, "found": 3, "missing": 1, "notAuthentic": 1, "unknown": 1})
        table = self.registry.yima("audit", "report", self.audit, "--only", "missing")
        self.assertEqual(len(table.stdout.splitlines()), 1)
        self.assertIn(self.codes[3]["facilityCode"], table.stdout)
        chinese = self.registry.yima("audit", "report", self.audit, "--lang", "zh")
        self.assertIn("MISSING（未见）", chinese.stdout)
        self.assertIn("应有 4：找到 3，未见 1", chinese.stderr)
        self.registry.check()

    def test_without_a_server_nothing_is_lost_and_the_same_command_sends_it(self):
        lines = "".join(code["text"] + "\n" for code in self.codes)
        self.registry.kill(signal.SIGTERM)
        cut = self.registry.yima("audit", "scan", self.audit, "--crew", "一班", stdin=lines, expect=4)
        self.assertEqual(cut.stdout, "")
        self.assertIn("4 sightings were not sent and are kept in", cut.stderr)
        self.registry.start()
        sent = self.registry.yima("audit", "scan", self.audit, "--crew", "一班")
        self.assertIn("sending 4 sightings kept from before", sent.stderr)
        self.assertEqual(len(sent.stdout.splitlines()), 4)
        self.assertEqual(self.counts(), {"expected": 4, "found": 4})
        self.assertEqual(self.registry.yima("audit", "scan", self.audit).stdout, "")

    def test_two_crews_at_once_and_what_both_saw_counts_once(self):
        lines = [code["text"] for code in self.codes]
        crews = []
        for n, seen in enumerate((lines[:3], lines[1:])):
            file = self.registry.folder / f"crew-{n}.txt"
            file.write_text("\n".join(seen))
            with open(file) as stdin:
                crews.append(subprocess.Popen(
                    self.registry.command("audit", "scan", self.audit, "--crew", f"crew {n}"), stdin=stdin,
                    stdout=subprocess.DEVNULL, env=self.registry.environment(XDG_STATE_HOME=str(self.registry.folder / f"state-{n}"))))
        self.assertEqual([crew.wait() for crew in crews], [0, 0])
        self.assertEqual(self.counts(), {"expected": 4, "found": 4})

    def test_an_ended_stock_take_takes_no_more(self):
        self.assertEqual(self.registry.objects("audit", "end", self.audit)[0]["state"], "ENDED")
        refused = self.registry.yima("audit", "scan", self.audit, self.codes[0]["text"], expect=1)
        self.assertIn("has ended", refused.stderr)
        self.assertIn("ENDED", self.registry.yima("audit", "list").stdout)
        for words, said in ((["start"], "--where"), (["start", "--where", "class=02001"], "finds no facility"),
                            (["start", "--where", "class=01001", "--metres", "0"], "want 1 to 100000"),
                            (["report", "1"], "no stock-take has id 1"), (["scan", "x"], "is not a number")):
            self.assertIn(said, self.registry.yima("audit", *words, expect=None).stderr)

    def test_a_line_that_no_server_takes_holds_up_no_other(self):
        done = self.registry.yima("audit", "scan", self.audit, "--json",
                                  stdin="x" * 600 + "\n" + self.codes[0]["text"] + "\tnowhere\n" + self.codes[0]["text"] + "\t35.49,112.85\n"
                                  + self.codes[0]["text"] + "\n",
                                  expect=2)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("512", done.stderr)
        self.assertIn("nowhere", done.stderr)
        self.assertIn("35.49,112.85", done.stderr)
        self.assertIn("out of range", done.stderr)

    def spool(self):
        [file] = [path for path in (self.registry.folder / "state/yima/audit").iterdir() if path.suffix != ".refused"]
        return file

    def test_what_the_server_refuses_is_set_aside_and_holds_up_no_other(self):
        self.registry.kill(signal.SIGTERM)
        self.registry.yima("audit", "scan", self.audit, "--crew", "一班", stdin="".join(code["text"] + "\n" for code in self.codes[:2]),
                           expect=4)
        # By a clock that was wrong: StockSighting.text and, later than all that is to come, .time_us.
        with open(self.spool(), "a") as spool:
            spool.write((b"\x0a\x05later\x38" + b"\xff" * 8 + b"\x7f").hex() + "\nno sighting\n")
        self.registry.start()
        done = self.registry.yima("audit", "scan", self.audit, self.codes[3]["text"], "--crew", "二班", "--json", expect=None)
        self.assertEqual(done.returncode, 2, done.stderr)
        for said in ("later: ", "neither 0 nor from 1970 to tomorrow", "2 could not be sent and are kept in", ".refused"):
            self.assertIn(said, done.stderr)
        refused = (self.spool().parent / (self.spool().name + ".refused")).read_text()
        for kept in ("TIME_OUT_OF_RANGE", '"text":"later"', "no sighting"):
            self.assertIn(kept, refused)
        crews = [line["finding"]["crew"] for line in self.registry.objects("audit", "report", self.audit, "--only", "found")
                 if "finding" in line]
        self.assertEqual(sorted(crews), sorted(["一班", "一班", "二班"]))
        again = self.registry.yima("audit", "scan", self.audit)
        self.assertEqual((again.stdout, "could not be sent" in again.stderr), ("", False))

    def test_what_is_scanned_after_the_server_refuses_all_is_kept(self):
        gun = subprocess.Popen(self.registry.command("audit", "scan", self.audit), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=self.registry.environment())
        gun.stdin.write(self.codes[0]["text"] + "\n")
        gun.stdin.flush()
        self.assertIn("FOUND", gun.stdout.readline())  # Answered before the next one.
        self.registry.yima("audit", "end", self.audit)
        for code in self.codes[1:]:
            gun.stdin.write(code["text"] + "\n")
            gun.stdin.flush()
            time.sleep(0.2)
        told, complaints = gun.communicate(timeout=60)
        self.assertEqual((told, gun.returncode), ("", 1))
        self.assertIn("has ended", complaints)
        self.assertIn("3 sightings were not sent and are kept in", complaints)
        self.assertEqual(len(self.spool().read_text().splitlines()), 3)

    def test_who_is_not_known_loses_nothing(self):
        lines = "".join(code["text"] + "\n" for code in self.codes)
        nobody = self.registry.environment(YIMA_TOKEN="yima_wrong")
        refused = self.registry.yima("audit", "scan", self.audit, stdin=lines, env=nobody, expect=1)
        self.assertIn("4 sightings were not sent", refused.stderr)
        self.assertEqual(self.outcomes(), ["FOUND"] * 4)
        self.registry.yima("audit", "scan", self.audit, "--crew", "班" * 65, stdin=lines, expect=2)

    def test_a_code_that_was_scanned_in_two_places_is_told_of(self):
        text = self.codes[0]["text"]
        for position in ("112.85,35.49", "113.85,35.49"):
            self.registry.yima("resolve", text, "--position", position)
        deadline = time.monotonic() + 60
        while not (found := self.registry.objects("codes", "suspicious")) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(found[0]["code"]["serial"], self.codes[0]["serial"])
        self.assertEqual(found[0]["sightings"]["count"], "2")
        self.assertIn("two places too far apart", self.registry.yima("codes", "suspicious").stdout)
        self.assertIn("there may be a copy", self.registry.yima("resolve", text).stdout)
        self.registry.kill(signal.SIGTERM)
        self.registry.start()
        self.assertTrue(self.registry.objects("resolve", text)[0]["seenElsewhere"])
        self.assertFalse(self.registry.objects("resolve", self.codes[1]["text"])[0]["seenElsewhere"])
        self.registry.kill(signal.SIGTERM)
        self.registry.check()


if __name__ == "__main__":
    unittest.main()
