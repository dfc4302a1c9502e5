"""Includes point one way. Exits 1 and names every include that does not."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
OWN = re.compile(r'^\s*#include\s+"((?:codegen|server|client|tests|tools)/[^"]+|(?:yima|google/rpc)/[^"]+)"', re.M)
ANY = re.compile(r'^\s*#include\s+[<"]([^>"]+)[>"]', re.M)

# Folder → what it may include of ours, longest prefix first.
ALLOWED = {
    "codegen/code": ["codegen/code/"],
    "codegen/label": ["codegen/code/", "codegen/label/"],
    "server": ["codegen/code/", "yima/", "google/rpc/", "server/"],
    "client": ["codegen/", "yima/", "google/rpc/", "client/"],
    "tests": [""],
    "tools": [""],
}
# Library → the only places that may know it.
ONLY = {
    re.compile(r"^(SQLiteCpp/|sqlite3)"): ["server/store/", "tests/store/", "tools/"],
    re.compile(r"^grpcpp/|^grpc/(?!health)"): ["server/rpc/", "client/transport", "tests/", "tools/"],
    re.compile(r"^(microhttpd|gnutls/|curl/)"): ["server/http/"],
    re.compile(r"^prometheus/"): ["server/metrics/"],
    re.compile(r"^ZXing/|^ReadBarcode|^DecodeHints"): ["client/scan/"],
    re.compile(r"^qpdf/"): ["client/certificate/", "tests/"],
    re.compile(r"^(cairo|pango|qrencode)"): ["codegen/label/", "tests/", "tools/"],
}
STORE_ROOMS = ("server/domain/", "server/registry/", "server/issuance/", "server/resolver/", "server/rights/", "server/attachments/", "server/check/")


def faults(path: pathlib.Path):
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    room = next(prefix for prefix in ALLOWED if name.startswith(prefix + "/"))
    for include in OWN.findall(text):
        if not any(include.startswith(prefix) for prefix in ALLOWED[room]):
            yield f"{name} includes {include}, which {room} must not see"
        if name.startswith(STORE_ROOMS) and include.startswith(("server/rpc/", "server/http/", "server/yimad/", "server/store/sqlite")):
            yield f"{name} includes {include}: rules know no transport and no SQL"
    for include in ANY.findall(text):
        for library, places in ONLY.items():
            if library.search(include) and not name.startswith(tuple(places)):
                yield f"{name} includes <{include}>, which belongs in {', '.join(places)}"


sources = [p for folder in ("codegen", "server", "client", "tests", "tools")
           for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".h", ".cc")]
found = [fault for path in sources for fault in faults(path)]
print("\n".join(found) or f"{len(sources)} files include only what they may")
sys.exit(1 if found or not sources else 0)
