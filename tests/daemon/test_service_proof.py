"""A service whose networks do not prove themselves is never ready."""

import json
import shutil

from leukonet.bundle import DEFAULT, MANIFEST, SHIPPED


def test_a_bundle_that_sees_nothing_starts_no_service(home, tmp_path, phantoms):
    """It would file every field as one without cells; the images stay, and code 11 keeps systemd from trying again."""
    blind = tmp_path / "blind"
    shutil.copytree(SHIPPED / DEFAULT, blind)
    manifest = json.loads((blind / MANIFEST).read_text())
    (blind / MANIFEST).write_text(json.dumps(manifest | {"cell_threshold": 0.9999}))
    (home.inbox / "f.jpg").write_bytes(phantoms[0])
    home._variables["LEUKOWATCH_ANALYSIS__BUNDLE"] = str(blind)
    done = home.command("run")

    assert done.returncode == 11
    assert "finds no cell on a synthetic field" in done.stderr
    assert home.left() == ["f.jpg"]
    assert home.query("SELECT count(*) FROM arrival") == [(0,)]
