"""The page's arguments become its settings."""

import argparse
from pathlib import Path

import pytest

from cli import page
from grm_core.errors import UsageError
from runs.logins import login_of, matches, put
from runs.settings import Judge, Page
from storage.paths import default_path


def settings(*arguments: str) -> Page:
    parser = argparse.ArgumentParser()
    page.add_arguments(parser)
    return page.settings_of(parser.parse_args(arguments))


def test_without_arguments_the_page_has_the_users_database_on_the_loopback_address() -> None:
    assert settings() == Page(Judge("auto", None, "auto"), default_path(), "127.0.0.1", 7860, (), "recorded")


def test_logins_are_names_with_passwords_that_are_hashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRM_LENS_AUTH", "cleo:d\n\ndora:e\n")
    users = tmp_path / "users"
    put(users, login_of("emil:f", "viewer", "users"), "emil")
    people = settings("--auth", "ann:a:b", "--auth", "bob:c", "--users", str(users)).logins
    assert [(login.name, login.role) for login in people] == [
        ("ann", "admin"), ("bob", "annotator"), ("cleo", "annotator"), ("dora", "annotator"), ("emil", "viewer"),
    ]  # fmt: skip
    assert matches("a:b", people[0].secret)
    assert "a:b" not in str(people)
    with pytest.raises(UsageError, match="same name"):
        settings("--auth", "cleo:x")
    for text in ("ann", "ann:", ":a"):
        with pytest.raises(UsageError, match="USER:PASS"):
            settings("--auth", text)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "lens.example.org", ""])
def test_nobody_comes_in_unasked_unless_somebody_says_so(host: str) -> None:
    with pytest.raises(UsageError, match=r"would let in everybody .* --no-login"):
        settings("--host", host)
    assert settings("--host", host, "--no-login").logins == ()
    assert len(settings("--host", host, "--auth", "ann:a").logins) == 1
    for own in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert settings("--host", own).logins == ()


def test_where_a_proxy_shows_the_page() -> None:
    assert settings("--root-path", "lens/").root_path == "/lens"
    assert settings("--root-path", "https://example.org/lens/").root_path == "https://example.org/lens"
    assert settings("--forwarded-allow-ips", "*").proxies == ("*",)
    assert settings("--forwarded-allow-ips", "10.1.2.3/8, ::1").proxies == ("10.0.0.0/8", "::1")
    hosts = ("--allowed-hosts", "lens.example.org,a.example", "--allowed-hosts", "*.b.example")
    assert settings(*hosts).allowed_hosts == ("lens.example.org", "a.example", "*.b.example")
    assert settings("--frame-ancestors", "https://a.example:8443").frame_ancestors == ("https://a.example:8443",)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--root-path", '/a"b'), ("--allowed-hosts", "http://a.example"), ("--allowed-hosts", "a.*.b"),
        ("--forwarded-allow-ips", "proxy"), ("--frame-ancestors", "https://a.example; script-src *"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_told(arguments: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=f"{arguments[0]} .*: give an? "):
        settings(*arguments)


def test_the_judge_over_http_stands_beside_the_page_only_where_it_is_asked_for() -> None:
    assert settings().endpoint is None
    assert not settings().mcp
    key = "a" * 20
    endpoint = settings("--api", "--api-key", f"ann:{key}", "--unreadable", "-1", "--reward-range", "-1", "1").endpoint
    assert endpoint is not None
    assert [name for name, _ in endpoint.keys] == ["ann"]
    assert key not in repr(endpoint), "only the hash is kept"
    assert (endpoint.unreadable, endpoint.low, endpoint.high) == (-1.0, -1.0, 1.0)
    for arguments, words in (
        (("--api", "--api-key", "ann"), "NAME:KEY"),
        (("--api", "--api-key", "ann:short"), "16 characters"),
        (("--api-key", f"ann:{key}"), "--api"),
    ):
        with pytest.raises(UsageError, match=words):
            settings(*arguments)
