"""Installs the build into a folder of its own and uses it from a foreign project.

usage: install_test.py CMAKE BUILD_FOLDER SOURCE_FOLDER GENERATOR CXX_FLAGS
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "programs"))
from registry import Registry  # noqa: E402

CMAKE, BUILD, SOURCE, GENERATOR, FLAGS = sys.argv[1:6]


def run(*command, expect=0):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, encoding="utf-8")
    if done.returncode != expect:
        sys.exit(f"{command}: exit {done.returncode}, want {expect}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return done.stdout


def build_project(folder, prefix, components):
    """Configures and builds the foreign project with these components; returns its build folder."""
    build = folder / ("build-" + "-".join(components))
    run(CMAKE, "-S", pathlib.Path(SOURCE) / "tests/install/project", "-B", build, "-G", GENERATOR,
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCOMPONENTS={';'.join(components)}", f"-DCMAKE_CXX_FLAGS={FLAGS}")
    run(CMAKE, "--build", build)
    return build


def write_vectors(folder):
    """The committed vectors as files: root, bundle, and some texts with their verdicts."""
    vectors = json.loads((pathlib.Path(SOURCE) / "tests/vectors/codes.json").read_text(encoding="utf-8"))
    (folder / "bundle").write_text(vectors["bundle"], encoding="utf-8")
    wanted = {}
    for vector in vectors["vectors"]:
        if vector["text"] and "\0" not in vector["text"]:
            wanted.setdefault(vector["verdict"], vector["text"])
    return vectors["root"], wanted


def ask_a_server(built, prefix):
    """The installed programs serve what the foreign one asks."""
    if not (prefix / "bin/yimad").exists():
        return
    with Registry(yimad=prefix / "bin/yimad", yima=prefix / "bin/yima") as registry:
        blank = registry.objects("codes", "issue", "--blank", "1")[0]["text"]
        said = run(built / "ask_registry", registry.address, registry.token, blank, "no code", blank).split()
        assert said == ["VERDICT_AUTHENTIC", "VERDICT_MALFORMED", "VERDICT_AUTHENTIC"], said
        run(built / "ask_registry", registry.address, "yima_wrong", blank, expect=1)
    print("yima::client asks a server, and yima::client_testing stands for one")


def main():
    with tempfile.TemporaryDirectory(prefix="yima-install-") as name:
        folder = pathlib.Path(name)
        prefix = folder / "prefix"
        run(CMAKE, "--install", BUILD, "--prefix", prefix)

        built = build_project(folder, prefix, ["code"])
        root, texts = write_vectors(folder)
        said = run(built / "verify_code", root, folder / "bundle", *texts.values()).split()
        assert said == list(texts), f"verdicts {said}, want {list(texts)}"
        run(built / "verify_code", "00" * 32, folder / "bundle", texts["AUTHENTIC"], expect=1)
        libraries = run("ldd", built / "verify_code")
        assert "libsodium" in libraries and "grpc" not in libraries and "protobuf" not in libraries, libraries
        print(f"yima::code says {', '.join(said)} and needs libsodium only")

        if (prefix / "bin/yima").exists():
            built = build_project(folder, prefix, ["code", "label", "client"])
            said = run(built / "all_components").split()
            assert said == ["SERVER_NOT_REACHED", "FILE_UNREADABLE", "plate-60"], said
            version = run(prefix / "bin/yima", "version").split()
            assert version[0] == "yima", version
            assert run(built / "plates_test").strip() == "plates are told"
            ask_a_server(built, prefix)
            print(f"yima::label, yima::client and yima::scan link; installed: {' '.join(version)}")


main()
