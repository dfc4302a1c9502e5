"""`yima labels` as a user calls it."""
import csv
import json
import os
import shutil
import subprocess
import unittest

from programs.registry import Registry

ROWS = 26


def write_ledger(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("编号,小类编码,区划,主管部门,权属单位,名称\n")
        for n in range(ROWS):
            owner = "城区排水公司" if n else "晋城市城区市政公用事业建设维护管理服务中心第一污水处理与雨水排放设施管理所"
            file.write(f"A-{n:06},01001,140502,晋城市城区城市管理局,{owner},泽州路 {n} 号\n")


def render(pdf, page):
    return subprocess.run(["pdftoppm", "-gray", "-r", "200", "-f", str(page), "-l", str(page), pdf],
                          check=True, capture_output=True).stdout


class LabelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()
        cls.addClassCleanup(cls.registry.__exit__)
        ledger = cls.registry.folder / "ledger.csv"
        write_ledger(ledger)
        cls.registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        cls.codes = cls.registry.objects("codes", "issue", "--where", "class=01001")
        cls.batch = cls.codes[0]["batch"]

    def setUp(self):
        self.out = self.registry.folder / self.id().split(".")[-1]
        self.out.mkdir()

    def labels(self, *args, expect=0):
        return self.registry.yima("labels", *args, expect=expect)

    def refused(self, *args, expect, says):
        done = self.labels(*args, expect=expect)
        self.assertEqual(done.stdout, "")
        self.assertIn(says, done.stderr)
        self.assertEqual(list(self.out.iterdir()), [])

    def manifest(self, path=None):
        with open(path or self.out / "labels.manifest.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def scan(self, *files):
        done = self.registry.yima("scan", "--json", *files)
        return [json.loads(line)["text"] for line in done.stdout.splitlines()]

    def test_sheets_in_the_ledgers_order_with_a_manifest(self):
        done = self.labels("--batch", self.batch, "--out", self.out, "--check", "all")
        self.assertEqual(done.stdout.split(), [str(self.out / "labels.pdf"), str(self.out / "labels.manifest.csv")])
        self.assertIn(f"{ROWS} labels on 3 pages; QR 8-Q, module 0.61 mm; {ROWS} read back right", done.stderr)
        rows = self.manifest()
        self.assertEqual([row["serial"] for row in rows], [code["serial"] for code in self.codes])
        self.assertEqual([row["short_number"] for row in rows], [code["shortNumber"] for code in self.codes])
        self.assertEqual([row["facility"] for row in rows], [code["facilityCode"] or f"uid:{code['facility']}" for code in self.codes])
        self.assertEqual((rows[12]["file"], rows[12]["page"], rows[12]["cell"]), ("labels.pdf", "2", "1"))
        (self.out / "page.pgm").write_bytes(render(self.out / "labels.pdf", 2))
        self.assertEqual(set(self.scan(self.out / "page.pgm")), {code["text"] for code in self.codes[12:24]})

    def test_grid_and_start_cell(self):
        self.labels("--batch", self.batch, "--out", self.out / "x.pdf", "--template", "sticker-40", "--columns", 2, "--rows", 3,
                    "--left-mm", 15, "--top-mm", 12, "--gap-x-mm", 2, "--gap-y-mm", 0, "--no-crop-marks", "--start-cell", 5)
        rows = self.manifest(self.out / "x.manifest.csv")
        self.assertEqual([(row["page"], row["cell"]) for row in rows[:3]], [("1", "5"), ("1", "6"), ("2", "1")])

    def test_one_label_a_page_for_label_printers(self):
        said = self.registry.objects("labels", "--where", "class=01001", "division=140502", "--page", "label", "--template", "sticker-40",
                                     "--out", self.out)
        self.assertEqual(len(said), 1)
        report = said[0]
        self.assertEqual((report["labels"], report["pages"], report["symbol"], report["checked"]), (ROWS, ROWS, "8-Q", 1))
        self.assertGreater(report["moduleMm"], 0.35)
        info = subprocess.run(["pdfinfo", report["files"][0]], check=True, capture_output=True, text=True).stdout
        self.assertIn("113.386 x 113.386 pts", info)

    def test_codes_from_a_file_and_from_standard_input(self):
        lines = [json.dumps(self.codes[3]), self.codes[1]["text"], self.codes[2]["shortNumber"], self.codes[0]["serial"]]
        chosen = self.registry.folder / "chosen.txt"
        chosen.write_text("\n".join(lines) + "\n", encoding="utf-8")
        wanted = [self.codes[n]["serial"] for n in (3, 1, 2, 0)]
        self.labels("--from", chosen, "--out", self.out)
        self.assertEqual([row["serial"] for row in self.manifest()], wanted)
        with open(chosen, encoding="utf-8") as stdin:
            subprocess.run(self.registry.command("labels", "--from", "-", "--out", self.out / "y.pdf"),
                           env=self.registry.environment(), stdin=stdin, check=True, capture_output=True)
        self.assertEqual([row["serial"] for row in self.manifest(self.out / "y.manifest.csv")], wanted)

    def test_lines_of_a_file_are_compared_with_the_registry(self):
        codes = self.registry.objects("codes", "issue", "--blank", 3)
        chosen = self.registry.folder / "lines.jsonl"

        def lines_are(*lines):
            chosen.write_text("".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")

        digit = codes[1]["text"][-1]
        forged = codes[1]["text"][:-1] + ("1" if digit == "0" else "0")
        for bad, says in (({**codes[1], "text": forged}, "the text is none that was issued: FORGED"),
                          (forged, "the text is none that was issued: FORGED"),
                          ({**codes[1], "text": codes[2]["text"]}, f"the text is that of serial {codes[2]['serial']}"),
                          ({**codes[1], "facility": self.codes[0]["facility"]}, "is of facility 0, not"),
                          ({**self.codes[1], "facility": self.codes[0]["facility"]}, f"is of facility {self.codes[1]['facility']}, not")):
            lines_are(codes[0], "\n", bad)
            self.refused("--from", chosen, "--out", self.out, expect=2, says=f"lines.jsonl:2: ")
            self.refused("--from", chosen, "--out", self.out, expect=2, says=says)
        # What the file says of code and number is not printed: the registry's is.
        lines_are({**self.codes[1], "facilityCode": "1", "shortNumber": "x"})
        self.labels("--from", chosen, "--out", self.out)
        self.assertEqual([(row["short_number"], row["facility"]) for row in self.manifest()],
                         [(self.codes[1]["shortNumber"], self.codes[1]["facilityCode"])])

    def test_codes_that_ended_get_no_label(self):
        codes = self.registry.objects("codes", "issue", "--blank", 5)
        for code in codes[1:4]:
            self.registry.yima("codes", "revoke", code["serial"], "--reason", "lost")
        chosen = self.registry.folder / "ended.txt"
        chosen.write_text("\n".join([codes[0]["text"], json.dumps(codes[1]), codes[2]["shortNumber"], codes[3]["text"],
                                     json.dumps(codes[4])]), encoding="utf-8")
        for selection in (("--from", chosen), ("--batch", codes[0]["batch"])):
            done = self.labels(*selection, "--out", self.out)
            self.assertIn("3 codes are revoked or replaced: no label", done.stderr)
            self.assertEqual([row["serial"] for row in self.manifest()], [codes[0]["serial"], codes[4]["serial"]])

    def test_a_file_that_is_no_output_of_ours_is_not_replaced(self):
        ledger = "编号,小类编码\nA,01001\n"
        for name, options in (("x.manifest.csv", ("--out", self.out / "x.pdf")), ("ledger.csv", ("--out", self.out / "ledger.csv")),
                              ("labels.manifest.csv", ("--out", self.out, "--format", "png"))):
            (self.out / name).write_text(ledger, encoding="utf-8")
            done = self.labels("--batch", self.batch, *options, expect=2)
            self.assertIn(f"{self.out / name}: another file lies there", done.stderr)
            self.assertEqual((self.out / name).read_text(encoding="utf-8"), ledger)
            self.assertEqual(len(list(self.out.iterdir())), 1)
            (self.out / name).unlink()
        # The ledger from which the labels come, and sheets of the day before.
        (self.out / "x.csv").write_text(ledger, encoding="utf-8")
        for _ in range(2):
            self.labels("--batch", self.batch, "--out", self.out / "x.pdf")
        self.assertEqual((self.out / "x.csv").read_text(encoding="utf-8"), ledger)
        self.assertEqual(len(self.manifest(self.out / "x.manifest.csv")), ROWS)

    def test_sheets_of_a_longer_job_before_are_named(self):
        for number in (2, 3):
            (self.out / f"labels-000{number}.pdf").write_bytes(b"%PDF-1.5 of before")
        done = self.labels("--batch", self.batch, "--out", self.out)
        self.assertIn("labels-0002.pdf", done.stderr)
        self.assertIn("labels-0003.pdf are sheets of an earlier job", done.stderr)
        self.assertEqual((self.out / "labels-0003.pdf").read_bytes(), b"%PDF-1.5 of before")

    def test_single_pictures_decode(self):
        for picture in ("png", "svg"):
            folder = self.out / picture
            folder.mkdir()
            self.labels("--batch", self.batch, "--format", picture, "--out", folder, "--check", "first", "--template", "plate-120")
            names = {f"{code['shortNumber']}.{picture}" for code in self.codes}
            self.assertEqual({file.name for file in folder.iterdir()}, names | {"labels.manifest.csv"})
            self.assertEqual({row["file"] for row in self.manifest(folder / "labels.manifest.csv")}, names)
        first = self.codes[0]
        self.assertEqual(self.scan(self.out / "png" / f"{first['shortNumber']}.png"), [first["text"]])

    def test_warnings_are_counted(self):
        done = self.labels("--batch", self.batch, "--template", "sticker-40", "--note", "\U0010fffd", "--out", self.out)
        self.assertIn("warning: 1 texts were too long", done.stderr)
        self.assertIn(f"warning: {ROWS} characters have no font", done.stderr)

    def test_blank_plates(self):
        blanks = self.registry.objects("codes", "issue", "--blank", 3)
        self.labels("--batch", blanks[0]["batch"], "--out", self.out, "--check", "all")
        rows = self.manifest()
        self.assertEqual([row["serial"] for row in rows], [code["serial"] for code in blanks])
        self.assertEqual({row["facility"] for row in rows}, {""})

    def test_lists_templates(self):
        self.assertEqual({each["name"] for each in self.registry.objects("labels", "--list-templates")},
                         {"plate-60", "plate-120", "sticker-40"})

    def test_speaks_both_languages_and_gives_two_examples(self):
        for lang, words in (("en", "make labels"), ("zh", "制作标签")):
            said = self.labels("--help", "--lang", lang).stdout
            self.assertIn(words, said)
            self.assertEqual(said.count("\n  yima labels "), 2)

    def test_refuses_wrong_use(self):
        batch = ("--batch", self.batch)
        self.refused(*batch, expect=2, says="--out")
        self.refused("--out", self.out, expect=2, says="--batch")
        self.refused(*batch, "--out", self.out, "--template", "plate-61", expect=1, says="plate-61")
        self.refused(*batch, "--out", self.out, "--start-cell", 13, expect=2, says="want 1 to 12")
        self.refused(*batch, "--out", self.out, "--columns", 4, expect=2, says="columns")
        self.refused(*batch, "--out", self.out, "--page", "letter", expect=2, says="letter")
        self.refused(*batch, "--out", self.out, "--format", "png", "--dpi", 20, expect=2, says="20")
        self.refused("--batch", 999999, "--out", self.out, expect=None, says="yima:")

    def test_refuses_modules_too_small(self):
        own = self.registry.folder / "small.toml"
        own.write_text('name = "small"\nwidth_mm = 20\nheight_mm = 20\n[symbol]\nx_mm = 1\ny_mm = 1\nsize_mm = 18\n', encoding="utf-8")
        self.refused("--batch", self.batch, "--out", self.out, "--template", own, expect=2, says="give it 20.0 mm, or level M")

    def test_names_the_line_of_a_bad_template(self):
        own = self.registry.folder / "bad.toml"
        own.write_text('name = "bad"\nwidth_mm = 2\n', encoding="utf-8")
        self.refused("--batch", self.batch, "--out", self.out, "--template", own, expect=2, says="bad.toml:2: width_mm is 2")

    def test_leaves_nothing_half_done(self):
        self.refused("--batch", self.batch, "--out", self.out / "none" / "x.pdf", expect=1, says="no such folder")
        self.refused("--batch", self.batch, "--out", "/proc/x.pdf", expect=1, says="/proc/x.pdf")

    def test_full_disk(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "yima-test", self.out], capture_output=True).returncode != 0:
            self.skipTest("a small tmpfs cannot be mounted here")
        try:
            self.refused("--batch", self.batch, "--out", self.out, expect=1, says="No space left")
        finally:
            subprocess.run(["umount", self.out], check=True)

    def test_reads_back_with_the_program_there_is(self):
        tools = self.registry.folder / "tools"
        tools.mkdir()
        command = self.registry.command("labels", "--batch", self.batch, "--out", self.out)
        done = subprocess.run(command, env=self.registry.environment() | {"PATH": str(tools)}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("poppler-utils", done.stderr)
        self.assertEqual(list(self.out.iterdir()), [])
        # One that draws nothing makes labels that cannot be read.
        (tools / "pdftoppm").write_text("#!/bin/sh\nexit 0\n")
        os.chmod(tools / "pdftoppm", 0o755)
        done = subprocess.run(command, env=self.registry.environment() | {"PATH": f"{tools}:{os.environ['PATH']}"},
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cell 1: the label of {self.codes[0]['shortNumber']} cannot be read back", done.stderr)
        self.assertEqual(list(self.out.iterdir()), [])

    def test_decodes_by_a_second_reader(self):
        if not shutil.which("zbarimg"):
            self.skipTest("zbarimg is not installed")
        self.labels("--batch", self.batch, "--out", self.out)
        (self.out / "page.pgm").write_bytes(render(self.out / "labels.pdf", 1))
        done = subprocess.run(["zbarimg", "-q", "--raw", self.out / "page.pgm"], capture_output=True, text=True)
        self.assertEqual(set(done.stdout.split()), {code["text"] for code in self.codes[:12]})


if __name__ == "__main__":
    unittest.main()
