"""Browser tests need Chromium: without it they are skipped and say so; with CI=true that is a failure."""

import os
import shutil

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("chromium"):
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError("chromium is not installed: with CI=true the browser tests must run")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="chromium is not installed"))
