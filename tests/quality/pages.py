"""Pages say what is there: links lead to files, and quoted examples are the files that the tests compile."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
# Page → the files that it quotes whole.
QUOTES = {
    "README.md": ["tests/install/project/verify_code.cc"],
    "README.zh.md": ["tests/install/project/verify_code.cc"],
    "client/README.md": ["tests/install/project/plates_test.cc", "tests/install/project/plates.h"],
}


def pages():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    return [ROOT / name for name in listed]


def faults(page):
    name = page.relative_to(ROOT).as_posix()
    text = page.read_text(encoding="utf-8")
    for target in LINK.findall(FENCE.sub("", text)):
        path = target.partition("#")[0]
        if path and "://" not in path and not path.startswith("mailto:") and not (page.parent / path).exists():
            yield f"{name} links to {target}, which is not there"
    for quoted in QUOTES.get(name, []):
        if (ROOT / quoted).read_text(encoding="utf-8") not in text:
            yield f"{name} does not hold {quoted} word for word"


checked = pages()
missing = [f"{name} is missing" for name in QUOTES if not (ROOT / name).exists()]
found = missing + [fault for page in checked for fault in faults(page)]
print("\n".join(found) or f"{len(checked)} pages lead to what is there")
sys.exit(1 if found or not checked else 0)
