"""The public's HTTP door as the program serves it: addresses, options, the page of a code from issue to revocation."""
import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from programs.registry import Registry, write_ledger


def get(registry, path, host="qr.example.cn", method="GET", **headers):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection(registry.http, timeout=60)
    connection.request(method, path, headers={"Host": host} | {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body


def free_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def check_life_of_a_code(registry):
    ledger = write_ledger(registry.folder / "ledger.csv", 2, "a")
    registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
    code = registry.objects("codes", "issue", "--where", "division=140502")[0]
    path = "/" + code["text"].rsplit("/", 1)[1]
    status, headers, body = get(registry, path, Accept_Language="en")
    assert status == 200 and 'data-outcome="ACTIVE"' in body, body[-3000:]
    assert "城区排水公司" in body and "tel:12345" in body and code["shortNumber"] in body
    status, _, again = get(registry, path, Accept_Language="en", If_None_Match=headers["ETag"])
    assert (status, again) == (304, "")
    status, _, body = get(registry, path, Accept="application/json")
    answer = json.loads(body)
    assert status == 200 and answer["verdict"] == "VERDICT_AUTHENTIC" and answer["serial"] == str(code["serial"])

    registry.yima("codes", "revoke", code["shortNumber"], "--reason", "lost")
    status, _, body = get(registry, path, Accept_Language="en", If_None_Match=headers["ETag"])
    assert status == 200 and 'data-outcome="REVOKED"' in body

    changed = path[:100] + str((int(path[100]) + 1) % 10) + path[101:]
    assert 'data-outcome="FORGED"' in get(registry, changed)[2] or 'data-outcome="MALFORMED"' in get(registry, changed)[2]
    assert 'data-outcome="UNKNOWN_ISSUER"' in get(registry, path, host="qr.example.com")[2]
    return path


def check_doors(registry, webroot):
    assert get(registry, "/healthz")[::2] == (200, "ok\n")
    assert get(registry, "/readyz")[::2] == (200, "ready\n")
    (webroot / "MP_verify_x1.txt").write_text("x1")
    assert get(registry, "/MP_verify_x1.txt")[::2] == (200, "x1")
    (webroot / "link.txt").symlink_to("/etc/passwd")
    assert get(registry, "/link.txt")[0] == 404
    assert get(registry, "/../etc/passwd")[0] == 404
    status, headers, body = get(registry, "/", method="HEAD")
    assert (status, body) == (200, "") and int(headers["Content-Length"]) > 1000
    status, headers, _ = get(registry, "/", method="POST")
    assert status == 405 and headers["Allow"] == "GET, HEAD"


def check_trust(registry):
    exported = subprocess.run([registry.yimad, "trust", "export", "--data", registry.data], check=True,
                              capture_output=True, text=True).stdout
    assert get(registry, "/.well-known/yima/bundle")[2] == exported


def check_log(registry):
    """About a second after a change all of the log is signed, and by the tiles' paths its hashes are there."""
    wanted = len(registry.contents()["log"])
    deadline = time.monotonic() + 30
    while True:
        status, headers, note = get(registry, "/.well-known/yima/log/checkpoint")
        origin, size = note.split("\n")[:2] if status == 200 else ("", "0")
        if int(size) >= wanted:
            break
        assert time.monotonic() < deadline, (status, note)
        time.sleep(0.1)
    assert origin.endswith("/1") and headers["Content-Type"] == "text/plain; charset=utf-8"
    tiles = "000" if int(size) >= 256 else f"000.p/{size}"
    for name, expected in (("0", 200), ("entries", 401)):
        answer = urllib.request.Request(f"http://{registry.http}/.well-known/yima/log/tile/{name}/{tiles}")
        try:
            status, content = 200, urllib.request.urlopen(answer, timeout=60).read()
        except urllib.error.HTTPError as error:
            status, content = error.code, b""
        assert status == expected, (name, status)
        assert status != 200 or len(content) == 32 * min(int(size), 256)


def check_metrics(registry):
    connection = http.client.HTTPConnection(registry.metrics, timeout=60)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.read().decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(figures['yima_calls_total{code="OK",method="yima.v1.IssuanceService/IssueCodes"}']) == 1
    assert float(figures['yima_calls_total{code="OK",method="yima.v1.ResolverService/Resolve"}']) > 3
    assert float(figures['yima_call_seconds_count{method="yima.v1.IssuanceService/RevokeCode"}']) == 1
    assert float(figures['yima_calls_running{kind="stream"}']) == 0
    assert float(figures['yima_http_requests_total{code="405",method="other"}']) == 1
    assert float(figures["yima_store_bytes"]) > 4096 and float(figures["yima_log_entries"]) > 100
    assert 0 <= float(figures["yima_log_unsigned_entries"]) <= float(figures["yima_log_entries"])
    assert 360 < float(figures["yima_bundle_days"]) <= 366
    assert 1800 < float(figures['yima_key_days{key_id="1",origin="HTTPS://QR.EXAMPLE.CN/"}']) < 1830
    assert float(figures["yima_alarms_total"]) == 0
    assert float(figures["yima_refusals_total"]) == 0
    connection.request("GET", "/")
    assert connection.getresponse().status == 404


def check_options(registry):
    other = registry.folder / "other"
    subprocess.run([registry.yimad, "init", "--data", other, "--origin", "HTTPS://QR.EXAMPLE.CN/"], check=True,
                   capture_output=True)
    for options, word in ((["--http", "127.0.0.1"], "HOST:PORT"), (["--http", "0.0.0.0:0"], "loopback"),
                          (["--http", registry.http], "cannot listen"),
                          (["--http", "127.0.0.1:0", "--hotline", "<b>"], "is not at most 32 of digits"),
                          (["--http", "127.0.0.1:0", "--webroot", "/nowhere/at/all"], "is no folder")):
        run = subprocess.run([registry.yimad, "serve", "--data", other, "--listen", "127.0.0.1:0", *options],
                             capture_output=True, text=True, timeout=60)
        assert run.returncode in (1, 2) and word in run.stderr and run.stdout == "", run


def main():
    with Registry() as plain:
        plain.kill()
        webroot = plain.folder / "webroot"
        webroot.mkdir()
        plain.metrics = free_address()
        plain.options = ["--webroot", str(webroot), "--hotline", "12345", "--metrics", plain.metrics]
        plain.start()
        path = check_life_of_a_code(plain)
        check_doors(plain, webroot)
        check_trust(plain)
        check_metrics(plain)
        check_log(plain)
        check_options(plain)
        plain.kill()
        plain.check()
        errors = (plain.folder / "yimad.err").read_text()
        assert path not in errors, "a whole code stands in the log"
    print("pages are served")


sys.exit(main())
