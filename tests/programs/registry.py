"""A registry of its own in a temporary folder, driven by the real programs."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


class Registry:
    """`with Registry() as registry:` makes one and serves it; killed and removed at the end.

    The programs are those given, else those that YIMAD and YIMA name; `options` go to `yimad serve`, `init` to `yimad init`.
    """

    def __init__(self, yimad=None, yima=None, data=None, options=(), init=()):
        self.yimad, self.yima_path = yimad or os.environ["YIMAD"], yima or os.environ["YIMA"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yima-test-"))
        self.data = data or self.folder / "data"
        self.process = None
        self.listen = self.http = "127.0.0.1:0"
        self.options = [str(option) for option in options]
        made = subprocess.run([self.yimad, "init", "--data", self.data, "--origin", "HTTPS://QR.EXAMPLE.CN/", *init],
                              check=True, capture_output=True, text=True)
        self.token = (self.data / "admin-token").read_text().strip()
        self.root = next(line.split()[1] for line in made.stdout.splitlines() if line.startswith("root:"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, **environment):
        """`environment`: more for the server's."""
        address = self.folder / "address"
        http = self.folder / "http-address"
        address.unlink(missing_ok=True)
        with open(self.folder / "yimad.err", "ab") as errors:
            self.process = subprocess.Popen(
                [self.yimad, "serve", "--data", self.data, "--listen", self.listen, "--address-file", address,
                 "--http", self.http, "--http-address-file", http, *self.options],
                stdout=subprocess.DEVNULL, stderr=errors, env=os.environ | environment)
        deadline = time.monotonic() + 60
        while not address.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("yimad did not come up: " + (self.folder / "yimad.err").read_text())
            time.sleep(0.01)
        if (self.data / "admin-token").exists():  # One restored with --keep-tokens has none.
            self.token = (self.data / "admin-token").read_text().strip()
        # The same address after each restart, since the same command line names it.
        self.address = self.listen = address.read_text().strip()
        self.http = http.read_text().strip()

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait()

    def command(self, *args):
        # Everything that the command line is remembered by stays equal over restarts: the same command.
        return [self.yima_path, *map(str, args), "--server", self.address]

    def environment(self, **more):
        """Nothing of the user's own, so that no configuration and no kept trust leaks into a test."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "YIMA_", "LC_", "LANG"))}
        return mine | {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"),
                       "XDG_DATA_HOME": str(self.folder / "share"), "LC_ALL": "C.UTF-8",
                       "XDG_CONFIG_HOME": str(self.folder / "config"), "YIMA_TOKEN": self.token} | more

    def begin(self, *args, stdout=subprocess.DEVNULL, env=None):
        return subprocess.Popen(self.command(*args), env=self.environment(**(env or {})), stdout=stdout, stderr=subprocess.PIPE)

    def yima(self, *args, expect=0, stdin="", env=None):
        """Runs a command to its end; `expect` None takes any exit code."""
        return self.run(self.command(*args), expect, stdin, env)

    def bare(self, *args, expect=0, stdin="", env=None):
        """The same with nothing added to the command line."""
        return self.run([self.yima_path, *map(str, args)], expect, stdin, env)

    def run(self, command, expect, stdin, env):
        done = subprocess.run(command, env=self.environment(**(env or {})), input=stdin, capture_output=True, text=True,
                              timeout=300)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{command[1:]}: exit {done.returncode}, want {expect}\n"
                                 f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done

    def objects(self, *args, expect=0, stdin="", env=None):
        return [json.loads(line) for line in self.yima(*args, "--json", expect=expect, stdin=stdin, env=env).stdout.splitlines()]

    def principal(self, name, *grants, organization=None):
        """A person with a token of his own: the environment of commands that he gives."""
        words = [word for grant in grants for word in ("--grant", grant)]
        belongs = ("--organization", organization) if organization else ()
        [made] = self.objects("access", "principals", "create", "--name", name, *words, *belongs)
        # Some tests live on for months.
        [token] = self.objects("access", "tokens", "create", "--principal", made["id"], "--days", "3650")
        return {"YIMA_TOKEN": token["text"]}

    def trust(self):
        """Fetches the trust, as a verifier does once."""
        self.yima("trust", "fetch", "--root", self.root)

    def readiness(self):
        """What /readyz answers: a status, and why."""
        try:
            answer = urllib.request.urlopen(f"http://{self.http}/readyz", timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read().decode().strip()

    def contents(self):
        """Every record, key, counter and log entry there is: what a refused command must not change."""
        with sqlite3.connect(f"file:{self.data / 'yima.db'}?mode=ro", uri=True) as store:
            tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
            # Numbers may be reserved and never used; tokens are used, refusals kept and the log's tree grown in any case.
            return {table: store.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                    for table in tables if table not in ("sequence", "sqlite_stat1", "record68", "record69", "record71", "record72", "record78")}

    def check(self):
        done = subprocess.run([self.yimad, "check", "--data", self.data], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def copy_data(data, folder):
    """A data folder without the socket that a killed server leaves."""
    shutil.copytree(data, folder, ignore=shutil.ignore_patterns("control"))


def write_ledger(path, rows, prefix):
    """A small ledger of manhole covers with keys of its own."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("编号,小类编码,区划,主管部门,权属单位\n")
        for n in range(rows):
            file.write(f"{prefix}-{n:06},01001,140502,晋城市城区城市管理局,城区排水公司\n")
    return path
