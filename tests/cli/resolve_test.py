"""`yima resolve` with many inputs: in order, in place, over servers that restart."""
import json
import os
import pty
import signal
import subprocess
import unittest

from programs.registry import Registry


class Terminal:
    """`yima resolve --json` whose output is a terminal, which is told of each line at once."""

    def __init__(self, registry):
        ours, theirs = pty.openpty()
        self.command = subprocess.Popen(registry.command("resolve", "--json"), env=registry.environment(),
                                        stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        self.screen = os.fdopen(ours, "rb", buffering=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.command.kill()
        self.command.wait()
        self.command.stdin.close()
        self.screen.close()

    def write(self, lines):
        self.command.stdin.write("".join(line + "\n" for line in lines).encode())
        self.command.stdin.flush()

    def line(self):
        read = b""
        while not read.endswith(b"\n"):
            read += self.screen.read(1)
        return read

    def end(self):
        self.command.stdin.close()
        return self.command.wait(timeout=60)


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
        with Terminal(self.registry) as terminal:
            for text, serial in list(zip(self.texts, self.serials))[:5]:
                terminal.write([text])
                self.assertEqual(json.loads(terminal.line())["serial"], serial)
            self.assertEqual(terminal.end(), 0)

    def test_a_server_that_restarts_costs_no_answer(self):
        with Registry() as registry, Terminal(registry) as terminal:
            texts = [code["text"] for code in registry.objects("codes", "issue", "--blank", "40")]
            terminal.write(texts[:1])
            found = [terminal.line()]
            for begin in range(1, 40, 13):
                terminal.write(texts[begin:begin + 13])
                registry.kill(signal.SIGTERM if begin % 2 else signal.SIGKILL)
                registry.start()
            found += [terminal.line() for _ in texts[1:]]
            self.assertEqual([json.loads(line)["text"] for line in found], texts)
            self.assertEqual(terminal.end(), 0)

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
