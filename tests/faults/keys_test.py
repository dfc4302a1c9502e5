"""A change of keys or origins killed at each of its steps: the folder opens, is sound, and the step can be done again.

usage: keys_test.py YIMAD YIMA, with KILL_AT_LIBRARY in the environment
"""
import itertools
import os
import shutil
import subprocess
import sys

from programs.registry import Registry, copy_data

LIBRARY = os.environ["KILL_AT_LIBRARY"]


def yimad(registry, data, *words, **environment):
    return subprocess.run([registry.yimad, *words, "--data", data], env=registry.environment(**environment),
                          capture_output=True, text=True, timeout=120)


def opens(registry, root):
    """Whether an exported root signs."""
    draft = registry.folder / "draft"
    yimad(registry, registry.data, "root", "draft", draft)
    return subprocess.run([registry.yimad, "root", "sign", draft, "--key", root, "--passphrase-file",
                           registry.folder / "words"], capture_output=True).returncode == 0


def kill_everywhere(registry, words, again):
    """`again`: what may be said when the step turns out to be done already; None: it can be done again."""
    copy, killed = registry.folder / "copy", 0
    # A file that is written by the command never stands there yet.
    numbers = itertools.count()
    files = []

    def filled():
        files.append(registry.folder / f"file-{next(numbers)}")
        return [files[-1] if word == "NEW" else word for word in words]

    while True:
        shutil.rmtree(copy, ignore_errors=True)
        copy_data(registry.data, copy)
        done = yimad(registry, copy, *filled(), LD_PRELOAD=LIBRARY, KILL_AT=str(killed + 1))
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        killed += 1
        listed = yimad(registry, copy, "key", "list")
        assert listed.returncode == 0, f"{words} killed at {killed}: {listed.stderr}"
        cut_off = files[-1]
        once_more = yimad(registry, copy, *filled())
        assert once_more.returncode == 0 or (again and again in once_more.stderr), f"{words} killed at {killed}: {once_more.stderr}"
        if "NEW" in words:
            assert any((copy / "keys").glob("root*.key")) or opens(registry, files[-1]) or opens(registry, cut_off), "lost"
        checked = yimad(registry, copy, "check")
        assert checked.returncode == 0, f"{words} killed at {killed}: {checked.stdout}{checked.stderr}"
    assert killed > 5, f"{words} was killed {killed} times only: are its writes seen?"
    print(f"{' '.join(map(str, words))}: killed at each of {killed} steps")


def main():
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        registry.kill()
        words = registry.folder / "words"
        words.write_text("correct horse")
        kill_everywhere(registry, ("key", "add", "--from", "today"), None)
        kill_everywhere(registry, ("key", "add", "--kind", "root"), None)
        kill_everywhere(registry, ("key", "revoke", "code-1"), None)
        kill_everywhere(registry, ("origin", "add", "HTTPS://CODE.EXAMPLE.CN/"), "is an origin of this registry already")
        kill_everywhere(registry, ("root", "export", "--root-passphrase-file", words, "NEW"), "no root key is here")


main()
