"""Serves a registry to a client in another language, made of generated code.

usage: client_test.py YIMAD SOURCE_FOLDER js NODE PROTOC NODE_MODULES
       client_test.py YIMAD SOURCE_FOLDER python PYTHON PROTOC GRPC_PYTHON_PLUGIN

A client is called with the registry's address, a token and the folder of the generated code; it imports, issues, resolves one code
and many in a stream, watches, and checks a proof of the log. It ends with 0 when all was as it should be.
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "programs"))
from registry import Registry  # noqa: E402

YIMAD, SOURCE, LANGUAGE, INTERPRETER, PROTOC, TOOL = sys.argv[1:]
PROTO = pathlib.Path(SOURCE) / "proto"


def generate(folder):
    """Messages and stubs of all services, by the language's own plugin."""
    files = sorted(path.relative_to(PROTO) for path in (PROTO / "yima/v1").glob("*.proto"))
    if LANGUAGE == "js":
        how = [f"--plugin=protoc-gen-ts={TOOL}/.bin/protoc-gen-ts", f"--ts_out={folder}",
               "--ts_opt=client_grpc1,output_javascript,output_legacy_commonjs"]
    else:
        how = [f"--python_out={folder}", f"--plugin=protoc-gen-grpc_python={TOOL}", f"--grpc_python_out={folder}"]
    subprocess.run([PROTOC, f"-I{PROTO}", *how, *map(str, files)], check=True)


if LANGUAGE == "python" and subprocess.run([INTERPRETER, "-c", "import grpc"], capture_output=True).returncode != 0:
    print(f"skipped: {INTERPRETER} has no module grpc: tools/setup --tests installs python3-grpcio")
    sys.exit(77)

with Registry(yimad=YIMAD, yima="unused") as registry:
    generated = registry.folder / "generated"
    generated.mkdir()
    generate(generated)
    program = HERE / {"js": "client.cjs", "python": "client.py"}[LANGUAGE]
    environment = os.environ | ({"NODE_PATH": TOOL} if LANGUAGE == "js" else {"PYTHONPATH": str(generated)})
    done = subprocess.run([INTERPRETER, program, registry.address, registry.token, generated], env=environment, timeout=120)
    sys.exit(done.returncode)
