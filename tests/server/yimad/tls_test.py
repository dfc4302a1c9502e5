"""TLS as operators and attackers meet it: certificates made by openssl, yima against the real yimad."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "programs"))
from registry import Registry  # noqa: E402


def openssl(*args, cwd):
    subprocess.run(["openssl", *map(str, args)], cwd=cwd, check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder; `issue` gives the files of a certificate and its key."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", cwd=folder)
        self.pem = folder / f"{name}.pem"

    def issue(self, common_name, alternative="IP:127.0.0.1", days=30, file=None):
        file = file or common_name
        (self.folder / f"{file}.ext").write_text(f"subjectAltName={alternative}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={common_name}",
                "-keyout", f"{file}.key", "-out", f"{file}.csr", cwd=self.folder)
        openssl("x509", "-req", "-in", f"{file}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key",
                "-CAcreateserial", "-days", days, "-extfile", f"{file}.ext", "-out", f"{file}.pem", cwd=self.folder)
        return self.folder / f"{file}.pem", self.folder / f"{file}.key"


def handshake(address, *args):
    done = subprocess.run(["openssl", "s_client", "-alpn", "h2", "-connect", address, *args], input="", capture_output=True,
                          text=True, errors="replace",
                          timeout=30)
    return "Cipher is" in done.stdout and "Cipher is (NONE)" not in done.stdout, done.stdout


def serve_with(registry, certificate, key, *more):
    registry.kill()
    registry.listen = "127.0.0.1:0"
    registry.options = ["--tls-cert", certificate, "--tls-key", key, *more]
    registry.start()


def main():
    with Registry() as registry:
        authority = Authority(registry.folder, "authority")
        stranger = Authority(registry.folder, "stranger")
        good, good_key = authority.issue("registry", file="good")
        serve_with(registry, good, good_key)

        registry.yima("organizations", "list", "--ca", authority.pem)
        # Plain text on the TLS port, and a certificate from somebody else: not reached.
        registry.yima("organizations", "list", expect=4)
        registry.yima("organizations", "list", "--ca", stranger.pem, expect=4)
        assert handshake(registry.address, "-tls1_2")[0] and handshake(registry.address, "-tls1_3")[0]
        assert not handshake(registry.address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")[0]

        # A renewed certificate is taken without a stop.
        before = handshake(registry.address)[1]
        new, new_key = authority.issue("registry", file="renewed")
        os.replace(new_key, good_key)
        os.replace(new, good)
        deadline = time.monotonic() + 60
        while handshake(registry.address)[1].split("END CERTIFICATE")[0] == before.split("END CERTIFICATE")[0]:
            assert time.monotonic() < deadline, "the renewed certificate was never shown"
            time.sleep(0.2)
        registry.yima("organizations", "list", "--ca", authority.pem)

        by_certificate(registry, authority, stranger, good, good_key)

        wrong, wrong_key = authority.issue("elsewhere", alternative="DNS:elsewhere.example.cn", file="wrong")
        serve_with(registry, wrong, wrong_key)
        registry.yima("organizations", "list", "--ca", authority.pem, expect=4)

        expired, expired_key = authority.issue("registry", days=0, file="expired")
        serve_with(registry, expired, expired_key)
        time.sleep(1.1)
        registry.yima("organizations", "list", "--ca", authority.pem, expect=4)

        # Half of it, or no PEM: refused at the start, naming the option.
        for args, named in ((["--tls-cert", good], "--tls-key"),
                            (["--tls-cert", registry.data / "yima.db", "--tls-key", good_key], "--tls-cert")):
            registry.kill()
            done = subprocess.run([registry.yimad, "serve", "--data", registry.data, "--listen", "127.0.0.1:0", *args],
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode != 0 and named in done.stderr, done.stderr
    own_certificate()
    print("TLS holds")


def by_certificate(registry, authority, stranger, good, good_key):
    """A client certificate, whose common name stands for a principal, in place of a token."""
    clients = Authority(registry.folder, "clients")
    serve_with(registry, good, good_key, "--client-ca", clients.pem)
    registry.yima("access", "principals", "create", "--kind", "system", "--name", "lamp control", "--grant", "auditor",
                  "--certificate", "lamps", "--ca", authority.pem)

    def organizations(certificate, key, expect=0):
        return registry.yima("organizations", "list", "--ca", authority.pem, "--tls-cert", certificate, "--tls-key", key,
                             env={"YIMA_TOKEN": ""}, expect=expect)

    organizations(*clients.issue("lamps"))
    assert "CERTIFICATE" in organizations(*clients.issue("others"), expect=1).stderr.upper()
    organizations(*stranger.issue("lamps", file="forged"), expect=4)
    registry.yima("organizations", "list", "--ca", authority.pem, env={"YIMA_TOKEN": ""}, expect=1)


def own_certificate():
    """What `init --self-signed` makes: trusted for its hosts alone, renewed under a running server."""
    with Registry(init=["--self-signed"]) as registry:
        tls = registry.data / "tls"
        assert tls.stat().st_mode & 0o777 == 0o700 and (tls / "authority.key").stat().st_mode & 0o777 == 0o600
        serve_with(registry, tls / "server.pem", tls / "server.key")
        registry.yima("organizations", "list", "--ca", tls / "authority.pem")
        good, said = handshake(registry.address, "-CAfile", tls / "authority.pem", "-verify_hostname", "qr.example.cn",
                               "-verify_return_error")
        assert good and "Verification: OK" in said, said
        assert "Verification: OK" not in handshake(registry.address, "-CAfile", tls / "authority.pem", "-verify_hostname",
                                                   "elsewhere.example.cn")[1]

        def certificate(*args, expect=0):
            done = subprocess.run([registry.yimad, "certificate", "--data", registry.data, *args], capture_output=True,
                                  text=True, env=registry.environment(), timeout=60)
            assert done.returncode == expect, done.stdout + done.stderr
            return done.stdout + done.stderr

        # Renewed: other bytes, which the phones trust as before, taken by the server that runs.
        before = (tls / "server.pem").read_text()
        assert "qr.example.cn" in certificate()
        assert (tls / "server.pem").read_text() != before
        deadline = time.monotonic() + 60
        while before.split("-----")[2].strip() in handshake(registry.address, "-showcerts")[1]:
            assert time.monotonic() < deadline, "the renewed certificate was never shown"
            time.sleep(0.2)
        registry.yima("organizations", "list", "--ca", tls / "authority.pem")

        # Neither by us nor by whoever steals its key does the authority vouch for others.
        before = (tls / "server.pem").read_text()
        assert "elsewhere.cn" in certificate("--host", "elsewhere.cn", expect=1)
        assert '"elsewhere!"' in certificate("--host", "elsewhere!", expect=2)
        assert (tls / "server.pem").read_text() == before
        (tls / "elsewhere.ext").write_text("subjectAltName=DNS:elsewhere.cn\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-keyout", "x.key",
                "-out", "x.csr", cwd=tls)
        openssl("x509", "-req", "-in", "x.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
                "-extfile", "elsewhere.ext", "-out", "x.pem", cwd=tls)
        forged = subprocess.run(["openssl", "verify", "-CAfile", "authority.pem", "x.pem"], cwd=tls, capture_output=True,
                                text=True)
        assert forged.returncode != 0 and "permitted subtree violation" in forged.stderr, forged.stderr

        # An origin that came later doesn't keep the others from a new certificate.
        subprocess.run([registry.yimad, "origin", "add", "HTTPS://LATER.EXAMPLE.ORG/", "--data", registry.data], check=True,
                       capture_output=True, env=registry.environment(), timeout=60)
        said = certificate()
        assert "does not vouch for the origin's host later.example.org" in said, said
        assert "later.example.org" not in said.split("yimad: warning")[0], said

        # Its key may be kept elsewhere between renewals.
        (tls / "authority.key").rename(registry.folder / "authority.key")
        assert "authority.key" in certificate(expect=1)
        # A new authority is for whatever hosts are wanted.
        tls.rename(registry.folder / "old-tls")
        assert "192.0.2.7" in certificate("--host", "192.0.2.7", "--host", "yima.intranet.cn")


main()
