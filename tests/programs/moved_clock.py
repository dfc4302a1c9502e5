"""A server whose clock is put ahead, as when days go by: tools/moved_clock/ is preloaded."""
import contextlib
import os
import signal


def moved(days):
    """The environment of a program that lives so many days later."""
    return {"LD_PRELOAD": os.environ["MOVED_CLOCK"], "MOVED_CLOCK_SECONDS": str(days * 86400)}


@contextlib.contextmanager
def later(registry, days):
    """Within it the server lives so many days later."""
    registry.kill(signal.SIGTERM)
    registry.start(**moved(days))
    try:
        yield
    finally:
        registry.kill(signal.SIGTERM)
