"""Every reason with which client, labels and the server's rules fail has words in Chinese in client/cli/reasons.cc.

usage: reasons.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

FAILS = re.compile(r'(?:Fail\(\s*StatusCode::\w+,|Invalid\(|Error\{StatusCode::\w+,)\s*"([A-Z]+(?:_[A-Z0-9]+)+)"')


def main():
    source = pathlib.Path(sys.argv[1])
    known = set(re.findall(r'^    \{"([A-Z_0-9]+)", "', (source / "client/cli/reasons.cc").read_text(), re.M))
    missing = {}
    for folder in ("client", "codegen/code/facility_code.cc", "codegen/code/serial.cc", "codegen/code/origin.cc",
                   "codegen/label", "server/registry", "server/issuance", "server/rights", "server/resolver", "server/stock"):
        path = source / folder
        for file in [path] if path.is_file() else sorted(path.rglob("*.cc")):
            for reason in FAILS.findall(file.read_text()):
                if reason not in known:
                    missing.setdefault(reason, file.relative_to(source))
    for reason, file in sorted(missing.items()):
        print(f"{file}: {reason} has no words in client/cli/reasons.cc")
    print(f"{len(known)} reasons have words")
    sys.exit(1 if missing else 0)


main()
