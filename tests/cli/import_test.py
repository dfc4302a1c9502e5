"""Imports of ledgers as an office does them: dry runs, rejects, repeats, changes, organizations, positions."""
import csv
import json
import unittest

from programs.registry import Registry, write_ledger

HEADER = "编号,小类编码,区划,主管部门,权属单位,养护单位,经度,纬度,备注"
ROW = "{},01001,140502,城管局,排水公司,养护队,{},{},{}"


def counts(report):
    return {name: int(report[name]) for name in ("rows", "created", "updated", "unchanged", "conflicts", "rejected")}


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        self.registry.start()
        self.ledger = self.registry.folder / "ledger.csv"

    def write(self, *rows, encoding="utf-8", header=HEADER, path=None):
        (path or self.ledger).write_bytes(("\r\n".join([header, *rows]) + "\r\n").encode(encoding))

    def run_import(self, *args, expect=0, path=None, key=("--key", "编号")):
        return self.registry.yima("facilities", "import", path or self.ledger, *key, *args, expect=expect)

    def report(self, *args, expect=0, path=None, key=("--key", "编号")):
        return self.registry.objects("facilities", "import", path or self.ledger, *key, *args, expect=expect)[-1]

    def facilities(self):
        return self.registry.objects("facilities", "list")

    def mixed(self):
        self.write(*[ROW.format(f"M-{n}", "112.85", "35.5", "") for n in range(4)],
                   ROW.format("BAD-1", "212.85", "35.5", "too far east"), ROW.format("M-2", "112.85", "35.5", "twice"),
                   ROW.format("BAD-2", "x", "35.5", '"with ""quotes"", a comma"'),
                   ROW.format("M-9", "112.86", "35.6", ""))

    def test_a_dry_run_says_exactly_what_the_run_does(self):
        self.mixed()
        options = ("--create-organizations", "--keep-going")
        before = self.registry.contents()
        foretold = self.report(*options, "--dry-run")
        self.assertEqual(self.registry.contents(), before)
        done = self.report(*options)
        self.assertEqual(counts(foretold), counts(done))
        self.assertEqual(counts(done), {"rows": 8, "created": 5, "updated": 0, "unchanged": 0, "conflicts": 0, "rejected": 3})
        for name in ("missingOrganizations", "missingAttributes"):
            self.assertEqual(foretold[name], done[name])
        self.assertEqual(foretold["missingOrganizations"], [{"name": name, "rows": "5"} for name in ("城管局", "排水公司", "养护队")])
        self.assertEqual((foretold["dryRun"], done["dryRun"]), (True, False))
        self.assertEqual((foretold["batch"], done["organizationsCreated"]), ("0", "3"))
        # Of rows that stand already too: unchanged, conflicts, updates.
        self.write(ROW.format("M-0", "112.85", "35.5", ""), ROW.format("M-1", "112.99", "35.5", ""),
                   ROW.format("N-1", "112.99", "35.5", ""))
        for more in ((), ("--update",)):
            expect = 0 if more else 1
            foretold = self.report("--dry-run", *more, expect=expect)
            self.assertEqual(counts(foretold), counts(self.report(*more, expect=expect)))
        self.registry.check()

    def test_without_keep_going_a_bad_row_stops_it_before_anything_is_written(self):
        self.mixed()
        before = self.registry.contents()
        self.assertIn("ledger.csv: 3 bad rows: nothing would be imported",
                      self.run_import("--create-organizations", "--dry-run", expect=2).stderr)
        done = self.run_import("--create-organizations", expect=2)
        self.assertIn("ledger.csv:6: position 212.85, 35.5 is out of range", done.stderr)
        self.assertIn("ledger.csv:7: line 4 and line 7 have the same external code", done.stderr)
        self.assertIn('ledger.csv:8: position "x", "35.5" is not two numbers', done.stderr)
        self.assertIn("yima: ledger.csv: 3 bad rows: nothing was imported", done.stderr)
        self.assertEqual(self.registry.contents(), before)

    def test_rows_refused_here_and_by_the_server_are_told_together(self):
        self.write(ROW.format("A", "212", "35.5", ""), ROW.format("B", "112", "35.5", "").replace("排水公司", "外星公司"))
        before = self.registry.contents()
        problems = self.registry.objects("facilities", "import", self.ledger, "--key", "编号", expect=2)
        report = problems.pop()
        self.assertEqual([(p["file"], p["line"], p["reason"], p["field"]) for p in problems],
                         [("ledger.csv", "2", "POSITION_OUT_OF_RANGE", "position"), ("ledger.csv", "3", "ORGANIZATION_UNKNOWN", "supervisor")])
        self.assertEqual(counts(report)["rejected"], 2)
        self.assertTrue(report["stopped"])
        self.assertEqual(self.registry.contents(), before)

    def test_rejects_have_a_reason_column_and_can_be_imported_once_mended(self):
        self.mixed()
        rejects = self.registry.folder / "bad.csv"
        done = self.run_import("--create-organizations", "--keep-going", "--rejects", rejects)
        self.assertIn("and --ledger ledger", done.stderr)
        data = rejects.read_bytes()
        self.assertTrue(data.startswith(b"\xef\xbb\xbfreason,"), "Excel takes UTF-8 for something else without its mark")
        self.assertEqual(data.count(b"\n"), data.count(b"\r\n"))
        with open(rejects, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["编号"] for row in rows], ["BAD-1", "M-2", "BAD-2"])
        self.assertIn("position 212.85, 35.5 is out of range", rows[0]["reason"])
        self.assertIn("line 4 and line 7", rows[1]["reason"])
        # As an office mends it: in place, the reasons left where they are.
        rows[0]["经度"], rows[1]["编号"], rows[2]["经度"] = "112.85", "M-22", "112.85"
        with open(rejects, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        again = self.run_import("--ledger", "ledger", path=rejects)
        self.assertIn("3 rows: 3 created", again.stdout)
        self.assertNotIn("left out", again.stderr)
        self.registry.yima("facilities", "show", "ledger:BAD-1")
        zh = self.run_import("--keep-going", "--rejects", rejects, "--lang", "zh")
        self.assertTrue(rejects.read_bytes().decode("utf-8-sig").startswith("原因,"))
        self.assertIn("并加 --ledger ledger", zh.stderr)
        self.registry.check()

    def test_rejects_of_before_stay_until_there_are_new_ones(self):
        self.mixed()
        rejects = self.registry.folder / "bad.csv"
        rejects.write_text("reasons of before")
        self.run_import("--keep-going", "--rejects", rejects, "--map", "备注=colour", expect=2)
        self.registry.kill()
        self.run_import("--keep-going", "--rejects", rejects, expect=4)
        self.assertEqual(rejects.read_text(), "reasons of before")
        self.registry.start()
        self.run_import("--keep-going", "--create-organizations", "--rejects", rejects)
        self.assertIn("BAD-1", rejects.read_text())
        self.assertEqual([file.name for file in self.registry.folder.iterdir() if file.name.startswith(".")], [])

    def test_rejects_that_cannot_be_written_are_refused_before_the_work(self):
        self.mixed()
        before = self.registry.contents()
        for rejects, expect in ((self.registry.folder / "nowhere" / "bad.csv", 1), (self.ledger, 2)):
            data = self.ledger.read_bytes()
            done = self.run_import("--create-organizations", "--keep-going", "--rejects", rejects, expect=expect)
            self.assertEqual(done.stdout, "")
            self.assertEqual(self.registry.contents(), before)
            self.assertEqual(self.ledger.read_bytes(), data)

    def test_the_same_file_again_changes_nothing_and_says_so(self):
        self.mixed()
        self.run_import("--create-organizations", "--keep-going")
        before = self.registry.contents()
        again = self.run_import("--create-organizations", "--keep-going")
        self.assertIn("8 rows: 0 created, 0 updated, 5 unchanged, 0 conflicts, 3 rejected", again.stdout)
        self.assertIn("nothing new: no record was changed", again.stdout)
        self.assertEqual(self.registry.contents(), before)

    def test_a_changed_row_is_a_conflict_unless_update(self):
        header = HEADER.replace("备注", "地址")
        self.write(ROW.format("A", "112.85", "35.5", "old"), ROW.format("B", "112.85", "35.5", ""), header=header)
        self.run_import("--create-organizations")
        before = self.registry.contents()
        self.write(ROW.format("A", "112.85", "35.5", "new"), ROW.format("B", "112.85", "35.5", ""), header=header)
        done = self.run_import(expect=1)
        self.assertRegex(done.stderr, r"ledger.csv:2: facility \d+ stands with another address")
        self.assertIn("hint: add --update", done.stderr)
        self.assertIn("1 unchanged, 1 conflicts, 0 rejected", done.stdout)
        self.assertEqual(self.registry.contents(), before)
        self.assertIn("1 updated, 1 unchanged", self.run_import("--update").stdout)
        self.assertIn("address: new", self.registry.yima("facilities", "show", "ledger:A").stdout)
        self.registry.check()

    def test_missing_organizations_are_listed_and_made_on_demand(self):
        self.write(ROW.format("A", "112.85", "35.5", ""), ROW.format("B", "112.85", "35.5", "").replace("养护队", ""))
        listed = self.run_import("--dry-run", expect=2)
        self.assertIn("organization not in the registry: 城管局 (2 rows)", listed.stdout)
        foretold = self.run_import("--dry-run", "--create-organizations")
        self.assertIn("organization to be created: 养护队 (1 rows)", foretold.stdout)
        self.assertEqual(self.registry.objects("organizations", "list"), [])
        self.assertIn("organization created: 养护队 (1 rows)", self.run_import("--create-organizations").stdout)
        self.assertEqual({each["name"] for each in self.registry.objects("organizations", "list")}, {"城管局", "排水公司", "养护队"})

    def test_organizations_are_found_by_credit_code_name_and_alias(self):
        owners = self.registry.folder / "owners.csv"
        owners.write_text("名称,简称,信用代码,电话,联系人,联系电话\n"
                          "晋城市城区城市管理局,城管局、区城管,,0356-2020202,王某,13800000000\n"
                          "城区排水有限公司,排水公司,91350100M000100Y43,0356-3030303,,\n养护队,,,,,\n")
        dry = self.registry.objects("organizations", "import", owners, "--dry-run")[-1]
        self.assertEqual(self.registry.objects("organizations", "list"), [])
        done = self.registry.objects("organizations", "import", owners)[-1]
        self.assertEqual({**dry, "dryRun": False}, done)
        self.assertEqual(done, {"rows": 3, "created": 3, "updated": 0, "unchanged": 0, "dryRun": False})
        self.assertEqual(self.registry.objects("organizations", "import", owners)[-1]["unchanged"], 3)
        self.write(ROW.format("A", "", "", ""), ROW.format("B", "", "", "").replace("排水公司", "91350100M000100Y43"),
                   ROW.format("C", "", "", "").replace("城管局", "晋城市城区城市管理局").replace("排水公司", "无主"))
        self.assertIn("3 created", self.run_import().stdout)
        a, b, c = self.facilities()
        self.assertEqual(a["owning"]["holder"], b["owning"]["holder"])
        self.assertEqual(a["supervising"]["holder"], c["supervising"]["holder"])
        self.assertEqual((c["owning"]["state"], a["owning"]["state"]), ("OWNERLESS", "RECORDED"))

    def test_full_width_digits_are_read(self):
        self.write(ROW.format("Ａ－１", "１１２．８５", "３５．５", "").replace("140502", "１４０５０２").replace("01001", "０１００１"))
        self.assertIn("1 created", self.run_import("--create-organizations").stdout)
        facility = self.facilities()[0]
        self.assertEqual((facility["division"], facility["classCode"], facility["position"]["longitude"]), ("140502", "01001", 112.85))
        self.assertEqual(facility["externalCodes"], [{"namespace": "ledger", "value": "A-1"}])

    def test_codes_come_from_a_column_or_from_the_server(self):
        self.write("14050201001000123,140502,城管局", header="部件代码,区划,主管部门")
        self.assertIn("1 created", self.run_import("--create-organizations", key=()).stdout)
        self.write("X,01001,140502,城管局", header="编号,小类编码,区划,主管部门")
        self.assertIn("1 created", self.run_import().stdout)
        own, given = (each["codes"] for each in self.facilities())
        self.assertEqual(own, [{"scheme": 2, "digits": "14050201001000123"}])
        self.assertEqual(given[0]["digits"][:11], "14050201001")
        self.assertNotEqual(given, own)

    def test_positions_blank_and_projected(self):
        self.write(ROW.format("A", "0", "0.0", ""), ROW.format("B", "112.85", "35.5", ""))
        self.run_import("--create-organizations", "--blank-position", "0,0")
        self.write(ROW.format("C", "275170.6875", "2759430.25", ""), header=HEADER.replace("经度", "X").replace("纬度", "Y"))
        self.run_import("--epsg", "3826")
        a, b, c = (each["position"] for each in self.facilities())
        self.assertIsNone(a)
        self.assertEqual((b["longitude"], b["latitude"]), (112.85, 35.5))
        self.assertEqual((c["longitude"], c["latitude"], c["rawX"], c["rawY"], c["epsg"]),
                         (None, None, "275170.6875", "2759430.25", 3826))
        self.assertIn("is not X,Y", self.run_import("--blank-position", "0", expect=2).stderr)

    def test_columns_called_x_and_y_are_no_degrees_unless_that_is_said(self):
        header = HEADER.replace("经度", "X").replace("纬度", "Y")
        self.write(ROW.format("A", "100", "50", ""), header=header)
        done = self.run_import("--create-organizations")
        self.assertEqual(done.stderr.count("places are unknown; if they are degrees, add --epsg 4490"), 1)
        self.assertIn("若为经纬度，加 --epsg 4490", self.run_import("--dry-run", "--lang", "zh").stderr)
        self.write(ROW.format("B", "100", "50", ""), header=header)
        self.assertNotIn("degrees", self.run_import("--epsg", "4490").stderr)
        self.write(ROW.format("C", "100", "50", ""))
        self.assertNotIn("--epsg", self.run_import().stderr)
        positions = [each["position"] for each in self.facilities()]
        self.assertEqual([(each["longitude"], each["rawX"]) for each in positions], [(None, "100"), (100, "100"), (100, "100")])

    def test_an_owner_written_as_unknown_is_not_the_default(self):
        self.write(*[ROW.format(n, "", "", "").replace("排水公司", owner) for n, owner in enumerate(("不详", "", "无", "水务局"))])
        self.run_import("--owner", "排水公司", "--create-organizations")
        names = {each["id"]: each["name"] for each in self.registry.objects("organizations", "list")}
        self.assertEqual([each["owning"] and names[each["owning"]["holder"]] for each in self.facilities()], [None, "排水公司", None, "水务局"])

    def test_says_under_which_ledger_name_the_keys_are_kept(self):
        self.write(ROW.format("A", "", "", ""))
        for more in (("--dry-run",), ()):
            self.assertIn('under the ledger name "ledger"', self.run_import("--create-organizations", *more).stderr)
            self.assertIn('须加 --ledger "ledger"', self.run_import("--create-organizations", "--dry-run", "--lang", "zh").stderr)
        self.assertNotIn("ledger name", self.run_import("--ledger", "ledger").stderr)
        self.write("14050201001000123,140502,城管局", header="部件代码,区划,主管部门")
        self.assertNotIn("ledger name", self.run_import("--create-organizations", key=()).stderr)

    def test_a_copy_under_another_name_is_refused_until_its_ledger_is_named(self):
        rows = [ROW.format(n, "112.85", "35.5", "") for n in range(5)]
        self.write(*rows)
        self.run_import("--create-organizations")
        copy = self.registry.folder / "ledger (2).csv"
        self.write(*rows[2:], ROW.format(9, "", "", ""), path=copy)
        before = self.registry.contents()
        for more in ((), ("--dry-run",)):
            done = self.run_import(*more, path=copy, expect=2)
            self.assertIn('rows like its first stand already, under the ledger name "ledger": if this is that ledger add '
                          '--ledger "ledger", if it is another one --ledger "ledger (2)"', done.stderr)
        self.assertRegex(self.run_import("--lang", "zh", path=copy, expect=2).stderr, "与已导入的另一台账相同")
        self.assertEqual(self.registry.contents(), before)
        self.assertIn("1 created, 0 updated, 3 unchanged", self.run_import("--ledger", "ledger", path=copy).stdout)
        self.assertIn("4 created", self.run_import("--ledger", "ledger (2)", path=copy).stdout)
        self.assertIn("4 unchanged", self.run_import(path=copy).stdout, "its own name is known by now")

    def test_another_ledger_that_counts_from_one_too_is_taken(self):
        self.write(*[ROW.format(n, "112.85", "35.5", "") for n in range(5)])
        self.run_import("--create-organizations")
        for name, rows in (("lamps", [ROW.format(n, "112.85", "35.5", "").replace("01001", "01037") for n in range(5)]),
                           ("elsewhere", [ROW.format(n, "112.85", "35.6", "") for n in range(5)])):
            path = self.registry.folder / f"{name}.csv"
            self.write(*rows, path=path)
            self.assertIn("5 created", self.run_import(path=path).stdout)

    def test_columns_are_mapped_kept_and_left_out(self):
        self.write("A,01001,140502,城管局,班组一,13912345678,红", header="编号,小类编码,区划,主管部门,班组,手机,颜色")
        done = self.run_import("--create-organizations", "--map", "班组=extra:班组", "手机=personal:电话")
        self.assertIn("columns left out: 颜色\n", done.stderr)
        self.assertNotIn("班组", done.stderr)
        facility = self.facilities()[0]
        self.assertEqual(facility["extra"], [{"name": "班组", "value": "班组一"}])
        self.assertEqual(facility["personal"], [{"name": "电话", "value": "13912345678"}])
        self.assertIn("13912345678", self.registry.yima("facilities", "show", facility["uid"]).stdout)

    def test_lamps_come_onto_the_poles_of_another_ledger(self):
        poles = self.registry.folder / "poles.csv"
        self.write(ROW.format("P-1", "112.85", "35.5", ""), path=poles)
        self.write("L-1,01037,140502,城管局,P-1", "L-2,01037,140502,城管局,P-2", "L-3,01037,140502,城管局,",
                   header="编号,小类编码,区划,主管部门,杆号")
        named = ("--map", "杆号=parent:poles", "--create-organizations")
        self.run_import("--create-organizations", path=poles)
        refused = self.run_import(*named, expect=2)
        self.assertIn('ledger.csv:3: no facility has external code "P-2" of "poles"', refused.stderr)
        self.assertEqual(counts(self.report(*named, "--keep-going"))["created"], 2)
        pole, lamp, alone = self.facilities()
        self.assertEqual(lamp["parent"], pole["uid"])
        self.assertEqual(alone.get("parent", "0"), "0")
        self.registry.check()

    def test_what_a_file_lacks_is_given_for_all_rows(self):
        self.write("A", "B", header="编号")
        self.run_import("--division", "140502", "--class", "路灯", "--supervisor", "城管局", "--owner", "排水公司", "--maintainer",
                        "养护队", "--create-organizations")
        # 路灯 stands in two catalogues; the scheme of the codes decides.
        self.assertEqual({each["classCode"] for each in self.facilities()}, {"01037"})

    def test_gb18030_and_utf8_give_the_same(self):
        rows = [ROW.format(f"编-{n}", "112.85", "35.5", "备注与说明") for n in range(50)]
        self.write(*rows, encoding="gb18030")
        self.run_import("--create-organizations")
        for encoding in ("utf-8", "utf-8-sig"):
            self.write(*rows, encoding=encoding)
            self.assertIn("50 unchanged", self.run_import().stdout)

    def test_standard_input_is_a_ledger_too(self):
        text = HEADER + "\n" + ROW.format("A", "112.85", "35.5", "") + "\n" + ROW.format("B", "x", "35.5", "") + "\n"
        done = self.registry.yima("facilities", "import", "-", "--key", "编号", "--ledger", "l", "--create-organizations",
                                  "--keep-going", stdin=text)
        self.assertIn("2 rows: 1 created, 0 updated, 0 unchanged, 0 conflicts, 1 rejected", done.stdout)
        self.assertIn("-:3: ", done.stderr)

    def test_an_import_that_was_cut_off_goes_on_by_the_same_command(self):
        write_ledger(self.ledger, 3000, "R")
        running = self.registry.begin("facilities", "import", self.ledger, "--key", "编号", "--create-organizations")
        running.kill()  # Whatever it had got to.
        running.communicate()
        self.run_import("--create-organizations")
        self.assertEqual(len(self.facilities()), 3000)
        kinds = [batch["state"] for batch in self.registry.objects("batches", "list")]
        self.assertEqual(set(kinds), {"DONE"})


if __name__ == "__main__":
    unittest.main()
