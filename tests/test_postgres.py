"""The same tests of what is written, on a real PostgreSQL: locks, JSON and binary columns behave differently there."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framewise.bench.product import free_port

ROOT = Path(__file__).resolve().parent.parent
WRITERS = ("actions/edits", "actions/runs", "actions/test_transfers.py", "api/test_layers.py")


def find_binaries() -> Path:
    """The folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL is not installed: run scripts/apt-packages.")
    return found[-1].parent


def as_ordinary_user() -> Callable[[], None] | None:
    """PostgreSQL refuses to run as root: what its processes do first where the tests run as root."""
    if os.getuid() != 0:
        return None
    account = pwd.getpwnam("postgres")

    def become() -> None:
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    return become


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database on a server that is thrown away afterwards."""
    binaries, become = find_binaries(), as_ordinary_user()
    data = tmp_path_factory.mktemp("postgres")
    for folder in (data, *data.parents[:2]):
        folder.chmod(0o755)
    if become:
        account = pwd.getpwnam("postgres")
        os.chown(data, account.pw_uid, account.pw_gid)
    subprocess.run(
        [binaries / "initdb", "-D", data / "db", "-U", "framewise", "--auth=trust", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=become,
    )
    port = free_port()
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    server = [binaries / "pg_ctl", "-D", data / "db", "-w", "-l", data / "log"]
    subprocess.run([*server, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, preexec_fn=become)
    try:
        yield f"postgres://framewise@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, preexec_fn=become, check=False)


# A few hundred tests in one.
@pytest.mark.timeout(900)
@pytest.mark.services
def test_edits_runs_and_transfers_are_the_same_on_postgresql(postgres: str) -> None:
    tests = [ROOT / "tests" / "annotator" / name for name in WRITERS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, "FRAMEWISE_DATABASE_URL": postgres},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
