"""Ledgers as they must not be: what is said of each, with which exit code, and that nothing is changed by it."""
import os
import resource
import subprocess
import unittest

from programs.registry import Registry

HEADER = "编号,小类编码,区划,主管部门,权属单位,经度,纬度,状态,备注"
SOUND = "{},01001,140502,晋城市城区城市管理局,城区排水公司,112.85,35.50,完好,"
PLAIN = ("--key", "编号")
SPACE_MAX = 400 << 20


def ledger(*rows, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def sound(count=3, prefix="A"):
    return [SOUND.format(f"{prefix}-{n}") for n in range(count)]


def with_cell(**cells):
    """A row that is sound but for the cells named, between two that are sound."""
    values = dict(zip(HEADER.split(","), SOUND.format("X-1").split(",")))
    values.update(cells)
    return ledger(*sound(1, "B"), ",".join(values.values()), *sound(1, "C"))


class LedgerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry()
        cls.registry.start()
        # Something stands in the registry, so that "unchanged" says more than "empty".
        cls.import_file(ledger(*sound(5, "OLD")).encode(), name="old.csv", expect=0, args=("--create-organizations",))
        cls.registry.yima("codes", "issue", "--where", "coded=no")

    @classmethod
    def tearDownClass(cls):
        cls.registry.__exit__()

    @classmethod
    def import_file(cls, data, name="ledger.csv", expect=2, args=(), key=PLAIN):
        path = cls.registry.folder / name
        path.write_bytes(data)
        return cls.registry.yima("facilities", "import", path, *key, *args, expect=expect)

    def refused(self, data, *sayings, args=(), key=PLAIN, expect=2):
        """Imports, wants it refused in these words, and everything kept as it was."""
        if isinstance(data, str):
            data = data.encode()
        before = self.registry.contents()
        for more in ((), ("--dry-run",)):
            done = self.import_file(data, args=(*args, *more), key=key, expect=expect)
            for saying in sayings:
                self.assertIn(saying, done.stderr)
        self.assertEqual(self.registry.contents(), before)
        self.registry.check()
        zh = self.import_file(data, args=(*args, "--lang", "zh"), key=key, expect=expect)
        self.assertRegex(zh.stderr, "[\u4e00-\u9fff]")
        self.assertEqual(self.registry.contents(), before)
        return done

    def bad_row(self, data, *sayings, **more):
        """The same of a row, which stands on line 3: the file is refused whole, and gone past if that is asked for."""
        self.refused(data, *sayings, **more)
        self.assertIn("yima: ledger.csv: 1 bad rows: nothing was imported",
                      self.import_file(data if isinstance(data, bytes) else data.encode()).stderr)

    def test_missing_required_column(self):
        for column, option in (("小类编码", "class"), ("区划", "division"), ("主管部门", "supervisor")):
            header = HEADER.replace(column, "别的")
            done = self.refused(ledger(*sound(), header=header), "ledger.csv:1: no column for the",
                                f"--map COLUMN={option}", "hint: ")
            self.assertEqual(done.stdout, "")

    def test_missing_identity(self):
        self.refused(ledger(*sound()), "ledger.csv:1: no column identifies a row", "hint: ", key=())

    def test_map_from_what_does_not_exist(self):
        self.refused(ledger(*sound()), 'ledger.csv:1: no column "地点" for --map; the file has 编号, 小类编码',
                     args=("--map", "地点=address"))
        self.refused(ledger(*sound()), 'ledger.csv:1: no column "序号" for --key', key=("--key", "序号"))
        self.refused(ledger(*sound()), 'ledger.csv:1: no column "代码" for --code-from', key=("--code-from", "代码"))

    def test_map_to_what_does_not_exist(self):
        self.refused(ledger(*sound()), '--map 备注=colour: no field "colour", want one of code, division',
                     "hint: a field of your own is extra:NAME", args=("--map", "备注=colour"))
        self.refused(ledger(*sound()), '--map "备注" is not COLUMN=field', args=("--map", "备注"))

    def test_two_rows_with_one_key(self):
        self.refused(ledger(*sound(2), *sound(1)), "ledger.csv:4: line 2 and line 4 have the same external code",
                     "hint: ")

    def test_two_rows_with_one_code(self):
        header = HEADER.replace("编号", "部件代码")
        rows = [SOUND.format("14050201001000007")] * 2
        self.refused(ledger(*rows, header=header), "ledger.csv:3: line 2 and line 3 have the same facility code", key=())

    def test_unknown_division(self):
        self.bad_row(with_cell(区划="44030"), 'ledger.csv:3: division "44030" has 5 digits, want 6')
        self.bad_row(with_cell(区划="晋城"), 'ledger.csv:3: division "晋城", want 6 digits')
        for digits in ("040502", "160502", "140500", "140002", "999999"):
            self.bad_row(with_cell(区划=digits), f'ledger.csv:3: division "{digits}" is no county of GB/T 2260')
        self.refused(ledger(*sound()), 'division "999999" is no county of GB/T 2260', args=("--division", "999999"))

    def test_unknown_class(self):
        self.bad_row(with_cell(小类编码="01999"), 'ledger.csv:3: class', '"01999"', "hint: yima classes list")
        self.bad_row(with_cell(小类编码="飞碟"), 'ledger.csv:3: class "飞碟" is in no catalogue')

    def test_number_too_long(self):
        self.bad_row(with_cell(编号="9" * 65), "ledger.csv:3: column \"编号\", the row's key, has 65 characters, at most 64")
        self.bad_row(with_cell(经度="1" * 33), "ledger.csv:3: position", "at most 32 characters")
        header = HEADER.replace("编号", "部件代码")
        rows = [SOUND.format("140502010010000071")]
        self.refused(ledger(*rows, header=header), "ledger.csv:2: ", "is not 17 digits, as scheme 2 asks", key=())

    def test_control_characters(self):
        self.bad_row(with_cell(备注="a\x07b"), "ledger.csv:3: column \"备注\" has the control character U+0007")

    def test_position_out_of_range(self):
        self.bad_row(with_cell(经度="212.85"), "ledger.csv:3: position 212.85, 35.50 is out of range, want longitude")
        self.bad_row(with_cell(纬度=""), 'ledger.csv:3: position "112.85", "" lacks one of its two values')
        self.bad_row(with_cell(纬度="north"), 'ledger.csv:3: position "112.85", "north" is not two numbers')

    def test_unknown_organization(self):
        done = self.refused(with_cell(权属单位="外星公司"), 'ledger.csv:3: no organization is called "外星公司"',
                            "hint: import the organizations first, or add --create-organizations")
        self.assertIn("organization not in the registry: 外星公司 (1 rows)", done.stdout)

    def test_unknown_condition(self):
        self.bad_row(with_cell(状态="还行"), 'ledger.csv:3: condition "还行" is unknown')

    def test_more_fields_than_the_header(self):
        self.bad_row(ledger(*sound(1), SOUND.format("X-1") + ",a,b", *sound(1, "C")),
                     "ledger.csv:3: the row has 11 fields, the header 9")

    def test_100_mb_in_one_field(self):
        for cell in (b"x" * (100 << 20), b'"' + b"x\n" * (50 << 20) + b'"'):
            data = ledger(*sound(1)).encode() + SOUND.format("X-1").encode() + cell + b"\n" + sound(1, "C")[0].encode()
            path = self.registry.folder / "ledger.csv"
            path.write_bytes(data)
            before = self.registry.contents()
            # Bounded: with less room than would hold the field a few times over.
            done = subprocess.run(self.registry.command("facilities", "import", path, *PLAIN),
                                  env=self.registry.environment(), capture_output=True, text=True, timeout=300,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (SPACE_MAX, SPACE_MAX)))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("ledger.csv:3: column \"备注\" is longer than 65536 bytes", done.stderr)
            self.assertEqual(self.registry.contents(), before)
        path.unlink()

    def test_binary_file(self):
        self.refused(b"\x7fELF\x02\x01\x01\x00" + os.urandom(200) + b"\x00", "binary (NUL byte at offset 7)", "hint: ")
        self.refused(b"PK\x03\x04" + bytes(100), "an Excel workbook (xlsx) or a zip archive",
                     'hint: in Excel, save the sheet as "CSV UTF-8')

    def test_empty_file(self):
        self.refused(b"", "ledger.csv: the file is empty")
        self.refused(b"\n\r\n\n", "ledger.csv: the file has only empty lines")

    def test_header_alone_has_nothing_new(self):
        before = self.registry.contents()
        done = self.import_file(ledger().encode(), expect=0)
        self.assertIn("0 rows", done.stdout)
        self.assertEqual(self.registry.contents(), before)

    def test_file_that_ends_inside_quotes(self):
        data = ledger(*sound(2), SOUND.format("X-1") + '"an open end', *sound(2, "C"))
        self.refused(data, "ledger.csv:4: the file ends inside quotes that were opened on this line", "hint: ")
        self.refused(data, "ledger.csv:4: ", args=("--keep-going",))

    def test_gb18030_file_with_one_broken_byte(self):
        data = with_cell(备注="@").encode("gb18030").replace(b"@", b"\xff")
        self.bad_row(data, "ledger.csv:3: column \"备注\" has a byte that is not GB18030", "hint: ")
        done = self.import_file(data, expect=0, args=("--keep-going", "--dry-run"))
        self.assertIn("3 rows: 2 created", done.stdout)

    def test_other_encodings_are_refused_with_a_hint(self):
        text = with_cell(备注="備註說明的文字在這裡與那裡的東西")
        self.refused(text.encode("utf-16"), "the file is UTF-16 text", 'hint: in Excel, save the sheet as "CSV UTF-8')
        self.refused(text.encode("utf-16-le"), "the file looks like UTF-16 text", "hint: ")
        self.refused(text.encode("utf-32"), "the file is UTF-32 text", "hint: ")
        self.refused("編號,類別\n的一是在不了有和人這,的一\n".encode("big5"), "the text looks like Big5", "hint: ")

    def test_a_file_that_is_not_there(self):
        done = self.registry.yima("facilities", "import", "/nowhere/ledger.csv", *PLAIN, expect=1)
        self.assertIn("yima: /nowhere/ledger.csv: No such file or directory", done.stderr)

    def test_organizations_with_a_bad_row(self):
        before = self.registry.contents()
        path = self.registry.folder / "owners.csv"
        for text, saying in (("名称,电话\n甲公司,123\n,456\n", "owners.csv:3: the name is empty"),
                             ("简称,电话\n甲,123\n", "owners.csv:1: no column is called 名称 or name"),
                             ("名称,信用代码\n甲公司,91350100M000100Y44\n", "owners.csv:2: "),
                             ("名称\n甲公司\n乙\x01公司\n", "owners.csv:3: column \"名称\" has the control character"),
                             ("名称,名称\n甲公司,乙公司\n", "two columns are called 名称"),
                             ("", "owners.csv: the file is empty")):
            path.write_text(text)
            done = self.registry.yima("organizations", "import", path, expect=2)
            self.assertIn(saying, done.stderr)
            self.assertEqual(self.registry.contents(), before)


if __name__ == "__main__":
    unittest.main()
