"""Which tests are skipped: those in the browser without Chromium, and they say so; with CI=true that is a failure."""

import os
import shutil
from collections.abc import Generator

import hypothesis
import pytest

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no fault of what is tested
hypothesis.settings.load_profile("patient")
os.environ.setdefault("GRM_LENS_MODEL", "small")  # no test downloads the 1.5B judge because it names no model
MUST_RUN_IN_CI = ("browser", "model")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    # Slow files begin, so that no worker is left with one at the end; Playwright's loop stays, so browsers come last.
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path not in slow))
    if shutil.which("chromium"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="chromium is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    must_run = os.environ.get("CI") == "true" and any(map(item.get_closest_marker, MUST_RUN_IN_CI))
    if must_run and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"with CI=true this test must run, but it was skipped: {report.longrepr}"
    return report
