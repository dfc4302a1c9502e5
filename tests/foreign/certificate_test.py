"""Certificates of rights, judged by a program that knows nothing of ours. usage: certificate_test.py NODE YIMAD YIMA"""
import json
import pathlib
import subprocess
import sys

from programs.registry import Registry, write_ledger

NODE, YIMAD, YIMA = sys.argv[1:]
VERIFIER = pathlib.Path(__file__).parent / "certificate.mjs"


def verify(certificate, bundle, expect=0):
    done = subprocess.run([NODE, VERIFIER, str(certificate), str(bundle)], capture_output=True, text=True, timeout=300)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


with Registry(YIMAD, YIMA) as registry, Registry(YIMAD, YIMA) as other:
    for each in (registry, other):
        each.trust()
        ledger = write_ledger(each.folder / "ledger.csv", 300, "a")
        each.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
    registry.yima("rights", "confirm", "--where", "class=01001", "--right", "owning", "--basis-kind", "批复", "--basis-number", "3号")
    out = registry.folder / "certificates"
    made = registry.objects("rights", "certificate", "ledger:a-000007", "--machine-only", "--out", out)
    bundle = next((registry.folder / "share/yima/trust").glob("*/bundle"))
    file = pathlib.Path(made[0]["file"])
    said = json.loads(verify(file, bundle))
    assert said["facility"] == made[0]["facility"], said
    assert said["rights"]["owning"] == {"state": 3, "holder": "城区排水公司"}, said
    assert said["rights"]["supervising"] == {"state": 1, "holder": "晋城市城区城市管理局"}, said

    assert "CERTIFICATE_UNSIGNED" in verify(file, next((other.folder / "share/yima/trust").glob("*/bundle")), expect=1)
    whole = file.read_bytes()
    damaged = registry.folder / "damaged.yima"
    for place in range(0, len(whole), 41):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
        verify(damaged, bundle, expect=1)
    damaged.write_bytes(whole + b"\x20\x01")
    verify(damaged, bundle, expect=1)
print("a stranger judges certificates")
