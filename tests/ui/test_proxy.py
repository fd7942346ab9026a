"""What a reverse proxy says is believed of a trusted one only, and says where the page is."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from gradio.route_utils import get_root_url
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from ui.proxy import Forwarded, Pages

PAGE = '<html><base href="./" /><link rel="manifest" href="/manifest.json" /><p>é</p>'
OWN = '<link rel="icon" href="favicon.ico" /><link rel="manifest" href="manifest.json" />'
SAYS = {"X-Forwarded-Host": "lens.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/lens"}


async def seen(request: Request) -> Response:
    root = get_root_url(request, "/seen", "")
    return JSONResponse({"root": root, "url": str(request.url), "client": request.client and request.client.host})


async def page(_: Request) -> Response:
    response = HTMLResponse(PAGE)
    response.set_cookie("token", "1", secure=True, samesite="none")
    response.set_cookie("plain", "1")
    return response


def client(*proxies: str, ancestors: tuple[str, ...] = ()) -> TestClient:
    """Asks from the address "testclient"."""
    middleware = [Middleware(Forwarded, proxies=proxies), Middleware(Pages, frame_ancestors=ancestors)]
    return TestClient(Starlette(routes=[Route("/seen", seen), Route("/", page)], middleware=middleware))


def root(browser: TestClient, path: str = "/seen", **headers: str) -> Any:
    return browser.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}).json()["root"]


def test_a_trusted_proxy_names_host_scheme_and_prefix() -> None:
    for trusted in ("testclient", "*"):
        response = client(trusted).get("/seen", headers=SAYS | {"X-Forwarded-For": "10.0.0.9"}).json()
        assert response == {
            "root": "https://lens.example.org/lens",
            "url": "https://lens.example.org/lens/seen",
            "client": "10.0.0.9",
        }


@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",), ("10.0.0.0/8",)])
def test_others_say_what_they_like(proxies: tuple[str, ...]) -> None:
    response = client(*proxies).get(
        "/seen", headers=SAYS | {"X-Forwarded-For": "10.0.0.9", "X-Gradio-Server": "http://x"}
    )
    assert response.json() == {"root": "http://testserver", "url": "http://testserver/seen", "client": "testclient"}


def test_a_proxy_that_keeps_the_prefix_is_understood_too() -> None:
    assert root(client("*"), "/lens/seen", X_Forwarded_Prefix="/lens") == "http://testserver/lens"
    assert root(client("*"), "/seen", X_Forwarded_Prefix="/see") == "http://testserver/see", "no part of a name"


@pytest.mark.parametrize("root_path", ["/lens", "https://example.org/lens"])
@pytest.mark.parametrize("browser", ["/files/a.txt", "/lens/files/a.txt"], ids=["stripped", "kept"])
def test_mounted_files_are_found_under_the_path_that_the_app_was_started_with(
    tmp_path: Path, root_path: str, browser: str
) -> None:
    (tmp_path / "a.txt").write_text("found")
    routes = [Mount("/files", app=StaticFiles(directory=tmp_path))]
    app = FastAPI(routes=routes, middleware=[Middleware(Forwarded, proxies=())], root_path=root_path)
    assert TestClient(app).get(browser).text == "found"


def test_of_several_proxies_the_first_one_counts() -> None:
    headers = {
        "X_Forwarded_Host": "a.example, b",
        "X_Forwarded_Proto": "https, http",
        "X_Forwarded_Prefix": "/a/b/, /c",
    }
    assert root(client("*"), **headers) == "https://a.example/a/b"


@pytest.mark.parametrize("odd", ["//evil.example", "/a//b", '/"><script>', "lens", "/..%2f", "http://x/", "/"])
def test_a_prefix_that_is_no_path_is_none(odd: str) -> None:
    assert root(client("*"), X_Forwarded_Prefix=odd) == "http://testserver"


def test_a_host_that_is_none_is_left_out() -> None:
    assert root(client("*"), X_Forwarded_Host="a/b?c") == "http://testserver"
    assert root(client("*"), X_Forwarded_Host="[::1]:8080") == "http://[::1]:8080"


def test_a_page_starts_at_the_prefix_and_is_whole() -> None:
    response = client("*").get("/", headers={"X-Forwarded-Prefix": "/lens"})
    assert response.text == f'<html><base href="/lens/" />{OWN}<p>é</p>'
    assert int(response.headers["content-length"]) == len(response.content)
    assert client("*").get("/").text == f'<html><base href="./" />{OWN}<p>é</p>', "no path is known"


def test_sites_that_may_frame_it_are_named() -> None:
    alone = client().get("/")
    assert alone.headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert alone.headers.get_list("set-cookie")[0] == "token=1; Path=/; SameSite=lax; Secure"
    framed = client(ancestors=("https://a.example", "https://b.example")).get("/")
    assert framed.headers["content-security-policy"].endswith(
        "frame-ancestors 'self' https://a.example https://b.example"
    )
    token, plain = framed.headers.get_list("set-cookie")
    assert token.endswith("; Partitioned")
    assert "Partitioned" not in plain
