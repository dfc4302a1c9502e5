"""What an operator sets and asks: settings and where they come from, readiness, logs, the doctor, completion.

usage: operating_test.py YIMAD YIMA SOURCE_FOLDER [unittest's options]
"""
import datetime
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

YIMAD, YIMA, SOURCE = sys.argv.pop(1), sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


def clean_environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YIMA", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"} | more


class OperatingTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yimad-operating-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"

    def run_yimad(self, *args, expect=0, **environment):
        done = subprocess.run([YIMAD, *map(str, args)], env=clean_environment(**environment), capture_output=True,
                              text=True, timeout=120)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def init(self, origin="HTTPS://QR.EXAMPLE.CN/"):
        self.run_yimad("init", "--data", self.data, "--origin", origin, "--allow-test-origin")

    def serve(self, *more, expect_ready=True, **environment):
        address = self.folder / "address"
        address.unlink(missing_ok=True)
        process = subprocess.Popen([YIMAD, "serve", "--address-file", address, *map(str, more)],
                                   env=clean_environment(**environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while not address.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                self.fail(f"yimad did not come up: {process.communicate()}")
            time.sleep(0.01)
        return process


class SettingsTest(OperatingTest):
    def show(self, text, *args, **environment):
        """Command and option → value and source, with this configuration file."""
        file = self.folder / "yimad.toml"
        file.write_text(text)
        done = self.run_yimad("--config", file, "config", "show", "--json", *args, **environment)
        return {(line["command"], line["option"]): (line["value"], line["source"])
                for line in map(json.loads, done.stdout.splitlines())}

    def test_the_environment_comes_before_the_file_and_the_file_before_the_default(self):
        text = '[serve]\nlisten = "127.0.0.1:1"\nhttp = "127.0.0.1:2"\n'
        shown = self.show(text, YIMAD_LISTEN="127.0.0.1:3")
        file = str(self.folder / "yimad.toml")
        self.assertEqual(shown["serve", "--listen"], ("127.0.0.1:3", "YIMAD_LISTEN"))
        self.assertEqual(shown["serve", "--http"], ("127.0.0.1:2", file))
        self.assertEqual(self.show("")["serve", "--listen"], ("127.0.0.1:8340", "default"))

    def test_what_is_shown_is_what_is_done(self):
        self.init()
        file = self.folder / "yimad.toml"
        file.write_text(f'data = "{self.data}"\n[serve]\nlisten = "127.0.0.1:1"\nhttp = "none"\n')
        process = self.serve("--config", file, YIMAD_LISTEN="127.0.0.1:0")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)
        self.run_yimad("--config", file, "check")

    def test_what_stands_above_all_sections_holds_for_every_command(self):
        shown = self.show(f'data = "{self.data}"\n')
        commands = {command for (command, option), (value, _) in shown.items() if option == "--data" and value == str(self.data)}
        self.assertLessEqual({"serve", "check", "backup", "restore", "trust export", "doctor"}, commands)

    def test_every_option_has_its_variable(self):
        shown = self.show("", YIMAD_HTTP_ADDRESS_FILE="/run/a", YIMAD_OUT="/run/b")
        self.assertEqual(shown["serve", "--http-address-file"], ("/run/a", "YIMAD_HTTP_ADDRESS_FILE"))
        self.assertEqual(shown["trust export", "--out"], ("/run/b", "YIMAD_OUT"))

    def test_a_word_that_no_command_knows_is_refused(self):
        for text in ("listne = 1\n", "[serve]\nlistne = 1\n", "[sevre]\nlisten = 1\n"):
            file = self.folder / "yimad.toml"
            file.write_text(text)
            self.assertNotEqual(self.run_yimad("--config", file, "config", "show", expect=2).stderr, "")

    def test_a_file_that_is_named_must_be_there(self):
        self.assertIn("nowhere.toml", self.run_yimad("--config", self.folder / "nowhere.toml", "config", "show", expect=2).stderr)

    def test_for_people_it_reads_as_a_file(self):
        said = self.run_yimad("config", "show", YIMAD_CONFIG=str(self.folder / "none.toml")).stdout
        self.assertIn('\n[serve]\n', said)
        self.assertIn('listen = "127.0.0.1:8340"  # default\n', said)


class ClientSettingsTest(OperatingTest):
    def show(self, *args, **environment):
        done = subprocess.run([YIMA, *map(str, args), "config", "show", "--json"], env=clean_environment(**environment),
                              capture_output=True, text=True, timeout=60, check=True)
        return {line["option"]: (line["value"], line["source"]) for line in map(json.loads, done.stdout.splitlines())}

    def test_the_line_comes_before_the_environment_and_that_before_the_file(self):
        file = self.folder / "config.toml"
        file.write_text('server = "127.0.0.1:1"\n')
        named = ("--config", file)
        self.assertEqual(self.show(*named)["--server"], ("127.0.0.1:1", str(file)))
        self.assertEqual(self.show(*named, YIMA_SERVER="127.0.0.1:2")["--server"], ("127.0.0.1:2", "YIMA_SERVER"))
        self.assertEqual(self.show(*named, "--server", "127.0.0.1:3", YIMA_SERVER="127.0.0.1:2")["--server"],
                         ("127.0.0.1:3", "--server"))
        self.assertEqual(self.show(HOME=str(self.folder))["--server"], ("127.0.0.1:8340", "default"))


class ServiceTest(OperatingTest):
    def test_systemd_is_told_when_it_serves_and_when_it_stops(self):
        self.init()
        path = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            listener.settimeout(60)
            process = self.serve("--data", self.data, "--listen", "127.0.0.1:0", "--http", "none", NOTIFY_SOCKET=str(path))
            self.assertRegex(listener.recv(100), b"^EXTEND_TIMEOUT_USEC=[0-9]+$")
            self.assertEqual(listener.recv(100), b"READY=1")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(listener.recv(100), b"STOPPING=1")
            self.assertEqual(process.wait(60), 0)

    def test_the_unit_is_sound(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd here")
        unit = (SOURCE / "tools/packaging/yimad.service").read_text().replace("ExecStart=yimad", "ExecStart=/bin/true")
        file = self.folder / "yimad.service"
        file.write_text(unit)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", file], capture_output=True, text=True)
        self.assertNotIn("yimad.service", done.stderr)
        self.assertIn("Type=notify", unit)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        return process.communicate(timeout=60)[1]

    def yima(self, *args, **more):
        address = (self.folder / "address").read_text().strip()
        environment = clean_environment(**{"HOME": str(self.folder),
                                           "YIMA_TOKEN": (self.data / "admin-token").read_text()} | more)
        return subprocess.run([YIMA, *args, "--server", address, "--json"], env=environment, capture_output=True, text=True,
                              timeout=60).stdout

    def test_logs_are_objects_when_asked_for(self):
        self.init()
        before = self.folder / "before"
        shutil.copytree(self.data, before)
        doors = ("--listen", "127.0.0.1:0", "--http", "none")
        process = self.serve("--data", self.data, *doors)
        text = json.loads(self.yima("codes", "issue", "--blank", "1"))["text"]
        self.assertEqual(self.stop(process), "")
        # Of a code that nobody issued, as this folder sees it, an alarm is logged.
        process = self.serve("--data", before, *doors, "--log-format", "json")
        self.assertEqual(json.loads(self.yima("resolve", text))["state"], "NOT_ISSUED")
        lines = [json.loads(line) for line in self.stop(process).splitlines()]
        [alarm] = [line for line in lines if line["level"] == "critical"]
        self.assertIn("a key is stolen or records are lost", alarm["message"])
        self.assertNotIn(text, alarm["message"])
        for line in lines:
            self.assertEqual(list(line), ["time", "level", "message"])
            datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
        self.run_yimad("serve", "--data", self.data, "--log-format", "xml", expect=2)

    def test_each_call_is_a_line_when_asked_for(self):
        self.init()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        http = self.folder / "http"
        process = self.serve("--data", self.data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--http-address-file",
                             http, "--log-format", "json", "--log-level", "debug")
        text = json.loads(self.yima("codes", "issue", "--blank", "1", "--request-id", "issue-1",
                                    TRACEPARENT=f"00-{trace}-00f067aa0ba902b7-01"))["text"]
        self.yima("resolve", text)
        self.yima("resolve", text.replace("1", "2"))
        token = (self.data / "admin-token").read_text().strip()
        wrong = token[:-4] + "0000"
        self.assertEqual(self.yima("codes", "show", text, YIMA_TOKEN=wrong), "")
        asked = urllib.request.Request(f"http://{http.read_text().strip()}/{text.rsplit('/')[-1]}",
                                       headers={"Host": "qr.example.cn", "Authorization": f"Bearer {token}",
                                                "traceparent": f"00-{trace}-00f067aa0ba902b8-01"})
        with urllib.request.urlopen(asked) as answer:
            self.assertEqual(answer.status, 200)
        log = self.stop(process)
        calls = [line for line in map(json.loads, log.splitlines()) if "method" in line]
        [issue] = [line for line in calls if line["method"].endswith("/IssueCodes")]
        self.assertEqual((issue["request_id"], issue["trace_id"], issue["level"]), ("issue-1", trace, "debug"))
        self.assertEqual(len({line["trace_id"] for line in calls}), 4)
        [refused] = [line for line in calls if line["method"].endswith("/GetCode")]
        self.assertEqual(refused["reason"], "TOKEN_UNKNOWN")
        self.assertIn((trace, "00f067aa0ba902b8"), [(line["trace_id"], line["parent_id"]) for line in calls])
        self.assertNotIn("reason", issue)
        # Neither secrets nor what is printed on plates.
        for secret in (token, token.rsplit("_")[-1], wrong, text, text[-40:]):
            self.assertNotIn(secret, log)


class Site(http.server.BaseHTTPRequestHandler):
    body, status = b"", 200

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body if self.path == "/.well-known/yima/bundle" else b"?")

    def log_message(self, *_):
        pass


class DoctorTest(OperatingTest):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.skipTest("no openssl here")
        self.site = None

    def stand(self, days):
        """A host of its own with a certificate for so many days, and a registry whose plates name it."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", str(days), "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.handler = type("OwnSite", (Site,), {})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.init(f"HTTPS://127.0.0.1:{server.server_address[1]}/")
        self.handler.body = self.run_yimad("trust", "export", "--data", self.data).stdout.encode()
        return certificate

    def examine(self, ca, expect):
        done = self.run_yimad("doctor", "--data", self.data, "--json", "--ca", ca, expect=expect)
        found = {}
        for line in map(json.loads, done.stdout.splitlines()):
            found.setdefault(line["check"], []).append((line["state"], line["message"]))
        return found

    def test_all_is_well(self):
        found = self.examine(self.stand(400), None)
        # A small test machine may be short of space or have a clock that nobody keeps.
        for check in ("folder", "keys", "trust", "certificate", "origin"):
            self.assertEqual({state for state, _ in found[check]}, {"ok"}, found[check])

    def test_a_certificate_that_runs_out_soon_is_wrong(self):
        [(state, message)] = self.examine(self.stand(10), 1)["certificate"]
        self.assertEqual(state, "wrong")
        self.assertRegex(message, "9 days from now|10 days from now")

    def test_another_registry_behind_the_printed_address_is_wrong(self):
        ca = self.stand(400)
        other = self.folder / "other"
        self.run_yimad("init", "--data", other, "--origin", "HTTPS://QR.EXAMPLE.CN/")
        self.handler.body = self.run_yimad("trust", "export", "--data", other).stdout.encode()
        [(state, message)] = self.examine(ca, 1)["origin"]
        self.assertEqual(state, "wrong")
        self.assertIn("is not this registry", message)

    def test_a_host_that_answers_otherwise_is_wrong(self):
        ca = self.stand(400)
        self.handler.status = 404
        self.assertIn("answers HTTP 404", self.examine(ca, 1)["origin"][0][1])
        self.handler.status = 200
        self.handler.body = b"x" * (2 << 20)
        self.assertEqual(self.examine(ca, 1)["origin"][0][0], "wrong")
        self.assertEqual(self.examine("/dev/null", 1)["origin"][0][0], "wrong")

    def test_a_folder_that_others_may_enter_is_wrong(self):
        ca = self.stand(400)
        (self.data / "keys").chmod(0o755)
        [(state, message)] = self.examine(ca, 1)["folder"]
        self.assertEqual((state, "keys has mode 755" in message), ("wrong", True))


class CompletionTest(OperatingTest):
    def complete(self, program, *words):
        script = f"""source {SOURCE / 'tools/packaging/completion.bash'}
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _yima_complete; printf '%s\\n' "${{COMPREPLY[@]}}" """
        done = subprocess.run(["bash", "-c", script, "bash", program, *words], env=clean_environment(), capture_output=True,
                              text=True, timeout=60)
        return set(done.stdout.split())

    def test_bash_knows_commands_and_options(self):
        self.assertLessEqual({"codes", "facilities", "resolve"}, self.complete(YIMA, ""))
        self.assertEqual(self.complete(YIMA, "codes", "rec"), {"reclaim"})
        self.assertLessEqual({"--facility", "--blank", "--request-id"}, self.complete(YIMA, "codes", "issue", "--"))
        self.assertEqual(self.complete(YIMAD, "back"), {"backup"})
        self.assertLessEqual({"--bundle", "--list"}, self.complete(YIMAD, "restore", "/backup", "--"))


if __name__ == "__main__":
    unittest.main()
