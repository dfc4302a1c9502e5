"""The last administrator's token is lost: who owns the data folder makes another, beside a server or without one.

usage: admin_token_test.py YIMAD YIMA
"""
import os
import sqlite3
import subprocess
import sys
import unittest

from programs.registry import Registry


class AdminTokenTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.file = self.registry.data / "admin-token"

    def renew(self, expect=0, data=None):
        done = subprocess.run([self.registry.yimad, "admin-token", "--data", data or self.registry.data],
                              env=self.registry.environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout + done.stderr

    def lists(self, token, expect=0):
        return self.registry.yima("access", "tokens", "list", expect=expect, env={"YIMA_TOKEN": token}).stderr

    def last_entry(self):
        with sqlite3.connect(f"file:{self.registry.data / 'yima.db'}?mode=ro", uri=True) as store:
            return store.execute("SELECT entry FROM log ORDER BY idx DESC LIMIT 1").fetchone()[0]

    def check_renewed(self, lost, said):
        token = self.file.read_text().strip()
        self.assertNotEqual(token, lost)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertIn(str(self.file), said)
        self.assertNotIn(token.split("_")[2], said)
        entry = self.last_entry()
        self.assertIn(b"yimad/admin-token", entry)
        self.assertIn(b"local", entry)
        return token

    def test_is_made_anew_without_a_server(self):
        self.file.unlink()
        token = self.check_renewed(self.registry.token, self.renew())
        lost = self.registry.token
        self.registry.start()
        self.lists(token)
        self.assertIn("was revoked", self.lists(lost, expect=1))
        self.registry.kill()
        self.registry.check()

    def test_is_made_anew_beside_a_server(self):
        self.registry.start()
        lost = self.registry.token
        self.lists(lost)
        self.file.unlink()
        token = self.check_renewed(lost, self.renew())
        self.lists(token)
        self.assertIn("was revoked", self.lists(lost, expect=1))
        self.registry.kill()
        self.registry.check()

    def test_leaves_tokens_made_by_others_alone(self):
        self.registry.start()
        made = self.registry.objects("access", "tokens", "create")[0]["text"]
        self.renew()
        self.lists(made)

    def test_of_no_registry_is_refused(self):
        self.assertIn("holds no registry", self.renew(expect=1, data=self.registry.folder / "nowhere"))


if __name__ == "__main__":
    os.environ["YIMAD"], os.environ["YIMA"] = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
