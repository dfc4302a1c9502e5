"""Kills the server at random moments while rights are claimed, published and confirmed in bulk; the same command goes on. Nothing
acknowledged is lost, no facility is in two states, and counters and log agree.

usage: rights_kill_test.py YIMAD YIMA [MOMENTS] [SEED]
"""
import json
import os
import random
import signal
import sys
import time

from programs.moved_clock import moved
from programs.registry import Registry, write_ledger

ROWS = 1000
DAYS = 3  # After which a notice of one day is over.
SERVER_NOT_REACHED = 4


def killed_while(registry, rng, seconds, env, command, days):
    """Begins the command, kills the server, and ends it with the same command; whether the kill fell into it."""
    running = registry.begin(*command, env=env)
    moment = rng.uniform(0, seconds[0])
    time.sleep(moment)
    registry.kill()
    said = running.communicate(timeout=120)[1].decode()
    assert running.returncode in (0, SERVER_NOT_REACHED), f"exit {running.returncode}: {said}"
    seconds[0] = max(moment, 0.05) if running.returncode == 0 else seconds[0] * 1.15
    if rng.random() < 0.15:
        registry.check()
    registry.start(**moved(days))
    if running.returncode == 0:
        return None
    return json.loads(registry.yima(*command, env=env).stdout.splitlines()[-1])


def states(registry, batch):
    counted = {}
    for facility in registry.objects("facilities", "list", "--where", f"batch={batch}"):
        right = facility["owning"]
        key = (right["state"], len(right["claims"]), any(claim["notice"] != "0" for claim in right["claims"]))
        counted[key] = counted.get(key, 0) + 1
    return counted


def one_round(registry, number, rng, seconds, people, organization):
    """Three kills: one in each step over a ledger of its own."""
    ledger = write_ledger(registry.folder / f"round-{number}.csv", ROWS, f"R{number}")
    registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
    batch = next(each["id"] for each in registry.objects("batches", "list") if each["kind"] == "IMPORT")
    over = ("--where", f"batch={batch}", "--right", "owning", "--yes", "--json")
    steps = (("claim", people["claimant"], ("--basis-kind", "移交单", "--basis-number", "1", "--organization", organization),
              ("CLAIMED", 1, False)),
             ("publish", people["registrar"], ("--title", f"第{number}号"), ("CLAIMED", 1, True)),
             ("confirm", people["registrar"], (), ("CONFIRMED", 0, False)))
    hit = 0
    for step, env, more, wanted in steps:
        days = DAYS * (number + (step == "confirm"))
        if step == "confirm":
            registry.kill(signal.SIGTERM)
            registry.start(**moved(days))
        again = killed_while(registry, rng, seconds[step], env, ("rights", step, *over, *more), days)
        if again is not None:
            hit += 1
            assert again["moved"] == "0" and again["refused"] == "0", again
        assert states(registry, batch) == {wanted: ROWS}, (step, states(registry, batch))
    return hit


def main():
    moments = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    with Registry(sys.argv[1], sys.argv[2]) as registry:
        names = registry.folder / "organizations.csv"
        names.write_text("名称\n城区市政中心\n", encoding="utf-8")
        registry.yima("organizations", "import", names)
        [organization] = [each["id"] for each in registry.objects("organizations", "list")]
        people = {"claimant": registry.principal("市政中心", "manager", organization=organization),
                  "registrar": registry.principal("登记员", "registrar")}
        rules = registry.folder / "rules.json"
        rules.write_text(json.dumps({"publicityDays": 1}), encoding="utf-8")
        registry.yima("rights", "rules", "set", "--file", rules, env=people["registrar"])
        seconds = {step: [1.0] for step in ("claim", "publish", "confirm")}
        rounds = hit = 0
        while 3 * rounds < moments or hit < moments // 4:
            assert rounds < moments, f"only {hit} steps were under way when the server was killed"
            hit += one_round(registry, rounds, rng, seconds, people, organization)
            rounds += 1
        assert not any(each["state"] == "RUNNING" for each in registry.objects("batches", "list"))
        registry.kill()
        registry.check()
        print(f"{3 * rounds} kills, {hit} of them within a step, {rounds * ROWS} rights confirmed, each once")


main()
