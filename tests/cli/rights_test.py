"""From an imported ledger to certificates: claims that compete, objections on paper, what nobody wants, and two auditors.

`rights_test.py --pictures FOLDER` also draws what server/rights/WALKTHROUGH.md shows.
"""
import datetime
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "programs"))
from moved_clock import later  # noqa: E402
from registry import Registry  # noqa: E402

COVERS, FOUGHT_OVER, UNWANTED = 300, 12, 5
DRAINAGE, WATER, CREW, BUREAU = "城区排水公司", "晋城水务集团", "市政养护队", "城区城市管理局"
BASIS = ("--basis-kind", "竣工移交单", "--basis-number", "晋市移〔2026〕12号", "--basis-date", "2026-10-08")


class City:
    """A registry whose people have tokens of their own."""

    def __init__(self, registry):
        self.registry = registry
        self.people = {"admin": {"YIMA_TOKEN": registry.token}}

    def someone(self, name, organization, *grants):
        self.people[name] = self.registry.principal(name, *grants, organization=organization)

    def by(self, name, *args, expect=0, stdin=""):
        return self.registry.yima(*args, expect=expect, stdin=stdin, env=self.people[name])

    def said(self, name, *args):
        return self.registry.objects(*args, env=self.people[name])

    def step(self, name, *args):
        [answer] = self.said(name, "rights", *args)
        return answer


def ledger(folder):
    path = folder / "covers.csv"
    with open(path, "w", encoding="utf-8") as file:
        file.write("编号,小类编码,区划,主管部门,权属单位,养护单位,地址,经度,纬度\n")
        for n in range(COVERS):
            owner = "无主" if n < UNWANTED else DRAINAGE if n % 3 else ""
            file.write(f"YS-{n:04},01001,140502,{BUREAU},{owner},{CREW if n % 2 else ''},"
                       f"黄华街{n + 1}号,{112.84 + n * 1e-4:.6f},{35.49 + n * 5e-5:.6f}\n")
    return path


def found_city(registry):
    city = City(registry)
    registry.yima("facilities", "import", ledger(registry.folder), "--key", "编号", "--create-organizations")
    names = registry.folder / "organizations.csv"
    names.write_text(f"名称\n{WATER}\n", encoding="utf-8")
    registry.yima("organizations", "import", names)
    ids = {each["name"]: each["id"] for each in registry.objects("organizations", "list")}
    city.organizations = ids
    registry.yima("codes", "issue", "--where", "division=140502")
    city.someone("drainage", ids[DRAINAGE], "manager:140502")
    city.someone("water", ids[WATER], "manager:140502")
    city.someone("crew", ids[CREW], "manager:140502")
    city.someone("registrar", None, "registrar")
    city.someone("second registrar", None, "registrar")
    city.someone("auditor", None, "auditor")
    rules = registry.folder / "rules.json"
    rules.write_text(json.dumps({
        "authorityZh": "晋城市城区确权办公室", "publicityDays": 15, "dayCount": "DAY_COUNT_NATURAL", "offerDays": 15,
        "classRules": [{"classPrefix": "01", "noDirectConfirmation": True, "candidates": [ids[DRAINAGE], ids[WATER]]}],
        "howToObject": "公示期内持书面材料到城区政务大厅确权窗口提出，电话 0356-2190000。"}), encoding="utf-8")
    city.by("registrar", "rights", "rules", "set", "--file", rules)
    return city


def coverage(city):
    [answer] = city.said("registrar", "coverage")
    return answer["total"]


def confirmed_owners(city):
    return len(city.registry.objects("facilities", "list", "--where", "right=owning", "right-state=confirmed"))


