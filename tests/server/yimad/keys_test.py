"""Keys and origins as an operator changes them, beside a server and without one, and what readers say before and after.

usage: keys_test.py YIMAD YIMA
"""
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from programs.registry import Registry

FIRST, SECOND, THIRD = (f"HTTPS://{host}.EXAMPLE.CN/" for host in ("QR", "CODE", "ID"))


class KeysTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.data = self.registry.data

    def yimad(self, *words, expect=0, data=True, **environment):
        where = ["--data", self.data] if data else []
        done = subprocess.run([self.registry.yimad, *map(str, words), *map(str, where)],
                              env=self.registry.environment(**environment), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, expect, f"{words}\n{done.stdout}{done.stderr}")
        return done

    def refused(self, hint, *words, **more):
        """Said in both languages, with the right order as a hint; nothing is changed by it."""
        before = self.yimad("key", "list", "--json").stdout
        said = self.yimad(*words, expect=1, **more).stderr
        self.assertIn(hint, said)
        self.assertIn("hint: ", said)
        self.assertIn("提示：", self.yimad("--lang", "zh", *words, expect=1, **more).stderr)
        self.assertEqual(self.yimad("key", "list", "--json").stdout, before)

    def blank(self):
        return self.registry.objects("codes", "issue", "--blank", "1")[0]["text"]

    def verdicts(self, texts, trust):
        lines = self.registry.run([self.registry.yima_path, "verify", "--json", "--trust", str(trust)], None,
                                  "\n".join(texts), None).stdout.splitlines()
        return [line.split('"verdict":"')[1].split('"')[0] for line in lines]

    def fetch(self, name):
        trust = self.registry.folder / name
        self.registry.yima("trust", "fetch", "--root", self.registry.root, "--trust", trust)
        return trust

    def key(self, name):
        import json
        all_keys = json.loads(self.yimad("key", "list", "--json").stdout)["keys"]
        return next(key for key in all_keys if key["name"] == name)

    def test_plates_of_three_origins_and_four_keys_keep_their_worth(self):
        self.registry.start()
        plates = [self.blank()]
        old = self.fetch("old")
        self.assertEqual(self.yimad("key", "add", "--from", "today").stdout, "code-2\n")
        plates.append(self.blank())
        self.assertTrue(self.key("code-2")["signs"])
        for origin, name in ((SECOND, "code-3"), (THIRD, "code-4")):
            said = self.yimad("origin", "add", origin.lower()).stdout
            self.assertTrue(said.startswith(f"{origin}\n{name}\n"), said)
            self.yimad("origin", "current", origin)
            plates.append(self.blank())
            self.assertTrue(plates[-1].startswith(origin))
        new = self.fetch("new")
        good = ["AUTHENTIC"] * 4
        before = ["AUTHENTIC", "UNKNOWN_KEY", "UNKNOWN_ISSUER", "UNKNOWN_ISSUER"]
        self.assertEqual(self.verdicts(plates, old), before)
        self.assertEqual(self.verdicts(plates, new), good)
        self.yimad("origin", "close", FIRST)
        self.yimad("origin", "lost", SECOND)
        self.assertEqual(self.verdicts(plates, self.fetch("closed")), good)
        self.yimad("key", "revoke", "code-2")
        after = ["AUTHENTIC", "KEY_REVOKED", "AUTHENTIC", "AUTHENTIC"]
        self.assertEqual(self.verdicts(plates, self.fetch("newest")), after)
        # A reader follows from any bundle it holds; until it does, it says what it said.
        self.assertEqual(self.verdicts(plates, new), good)
        self.assertEqual(self.verdicts(plates, old), before)
        self.assertEqual(self.verdicts(plates, self.fetch("old")), after)
        # Online, what was issued stays so; a server started anew says the same.
        for _ in range(2):
            for plate in plates:
                self.assertEqual(self.registry.objects("resolve", plate)[0]["verdict"], "AUTHENTIC")
            lost = self.registry.objects("resolve", plates[2])[0]
            self.assertTrue(lost["originLost"])
            self.registry.kill()
            self.registry.check()
            self.registry.start()
        self.assertTrue(self.blank().startswith(THIRD))

    def test_the_same_commands_work_without_a_server(self):
        self.assertEqual(self.yimad("key", "add").stdout, "code-2\n")
        tomorrow = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=1)
        self.assertIn(self.key("code-2")["firstDay"], (str(tomorrow), str(tomorrow - datetime.timedelta(days=1))))
        self.yimad("origin", "add", SECOND)
        self.yimad("origin", "current", SECOND)
        self.yimad("key", "add", "--kind", "status")
        self.registry.start()
        self.assertTrue(self.blank().startswith(SECOND))
        self.fetch("trust")
        self.registry.kill()
        self.registry.check()

    def test_wrong_orders_are_refused_with_the_right_one(self):
        for served in (False, True):
            if served:
                self.registry.start()
            self.refused("new plates carry", "origin", "close", FIRST)
            self.refused("new plates carry", "origin", "lost", FIRST)
            self.refused("no published key would sign", "key", "close", "code-1")
            root = self.registry.root[:16]
            self.refused("no other root key is published", "key", "close", f"root-{root}")
            self.refused("is no origin", "origin", "current", THIRD)
            self.refused("no key is called", "key", "revoke", "code-9")
            self.yimad("key", "add", "--from", "2020-01-01", expect=1)
            self.yimad("key", "add", "--from", "soon", expect=2)
            self.yimad("key", "add", "--kind", "house", expect=2)
            self.yimad("origin", "add", FIRST, expect=1)
            self.yimad("origin", "add", "HTTPS://LOCALHOST/", expect=2)

    def test_a_key_is_closed_once_another_signs(self):
        self.registry.start()
        first = self.blank()
        self.yimad("key", "add", "--from", "today")
        self.yimad("key", "close", "code-1")
        second = self.blank()
        trust = self.fetch("trust")
        self.assertEqual(self.verdicts([first, second], trust), ["AUTHENTIC"] * 2)
        self.refused("no published key would sign", "key", "close", "code-2")

    def test_a_revoked_key_signs_nothing_more(self):
        self.registry.start()
        self.blank()
        self.yimad("key", "revoke", "1")
        said = self.registry.yima("codes", "issue", "--blank", "1", expect=1).stderr
        self.assertIn("no key of the current origin may sign", said)
        self.yimad("key", "add", "--from", "today")
        self.blank()

    def test_a_new_root_takes_over_from_the_old(self):
        self.registry.start()
        held = self.fetch("held")
        new = self.yimad("key", "add", "--kind", "root").stdout.strip()
        key = self.key(new)["publicKey"]
        self.registry.yima("trust", "fetch", "--trust", held)
        self.yimad("key", "close", f"root-{self.registry.root[:16]}")
        self.registry.yima("trust", "fetch", "--trust", held)
        fresh = self.registry.folder / "fresh"
        self.registry.yima("trust", "fetch", "--root", key, "--trust", fresh)
        self.registry.kill(signal.SIGTERM)
        self.registry.start()

    def test_a_new_status_key_signs_the_list(self):
        self.registry.start()
        held = self.fetch("held")
        text = self.blank()
        [first] = [line.split("\t")[0] for line in self.yimad("key", "list").stdout.splitlines() if line.startswith("status-")]
        self.yimad("key", "add", "--kind", "status")
        self.registry.yima("trust", "fetch", "--trust", held)
        self.yimad("key", "close", first)
        self.registry.yima("codes", "revoke", text, "--reason", "lost")
        self.registry.yima("trust", "fetch", "--trust", held)
        line = self.registry.run([self.registry.yima_path, "verify", text, "--json", "--trust", str(held)], 3, "", None)
        self.assertIn('"state":"REVOKED"', line.stdout)

    def test_bundles_are_signed_elsewhere_once_the_root_has_left(self):
        words = self.registry.folder / "words"
        words.write_text("correct horse\n")
        root = self.registry.folder / "usb" / "root.key"
        root.parent.mkdir()
        self.registry.start()
        held = self.fetch("held")
        self.yimad("root", "export", "--root-passphrase-file", words, root)
        self.assertNotIn("\nseed ", root.read_text())
        self.assertFalse((self.data / "keys" / "root.key").exists())
        self.assertIn("root is kept elsewhere", self.yimad("root", "export", "--root-passphrase-file", words,
                                                           root.parent / "again", expect=1).stderr)
        # Without a bundle that holds it, a key signs nothing and an origin is not printed.
        self.assertEqual(self.yimad("key", "add", "--from", "today").stdout, "code-2\n")
        self.assertFalse(self.key("code-2")["published"])
        self.yimad("origin", "add", SECOND)
        self.refused("stands in no published bundle", "origin", "current", SECOND)
        old_plate = self.blank()
        self.assertFalse(self.key("code-2")["signs"])
        self.yimad("key", "revoke", "code-1")
        said = self.registry.yima("codes", "issue", "--blank", "1", expect=1).stderr
        self.assertIn("key 2 stands in no published bundle", said)

        draft, signed = self.registry.folder / "draft", self.registry.folder / "draft.signed"
        self.yimad("root", "draft", draft)
        self.yimad("root", "sign", draft, "--key", root, expect=1, data=False)
        shown = self.yimad("root", "sign", draft, "--key", root, "--passphrase-file", words, data=False).stdout
        self.assertIn("revoked", shown)
        first = signed.read_text()
        other = self.registry.folder / "other"
        subprocess.run([self.registry.yimad, "init", "--data", other, "--origin", FIRST], check=True, capture_output=True)
        self.yimad("root", "sign", draft, "--key", other / "keys" / "root.key", "-o", self.registry.folder / "foreign",
                   data=False)
        self.assertIn("no root key held", self.yimad("root", "import", self.registry.folder / "foreign", expect=1).stderr)
        self.yimad("root", "import", draft, expect=2)
        self.yimad("root", "import", signed)
        self.yimad("root", "import", signed)
        self.assertTrue(self.key("code-2")["signs"])
        plate = self.blank()
        self.registry.yima("trust", "fetch", "--trust", held)
        self.assertEqual(self.verdicts([old_plate, plate], held), ["KEY_REVOKED", "AUTHENTIC"])

        # One that was drafted before the last change, and one that is older.
        self.yimad("root", "draft", draft)
        self.yimad("root", "sign", draft, "--key", root, "--passphrase-file", words, data=False)
        self.yimad("origin", "current", SECOND)
        self.assertIn("were changed since", self.yimad("root", "import", signed, expect=1).stderr)
        self.yimad("root", "draft", draft)
        self.yimad("root", "sign", draft, "--key", root, "--passphrase-file", words, data=False)
        self.yimad("root", "import", signed)
        signed.write_text(first)
        self.assertIn("is older than", self.yimad("root", "import", signed, expect=1).stderr)

        # It starts without the root, and takes it back.
        self.registry.kill()
        self.registry.start()
        self.assertTrue(self.blank().startswith(SECOND))
        name = self.yimad("key", "import", root, "--file-passphrase-file", words).stdout.strip()
        self.assertTrue(self.key(name)["held"])
        self.yimad("key", "add")
        self.assertTrue(self.key("code-4")["published"])
        self.registry.yima("trust", "fetch", "--trust", held)

    def test_keys_are_sealed_also_those_made_while_serving(self):
        sealed = self.registry.folder / "sealed"
        words = self.registry.folder / "words"
        words.write_text("correct horse")
        self.data = sealed
        self.yimad("init", "--origin", FIRST, "--passphrase-file", words)
        process = subprocess.Popen([self.registry.yimad, "serve", "--data", sealed, "--listen", "127.0.0.1:0",
                                    "--address-file", self.registry.folder / "there"],
                                   env=self.registry.environment(YIMA_PASSPHRASE="correct horse", YIMAD_HTTP="none"),
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        # The server has what it needs to seal; who asks need not know the words.
        self.yimad("key", "add")
        self.assertIn("argon2id", (sealed / "keys" / "code-2.key").read_text())
        # Nothing of the words stays in its environment.
        environ = pathlib.Path(f"/proc/{process.pid}/environ")
        self.assertTrue(environ.exists())
        process.kill()
        process.wait()
        self.yimad("key", "list", expect=1)
        self.yimad("key", "list", YIMA_PASSPHRASE="battery", expect=1)
        self.yimad("key", "list", YIMA_PASSPHRASE="correct horse")
        credentials = self.registry.folder / "credentials"
        credentials.mkdir()
        (credentials / "passphrase").write_text("correct horse\n")
        self.yimad("key", "list", CREDENTIALS_DIRECTORY=str(credentials))

    def test_only_the_owner_gets_to_the_socket(self):
        self.registry.start()
        control = self.data / "control"
        self.assertEqual(control.stat().st_mode & 0o777, 0o600)
        import socket
        for sent in (b"\n", b"{}\n", b"[1]\n", b"{\"do\":1}\n", b"{\"do\":\"key-add\",\"kind\":7}\n", b"\xff\xfe\n", b"{" * 100_000 + b"\n"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(30)
                peer.connect(str(control))
                peer.sendall(sent)
                self.assertIn(b'"error"', peer.recv(65536))
        self.yimad("key", "list")
        self.registry.kill(signal.SIGTERM)
        self.assertFalse(control.exists())


if __name__ == "__main__":
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
