"""`yima resolve` with many inputs: in order, in place, over servers that restart."""
import json
import os
import pty
import signal
import subprocess
import unittest

from programs.registry import Registry


class ResolveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = cls.enterClassContext(Registry())
        cls.codes = cls.registry.objects("codes", "issue", "--blank", "350")
        cls.texts = [code["text"] for code in cls.codes]
        cls.serials = [code["serial"] for code in cls.codes]

    def serials_of(self, lines):
        return [json.loads(line)["serial"] for line in lines.splitlines()]

    def test_many_texts_are_answered_in_their_order(self):
        found = self.registry.yima("resolve", "--json", stdin="\n".join(self.texts))
        self.assertEqual(self.serials_of(found.stdout), self.serials)
        self.assertEqual(found.stderr, "")
        windows = self.registry.yima("resolve", "--json", stdin="\r\n\r\n".join(self.texts) + "\r\n")
        self.assertEqual(windows.stdout, found.stdout)
        named = self.registry.yima("resolve", "--json", *self.texts[:50])
        self.assertEqual(self.serials_of(named.stdout), self.serials[:50])

    def test_what_is_wrong_with_one_input_is_told_as_if_it_were_alone(self):
        bad = ["x" * 600, "no-such.png"]
        alone = [self.registry.yima("resolve", each, expect=None) for each in bad]
        inputs = self.texts[:150] + bad[:1] + self.texts[150:200] + bad[1:] + self.texts[200:]
        together = self.registry.yima("resolve", "--json", stdin="\n".join(inputs), expect=1)
        self.assertEqual(self.serials_of(together.stdout), self.serials)
        self.assertEqual(together.stderr, "".join(each.stderr for each in alone))
        self.registry.yima("resolve", self.texts[0], bad[0], self.texts[1], expect=2)

    def test_who_waits_for_each_answer_gets_it(self):
        ours, theirs = pty.openpty()
        command = subprocess.Popen(self.registry.command("resolve", "--json"), env=self.registry.environment(),
                                   stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours, "rb", buffering=0) as screen:
            for text, serial in list(zip(self.texts, self.serials))[:5]:
                command.stdin.write(text.encode() + b"\n")
                command.stdin.flush()
                line = b""
                while not line.endswith(b"\n"):
                    line += screen.read(1)
                self.assertEqual(json.loads(line)["serial"], serial)
            command.stdin.close()
            self.assertEqual(command.wait(timeout=60), 0)

    def test_a_server_that_restarts_costs_no_answer(self):
        with Registry() as registry:
            texts = [code["text"] for code in registry.objects("codes", "issue", "--blank", "40")]
            command = subprocess.Popen(registry.command("resolve", "--json"), env=registry.environment(), text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for begin in range(0, 40, 10):
                command.stdin.write("".join(text + "\n" for text in texts[begin:begin + 10]))
                command.stdin.flush()
                registry.kill(signal.SIGTERM if begin % 20 else signal.SIGKILL)
                registry.start()
            found, errors = command.communicate(timeout=120)
            self.assertEqual(command.returncode, 0, errors)
            self.assertEqual([json.loads(line)["text"] for line in found.splitlines()], texts)

    def test_anybody_may_ask_about_some(self):
        nobody = {"YIMA_TOKEN": ""}
        found = self.registry.yima("resolve", "--json", *self.texts[:5], env=nobody)
        self.assertEqual(self.serials_of(found.stdout), self.serials[:5])

    def test_who_is_not_let_in_hears_so_once(self):
        refused = self.registry.yima("resolve", *self.texts, env={"YIMA_TOKEN": self.registry.token + "x"}, expect=1)
        self.assertEqual(refused.stdout, "")
        self.assertEqual(refused.stderr.count("yima: "), 1, refused.stderr)

    def test_nothing_to_resolve_is_wrong_use(self):
        self.assertIn("no text or image", self.registry.yima("resolve", stdin="\n\n", expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
