"""The command line itself: help, languages, wrong use, where settings come from, exit codes."""
import json
import os
import pty
import re
import subprocess
import unittest

from programs.registry import Registry, write_ledger

COMMANDS = ["organizations import", "organizations list", "facilities import", "facilities list", "facilities show",
            "facilities erase", "organizations erase", "files add", "files get", "files list", "files detach", "files erase",
            "facilities history", "facilities near", "watch",
            "facilities update", "facilities set", "batches undo", "facilities life", "facilities handover", "facilities retire",
            "codes issue", "codes list", "codes show", "codes bind", "codes suspend", "codes resume",
            "codes replace", "codes reclaim", "codes revoke", "codes lookup", "codes printed", "codes suspicious",
            "ranges create", "ranges show", "ranges list", "ranges close", "audit start", "audit scan", "audit report",
            "audit end", "audit list", "rights confirm", "rights offer", "rights accept", "rights decline", "rights offers",
            "rights transfer", "rights correct", "rights revoke", "rights assign", "rights agree", "rights countersign",
            "rights withdraw-order", "rights orders", "rights unresolved", "rights rules show", "rights rules set",
            "organizations rename", "organizations merge", "organizations split", "organizations dissolve", "organizations show", "labels", "scan", "verify",
            "resolve", "trust show", "trust fetch", "classes list", "batches list", "batches show", "config show", "version",
            "log checkpoint", "log entries", "log proof", "log export", "log verify", "log monitor"]
CHINESE = re.compile("[\u4e00-\u9fff]")


class UsageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def test_every_command_has_help_with_two_examples_in_both_languages(self):
        for command in COMMANDS:
            for lang, heading in (("en", "Examples:"), ("zh", "例：")):
                with self.subTest(command=command, lang=lang):
                    done = self.registry.bare(*command.split(), "--help", "--lang", lang)
                    self.assertEqual(done.stderr, "")
                    examples = done.stdout.split(heading)[1].splitlines()[1:3]
                    for example in examples:
                        self.assertRegex(example, f"^  yima {command} ?", msg=example)
                    # All that a person reads is in the language asked for.
                    words = "\n".join(line for line in done.stdout.splitlines() if line not in examples)
                    if lang == "en":
                        self.assertIsNone(CHINESE.search(words), words)
                    else:
                        for line in words.splitlines():
                            if not line.startswith("用法") and re.search("[a-z]{4,} [a-z]{2,} [a-z]{2,}", line):
                                self.fail(f"English in Chinese help: {line}")

    def test_the_language_follows_the_locale_and_the_option_goes_before_it(self):
        for env, option, chinese in (({"LC_ALL": "zh_CN.UTF-8"}, [], True), ({"LC_ALL": "C.UTF-8"}, [], False),
                                     ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, [], True),
                                     ({"LC_ALL": "zh_CN.UTF-8"}, ["--lang", "en"], False),
                                     ({"LC_ALL": "C.UTF-8"}, ["--lang=zh"], True)):
            shown = self.registry.bare("codes", "--help", *option, env=env).stdout
            self.assertEqual(CHINESE.search(shown) is not None, chinese, shown)

    def test_half_a_command_shows_what_there_is_on_stderr(self):
        for words in ([], ["codes"]):
            done = self.registry.bare(*words, expect=2)
            self.assertEqual(done.stdout, "")
            self.assertIn("issue" if words else "facilities", done.stderr)
            self.assertRegex(done.stderr, "Usage: yima")

    def test_wrong_use_is_named_with_a_hint_and_exit_2(self):
        for words, named in ((["frobnicate"], 'there is no command "frobnicate"'),
                             (["codes", "frobnicate"], 'there is no command "frobnicate"'),
                             (["codes", "list", "--colour"], '--colour is not known here'),
                             (["codes", "show"], "plate"),
                             (["facilities", "import", "x.csv", "--epsg", "many"], "many"),
                             (["facilities", "import", "x.csv", "--scheme", "-1"], "-1"),
                             (["facilities", "import", "x.csv", "--key"], "--key"),
                             (["version", "--lang", "fr"], "fr")):
            with self.subTest(words=words):
                done = self.registry.bare(*words, expect=2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("yima: "), done.stderr)
                self.assertIn(named, done.stderr)
                self.assertRegex(done.stderr, r"\nhint: yima.* --help\n$")
                self.assertRegex(self.registry.bare(*words, "--lang", "zh", expect=2).stderr,
                                 "." if "--lang" in words else CHINESE)

    def test_bad_values_are_refused_before_anything_is_asked(self):
        for words in (["codes", "issue"], ["codes", "issue", "--blank", "many"], ["codes", "issue", "--blank", "-1"],
                      ["codes", "issue", "--blank", "5", "--where", "coded=no"],
                      ["codes", "issue", "--where", "colour=red"], ["codes", "issue", "--where", "coded=maybe"],
                      ["codes", "list", "--state", "lost"], ["codes", "show", "00040-00001-0"],
                      ["facilities", "show", "x"], ["facilities", "list", "--where", "class"],
                      ["codes", "revoke", "4294967297", "--reason", "mood"], ["batches", "show", "x"],
                      ["rights", "confirm", "--right", "owning", "--basis-kind", "a", "--basis-number", "b"],
                      ["resolve", "x", "--position", "here"], ["trust", "fetch", "--root", "abc"]):
            with self.subTest(words=words):
                done = self.registry.bare(*words, "--server", "127.0.0.1:1", expect=2)
                self.assertEqual(done.stdout, "")
                self.assertTrue(done.stderr.startswith("yima: "), done.stderr)
                self.assertNotRegex(done.stderr, r"(--\w+): \1", "the place is named twice")

    def test_server_comes_from_option_then_environment_then_configuration(self):
        here, nowhere = self.registry.address, "127.0.0.1:1"
        config = self.registry.folder / "config.toml"
        config.write_text(f'server = "{here}"\n')
        self.registry.bare("classes", "list", "01001", "--config", config)
        self.registry.bare("classes", "list", "01001", "--config", config, env={"YIMA_SERVER": nowhere}, expect=4)
        config.write_text(f'server = "{nowhere}"\n')
        self.registry.bare("classes", "list", "01001", "--config", config, expect=4)
        self.registry.bare("classes", "list", "01001", "--config", config, env={"YIMA_SERVER": here})
        self.registry.bare("classes", "list", "01001", "--server", here, env={"YIMA_SERVER": nowhere})
        home = self.registry.folder / "config" / "yima"
        home.mkdir(parents=True)
        (home / "config.toml").write_text(f'server = "{here}"\n')
        self.registry.bare("classes", "list", "01001", env={"XDG_CONFIG_HOME": str(home.parent)})

    def test_a_configuration_that_is_missing_or_wrong_is_refused(self):
        for text in (None, 'sever = "127.0.0.1:1"\n'):
            config = self.registry.folder / "wrong.toml"
            config.unlink(missing_ok=True)
            if text:
                config.write_text(text)
            done = self.registry.bare("version", "--config", config, expect=2)
            self.assertIn("sever" if text else "wrong.toml", done.stderr)

    def test_trust_comes_from_option_or_environment(self):
        kept = self.registry.folder / "kept"
        self.registry.yima("trust", "fetch", "--root", self.registry.root, "--trust", kept)
        self.registry.bare("trust", "show", env={"YIMA_TRUST": str(kept)})
        self.registry.bare("trust", "show", "--trust", kept, env={"YIMA_TRUST": "/nowhere"})
        self.registry.bare("trust", "show", env={"XDG_DATA_HOME": "/nowhere"}, expect=1)

    def test_a_server_that_is_not_there_is_exit_4_with_a_hint(self):
        ledger = write_ledger(self.registry.folder / "small.csv", 3, "S")
        text = "HTTPS://QR.EXAMPLE.CN/1" + "0" * 202
        for words in (["organizations", "list"], ["facilities", "list"], ["facilities", "show", "1"],
                      ["facilities", "import", ledger, "--key", "编号"], ["codes", "issue", "--blank", "1"],
                      ["codes", "list"], ["codes", "show", "1"], ["codes", "bind", "4294967297", "1"],
                      ["codes", "revoke", "4294967297", "--reason", "lost"], ["resolve", text],
                      ["codes", "suspend", "4294967297"], ["codes", "resume", "4294967297"],
                      ["codes", "replace", "4294967297", "--reason", "lost"], ["codes", "lookup", "00040-00001-8"],
                      ["rights", "confirm", "--where", "class=01001", "--right", "owning", "--basis-kind", "批复",
                       "--basis-number", "1"], ["trust", "fetch"], ["classes", "list"], ["batches", "list"],
                      ["batches", "show", "1"]):
            with self.subTest(words=words):
                done = self.registry.bare(*words, "--server", "127.0.0.1:1", expect=4)
                self.assertEqual(done.stdout, "")
                self.assertIn("yima: server 127.0.0.1:1 not reached", done.stderr)
                self.assertIn("hint: is the server running?", done.stderr)

    def test_version_is_text_and_json(self):
        line = self.registry.bare("version").stdout
        self.assertRegex(line, r"^yima \d+\.\d+\.\d+\n$")
        self.assertEqual(json.loads(self.registry.bare("version", "--json").stdout), {"version": line.split()[1]})
        self.assertEqual(self.registry.bare("--version").stdout, line)

    def test_there_is_no_bar_and_no_colour_but_on_a_terminal(self):
        ledger = write_ledger(self.registry.folder / "bar.csv", 2000, "B")
        command = ("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        plain = self.registry.yima(*command, "--dry-run")
        self.assertNotIn("\x1b", plain.stdout + plain.stderr)
        self.assertNotIn("\r", plain.stdout + plain.stderr)
        ours, theirs = pty.openpty()
        with subprocess.Popen(self.registry.command(*command), env=self.registry.environment(), stdout=subprocess.PIPE,
                              stderr=theirs) as running:
            os.close(theirs)
            said = b""
            try:
                while piece := os.read(ours, 4096):
                    said += piece
            except OSError:  # The terminal's other side is closed.
                pass
            out = running.stdout.read()
        os.close(ours)
        self.assertEqual(running.returncode, 0)
        self.assertIn("importing", said.decode())
        self.assertTrue(said.endswith(b"\r\x1b[K"), said[-80:])
        self.assertNotIn(b"\x1b", out)


if __name__ == "__main__":
    unittest.main()
