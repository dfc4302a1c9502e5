"""yimad as its operator calls it: what it prints, what it refuses, how it exits.

usage: yimad_test.py YIMAD YIMA [unittest's options]
"""
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

YIMAD, YIMA = sys.argv.pop(1), sys.argv.pop(1)
ORIGIN = "HTTPS://QR.EXAMPLE.CN/"


def clean_environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YIMA", "LC_", "LANG"))}
    # The pages have an address of their own, which tests in parallel would fight for.
    return kept | {"LC_ALL": "C.UTF-8", "YIMAD_HTTP": "none"} | more


class YimadTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yimad-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        self.db = self.data / "yima.db"

    def run_yimad(self, *args, expect=0, **environment):
        done = subprocess.run([YIMAD, *map(str, args)], env=clean_environment(**environment), capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def refused(self, *args, expect=1, **environment):
        """Stderr of a command that must fail without a word on stdout."""
        done = self.run_yimad(*args, expect=expect, **environment)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("yimad: "), done.stderr)
        return done.stderr

    def init(self, *more, data=None):
        return self.run_yimad("init", "--data", data or self.data, "--origin", ORIGIN, *more).stdout

    def serve(self, *more, **environment):
        """Starts a server and gives (process, address) once it is ready."""
        address = self.folder / "address"
        address.unlink(missing_ok=True)
        process = subprocess.Popen([YIMAD, "serve", "--address-file", address, *map(str, more)],
                                   env=clean_environment(**environment), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while not address.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                self.fail(f"yimad did not come up: {process.communicate()}")
            time.sleep(0.01)
        return process, address.read_text().strip()

    def stop(self, process, how=signal.SIGTERM):
        process.send_signal(how)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def passphrase(self, text, name="passphrase"):
        file = self.folder / name
        file.write_text(text)
        return file


class InitTest(YimadTest):
    def test_prints_root_and_symbol_versions(self):
        out = self.init()
        self.assertRegex(out, r"(?m)^root: [0-9a-f]{64}$")
        self.assertRegex(out, r"(?m)^registry: [0-9a-f]{32}$")
        self.assertRegex(out, r"(?m)^origin: HTTPS://QR\.EXAMPLE\.CN/$")
        self.assertIn("QR version 8 (49×49 modules, level Q, plates) or version 6 (41×41, level M)", out)

    def test_a_long_origin_gives_a_larger_symbol(self):
        out = self.run_yimad("init", "--data", self.data, "--origin",
                             "HTTPS://QR.CITY-OF-A-LONG-NAME.EXAMPLE.CN/A-SEGMENT/").stdout
        self.assertIn("QR version 9 (53×53 modules, level Q, plates) or version 7 (45×45, level M)", out)

    def test_says_that_keys_lie_unencrypted(self):
        self.assertIn("no passphrase was given, so the keys lie unencrypted", self.init())
        self.assertIn("\nseed ", (self.data / "keys" / "root.key").read_text())

    def test_seals_the_keys_under_a_passphrase(self):
        out = self.init("--passphrase-file", self.passphrase("correct horse\n"))
        self.assertNotIn("unencrypted", out)
        self.assertNotIn("\nseed ", (self.data / "keys" / "root.key").read_text())

    def test_a_passphrase_file_must_hold_one(self):
        for file in (self.passphrase("\n"), self.folder / "none"):
            said = self.refused("init", "--data", self.data, "--origin", ORIGIN, "--passphrase-file", file, expect=2)
            self.assertIn(str(file), said)
        self.assertFalse(self.data.exists())

    def test_is_for_its_owner_only(self):
        self.init()
        self.assertEqual(self.data.stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.data / "keys").stat().st_mode & 0o777, 0o700)

    def test_takes_an_empty_folder_and_no_other(self):
        self.data.mkdir()
        self.init()
        before = sorted(self.data.rglob("*"))
        self.assertIn(f"{self.data} is not an empty folder", self.refused("init", "--data", self.data, "--origin", ORIGIN))
        self.assertEqual(sorted(self.data.rglob("*")), before)
        file = self.passphrase("a file")
        self.assertIn("is not an empty folder", self.refused("init", "--data", file, "--origin", ORIGIN))

    def test_refuses_origins_that_no_phone_opens(self):
        for origin in ("http://qr.example.cn/", "HTTPS://QR.EXAMPLE.CN", "HTTPS://QR.EXAMPLE.CN:443/", "HTTPS://1.2.3/",
                       "HTTPS://-A.CN/", "HTTPS://QR.EXAMPLE.CN/A_B/", "HTTPS://ſ.EXAMPLE.CN/", "",
                       "HTTPS://" + "A" * 60 + ".CN/"):
            said = self.refused("init", "--data", self.data, f"--origin={origin}", expect=2)
            self.assertIn("origin", said)
            self.assertFalse(self.data.exists(), origin)

    def test_makes_a_test_origin_only_when_asked_to(self):
        for origin in ("HTTPS://LOCALHOST/", "HTTPS://127.0.0.1:8341/"):
            data = self.folder / origin[8:11]
            said = self.refused("init", "--data", data, "--origin", origin, expect=2)
            self.assertIn("--allow-test-origin", said)
            out = self.run_yimad("init", "--data", data, "--origin", origin, "--allow-test-origin").stdout
            self.assertIn(f"origin: {origin} (test)", out)

    def test_a_folder_that_cannot_be_made_is_named(self):
        file = self.passphrase("a file")
        self.assertIn(str(file / "data"), self.refused("init", "--data", file / "data", "--origin", ORIGIN))

    def test_two_registries_have_nothing_in_common(self):
        first, second = self.init(), self.init(data=self.folder / "other")
        for name in ("root", "registry"):
            of = [re.search(rf"{name}: (\S+)", out).group(1) for out in (first, second)]
            self.assertNotEqual(*of)


