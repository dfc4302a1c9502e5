"""Backup and restore killed at each of their steps: nothing half is taken for whole, and the same command does it again.

usage: backup_kill_test.py YIMAD YIMA, with KILL_AT_LIBRARY in the environment
"""
import itertools
import os
import shutil
import subprocess
import sys

from programs.registry import Registry

LIBRARY = os.environ["KILL_AT_LIBRARY"]


class Drill:
    def __init__(self, registry):
        self.registry = registry
        self.folder = registry.folder
        self.backup = self.folder / "backup"
        self.again = self.folder / "again"

    def yimad(self, *words, **environment):
        return subprocess.run([self.registry.yimad, *map(str, words)], env=self.registry.environment(**environment),
                              capture_output=True, text=True, timeout=120)

    def make_backup(self, **environment):
        return self.yimad("backup", "--data", self.registry.data, self.backup, "--json", **environment)

    def restore(self, **environment):
        return self.yimad("restore", self.backup, "--data", self.again, "--nothing-published", "--json", **environment)

    def left(self):
        return sorted(path.name for path in self.folder.glob(".*"))


def killed_at(step):
    return {"LD_PRELOAD": LIBRARY, "KILL_AT": str(step)}


def kill_backups(drill):
    """The server serves all the while."""
    for step in itertools.count(1):
        shutil.rmtree(drill.backup, ignore_errors=True)
        done = drill.make_backup(**killed_at(step))
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        # What has its name is whole; what is half has another, and is not taken for a backup by any name.
        restored = drill.restore()
        assert (restored.returncode == 0) == drill.backup.exists(), f"killed at {step}: {restored.stderr}"
        for half in map(drill.folder.joinpath, drill.left()):
            taken = drill.yimad("restore", half, "--data", drill.folder / "of-half", "--nothing-published")
            # The manifest is written last.
            assert taken.returncode != 0 or (half / "manifest").exists(), f"killed at {step}: a half backup was restored"
            shutil.rmtree(drill.folder / "of-half", ignore_errors=True)
        shutil.rmtree(drill.again, ignore_errors=True)
        drill.registry.yima("codes", "issue", "--blank", "1")
        shutil.rmtree(drill.backup, ignore_errors=True)
        once_more = drill.make_backup()
        assert once_more.returncode == 0, f"killed at {step}: {once_more.stderr}"
        assert drill.left() == [], drill.left()
    assert step > 10, f"killed {step} times only: are its writes seen?"
    return step - 1


def kill_restores(drill):
    epochs = set()
    shutil.rmtree(drill.backup, ignore_errors=True)
    assert drill.make_backup().returncode == 0
    before = sorted((path, path.read_bytes()) for path in drill.backup.rglob("*") if path.is_file())
    for step in itertools.count(1):
        shutil.rmtree(drill.again, ignore_errors=True)
        done = drill.restore(**killed_at(step))
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        # Renamed, then killed: it is whole, though nobody was told.
        if not drill.again.exists():
            assert drill.yimad("check", "--data", drill.again).returncode != 0
            restored = drill.restore()
            assert restored.returncode == 0, f"killed at {step}: {restored.stderr}"
            assert drill.left() == [], drill.left()
        checked = drill.yimad("check", "--data", drill.again)
        assert checked.returncode == 0, f"killed at {step}: {checked.stdout}{checked.stderr}"
        listed = drill.yimad("trust", "export", "--data", drill.again)
        epoch = next(int(line.split()[1]) for line in listed.stdout.splitlines() if line.startswith("epoch "))
        assert epoch not in epochs, f"killed at {step}: epoch {epoch} was opened twice"
        epochs.add(epoch)
    assert step > 20, f"killed {step} times only: are its writes seen?"
    assert sorted((path, path.read_bytes()) for path in drill.backup.rglob("*") if path.is_file()) == before
    return step - 1


def main():
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        drill = Drill(registry)
        registry.yima("codes", "issue", "--blank", "20")
        backups = kill_backups(drill)
        registry.yima("codes", "issue", "--blank", "1")
        restores = kill_restores(drill)
        registry.yima("codes", "issue", "--blank", "1")
        registry.kill()
        registry.check()
        print(f"backup killed at each of {backups} steps, restore at each of {restores}")


main()
