"""Damaged folders: `yimad check` finds every kind of damage, and a server on a damaged file says so.

usage: damage_test.py YIMAD YIMA
"""
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from programs.registry import Registry, copy_data, write_ledger

FACILITY, CODE = "record1", "record2"


def flip(table, column, where, at):
    """A byte of a stored value turned round; `at` finds it in the bytes."""

    def damage(database):
        row = database.execute(f"SELECT rowid, {column} FROM {table} WHERE {where} LIMIT 1").fetchone()
        value = bytearray(row[1])
        value[at(bytes(value))] ^= 1
        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(value), row[0]))

    return damage


def sql(text):
    return lambda database: database.execute(text)


def signature(code):
    # Withheld.value, field 3: 64 bytes.
    return code.index(b"\x1a\x40") + 2


ONE_FACILITY = f"(SELECT min(id) FROM {FACILITY})"
# What is done to the database, and words of what must be found.
DAMAGES = {
    "a byte of a record": (flip(FACILITY, "bytes", "1", lambda b: b.index(b"140502")), "differs from its last log entry"),
    "a byte of a log entry": (flip("log", "entry", "idx > 300", lambda b: len(b) - 1), ""),
    "the time of a log entry": (flip("log", "entry", "idx > 300", lambda b: 8), "is older than the one before it"),
    "a byte of a signature": (flip(CODE, "bytes", "1", signature), "does not have its hash"),
    "a revision": (sql(f"UPDATE {FACILITY} SET revision = 9 WHERE id = {ONE_FACILITY}"), "is at revision 9"),
    "a lost record": (sql(f"DELETE FROM {FACILITY} WHERE id = {ONE_FACILITY}"), "which has no record"),
    "a lost log entry": (sql("DELETE FROM log WHERE idx = 400"), "the log has entry 401 where 400 is wanted"),
    "a lost last log entry": (sql("DELETE FROM log WHERE idx = (SELECT max(idx) FROM log)"), ""),
    "a counter": (sql("UPDATE counter SET value = value + 1 WHERE value > 0"), "but the records make it"),
    "a lost counter": (sql("DELETE FROM counter WHERE value > 0"), "but the records make it"),
    "a lost term": (sql(f"DELETE FROM term WHERE kind = 1 AND id = {ONE_FACILITY}"), "is not found under its term"),
    "a term too many": (sql(f"INSERT INTO term SELECT 1, CAST('d999999' AS BLOB), min(id) FROM {FACILITY}"),
                        "which does not follow from it"),
    "a lost key": (sql("DELETE FROM claim WHERE idx = 1 AND key = (SELECT min(key) FROM claim WHERE idx = 1)"),
                   "is held by nobody"),
    "a lost active code": (sql("DELETE FROM claim WHERE idx = 3"), "is held by nobody"),
    "a key of another": (sql("UPDATE claim SET holder = 7 WHERE idx = 1"), "is held by 7"),
}


def check(yimad, data):
    done = subprocess.run([yimad, "--lang", "en", "check", "--data", data], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def damaged_copy(data, folder, damage):
    shutil.rmtree(folder, ignore_errors=True)
    copy_data(data, folder)
    database = sqlite3.connect(folder / "yima.db")
    damage(database)
    database.commit()
    database.close()
    return folder


def find_all(yimad, data, folder):
    for name, (damage, words) in DAMAGES.items():
        code, found, said = check(yimad, damaged_copy(data, folder, damage))
        assert code == 1, f"{name}: exit {code}, {found}{said}"
        assert found.strip() and words in found, f"{name}: {found}"
        assert "things are not as they should be" in said, said
    code, found, _ = check(yimad, damaged_copy(data, folder, lambda database: None))
    assert code == 0, f"nothing was damaged: {found}"


def root_page(data, table):
    database = sqlite3.connect(data / "yima.db")
    page, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    size, = database.execute("PRAGMA page_size").fetchone()
    database.close()
    return (page - 1) * size, size


def serve_damaged(registry):
    """One table's root is lost: what needs it is refused for good, the rest is still answered."""
    at, size = root_page(registry.data, "claim")
    with open(registry.data / "yima.db", "r+b") as file:
        file.seek(at)
        file.write(b"\x5a" * size)
    registry.start()
    listed = registry.objects("facilities", "list")
    assert len(listed) == 300, len(listed)
    ledger = write_ledger(registry.folder / "more.csv", 3, "M")
    done = registry.yima("facilities", "import", ledger, "--key", "编号", expect=1)
    assert "yimad check" in done.stderr, done.stderr
    assert len(registry.objects("facilities", "list")) == 300
    registry.kill()
    code, found, _ = check(registry.yimad, registry.data)
    assert code == 1 and "database: " in found, found


def main():
    yimad, yima = sys.argv[1], sys.argv[2]
    with Registry(yimad, yima) as registry:
        ledger = write_ledger(registry.folder / "ledger.csv", 300, "L")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        registry.yima("codes", "issue", "--where", "class=01001")
        registry.kill()
        registry.check()
        find_all(yimad, registry.data, pathlib.Path(tempfile.mkdtemp(dir=registry.folder)))
        serve_damaged(registry)
        print(f"{len(DAMAGES)} kinds of damage found, and a damaged file served as far as it goes")


main()
