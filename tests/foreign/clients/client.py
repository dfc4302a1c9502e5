"""A registry used from Python by generated code: client.py ADDRESS TOKEN GENERATED"""
import base64
import hashlib
import sys
import time

import grpc
from yima.v1 import issuance_service_pb2 as issuance, issuance_service_pb2_grpc
from yima.v1 import log_service_pb2 as log, log_service_pb2_grpc
from yima.v1 import registry_service_pb2 as registry, registry_service_pb2_grpc
from yima.v1 import code_pb2 as code
from yima.v1 import resolver_service_pb2 as resolver, resolver_service_pb2_grpc

ADDRESS, TOKEN = sys.argv[1:3]
CHANNEL = grpc.insecure_channel(ADDRESS, options=[("grpc.enable_http_proxy", 0)])
AS_ADMIN = {"metadata": [("authorization", f"Bearer {TOKEN}")], "timeout": 60}
REGISTRY = registry_service_pb2_grpc.RegistryServiceStub(CHANNEL)
ISSUANCE = issuance_service_pb2_grpc.IssuanceServiceStub(CHANNEL)
RESOLVER = resolver_service_pb2_grpc.ResolverServiceStub(CHANNEL)
LOG = log_service_pb2_grpc.LogServiceStub(CHANNEL)
ROWS = 250


def import_ledger():
    """Rows of a ledger; gives the batch."""
    def messages():
        yield registry.ImportFacilitiesRequest(header=registry.ImportHeader(
            request_id="python-import", source="python", create_organizations=True, assign_codes=True, key_namespace="py"))
        for begin in range(0, ROWS, 100):
            message = registry.ImportFacilitiesRequest()
            for n in range(begin, min(begin + 100, ROWS)):
                row = message.rows.add(line=n + 2, supervisor="城管局")
                row.facility.division, row.facility.class_code = "140502", "01003"
                row.facility.external_codes.add(namespace="py", value=f"P-{n:05}")
            yield message
    responses = list(REGISTRY.ImportFacilities(messages(), **AS_ADMIN))
    report = responses[-1].report
    assert report.created == ROWS, responses[-1]
    return report.batch


def issue(batch):
    request = issuance.IssueCodesRequest(request_id="python-issue")
    request.filter.batch = batch
    texts = [each.text for response in ISSUANCE.IssueCodes(request, **AS_ADMIN) for each in response.codes]
    assert len(set(texts)) == ROWS, len(texts)
    return texts


def resolve(texts):
    answer = RESOLVER.Resolve(resolver.ResolveRequest(text=texts[0]), timeout=60)
    assert (answer.verdict, answer.state) == (code.VERDICT_AUTHENTIC, code.CODE_STATE_ACTIVE), answer
    messages = (resolver.StreamResolveRequest(requests=[resolver.ResolveRequest(text=text) for text in texts[at:at + 40]])
                for at in range(0, ROWS, 40))
    answers = [each for response in RESOLVER.StreamResolve(messages, **AS_ADMIN) for each in response.responses]
    assert [each.facility.external_codes[0].value for each in answers] == [f"P-{n:05}" for n in range(ROWS)], answers[0]


def watch():
    """Every entry from the first on, over a stream that is left after its first message and begun again by its token."""
    indexes, names, token = [], set(), "1-0"
    while True:
        stream = REGISTRY.Watch(registry.WatchRequest(after=token), **AS_ADMIN)
        message = next(stream)
        stream.cancel()
        indexes += [change.index for change in message.changes]
        names |= {code.value for change in message.changes for code in change.facility.external_codes}
        token = message.next
        if message.caught_up:
            break
    assert indexes == list(range(len(indexes))), indexes
    assert names == {f"P-{n:05}" for n in range(ROWS)}, names

    stream = REGISTRY.Watch(registry.WatchRequest(after=token), **AS_ADMIN)
    assert not next(stream).changes
    request = registry.CreateOrganizationRequest(request_id="python-watched")
    request.input.organization.name = "路灯所"
    REGISTRY.CreateOrganization(request, **AS_ADMIN)
    change = next(message for message in stream if message.changes).changes[0]
    assert (change.index, change.organization.name) == (len(indexes), "路灯所"), change
    stream.cancel()
    try:
        next(REGISTRY.Watch(registry.WatchRequest(after="1-999999"), **AS_ADMIN))
        raise AssertionError("a watch from the future was begun")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.OUT_OF_RANGE, error


def checkpoint(size):
    """Root and size of the first signed tree that is no smaller."""
    for _ in range(600):
        try:
            _, entries, root = LOG.GetCheckpoint(log.GetCheckpointRequest(), timeout=60).note.split("\n")[:3]
            if int(entries) >= size:
                return int(entries), base64.b64decode(root)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        time.sleep(0.1)
    raise AssertionError("the log does not grow")


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_by(leaf, index, size, proof):
    """RFC 9162 2.1.3.2: the root that an inclusion proof comes to."""
    last, path = size - 1, leaf
    for sibling in proof:
        assert last > 0, "the proof is too long"
        if index % 2 or index == last:
            path = node(sibling, path)
            while not index % 2 and index:
                index, last = index >> 1, last >> 1
        else:
            path = node(path, sibling)
        index, last = index >> 1, last >> 1
    assert last == 0, "the proof is too short"
    return path


def check_log():
    size, root = checkpoint(2 * ROWS)
    for index in (0, 1, size // 2, size - 1):
        proof = LOG.GetInclusionProof(log.GetInclusionProofRequest(index=index, size=size), timeout=60)
        bundle = LOG.GetEntryBundle(log.GetEntryBundleRequest(index=index // 256, width=index % 256 + 1), **AS_ADMIN).bundle
        for _ in range(index % 256):
            bundle = bundle[2 + int.from_bytes(bundle[:2], "big"):]
        assert proof.leaf_hash == hashlib.sha256(b"\0" + bundle[2:]).digest(), index
        assert root_by(proof.leaf_hash, index, size, proof.hashes) == root, index
        assert root_by(hashlib.sha256(b"\0forged").digest(), index, size, proof.hashes) != root, index


resolve(issue(import_ledger()))
watch()
check_log()
print("python is served")
