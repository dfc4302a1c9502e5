"""What tests of the log share: waiting for its tree, and reading and falsifying what lies in the store."""
import contextlib
import sqlite3
import time

from programs.registry import write_ledger


def import_rows(registry, rows, name):
    ledger = write_ledger(registry.folder / f"{name}.csv", rows, name)
    registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")


@contextlib.contextmanager
def store_of(data, write=False):
    """A connection for a `with`: what was written is committed, and no lock stays behind."""
    store = sqlite3.connect(f"file:{data / 'yima.db'}?mode={'rw' if write else 'ro'}", uri=True)
    try:
        yield store
        store.commit()
    finally:
        store.close()


def entries_of(registry):
    with store_of(registry.data) as store:
        return [bytes(entry) for (entry,) in store.execute("SELECT entry FROM log ORDER BY idx")]


def signed(registry, *more):
    """Waits until all there is is signed; gives the checkpoint."""
    wanted = len(entries_of(registry))
    deadline = time.monotonic() + 60
    while True:
        done = registry.yima("log", "checkpoint", "--json", *more, expect=None)
        if done.returncode == 0:
            checkpoint = registry.objects("log", "checkpoint", *more)[0]
            if int(checkpoint["size"]) >= wanted:
                return checkpoint
        elif "no checkpoint yet" not in done.stderr:
            raise AssertionError(done.stderr)
        if time.monotonic() > deadline:
            raise AssertionError("the log was not signed")
        time.sleep(0.05)


def forget_tree(data):
    """What a server that lies does, so that it signs whatever lies there now."""
    with store_of(data, write=True) as store:
        store.execute("DELETE FROM record71")
        store.execute("DELETE FROM record72")
