"""The page's arguments become its settings."""

import argparse

import pytest

from cli import page
from grm_core.errors import UsageError
from runs.settings import Judge, Page
from storage.paths import default_path


def settings(*arguments: str) -> Page:
    parser = argparse.ArgumentParser()
    page.add_arguments(parser)
    return page.settings_of(parser.parse_args(arguments))


def test_without_arguments_the_page_has_the_users_database_on_the_loopback_address() -> None:
    assert settings() == Page(Judge("auto", None, "auto"), default_path(), "127.0.0.1", 7860, (), "recorded")


def test_logins_are_names_with_passwords() -> None:
    assert settings("--auth", "ann:a:b", "--auth", "bob:c").logins == (("ann", "a:b"), ("bob", "c"))
    for text in ("ann", "ann:", ":a"):
        with pytest.raises(UsageError, match="USER:PASS"):
            settings("--auth", text)
