#!/usr/bin/env python3
"""Makes the sample ledger and its organizations, the same bytes every time.

Usage: tools/sample/make_sample.py [FOLDER]   (default: the folder of this script)
"""

import csv
import io
import pathlib
import random
import sys

DIVISION = "140502"  # 城区, Jincheng

STREETS = [
    ("140502001", "东街街道"), ("140502002", "西街街道"), ("140502003", "南街街道"),
    ("140502004", "北街街道"), ("140502005", "矿区街道"), ("140502006", "钟家庄街道"),
    ("140502007", "西上庄街道"),
]
ROADS = ["泽州路", "凤台街", "文昌街", "建设路", "黄华街", "红星街", "新市街", "中原街", "景西路", "白水街"]

# Official name, everyday names, the 17 characters before the check character, telephone.
ORGANIZATIONS = [
    ("晋城市城区城市管理局", ["城管局", "区城管局"], "11140502MB1234501", "0356-2190001"),
    ("晋城市自来水有限公司", ["自来水公司", "市自来水"], "91140500MA0A00101", "0356-2190002"),
    ("晋城市城区市政工程服务中心", ["市政处", "市政中心"], "12140502MB1234502", "0356-2190003"),
    ("晋城市城市照明服务中心", ["路灯处", "照明中心"], "12140500MB1234503", "0356-2190004"),
    ("晋城市城区环境卫生服务中心", ["环卫处"], "12140502MB1234504", "0356-2190005"),
    ("晋城市公安局交通警察支队", ["交警支队", "市交警"], "11140500MB1234505", "0356-2190006"),
    ("晋城市园林绿化服务中心", ["园林处", "园林中心"], "12140500MB1234506", "0356-2190007"),
    ("晋城市热力有限公司", ["热力公司"], "91140500MA0A00102", "0356-2190008"),
    ("晋城市燃气有限公司", ["燃气公司"], "91140500MA0A00103", "0356-2190009"),
    ("晋城市通信工程有限公司", ["通信公司"], "91140500MA0A00104", "0356-2190010"),
]

# Class code and name of GB/T 47678.5-2026, owner, maintainer, how many.
KINDS = [
    ("01001", "供水井盖", "自来水公司", "自来水公司", 260, "SJ"),
    ("01002", "污水井盖", "市政处", "市政处", 260, "WS"),
    ("01003", "雨水井盖", "市政处", "市政处", 260, "YS"),
    ("01007", "通信井盖", "通信公司", "通信公司", 100, "TX"),
    ("01010", "热力井盖", "热力公司", "热力公司", 80, "RL"),
    ("01011", "燃气井盖", "燃气公司", "燃气公司", 80, "RQ"),
    ("01037", "路灯", "路灯处", "照明中心", 440, "LD"),
    ("03005", "垃圾箱", "环卫处", "环卫处", 260, "LJ"),
    ("02014", "交通信号灯", "交警支队", "交警支队", 110, "XH"),
    ("04007", "街头座椅", "园林处", "园林处", 150, "ZY"),
]

HEADER = ["编号", "行政区划代码", "小类编码", "部件名称", "主管部门名称", "权属单位名称", "养护单位名称",
          "所在单元网格标识码", "状态", "初始日期", "街道代码", "街道名称", "经度", "纬度", "地址", "备注",
          "巡查班组"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015


def with_check_character(body):
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def sound_rows(chance):
    """Rows as a careful office would send them, with the gaps that every ledger has."""
    for code, name, owner, maintainer, count, prefix in KINDS:
        for number in range(1, count + 1):
            street_code, street = chance.choice(STREETS)
            road = chance.choice(ROADS)
            cover = name.endswith("井盖")
            ownerless = cover and chance.random() < 0.012
            grid = f"{street_code}{chance.randrange(1, 400):06d}"
            day = f"2024-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
            yield [
                f"{prefix}{number:05d}", DIVISION, code, name, "城管局",
                "无主" if ownerless else owner, "" if ownerless else maintainer,
                "" if chance.random() < 0.06 else grid,
                chance.choices(["完好", "破损", "丢失"], [95, 4, 1])[0],
                day, street_code, street,
                f"{112.8400 + chance.random() * 0.035:.6f}", f"{35.4850 + chance.random() * 0.035:.6f}",
                f"{road}{chance.randrange(1, 300)}号",
                "权属待确认" if ownerless else "", f"{chance.randrange(1, 9)}班",
            ]


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def soil(rows):
    """The dozen and more rows that README.md lists; each by its number in the file."""
    at = {name: i for i, name in enumerate(HEADER)}

    def put(row, column, value):
        rows[row][at[column]] = value

    # Read all the same.
    put(11, "行政区划代码", full_width(DIVISION))
    put(12, "编号", full_width(rows[12][0]))
    put(13, "初始日期", "2024年3月5日")
    put(14, "初始日期", "2024/3/5")
    put(15, "初始日期", "20240305")
    put(16, "小类编码", rows[16][at["部件名称"]])
    put(17, "备注", "井圈下沉,\r\n已报修")
    put(18, "经度", "")
    put(18, "纬度", "")
    # Refused.
    put(201, "行政区划代码", "14050")
    put(302, "编号", rows[300][0])
    put(403, "小类编码", "99999")
    put(504, "小类编码", "神秘井盖")
    put(605, "经度", "1128.51")
    put(706, "主管部门名称", "")
    put(807, "编号", "")
    put(908, "状态", "还行")
    put(1009, "初始日期", "2024-02-30")
    put(1110, "纬度", "三十五度")
    put(1211, "纬度", "")
    put(1312, "地址", "泽州路\x0712号")
    put(1413, "权属单位名称", "某某公司")
    rows[1514].append("多出一格")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    chance = random.Random(140502)
    rows = list(sound_rows(chance))
    chance.shuffle(rows)
    soil(rows)
    ledger = io.StringIO(newline="")
    writer = csv.writer(ledger, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    (folder / "ledger.csv").write_bytes(ledger.getvalue().encode("gb18030"))

    people = io.StringIO(newline="")
    writer = csv.writer(people, lineterminator="\n")
    writer.writerow(["name", "aliases", "credit_code", "telephone"])
    for name, aliases, body, telephone in ORGANIZATIONS:
        writer.writerow([name, ";".join(aliases), with_check_character(body), telephone])
    (folder / "organizations.csv").write_text(people.getvalue(), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
