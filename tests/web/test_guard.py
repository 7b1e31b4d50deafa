"""Nobody else may ask: not without the token, not by another name, not from another page."""

import httpx
import pytest
from one_served import TOKEN, Served

import neurochain.web.server.running as running
from neurochain.errors import ParameterError


def status(served: Served, path: str = "/api/project", method: str = "GET", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, served.address + path, headers=named).status_code


def test_without_the_token_nothing_is_said(served: Served) -> None:
    for path in ("/", "/api/project", "/api/rows?ref=given", "/assets/x.js"):
        found = httpx.get(served.address + path)
        assert found.status_code == 401
        assert "given" not in found.text
    assert status(served, authorization="Bearer another") == 401
    assert status(served, "/api/project?token=another") == 401


def test_the_address_with_the_token_gives_a_cookie_and_goes_on_without_it(served: Served) -> None:
    with httpx.Client() as client:
        first = client.get(f"{served.address}/v?ref=given&token={TOKEN.replace(' ', '%20')}")
        assert first.status_code == 303
        assert first.headers["location"] == "/v?ref=given"
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert f"neurochain-{served.port}=" in cookie
        assert client.get(f"{served.address}/api/project").status_code == 200


def test_the_address_goes_on_nowhere_else(served: Served) -> None:
    found = httpx.get(f"{served.address}//elsewhere.org/x?token={TOKEN.replace(' ', '%20')}")
    assert found.status_code == 303
    assert found.headers["location"].startswith("/elsewhere.org")


def test_another_name_of_this_machine_is_not_answered(served: Served) -> None:
    good = f"Bearer {TOKEN}"
    assert status(served, authorization=good) == 200
    assert status(served, authorization=good, host=f"localhost:{served.port}") == 200
    for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1", ""):
        assert status(served, authorization=good, host=host) == 421


def test_another_page_may_not_ask(served: Served) -> None:
    good = f"Bearer {TOKEN}"
    assert status(served, authorization=good, origin=served.address) == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert status(served, authorization=good, origin=origin) == 403
    assert status(served, authorization=good, sec_fetch_site="cross-site") == 403
    assert status(served, authorization=good, sec_fetch_site="same-site") == 403
    # A link in a mail or another page may be followed: what it opens is a page of its own.
    followed = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert status(served, authorization=good, **followed) == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_is_only_read_from(served: Served, method: str) -> None:
    assert status(served, method=method, authorization=f"Bearer {TOKEN}") == 405


def test_every_answer_says_what_a_page_may_do(served: Served) -> None:
    for found in (served.client.get("/api/project"), served.client.get("/"), httpx.get(served.address)):
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["referrer-policy"] == "no-referrer"


def test_no_file_beside_the_page_is_given(served: Served) -> None:
    for path in (
        "/..%2f..%2fpyproject.toml",
        "/../../../../etc/passwd",
        "/%2e%2e/server/app.py",
        "/assets/../../errors.py",
    ):
        found = served.client.get(path)
        assert "root:" not in found.text
        assert "neurochain.errors" not in found.text
        assert found.headers["content-type"].startswith("text/html")


def test_beyond_this_machine_a_token_is_needed() -> None:
    with pytest.raises(ParameterError, match="--token"):
        running.run_server(None, print, host="0.0.0.0", port=0, browser=False)  # type: ignore[arg-type]
