"""A client that knows nothing of ours: buf speaks gRPC by what reflection tells it."""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "programs"))
from registry import Registry  # noqa: E402

YIMAD, BUF = sys.argv[1:]
SERVICES = ["AccessService", "IssuanceService", "LogService", "RegistryService", "ResolverService", "RightsService"]


def curl_command(registry, *args):
    return [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-H", f"authorization: Bearer {registry.token}", *args]


def curl(registry, *args):
    return subprocess.run(curl_command(registry, *args), capture_output=True, text=True, timeout=60)


def command(registry, method, *messages):
    """Several messages are those of a stream."""
    return curl_command(registry, "--reflect", "--reflect-protocol", "grpc-v1alpha", "-d", "".join(map(json.dumps, messages)),
                        f"http://{registry.address}/{method}")


def call(registry, method, *messages):
    return subprocess.run(command(registry, method, *messages), capture_output=True, text=True, timeout=60)


def messages_in(text):
    """The whole ones."""
    decoder, text, found = json.JSONDecoder(), text.strip(), []
    while text:
        try:
            message, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            break
        found.append(message)
        text = text[end:].lstrip()
    return found


def answers(done):
    """The messages of a stream's answer."""
    assert done.returncode == 0, done.stderr
    return messages_in(done.stdout)


def watched(registry, after, enough, meanwhile=lambda: None):
    """The messages of a watch until there are `enough`; it has no end of its own."""
    with tempfile.TemporaryFile("w+") as told:
        watching = subprocess.Popen(command(registry, "yima.v1.RegistryService/Watch", {"after": after}), stdout=told)
        try:
            for _ in range(600):
                told.seek(0)
                if enough(found := messages_in(told.read())):
                    return found
                if found:
                    meanwhile()
                    meanwhile = lambda: None
                time.sleep(0.1)
        finally:
            watching.kill()
            watching.wait()
    raise AssertionError(f"the watch told no more than {found}")


def check_watch(registry):
    """Every entry once, and the next as it is made."""
    first = watched(registry, "1-0", lambda found: found and found[-1].get("caughtUp"))
    indexes = [int(change.get("index", 0)) for message in first for change in message["changes"]]
    assert indexes == list(range(len(indexes))), indexes
    then = watched(registry, first[-1]["next"], lambda found: found and found[-1].get("changes"),
                   lambda: call(registry, "yima.v1.RegistryService/CreateOrganization",
                                {"requestId": "foreign-7", "input": {"organization": {"name": "路灯所"}}}))
    (change,) = [change for message in then for change in message.get("changes", [])]
    assert (int(change["index"]), change["organization"]["name"]) == (len(indexes), "路灯所"), change
    refused = call(registry, "yima.v1.RegistryService/Watch", {"after": "1-999999"})
    assert json.loads(refused.stderr)["code"] == "out_of_range", refused.stderr


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def check_log(registry):
    """That the first entry is in the signed tree: RFC 6962 section 2.1.1."""
    for _ in range(600):
        checkpoint = call(registry, "yima.v1.LogService/GetCheckpoint", {})
        if checkpoint.returncode == 0:
            break
        assert json.loads(checkpoint.stderr)["code"] == "unavailable", checkpoint.stderr
        time.sleep(0.1)
    size, root = json.loads(checkpoint.stdout)["note"].split("\n")[1:3]
    proof = json.loads(call(registry, "yima.v1.LogService/GetInclusionProof", {"index": 0, "size": size}).stdout)
    entries = json.loads(call(registry, "yima.v1.LogService/GetEntryBundle", {"index": 0, "width": 1}).stdout)
    path = hashlib.sha256(b"\0" + base64.b64decode(entries["bundle"])[2:]).digest()
    assert path == base64.b64decode(proof["leafHash"]), proof
    for sibling in proof.get("hashes", []):  # The first entry is at the left of all.
        path = node(path, base64.b64decode(sibling))
    assert path == base64.b64decode(root), proof


with Registry(yimad=YIMAD, yima="unused") as registry:
    listed = curl(registry, "--list-methods", "--reflect-protocol", "grpc-v1alpha", f"http://{registry.address}")
    assert listed.returncode == 0, listed.stderr
    for service in SERVICES:
        assert f"yima.v1.{service}/" in listed.stdout, listed.stdout

    health = call(registry, "grpc.health.v1.Health/Check", {})
    assert json.loads(health.stdout) == {"status": "SERVING"}, health.stderr

    classes = json.loads(call(registry, "yima.v1.RegistryService/ListFacilityClasses", {"prefix": "01003"}).stdout)
    assert classes["facilityClasses"][0]["nameZh"] == "雨水井盖", classes

    made = call(registry, "yima.v1.RegistryService/CreateOrganization",
                {"requestId": "foreign-1", "input": {"organization": {"name": "城管局"}}})
    organization = json.loads(made.stdout)["organization"]["id"]
    facility = {"requestId": "foreign-2", "assignCode": True,
                "facility": {"division": "140502", "classCode": "01003", "supervising": {"holder": organization}}}
    uid = json.loads(call(registry, "yima.v1.RegistryService/CreateFacility", facility).stdout)["facility"]["uid"]

    issued = call(registry, "yima.v1.IssuanceService/IssueCodes", {"requestId": "foreign-3", "facility": uid})
    texts = [code["text"] for message in answers(issued) for code in message.get("codes", [])]
    assert len(texts) == 1, issued.stdout + issued.stderr
    resolved = json.loads(call(registry, "yima.v1.ResolverService/Resolve", {"text": texts[0]}).stdout)
    assert (resolved["verdict"], resolved["state"]) == ("VERDICT_AUTHENTIC", "CODE_STATE_ACTIVE"), resolved
    assert resolved["facility"]["uid"] == uid, resolved

    imported = answers(call(
        registry, "yima.v1.RegistryService/ImportFacilities",
        {"header": {"requestId": "foreign-5", "source": "buf", "assignCodes": True, "keyNamespace": "buf"}},
        {"rows": [{"line": n + 2, "supervisor": "城管局", "facility": {
            "division": "140502", "classCode": "01003", "externalCodes": [{"namespace": "buf", "value": f"B-{n}"}]}} for n in range(5)]}))
    assert imported[-1]["report"]["created"] == "5", imported
    issued = answers(call(registry, "yima.v1.IssuanceService/IssueCodes",
                          {"requestId": "foreign-6", "filter": {"batch": imported[-1]["report"]["batch"]}}))
    many = [code["text"] for message in issued for code in message.get("codes", [])]
    assert len(many) == 5, issued
    streamed = answers(call(registry, "yima.v1.ResolverService/StreamResolve",
                            {"requests": [{"text": text} for text in many[:3]]}, {"requests": [{"text": text} for text in many[3:]]}))
    assert [len(message["responses"]) for message in streamed] == [3, 2], streamed
    assert [each["facility"]["externalCodes"][0]["value"] for message in streamed for each in message["responses"]] == [
        f"B-{n}" for n in range(5)], streamed
    check_watch(registry)
    check_log(registry)

    # Reason and field come as google.rpc.ErrorInfo, which every client can take apart.
    refused = call(registry, "yima.v1.RegistryService/CreateFacility",
                   facility | {"requestId": "foreign-4", "facility": facility["facility"] | {"division": "44030"}})
    assert refused.returncode != 0
    error = json.loads(refused.stderr)
    assert error["code"] == "invalid_argument", error
    (detail,) = error["details"]
    assert detail["type"] == "google.rpc.ErrorInfo", error
    # ErrorInfo: reason = 1, domain = 2, metadata = 3.
    info = base64.b64decode(detail["value"] + "==")
    assert info.startswith(b"\x0a\x12DIVISION_MALFORMED\x12\x08yima.dev\x1a"), info
    assert b"\x0a\x05field\x12\x11facility.division" in info, info

    unknown = curl(registry, "--schema", str(pathlib.Path(__file__).resolve().parents[3] / "proto"), "-d", "{}",
                   f"http://{registry.address}/yima.v1.RegistryService/GetBatch")
    assert json.loads(unknown.stderr)["code"] == "not_found", unknown.stderr
print("a foreign client is served")