def claims_and_notice(city):
    """Two owners claim; one notice lists all; nothing is confirmed while it is open."""
    facilities = city.registry.objects("facilities", "list")
    wanted = [each["uid"] for each in facilities if not each["owning"] or each["owning"]["state"] != "OWNERLESS"]
    assert len(wanted) == COVERS - UNWANTED
    listed = city.registry.folder / "wanted.csv"
    listed.write_text("部件\n" + "".join(f"uid:{uid}\n" for uid in wanted), encoding="gbk")
    with open(listed, "a", encoding="gbk") as file:
        file.write("uid:999\n")
    rejects = city.registry.folder / "rejects.csv"
    claim = ("claim", "--from", listed, "--right", "owning", *BASIS, "--yes")
    said = city.by("drainage", "rights", *claim, expect=1).stderr
    assert f"wanted.csv:{len(wanted) + 2}" in said and "1 lines lead to no facility" in said, said
    kept = listed.read_bytes()
    city.by("drainage", "rights", *claim, "--rejects", listed, expect=2)
    assert listed.read_bytes() == kept
    claimed = city.step("drainage", *claim, "--rejects", rejects)
    assert rejects.read_text().splitlines() == ["facility,reason", "uid:999,FACILITY_NOT_FOUND"], rejects.read_text()
    assert claimed["rights"] == str(len(wanted)), claimed
    fought = ",".join(wanted[:FOUGHT_OVER])
    claimed = city.step("water", "claim", "--where", f"uid={fought}", "--right", "owning", *BASIS, "--yes")
    assert claimed["rights"] == str(FOUGHT_OVER), claimed
    # Claiming takes nothing from anybody.
    assert confirmed_owners(city) == 0
    published = city.step("registrar", "publish", "--where", "class=01001", "--right", "owning", "--title",
                          "城区供水井盖权属公示", "--yes")
    assert published["rights"] == str(len(wanted) + FOUGHT_OVER), published
    notice = published["notice"]["id"]
    early = city.step("second registrar", "confirm", "--where", "class=01001", "--right", "owning", "--notice", notice,
                      "--yes")
    assert early["rights"] == "0" and early["refused"] == str(COVERS), early
    assert {each["reason"] for each in early["facilities"]} == {"PERIOD_RUNNING", "CLAIM_MISSING"}, early["facilities"][:3]
    city.by("registrar", "rights", "object", "--facility", f"uid:{wanted[20]}", "--right", "owning", "--notice", notice,
            "--person", "张三", "--contact", "13800000000", "--reasons", "井盖在我院内", "--received-on", today())
    return wanted, notice


def settle(city, wanted, notice):
    """Half of what two fight over goes to each; the paper is dismissed."""
    for n, uid in enumerate(wanted[:FOUGHT_OVER]):
        claims = city.said("registrar", "rights", "claims", "--facility", f"uid:{uid}")
        [wins] = [claim["id"] for claim in claims
                  if claim["organization"] == city.organizations[WATER if n % 2 else DRAINAGE]]
        city.by("registrar", "rights", "settle", f"uid:{uid}", "--right", "owning", "--for", wins, "--reason", "有竣工资料")
    [claim] = city.said("registrar", "rights", "claims", "--facility", f"uid:{wanted[20]}")
    city.by("registrar", "rights", "settle", f"uid:{wanted[20]}", "--right", "owning", "--for", claim["id"], "--reason",
            "土地证载明为市政用地")


def undecided(city, wanted):
    """What is disputed is not confirmed, though its period is over."""
    for uid, reason in ((wanted[0], "CLAIMS_COMPETE"), (wanted[20], "OBJECTION_OPEN")):
        dry = city.step("second registrar", "confirm", "--where", f"uid={uid}", "--right", "owning", "--dry-run")
        assert [each["reason"] for each in dry["facilities"]] == [reason], dry


def offer(city):
    """What nobody claimed is offered; three are taken, two get a custodian."""
    offered = city.step("registrar", "offer", "--where", "right=owning", "right-state=ownerless", "--yes")
    assert offered["rights"] == str(UNWANTED), offered
    offers = city.said("water", "rights", "offers")
    for each in offers[:3]:
        city.by("water", "rights", "accept", each["id"], *BASIS)
    for each in offers[3:]:
        city.by("water", "rights", "decline", each["id"], "--reason", "不在供水范围")
        city.by("drainage", "rights", "decline", each["id"], "--reason", "非排水设施")
    for each in offers[3:]:
        [order] = city.said("registrar", "rights", "assign", f"uid:{each['facility']}", "--to", CREW, "--reason", "就近养护",
                            "--basis-kind", "会议纪要", "--basis-number", "〔2026〕31号")
        city.by("registrar", "rights", "countersign", order["id"], expect=1)  # who proposed it cannot
        city.by("second registrar", "rights", "countersign", order["id"])
    published = city.step("registrar", "publish", "--where", "class=01001", "--right", "owning", "--title", "无主井盖认领公示",
                          "--yes")
    assert published["rights"] == "3", published
    return published["notice"]["id"]


def certificates(city, folder):
    """One for each facility, verified without a server."""
    city.by("auditor", "rights", "certificate", "--where", "class=01001", "--out", folder)
    made = sorted(folder.glob("*.pdf"))
    assert len(made) == COVERS, len(made)
    for name in (made[0], made[-1]):
        [said] = [json.loads(line) for line in
                  city.registry.bare("rights", "verify-certificate", name, "--json").stdout.splitlines()]
        assert said["verdict"] == "AUTHENTIC", said
    return made


