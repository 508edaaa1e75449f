"""What strangers' names, paths and pages can do: nothing."""

import os
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest

from desk import MARKUP, SPOILT
from leukowatch.review.headers import HEADERS, LONGEST_BODY

API = "/api/v1"


@pytest.fixture
def ada(shared_desk):
    """A technologist who is logged in."""
    with shared_desk.person("ada") as client:
        yield client


def field_of(desk, client, file):
    """A field of the slide that may be spoilt, as the API tells it."""
    fields = client.get(f"{API}/slides/{desk.slide(SPOILT)}/cells").json()["fields"]
    (field,) = [each for each in fields if each["file"].endswith(file)]
    return field


def picture_of(desk, client, file):
    """The path of its picture."""
    return field_of(desk, client, file)["image"]


@pytest.mark.parametrize("path", ["/login", "/slides", f"{API}/me", "/static/css/base.css", "/nothing"])
def test_every_answer_carries_the_headers(ada, path):
    """Nothing inline, nothing from elsewhere, in nobody's frame; also where nothing is found."""
    headers = ada.get(path).headers

    assert {name: headers.get(name) for name in HEADERS} == dict(HEADERS)


def test_the_policy_allows_nothing_inline(ada):
    """An injected script would not run."""
    policy = ada.get("/slides").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("page", ["", "/report", "/second-look", "/comparison"])
def test_a_slides_name_that_is_markup_is_shown_as_text(shared_desk, ada, page):
    """A folder's name is a stranger's text."""
    html = ada.get(f"/slides/{shared_desk.slide(MARKUP)}{page}").text

    assert "<img src=x" not in html
    assert "&lt;img src=x" in html


def test_a_search_that_is_markup_is_shown_as_text(shared_desk):
    """What is asked for comes back as text."""
    with shared_desk.person("sam") as sam:
        html = sam.get("/audit", params={"subject": '"><script>alert(1)</script>'}).text

    assert "<script>alert" not in html


def test_an_exports_file_name_cannot_break_out_of_its_header(shared_desk, ada):
    """The slide's name is escaped there too."""
    answer = ada.get(f"{API}/slides/{shared_desk.slide(MARKUP)}/export", params={"format": "json"})

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f"UTF-8''{quote(MARKUP, safe='')}.json")


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd",
        f"{API}/fields/..%2f..%2fleukowatch.db/image", f"{API}/fields/1/crops/..%2f..%2fc1",
        f"{API}/fields/-1/image", f"{API}/fields/99999999999999999999/image",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_pages_own_files(ada, path):
    """Only static files and archived fields are served, and fields by number."""
    assert ada.get(path).status_code in {404, 422}


def test_a_link_in_the_archive_is_not_followed(shared_desk, ada):
    """Whoever can write there cannot have the page read another file."""
    field = shared_desk.home / "archive" / SPOILT / "field-10.jpg"
    secret = shared_desk.home / "secret.jpg"
    field.rename(secret)
    field.symlink_to(secret)

    assert ada.get(picture_of(shared_desk, ada, "field-10.jpg")).status_code == 404


def test_a_file_whose_name_is_no_text_has_its_picture(shared_desk, ada):
    """Names are bytes: the path of the database is used, not the printable one."""
    cells = ada.get(f"{API}/slides/{shared_desk.slide(MARKUP)}/cells").json()

    answer = ada.get(cells["fields"][0]["image"])

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")


def test_a_picture_that_the_browser_has_is_not_sent_again(shared_desk, ada):
    """A strong tag: the same file and cell give the same bytes."""
    crop = ada.get(f"{API}/slides/{shared_desk.slide()}/cells").json()["cells"][0]["crop"]
    first = ada.get(crop)

    again = ada.get(crop, headers={"If-None-Match": first.headers["ETag"]})

    assert not first.headers["ETag"].startswith("W/")
    assert (again.status_code, again.content) == (304, b"")


def test_a_body_that_is_too_long_is_refused_unread(ada):
    """Nobody fills the memory."""
    answer = ada.post(f"{API}/slides/1/decisions", content=b" " * (LONGEST_BODY + 1))

    assert answer.status_code == 413


def test_a_body_that_grows_without_saying_so_is_broken_off(ada):
    """Chunks announce no length."""
    chunks = (b" " * 100_000 for _ in range(30))

    answer = ada.post(f"{API}/slides/1/decisions", content=chunks)

    assert answer.status_code >= 400


def test_a_file_that_is_not_the_fields_own_is_not_shown(shared_desk, ada):
    """Damaged or replaced in the archive: people would judge cells by another picture."""
    os.truncate(shared_desk.home / "archive" / SPOILT / "field-11.jpg", 100)

    answer = ada.get(picture_of(shared_desk, ada, "field-11.jpg"))

    assert answer.status_code == 404
    assert "other content" in answer.json()["detail"]


def test_a_field_whose_image_was_pruned_is_told_as_pruned(shared_desk, ada):
    """Its cells are kept; nobody is sent to look for a picture that is meant to be gone."""
    picture = picture_of(shared_desk, ada, "field-12.jpg")
    with closing(sqlite3.connect(shared_desk.home / "leukowatch.db")) as connection:
        connection.execute(
            "UPDATE arrival SET pruned_at = '2026-01-02T03:04:05.000000+00:00' WHERE printable LIKE '%field-12.jpg'"
        )
        connection.commit()

    field = field_of(shared_desk, ada, "field-12.jpg")
    cells = ada.get(f"{API}/slides/{shared_desk.slide(SPOILT)}/cells").json()["cells"]
    answer = ada.get(picture)

    assert (field["image"], field["pruned_at"][:10]) == (None, "2026-01-02")
    assert {each["crop"] for each in cells if each["field"] == field["id"]} == {None}
    assert answer.status_code == 410
    assert "its image was pruned on 2026-01-02; its cells are kept" in answer.json()["detail"]
