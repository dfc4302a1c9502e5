"""The Debian package: installed, started, upgraded, removed and purged, on an overlay over this machine's files.

usage: debian_test.py CPACK BUILD_FOLDER
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
INIT_AND_SERVE = """
cd /var/lib/yima
run="setpriv --reuid yima --regid yima --clear-groups"
$run yimad init --data /var/lib/yima --origin HTTPS://QR.EXAMPLE.CN/
$run yimad serve --data /var/lib/yima --listen 127.0.0.1:0 --http none --address-file /var/lib/yima/address &
while [ ! -e /var/lib/yima/address ]; do sleep 0.1; done
yima codes issue --blank 1 --server "$(cat /var/lib/yima/address)" --token-file /var/lib/yima/admin-token > /dev/null
kill $!
wait $!
"""


@contextlib.contextmanager
def copy_of_this_machine(folder):
    """A root folder in which nothing that is done reaches the machine."""
    mounted = []

    def mount(*args, at):
        at.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["mount", *map(str, args), at], capture_output=True).returncode != 0:
            print(f"skipped: cannot mount {args}")
            sys.exit(SKIPPED)
        mounted.append(at)

    try:
        mount("-t", "tmpfs", "tmpfs", at=folder / "own")
        for name in ("upper", "work"):
            (folder / "own" / name).mkdir()
        root = folder / "root"
        mount("-t", "overlay", "-o", f"lowerdir=/,upperdir={folder}/own/upper,workdir={folder}/own/work", "overlay", at=root)
        mount("-t", "proc", "proc", at=root / "proc")
        mount("--bind", "/dev", at=root / "dev")
        mount("-t", "tmpfs", "tmpfs", at=root / "run")
        yield root
    finally:
        for at in reversed(mounted):
            subprocess.run(["umount", "--lazy", at], check=True)


def make_package(cpack, build, into, version):
    subprocess.run([cpack, "-G", "DEB", "-B", into, "-D", f"CPACK_PACKAGE_VERSION={version}"], cwd=build, check=True,
                   capture_output=True)
    [package] = into.glob(f"yima_{version}_*.deb")
    return package


def main():
    cpack, build = sys.argv[1:]
    if os.geteuid() != 0 or shutil.which("dpkg") is None or shutil.which("dpkg-shlibdeps") is None:
        print("skipped: wants root, dpkg and dpkg-dev")
        sys.exit(SKIPPED)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yima-debian-"))
    try:
        packages = [make_package(cpack, build, folder / "packages", version) for version in ("0.1.0", "0.1.1")]
        with copy_of_this_machine(folder) as root:
            live_through(root, packages)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("installed, started, upgraded, removed and purged")


def live_through(root, packages):
    def run(script, expect=0):
        done = subprocess.run(["chroot", root, "sh", "-euc", script], capture_output=True, text=True, timeout=300,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"})
        assert done.returncode == expect, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    for package in packages:
        shutil.copy(package, root / "run" / package.name)
    run(f"dpkg -i /run/{packages[0].name}")
    assert run("stat -c '%U %a' /var/lib/yima").split() == ["yima", "700"]
    assert "Type=notify" in run("cat /usr/lib/systemd/system/yimad.service")
    assert run("command -v yima; command -v yimad").split() == ["/usr/bin/yima", "/usr/bin/yimad"]
    run("test -e /usr/share/bash-completion/completions/yimad && test -e /usr/share/zsh/site-functions/_yima")
    run(INIT_AND_SERVE)
    run(f"dpkg -i /run/{packages[1].name}")
    assert "0.1.1" in run("dpkg-query -W -f '${Version}' yima")
    run("yimad check --data /var/lib/yima")
    run("dpkg -r yima")
    run("command -v yimad", expect=127)
    assert "is kept" in run("dpkg -P yima")
    run("test -e /var/lib/yima/yima.db && test ! -e /etc/yima")
    run(f"dpkg -i /run/{packages[1].name} && rm -rf /var/lib/yima/* && dpkg -P yima && test ! -e /var/lib/yima")


if __name__ == "__main__":
    main()
