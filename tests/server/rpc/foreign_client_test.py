"""A client that knows nothing of ours: buf speaks gRPC by what reflection tells it."""
import base64
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "programs"))
from registry import Registry  # noqa: E402

YIMAD, BUF = sys.argv[1:]
SERVICES = ["AccessService", "IssuanceService", "RegistryService", "ResolverService", "RightsService"]


def curl(registry, *args):
    return subprocess.run([BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge",
                           "-H", f"authorization: Bearer {registry.token}", *args],
                          capture_output=True, text=True, timeout=60)


def call(registry, method, message):
    return curl(registry, "--reflect", "--reflect-protocol", "grpc-v1alpha", "-d", json.dumps(message),
                f"http://{registry.address}/{method}")


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
    texts = [code["text"] for line in issued.stdout.replace("}\n{", "}\x00{").split("\x00")
             for code in json.loads(line).get("codes", [])]
    assert len(texts) == 1, issued.stdout + issued.stderr
    resolved = json.loads(call(registry, "yima.v1.ResolverService/Resolve", {"text": texts[0]}).stdout)
    assert (resolved["verdict"], resolved["state"]) == ("VERDICT_AUTHENTIC", "CODE_STATE_ACTIVE"), resolved
    assert resolved["facility"]["uid"] == uid, resolved

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