def audit(city):
    """Nothing is found; then a row is changed in the database by hand, and found."""
    registry = city.registry
    registry.kill(15)
    registry.check()
    with sqlite3.connect(registry.data / "yima.db") as store:
        uid, row = store.execute("SELECT id, bytes FROM record1 LIMIT 1").fetchone()
        store.execute("UPDATE record1 SET bytes = ? WHERE id = ?", (row.replace("黄华街".encode(), "白马街".encode(), 1), uid))
    done = subprocess.run([registry.yimad, "check", "--data", registry.data], capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and f"facility {uid} differs from its last log entry" in done.stdout, done.stdout
    with sqlite3.connect(registry.data / "yima.db") as store:
        store.execute("UPDATE record1 SET bytes = ? WHERE id = ?", (row, uid))
    registry.check()


PICTURES = pathlib.Path(sys.argv[2]) if sys.argv[1:2] == ["--pictures"] else None


def keep(pdf, name):
    """The first page of a PDF as a picture."""
    if PICTURES:
        subprocess.run(["pdftoppm", "-r", "70", "-png", "-singlefile", "-f", "1", "-l", "1", pdf, PICTURES / name], check=True)


def draw(registry, name, *words):
    if PICTURES:
        registry.yima(*words, PICTURES / name, "--lang", "zh")


def screenshot(registry, path, name, host=None):
    """As a phone shows it."""
    if not PICTURES:
        return
    where = f"http://{host or registry.http}"
    rules = [f"--host-resolver-rules=MAP {host}:80 {registry.http}"] if host else []
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *rules,
                    f"--screenshot={PICTURES / (name + '.png')}", "--window-size=412,1100", where + path],
                   check=True, capture_output=True, timeout=120)


def today():
    """By the city's clock, which is eight hours ahead of UTC where its rules say nothing else."""
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()


def page(registry, path):
    with urllib.request.urlopen(f"http://{registry.http}{path}", timeout=60) as answer:
        return answer.read().decode()


def main():
    with Registry() as registry:
        city = found_city(registry)
        registry.trust()
        before = coverage(city)
        wanted, notice = claims_and_notice(city)
        assert "黄华街" in page(registry, f"/notice?n={notice}&q=%E9%BB%84%E5%8D%8E%E8%A1%97")
        city.by("registrar", "rights", "notices", "export", notice, "--pdf", registry.folder / "notice.pdf", "--csv",
                registry.folder / "notice.csv", "--address", "https://qr.example.cn/")
        keep(registry.folder / "notice.pdf", "notice")
        screenshot(registry, f"/notice?n={notice}&lang=zh", "notice-page")
        [text] = [each["text"] for each in registry.objects("codes", "list", "--where", f"uid={wanted[0]}")]
        [shown] = registry.objects("resolve", text, env={"YIMA_TOKEN": ""})
        assert shown["facility"]["owning"]["unclaimedState"] == "RECORDED", shown
        screenshot(registry, text.removeprefix("HTTPS://QR.EXAMPLE.CN") + "?lang=zh", "claimed-page",
                   "QR.EXAMPLE.CN")
        lines = (registry.folder / "notice.csv").read_text(encoding="utf-8-sig").splitlines()
        assert len(lines) == 1 + len(wanted) + FOUGHT_OVER, len(lines)
        with later(registry, days=17):
            undecided(city, wanted)
            settle(city, wanted, notice)
            confirmed = city.step("second registrar", "confirm", "--where", "class=01001", "--right", "owning", "--yes")
            assert confirmed["rights"] == str(len(wanted)), confirmed
            for n, uid in enumerate(wanted[:FOUGHT_OVER]):
                [facility] = registry.objects("facilities", "show", f"uid:{uid}")
                assert facility["owning"]["holder"] == city.organizations[WATER if n % 2 else DRAINAGE], (n, facility["owning"])
            second = offer(city)
        with later(registry, days=40):
            confirmed = city.step("second registrar", "confirm", "--where", "class=01001", "--right", "owning", "--notice",
                                  second, "--yes")
            assert confirmed["rights"] == "3", confirmed
            assert confirmed_owners(city) == COVERS - 2
            story = registry.yima("facilities", "history", f"uid:{wanted[0]}", "--lang", "zh").stdout
            for word in ("认领", "公示", "裁决", "确权"):
                assert word in story, story
            folder = registry.folder / "certificates"
            folder.mkdir()
            keep(certificates(city, folder)[UNWANTED], "certificate")
            draw(registry, "coverage-after.svg", "coverage", "--svg")
            screenshot(registry, "/coverage?lang=zh", "coverage-page")
            after = coverage(city)
            assert (before["coded"], before["owning"]["published"], before["owning"]["confirmed"]) == (str(COVERS), "0", "0")
            assert (after["owning"]["published"], after["owning"]["confirmed"]) == (str(COVERS - 2), str(COVERS - 2)), after
            assert (after["owning"]["ownerless"], after["maintaining"]["confirmed"]) == ("2", "2"), after
            audit(city)


if __name__ == "__main__":
    main()
