"""The same command again: a request id is remembered for each server and command line until the work is done."""
import json
import pathlib
import unittest

from programs.registry import Registry, write_ledger


class AgainTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        ledger = write_ledger(self.registry.folder / "ledger.csv", 20, "W")
        self.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        self.requests = self.registry.folder / "state" / "yima" / "requests"

    def kept(self):
        return sorted(self.requests.iterdir())

    def cut_off(self, *command):
        """Lets a command fail in the middle: the server is gone."""
        self.registry.kill()
        self.registry.yima(*command, expect=4)
        self.registry.start()

    def test_it_is_forgotten_once_the_work_is_done(self):
        self.assertEqual(self.kept(), [])
        self.registry.yima("codes", "issue", "--blank", "2")
        self.assertEqual(self.kept(), [])
        self.registry.yima("codes", "issue", "--blank", "2")
        self.assertEqual(len(self.registry.objects("codes", "list")), 4, "the same line again was new work")

    def test_it_is_kept_while_the_outcome_is_unknown(self):
        self.cut_off("codes", "issue", "--blank", "2")
        [first] = self.kept()
        self.cut_off("codes", "issue", "--blank", "2", "--json")
        self.assertEqual(self.kept(), [first], "how results are shown does not change the work")
        self.cut_off("codes", "issue", "--blank", "3")
        self.assertEqual(len(self.kept()), 2)
        self.registry.yima("codes", "issue", "--blank", "3")
        self.assertEqual(self.kept(), [first])

    def test_a_full_output_prints_the_whole_batch_the_next_time(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full here")
        with open("/dev/full", "w") as full:
            running = self.registry.begin("codes", "issue", "--where", "class=01001", "--json", stdout=full)
            said = running.communicate(timeout=60)[1].decode()
        self.assertEqual(running.returncode, 1)
        self.assertIn("the standard output could not be written", said)
        codes = self.registry.objects("codes", "issue", "--where", "class=01001")
        self.assertEqual(len(codes), 20)
        self.assertEqual(len(self.registry.objects("codes", "list")), 20)
        self.assertEqual(len({code["batch"] for code in codes}), 1)

    def test_a_given_id_gives_the_same_batch_for_ever(self):
        first = self.registry.objects("codes", "issue", "--blank", "5", "--request-id", "spring-2026")
        again = self.registry.objects("codes", "issue", "--blank", "5", "--request-id", "spring-2026")
        self.assertEqual(again, first)
        self.assertEqual(self.kept(), [])
        other = self.registry.yima("codes", "issue", "--blank", "6", "--request-id", "spring-2026", expect=1)
        self.assertIn("hint: choose another --request-id", other.stderr)
        bad = self.registry.yima("codes", "issue", "--blank", "6", "--request-id", "no spaces", expect=2)
        self.assertIn("request_id", bad.stderr)

    def test_a_ledger_that_changed_after_a_break_is_new_work(self):
        ledger = write_ledger(self.registry.folder / "next.csv", 2000, "N")
        command = ("facilities", "import", ledger, "--key", "编号")
        self.cut_off(*command)
        write_ledger(ledger, 10, "M")
        report = self.registry.objects(*command)[-1]
        self.assertEqual(report["created"], "10")
        self.assertEqual(self.kept(), [])

    def test_a_refused_request_is_forgotten(self):
        self.registry.yima("codes", "issue", "--blank", "0", expect=2)
        self.registry.yima("codes", "revoke", "4294967297", "--reason", "lost", expect=1)
        self.assertEqual(self.kept(), [])


if __name__ == "__main__":
    unittest.main()
