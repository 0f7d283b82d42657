"""Nobody else on the machine can read what an installation keeps: tried with the modes that real processes leave."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from annotator.media import storage
from annotator.private import close_to_others

PREPARE = "from framewise.serve import _prepare; from pathlib import Path; import sys; " + (
    "print(_prepare(Path(sys.argv[1]), token='t', demo=True))"
)


def open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in [folder, *folder.rglob("*")] if stat.S_IMODE(path.stat().st_mode) & 0o077]


def prepare(data: Path) -> str:
    environment = {**os.environ, "FRAMEWISE_DATA": str(data), "DJANGO_SETTINGS_MODULE": "annotator.settings"}
    command = ["sh", "-c", 'umask 000; exec "$@"', "sh", sys.executable, "-c", PREPARE, str(data)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_a_fresh_installation_makes_is_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    prepare(data)
    names = {path.name for path in data.iterdir()}
    assert {"framewise.sqlite3", "secret_key", "demo_login"} <= names
    assert open_to_others(data) == []


def test_an_installation_of_before_is_closed_when_it_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    video = data / "media" / "videos" / "one"
    video.mkdir(parents=True)
    (video / "source").write_bytes(b"someone")
    (data / "framewise.sqlite3").touch()
    for path in [data, *data.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    said = prepare(data)
    assert "Other accounts of this machine could reach" in said
    assert open_to_others(data) == []
    assert (video / "source").read_bytes() == b"someone"


def test_files_that_arrive_are_for_their_owner(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "file"
    with storage.arriving(target) as arriving:
        arriving.write_bytes(b"something")
    assert open_to_others(tmp_path / "folder") == []


def test_what_links_lead_to_stays_as_it_is(tmp_path: Path) -> None:
    elsewhere, data = tmp_path / "elsewhere", tmp_path / "data"
    elsewhere.write_text("not ours")
    elsewhere.chmod(0o644)
    data.mkdir(mode=0o700)
    (data / "link").symlink_to(elsewhere)
    (data / "nowhere").symlink_to(tmp_path / "nowhere")
    assert close_to_others(data) == 0
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
