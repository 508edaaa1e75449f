"""A store that is migrated, and a version of the package that brings one more revision."""

import shutil

import pytest

from leukowatch.store import migrate, revisions

FOLDER = migrate.migrations_folder()
SCRIPT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0099", "{head}", None, None


def upgrade():
    op.add_column("slide", sa.Column("colour", sa.Text()))
    op.execute("UPDATE slide SET colour = 'blue'")
    {fault}


def downgrade():
    op.drop_column("slide", "colour")
"""


@pytest.fixture
def path(tmp_path):
    """Where the store of this test is."""
    return tmp_path / "leukowatch.db"


@pytest.fixture
def url(path):
    """Its URL."""
    return f"sqlite:///{path}"


@pytest.fixture
def later(tmp_path, monkeypatch):
    """Give the package a further revision, as a later version would bring one; its fault is the argument."""

    def add(fault="pass"):
        folder = shutil.copytree(FOLDER, tmp_path / "migrations", dirs_exist_ok=True)
        (folder / "versions" / "0099_colour.py").write_text(
            SCRIPT.format(fault=fault, head=revisions.HEAD_REVISION)
        )
        monkeypatch.setattr(migrate, "migrations_folder", lambda: folder)
        monkeypatch.setattr(migrate, "HEAD_REVISION", "0099")

    return add
