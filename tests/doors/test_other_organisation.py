"""Another folder makes another house: name, look, regions and fields, without a change of code."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.stack import HOST, free_port, until

ROOT = Path(__file__).resolve().parents[2]
OTHER = ROOT / "tests" / "samples" / "organisation-other"


def get(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return f"{error.code}"
    except OSError:
        return ""


@pytest.fixture(scope="module")
def pinhollow() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "caretill", "serve", "--port", str(port), "--workers", "1"]
    environment = {**os.environ, "CARETILL_ORGANISATION": str(OTHER), "CARETILL_PUBLIC_URL": f"http://{HOST}:{port}"}
    served = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://{HOST}:{port}"
    until(30, "the other organisation's web answers", lambda: get(f"{address}/healthz"))
    yield address
    served.terminate()
    served.wait(15)


def test_its_name_its_regions_and_its_fields_are_on_the_pages(pinhollow: str) -> None:
    start, place, find = (get(pinhollow + path) for path in ("/", "/pay/", "/pay/maine/"))
    assert "Pinhollow" in start and "Vermont" in place and "Maine" in place
    assert "Web code" in find or "web code" in find
    fields = get(f"{pinhollow}/pay/maine/fields/chart/")
    assert "Chart number" in fields and 'name="health_record_number"' in fields and "Family name" in fields
    for page in (start, place, find, fields, get(f"{pinhollow}/help/vermont/")):
        assert "Larkspur" not in page and "Oregon" not in page
    assert get(f"{pinhollow}/pay/oregon/") == "404"


def test_its_colours_are_in_the_style(pinhollow: str) -> None:
    start = get(f"{pinhollow}/")
    sheets = [part.split('"')[0] for part in start.split('href="')[1:] if part.startswith("/assets/")]
    style = "".join(get(pinhollow + sheet) for sheet in sheets if ".css" in sheet)
    wanted = [line.split('"')[1] for line in (OTHER / "organisation.toml").read_text().splitlines() if '"#' in line]
    assert wanted and all(colour.lower() in style.lower() for colour in wanted)