class ServeTest(YimadTest):
    def test_takes_a_free_port_and_says_which(self):
        self.init()
        process, address = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        self.assertRegex(address, r"^127\.0\.0\.1:[1-9][0-9]*$")
        code, out = self.stop(process)
        self.assertEqual(out.splitlines(), [f"serving on {address}", "stopped"])
        self.assertEqual(code, 0)

    def test_stops_on_an_interrupt_as_well(self):
        self.init()
        process, _ = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        self.assertEqual(self.stop(process, signal.SIGINT)[0], 0)

    def test_a_stopped_server_leaves_one_whole_file(self):
        self.init()
        process, _ = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        self.stop(process)
        self.assertFalse((self.data / "yima.db-wal").exists())

    def test_begins_again_after_being_killed(self):
        self.init()
        for _ in range(2):
            process, _ = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
            process.kill()
            process.wait()
        self.run_yimad("check", "--data", self.data)

    def test_is_loopback_only_without_tls(self):
        self.init()
        for address in ("0.0.0.0:0", "[::]:0", "192.168.1.1:8340", "qr.example.cn:0", "127.example.cn:0",
                        "127.0.0.1.example.cn:0", "unix:/tmp/yima:0"):
            said = self.refused("serve", "--data", self.data, "--listen", address, expect=2)
            self.assertIn("--tls-cert", said)
            self.assertIn(address, said)

    def test_refuses_an_address_without_a_port(self):
        self.init()
        for address in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", ":8340"):
            said = self.refused("serve", "--data", self.data, f"--listen={address}", expect=2)
            self.assertIn("is not HOST:PORT", said)

    def test_a_taken_address_is_named(self):
        self.init()
        self.init(data=self.folder / "other")
        _, address = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        said = self.refused("serve", "--data", self.folder / "other", "--listen", address)
        self.assertIn(f"cannot listen on {address}", said)

    def test_a_second_process_is_refused_and_told_the_folder(self):
        self.init()
        self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0")
        self.assertIn(f"another process is writing to {self.data}", said)
        self.assertIn("hint: one process at a time", said)

    def test_a_missing_folder_points_to_init(self):
        for command in (["serve", "--listen", "127.0.0.1:0"], ["check"], ["trust", "export"]):
            said = self.refused(*command, "--data", self.data)
            self.assertIn(f"{self.data} holds no registry", said)
            self.assertIn("hint: first run yimad init", said)
        self.assertFalse(self.data.exists())

    def test_wants_the_passphrase_and_the_right_one(self):
        right = self.passphrase("correct horse\n", "right")
        self.init("--passphrase-file", right)
        said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0")
        self.assertIn("sealed and no passphrase was given", said)
        self.assertIn("hint: give the passphrase with --passphrase-file", said)
        wrong = self.passphrase("battery staple\n", "wrong")
        said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--passphrase-file", wrong)
        self.assertIn("the passphrase does not open key file", said)
        process, _ = self.serve("--data", self.data, "--listen", "127.0.0.1:0", "--passphrase-file", right)
        self.assertEqual(self.stop(process)[0], 0)

    def test_refuses_keys_of_another_registry(self):
        self.init()
        self.init(data=self.folder / "other")
        for name in ("code-1", "root"):
            shutil.copy(self.folder / "other" / "keys" / f"{name}.key", self.data / "keys" / f"{name}.key")
            said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0")
            self.assertIn(f"key file {name}.key is not of this registry", said)

    def test_names_the_key_file_that_is_missing_or_damaged(self):
        self.init()
        file = self.data / "keys" / "status.key"
        text = file.read_text()
        file.write_text(text[:-3])
        self.assertIn("key file status.key is damaged", self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0"))
        file.unlink()
        self.assertIn(f"there is no key file {file}", self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0"))

    def test_refuses_a_store_of_a_newer_program(self):
        self.init()
        with sqlite3.connect(self.db) as database:
            database.execute("PRAGMA user_version = 9")
        database.close()
        for command in (["serve", "--listen", "127.0.0.1:0"], ["check"], ["trust", "export"]):
            self.assertIn("schema 9", self.refused(*command, "--data", self.data))

    def test_a_file_that_is_no_store_points_to_check(self):
        self.init()
        self.db.write_bytes(b"x" * 20_000)
        said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0")
        self.assertIn("hint: run yimad check", said)
        done = self.run_yimad("check", "--data", self.data, expect=1)
        self.assertIn("file is not a database", done.stdout)

    def test_a_registry_whose_making_was_cut_off_is_said_to_be_so(self):
        self.init()
        with sqlite3.connect(self.db) as database:
            database.execute("DELETE FROM record6")
        database.close()
        self.assertIn("yimad init was cut off", self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0"))

    def test_an_address_file_that_cannot_be_written_is_named(self):
        self.init()
        file = self.folder / "none" / "address"
        said = self.refused("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--address-file", file)
        self.assertIn(f"--address-file: cannot write {file}: No such file or directory", said)

    def test_takes_its_options_from_environment_and_file(self):
        self.init()
        process, _ = self.serve(YIMAD_DATA=str(self.data), YIMAD_LISTEN="127.0.0.1:0")
        self.assertEqual(self.stop(process)[0], 0)
        config = self.passphrase(f'[serve]\ndata = "{self.data}"\nlisten = "127.0.0.1:0"\n', "yimad.toml")
        process, _ = self.serve("--config", config)
        self.assertEqual(self.stop(process)[0], 0)


class CheckTest(YimadTest):
    def test_a_new_registry_is_sound_also_beside_its_server(self):
        self.init()
        self.assertEqual(self.run_yimad("check", "--data", self.data).stdout, "all is well\n")
        process, _ = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        self.assertEqual(self.run_yimad("check", "--data", self.data).stdout, "all is well\n")
        self.assertEqual(self.stop(process)[0], 0)

    def test_lists_what_is_wrong(self):
        self.init()
        with sqlite3.connect(self.db) as database:
            database.execute("DELETE FROM log WHERE idx = 3")
            database.execute("INSERT INTO counter VALUES (CAST('nonsense' AS BLOB), 5)")
        database.close()
        done = self.run_yimad("check", "--data", self.data, expect=1)
        self.assertIn("the log has entry 4 where 3 is wanted", done.stdout)
        self.assertIn("counter nonsense is 5", done.stdout)
        self.assertRegex(done.stderr, r"^\d+ things are not as they should be\n$")


class TrustExportTest(YimadTest):
    def test_prints_the_bundle(self):
        self.init()
        out = self.run_yimad("trust", "export", "--data", self.data).stdout
        self.assertIn(f"\norigin {ORIGIN} current\n", out)
        self.assertIn("\n— yima-", out)

    def test_writes_a_folder_for_verifiers_also_beside_a_server(self):
        root = re.search(r"root: (\S+)", self.init()).group(1)
        self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        out = self.folder / "trust"
        for _ in range(2):
            target = pathlib.Path(self.run_yimad("trust", "export", "--data", self.data, "-o", out).stdout.strip())
        self.assertEqual(target.parent, out)
        self.assertEqual(sorted(file.name for file in target.iterdir()), ["bundle", "list", "roots"])
        shown = subprocess.run([YIMA, "--trust", out, "trust", "show"], env=clean_environment(), capture_output=True,
                               text=True, timeout=60)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn(f"root: {root}\n", shown.stdout)

    def client(self, address, *args):
        done = subprocess.run([YIMA, "--server", address, *map(str, args)], env=clean_environment(XDG_DATA_HOME=str(self.folder),
                                                    YIMA_TOKEN=(self.data / "admin-token").read_text()),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def revoke_one(self, address):
        """Issues a blank plate, revokes it and gives its serial."""
        self.client(address, "codes", "issue", "--blank", 1)
        serial = re.search(r"\b\d{10,15}\b", self.client(address, "codes", "list", "--state", "blank")).group(0)
        self.client(address, "codes", "revoke", serial, "--reason", "lost")
        return serial

    def test_a_revocation_is_on_the_list_of_a_stopped_server(self):
        self.init()
        process, address = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        serial = self.revoke_one(address)
        self.stop(process)
        exported = self.run_yimad("trust", "export", "--data", self.data, "-o", self.folder / "trust")
        self.assertEqual(exported.stderr, "")
        self.assertIn(serial, (pathlib.Path(exported.stdout.strip()) / "list").read_text())

    def test_a_list_behind_the_records_is_said_to_be_so(self):
        self.init()
        process, address = self.serve("--data", self.data, "--listen", "127.0.0.1:0")
        self.revoke_one(address)
        self.stop(process)
        with sqlite3.connect(self.db) as db:
            # The list as it was before the revocation, as a killed server leaves it.
            note = db.execute("SELECT bytes FROM record66 WHERE id = 2").fetchone()[0].decode()
            db.execute("UPDATE record66 SET bytes = ? WHERE id = 2",
                       (re.sub(r"(?m)^revoked .*\n", "", note).encode(),))
        exported = self.run_yimad("trust", "export", "--data", self.data)
        self.assertIn("warning: the revocation list is behind the records", exported.stderr)
        exported = self.run_yimad("--lang", "zh", "trust", "export", "--data", self.data)
        self.assertIn("吊销清单落后于记录", exported.stderr)

    def test_a_folder_that_cannot_be_written_is_named(self):
        self.init()
        file = self.passphrase("a file")
        self.assertIn(str(file), self.refused("trust", "export", "--data", self.data, "-o", file))


class WordsTest(YimadTest):
    def test_every_command_shows_two_examples_in_both_languages(self):
        for command in (["init"], ["serve"], ["check"], ["key", "list"], ["key", "add"], ["key", "close"], ["key", "revoke"],
                        ["key", "import"], ["origin", "list"], ["origin", "add"], ["origin", "current"], ["origin", "close"],
                        ["origin", "lost"], ["root", "export"], ["root", "draft"], ["root", "sign"], ["root", "import"],
                        ["trust", "export"]):
            for lang, heading in (("en", "Examples:"), ("zh", "例：")):
                out = self.run_yimad("--lang", lang, *command, "--help").stdout
                examples = out[out.index(heading):]
                self.assertGreaterEqual(examples.count("\n  yimad " + " ".join(command)), 2, out)
        self.assertIn("建立登记库", self.run_yimad("--help", "--lang=zh").stdout)

    def test_the_locale_chooses_and_the_option_wins(self):
        self.assertIn("建立登记库", self.run_yimad("--help", LC_ALL="zh_CN.UTF-8").stdout)
        self.assertIn("make a new registry", self.run_yimad("--help", "--lang", "en", LC_ALL="zh_CN.UTF-8").stdout)

    def test_speaks_chinese(self):
        out = self.init("--lang", "zh")
        self.assertIn("未给口令", out)
        self.assertIn("码制", out)
        self.assertRegex(out, r"(?m)^root: [0-9a-f]{64}$")
        self.assertEqual(self.run_yimad("check", "--data", self.data, "--lang", "zh").stdout, "一切正常\n")
        said = self.refused("--lang", "zh", "check", "--data", self.folder / "none")
        self.assertIn("目录中没有登记库（", said)
        self.assertIn("提示：先运行 yimad init", said)

    def test_has_chinese_words_for_every_reason_of_its_own(self):
        source = pathlib.Path(__file__).parents[3] / "server"
        fails = re.compile(r'(?:Fail\(\s*StatusCode::\w+,|Invalid\()\s*"([A-Z]+(?:_[A-Z]+)+)"')
        words = (source / "yimad" / "words.cc").read_text()
        for folder in ("keys", "yimad"):
            for file in (source / folder).glob("*.cc"):
                for reason in fails.findall(file.read_text()):
                    self.assertIn(f'{{"{reason}", "', words, file.name)

    def test_wrong_use_exits_2_and_says_where_help_is(self):
        for args in ([], ["nonsense"], ["serve"], ["init", "--data", self.data], ["trust"],
                     ["check", "--data", self.data, "--nonsense"], ["--lang", "fr", "check", "--data", self.data]):
            self.assertIn("--help", self.refused(*args, expect=2))
        self.assertIn("说明用法", self.refused("serve", "--lang", "zh", expect=2))

    def test_tells_its_version(self):
        self.assertRegex(self.run_yimad("--version").stdout, r"^yimad \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
