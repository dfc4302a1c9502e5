"""Who may do what, by the real programs: tokens, roles, bounds, the audit trail, and what no log may hold."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "programs"))
from registry import Registry, write_ledger  # noqa: E402


def principal(registry, name, *grants):
    (made,) = registry.objects("access", "principals", "create", "--name", name,
                               *[word for grant in grants for word in ("--grant", grant)])
    return made["id"]


def token_of(registry, of):
    (made,) = registry.objects("access", "tokens", "create", "--principal", of)
    return made["text"], made["id"]


def main():
    with Registry() as registry:
        ledger = write_ledger(registry.folder / "ledger.csv", 20, "A")
        registry.yima("facilities", "import", ledger, "--key", "编号", "--create-organizations")
        issued = registry.objects("codes", "issue", "--where", "division=140502")

        # Nobody known does nothing but what is public.
        nobody = {"YIMA_TOKEN": ""}
        refused = registry.yima("facilities", "list", expect=1, env=nobody)
        assert "yima login" in refused.stderr, refused.stderr
        resolved = registry.yima("resolve", issued[0]["text"], env=nobody)
        assert "AUTHENTIC" in resolved.stdout, resolved.stdout

        # A manager of the neighbouring division touches nothing here.
        neighbour, neighbour_id = token_of(registry, principal(registry, "邻区", "manager:140521"))
        as_neighbour = {"YIMA_TOKEN": neighbour}
        assert registry.yima("facilities", "list", env=as_neighbour).stdout == ""
        before = registry.contents()
        registry.yima("codes", "revoke", issued[0]["serial"], "--reason", "lost", expect=1, env=as_neighbour)
        registry.yima("facilities", "import", ledger, "--key", "编号", "--update", expect=None, env=as_neighbour)
        assert registry.contents() == before
        registry.yima("access", "principals", "list", expect=1, env=as_neighbour)

        # A crew tells what it sees, and no more.
        crew, _ = token_of(registry, principal(registry, "一班", "crew:140502"))
        as_crew = {"YIMA_TOKEN": crew}
        registry.yima("facilities", "life", "ledger:A-000001", "damage", env=as_crew)
        registry.yima("facilities", "life", "ledger:A-000001", "move", "--position", "112.85,35.49", expect=1, env=as_crew)
        registry.yima("facilities", "life", "ledger:A-000001", "repair", env=as_neighbour, expect=1)
        registry.yima("facilities", "life", "ledger:A-000001", "repair", env=as_crew)

        # Kept by login, forgotten by logout; the file is the user's alone.
        token_file = registry.folder / "token"
        token_file.write_text(neighbour)
        token_file.chmod(0o644)
        loud = registry.yima("login", "--token-file", token_file, expect=1)
        assert "chmod 600" in loud.stderr, loud.stderr
        token_file.chmod(0o600)
        registry.yima("login", "--token-file", token_file)
        kept = registry.folder / "config" / "yima" / "tokens"
        assert kept.stat().st_mode & 0o777 == 0o600
        environment = registry.environment()
        del environment["YIMA_TOKEN"]
        registry.environment = lambda **more: environment | more
        assert "邻区" in registry.yima("access", "whoami").stdout
        registry.yima("logout")
        registry.yima("access", "whoami", expect=1)
        environment["YIMA_TOKEN"] = registry.token

        # Revoked at once.
        registry.yima("access", "tokens", "revoke", neighbour_id)
        registry.yima("access", "whoami", expect=1, env=as_neighbour)

        # The last administrator stays.
        (me,) = registry.objects("access", "whoami")
        stays = registry.yima("access", "principals", "update", me["id"], "--disable", expect=1)
        assert "last administrator" in stays.stderr, stays.stderr

        time.sleep(2.5)
        reasons = {each["reason"] for each in registry.objects("access", "audit")}
        assert {"TOKEN_MISSING", "SCOPE_EXCEEDED", "ROLE_MISSING", "TOKEN_REVOKED"} <= reasons, reasons

        # No secret and no code text in what the server says or in the audit trail.
        said = (registry.folder / "yimad.err").read_text() + registry.yima("access", "audit", "--json").stdout
        for secret in (registry.token, neighbour, issued[0]["text"]):
            assert secret not in said and secret[-40:] not in said
        registry.kill()
        registry.check()
    print("everybody does what is theirs")


main()
