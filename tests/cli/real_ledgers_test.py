"""Ledgers of real cities, read where YIMA_TEST_DATA has them: the first 2,000 rows of each, or YIMA_TEST_ROWS; from the import to
a certificate for each facility."""
import json
import lzma
import os
import pathlib
import shutil
import sys
import time
import unittest

from programs.moved_clock import later
from programs.registry import Registry

DATA = pathlib.Path(os.environ.get("YIMA_TEST_DATA", "/nowhere")) / "facilities"
ROWS = int(os.environ.get("YIMA_TEST_ROWS", "2000"))
# No ledger from abroad says a Chinese division: this one stands in.
LACKING = ("--division", "140502", "--create-organizations")

ZHONGLI = ("--key", "流水號", "--ledger", "zhongli", "--class", "01037", "--supervisor", "中壢區公所", "--epsg", "3826",
           "--map", "位置=address", "里=community_name", "編號=extra:編號", "路街=extra:路街", "燈別=extra:燈別", "瓦數=extra:瓦數")
VANCOUVER = ("--key", "TREE_ID", "--class", "04002", "--supervisor", "City of Vancouver", "--blank-position", "0,0",
             "--map", "COMMON_NAME=name", "ON_STREET=address", "NEIGHBOURHOOD_NAME=community_name", "DIAMETER=extra:diameter")
CHAMPAIGN = ("--key", "FACILITYID", "--class", "01037", "--supervisor", "City of Champaign", "--epsg", "3857",
             "--map", "InstallDate=surveyed_on", "Notes=remark", "Lamp_Type=extra:lamp")
BOGOTA = ("--key", "codid", "--class", "02014", "--supervisor", "Secretaría de Movilidad de Bogotá", "--blank-position", "0,0",
          "--map", "x=longitude", "y=latitude", "direccion=address", "localidad=community_name", "fechaimplementacion=surveyed_on",
          "tipointer=extra:tipointer", "disppdm=extra:disppdm")
BASIS = ("--basis-kind", "handover", "--basis-number", "2026-12")
FILES = 2000  # That one command line names.


class RealLedgersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    def unpack(self, name, rows=ROWS):
        path = self.registry.folder / pathlib.Path(name).with_suffix("").name
        with lzma.open(DATA / name) as packed, open(path, "wb") as file:
            for number, line in enumerate(packed):
                if number > rows:
                    break
                file.write(line)
        return path

    def take(self, name, *options, more=(), expect=0):
        """Imports and gives the report, after what a dry run foretold."""
        path = self.unpack(name)
        command = ("facilities", "import", path, *options, *LACKING, *more)
        foretold = self.registry.objects(*command, "--dry-run", expect=expect)[-1]
        report = self.timed(f"{name} import", *command, expect=expect)[-1]
        print(f"  {report['rows']} rows, {report['created']} created, {report['unchanged']} unchanged, "
              f"{report['rejected']} rejected", flush=True)
        for count in ("rows", "created", "updated", "unchanged", "conflicts", "rejected"):
            self.assertEqual(foretold[count], report[count])
        return report

    def issue(self, batch):
        return len(self.timed("codes", "codes", "issue", "--where", f"batch={batch}"))

    def test_zhongli_lamps_and_their_gbk_twin(self):
        first = self.take("tw_zhongli_street_lights.csv.xz", *ZHONGLI)
        self.assertEqual((first["created"], first["rejected"]), (first["rows"], "0"))
        twin = self.take("derived/tw_zhongli_street_lights.gbk.csv.xz", *ZHONGLI)
        self.assertEqual((twin["rows"], twin["unchanged"]), (first["rows"], first["rows"]), "the twin says the same")
        lamp = self.registry.objects("facilities", "show", "zhongli:890400")[0]
        self.assertEqual(lamp["address"], "後寮里後興路一段30號")
        self.assertEqual((lamp["position"]["rawX"], lamp["position"]["longitude"], lamp["position"]["epsg"]), ("275170.6875", None, 3826))
        self.assertEqual(lamp["codes"][0]["digits"][:11], "14050201037")
        self.assertEqual(self.issue(first["batch"]), int(first["created"]))

    def test_vancouver_trees(self):
        report = self.take("vancouver_street_trees_2018.csv.xz", *VANCOUVER)
        self.assertEqual(report["rejected"], "0")
        self.assertEqual(report["created"], report["rows"])
        self.assertEqual(self.issue(report["batch"]), int(report["created"]))

    def test_champaign_lamps(self):
        rejects = self.registry.folder / "champaign-rejects.csv"
        report = self.take("champaign/Streetlights.csv.xz", *CHAMPAIGN, more=("--keep-going", "--rejects", rejects))
        self.assertEqual(int(report["created"]) + int(report["rejected"]), int(report["rows"]))
        self.assertEqual(self.issue(report["batch"]), int(report["created"]))

    def test_bogota_signals(self):
        report = self.take("bogota_traffic_signals.csv.xz", *BOGOTA, more=("--keep-going",))
        self.assertGreater(int(report["created"]), 0)
        self.assertEqual(self.issue(report["batch"]), int(report["created"]))

    def test_boston_and_bristol_lamps_have_no_identity_until_they_are_given_one(self):
        for city in ("Boston", "Bristol"):
            path = self.unpack(f"coords_only/{city.lower()}_street_lights.csv.xz")
            options = ("--class", "01037", "--supervisor", f"City of {city}", *LACKING)
            done = self.registry.yima("facilities", "import", path, *options, expect=2)
            self.assertIn("no column identifies a row", done.stderr)
            self.assertIn("add one with running numbers to the file and keep it for good", done.stderr)
            numbered = path.with_name(f"{city.lower()}_numbered.csv")
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            numbered.write_text("\n".join(["no," + lines[0], *(f"{n},{line}" for n, line in enumerate(lines[1:], 1))]) + "\n")
            report = self.registry.objects("facilities", "import", numbered, "--key", "no", *options)[-1]
            self.assertEqual(int(report["created"]), len(lines) - 1)
            self.assertEqual(self.issue(report["batch"]), len(lines) - 1)

    def test_other_encodings_of_it_are_refused_with_a_hint(self):
        for name, saying in (("derived/tw_zhongli_street_lights.cp950.csv.xz", "looks like Big5"),
                             ("derived/tw_zhongli_first1000.utf16le.csv.xz", "UTF-16")):
            done = self.registry.yima("facilities", "import", self.unpack(name), *ZHONGLI, *LACKING, expect=2)
            self.assertIn(saying, done.stderr)
            self.assertIn("hint: in Excel, save the sheet as", done.stderr)

    def timed(self, what, *command, env=None, expect=0):
        """What a command says, and how long it took to say it."""
        began = time.monotonic()
        said = self.registry.objects(*command, env=env, expect=expect)
        print(f"  {what}: {len(said)} lines in {time.monotonic() - began:.1f} s", flush=True)
        return said

    def step(self, name, step, env, batch, *more):
        [done] = self.timed(f"{name} {step}", "rights", step, "--where", f"batch={batch}", "--right", "owning", "--yes", *more, env=env)
        self.assertEqual((done["rights"], done["refused"], done["moved"]), (done["total"], "0", "0"), done)
        return int(done["rights"])

    def certify(self, name, batch, confirmed):
        folder = self.registry.folder / f"certificates-{batch}"
        made = self.timed(f"{name} certificates", "rights", "certificate", "--where", f"batch={batch}", "--machine-only", "--out", folder)
        self.assertEqual(len(made), confirmed)
        files = sorted(folder.iterdir())
        self.assertEqual(len(files), confirmed)
        began = time.monotonic()
        for first in range(0, confirmed, FILES):
            done = self.registry.bare("rights", "verify-certificate", "--json", *files[first:first + FILES])
            said = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(len(said), len(files[first:first + FILES]))
            self.assertEqual({(each["verdict"], each["owning"]["state"]) for each in said}, {("AUTHENTIC", "CONFIRMED")})
        print(f"  {name}: {confirmed} certificates verified in {time.monotonic() - began:.1f} s", flush=True)
        shutil.rmtree(folder)

    def test_zy_every_owner_goes_from_claim_to_certificate(self):
        self.registry.trust()
        registrar = self.registry.principal("registrar", "registrar")
        batches = {}
        for batch in self.registry.objects("batches", "list"):
            if batch["kind"] != "IMPORT" or batch["counts"]["created"] == "0":
                continue
            holder = self.registry.objects("facilities", "list", "--where", f"batch={batch['id']}")[0]["supervising"]["holder"]
            manager = self.registry.principal(batch["source"], "manager", organization=holder)
            batches[batch["source"]] = batch["id"]
            self.step(batch["source"], "claim", manager, batch["id"], *BASIS)
            self.step(batch["source"], "publish", registrar, batch["id"], "--title", batch["source"])
        self.assertTrue(batches, "the tests before have imported ledgers")
        with later(self.registry, 40):
            for name, batch in batches.items():
                self.certify(name, batch, self.step(name, "confirm", registrar, batch))
            [covered] = self.registry.objects("coverage")
            self.assertEqual(covered["total"]["owning"]["confirmed"], covered["total"]["facilities"])
        self.registry.start()

    def test_zz_all_of_it_is_sound(self):
        self.registry.check()


if __name__ == "__main__":
    if not DATA.is_dir():
        print("skipped: YIMA_TEST_DATA names no folder with facilities/")
        sys.exit(77)
    unittest.main()
