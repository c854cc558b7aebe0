"""A real Postfix in a temporary folder, on a loopback port: STARTTLS and a login are required, mail ends in Maildirs.

Readers are at `readers.example`; whoever has no mailbox there is found out only after Postfix took the mail, so that
it comes back as a bounce, as it does from the world behind a relay. `returned` holds what comes back to us.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_DAEMONS = Path("/usr/lib/postfix/sbin")
_PATIENCE = 60.0

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
local_recipient_maps =
notify_classes =
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_reject_unlisted_recipient = no
recipient_delimiter = +
virtual_mailbox_domains = readers.example, papers.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/conf/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
default_transport = discard
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


def why_not() -> str | None:
    """Why no Postfix of our own can run here; None where one can."""
    if not (_DAEMONS / "master").exists() or shutil.which("postfix", path="/usr/sbin") is None:
        return "no Postfix: install postfix"
    return None if os.geteuid() == 0 else "Postfix starts as root only"


class Postfix:
    """`port` takes mail, `returned` is where bounces end, `log` what Postfix said."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.returned = folder / "mail" / "returned"

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def received(self, name: str) -> list[bytes]:
        """What lies in a reader's mailbox."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / name / "new").glob("*"))]

    def wait_for(self, name: str, count: int) -> None:
        """Until so many messages lie in a mailbox."""
        until = time.monotonic() + _PATIENCE
        while len(self.received(name)) < count:
            assert time.monotonic() < until, f"{name} has {len(self.received(name))} messages:\n{self.log}"
            time.sleep(0.05)


@contextmanager
def running(certificate: Path, key: Path, auth_port: int, readers: Sequence[str]) -> Iterator[Postfix]:
    """Postfix, with a mailbox for each of `readers`."""
    folder = Path(tempfile.mkdtemp(prefix="digest-postfix-"))
    postfix = Postfix(folder, _free_port())
    try:
        _write(postfix, certificate, key, auth_port, readers)
        with subprocess.Popen(
            _command(folder, "start-fg"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as master:
            try:
                _wait_until_listening(postfix, master)
                yield postfix
            finally:
                # Not by a signal to the child: the master is in a session of its own.
                subprocess.run(_command(folder, "stop"), check=False, capture_output=True)
                master.communicate(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, word: str) -> list[str]:
    return ["/usr/sbin/postfix", "-c", str(folder / "conf"), word]


def _write(postfix: Postfix, certificate: Path, key: Path, auth_port: int, readers: Sequence[str]) -> None:
    owner, folder = pwd.getpwnam("postfix"), postfix.folder
    folder.chmod(0o755)
    for name in ("conf", "queue", "data", "mail"):
        (folder / name).mkdir()
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    values = {"folder": folder, "daemons": _DAEMONS, "certificate": certificate, "key": key, "auth_port": auth_port}
    ids = {"uid": owner.pw_uid, "gid": owner.pw_gid}
    (folder / "conf" / "main.cf").write_text(_MAIN.format(**values, **ids))
    (folder / "conf" / "master.cf").write_text(_MASTER.format(port=postfix.port))
    mailboxes = "".join(f"{name}@readers.example {name}/\n" for name in readers)
    (folder / "conf" / "mailboxes").write_text(f"{mailboxes}@papers.example returned/\n")


def _wait_until_listening(postfix: Postfix, master: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and master.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", postfix.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = master.stderr.read().decode() if master.poll() is not None and master.stderr else ""
    raise RuntimeError(f"Postfix does not listen:\n{said}{postfix.log}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
