#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_STATION_025: the live page of a station shows units, yield, failures by step and identities against ledger entries,
and can be read on a phone.

A headless Chromium loads the page of the shipped signet-station, at the width of a desktop and of a phone. Between the
two stands a server that adds one script to the page, so that the browser itself says how wide it drew what: Chromium's
command line can print a page, but not ask it anything. --pictures FOLDER keeps what was drawn.
"""

from __future__ import annotations

import argparse
import html.parser
import http.client
import http.server
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from factory import Line
from journey import Failure, Signet, expect, travel

PROBE = b"""
const watch = new MutationObserver(() => {
  const root = document.documentElement;
  if (document.getElementById("link").textContent !== "live") return;
  root.dataset.inner = innerWidth;
  root.dataset.scroll = root.scrollWidth;
  const all = [...document.querySelectorAll("main *")];
  const beyond = all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
  root.dataset.beyond = beyond.map((e) => e.tagName + "#" + e.id).join(" ");
  const inside = all.filter((e) => e.scrollWidth > e.clientWidth + 1 &&
    getComputedStyle(e).overflowX !== "visible" && getComputedStyle(e).overflowX !== "hidden");
  root.dataset.inside = inside.map((e) => e.tagName + "#" + e.id).join(" ");
});
watch.observe(document.getElementById("units"), { childList: true });
watch.observe(document.getElementById("link"), { childList: true });
"""
# A phone's page stands in a frame of its width, since a browser's window has a least width of its own.
FRAME = """<!doctype html><meta charset="utf-8"><style>body{{margin:0}}iframe{{border:0;display:block}}</style>
<script>onload = () => Object.assign(document.documentElement.dataset,
  document.querySelector("iframe").contentDocument.documentElement.dataset);</script>
<iframe src="/" width="{width}" height="2400"></iframe>"""


class Between(http.server.BaseHTTPRequestHandler):
    """Hands on what the station says; adds the probe, and a frame of a phone's width."""

    station = 0

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        if self.path == "/probe.js":
            return self.give("text/javascript", PROBE)
        if (
            self.path == "/late"
        ):  # what the page must have loaded before it is printed: by then the station has told all
            time.sleep(2)
            return self.give("image/gif", b"")
        if self.path == "/favicon.ico":
            return self.give("image/gif", b"")
        if self.path.startswith("/frame?"):
            return self.give("text/html", FRAME.format(width=int(self.path[7:])).encode())
        there = http.client.HTTPConnection("127.0.0.1", self.station, timeout=30)
        there.request("GET", self.path, headers={"Host": f"127.0.0.1:{self.station}"})
        answer = there.getresponse()
        if self.path == "/":
            page = answer.read()
            expect(b"</head>" in page, "a page with a head")
            page = page.replace(b"</head>", b'<script src="/probe.js" defer></script></head>')
            return self.give("text/html", page.replace(b"</body>", b'<img src="/late" alt="" hidden></body>'))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.end_headers()
        try:
            while data := answer.read1(65536):
                self.wfile.write(data)
                self.wfile.flush()
        except OSError:
            pass  # the browser has what it wanted
        return None

    def give(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # pylint: disable=arguments-differ
        pass


class Page(html.parser.HTMLParser):
    """What stands in a page: texts by the id around them, rows of its tables, what the probe says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.rows: dict[str, list[list[str]]] = {}
        self.probe: dict[str, str] = {}
        self.pictures: list[str] = []
        self._id = ""
        self.feed(text)
        self.texts = {name: text.strip() for name, text in self.texts.items()}
        self.rows = {name: [[c.strip() for c in row] for row in rows] for name, rows in self.rows.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "html":
            self.probe = {key[5:]: value or "" for key, value in names.items() if key.startswith("data-")}
        self._id = names.get("id") or self._id
        if tag == "svg" and names.get("aria-label"):
            self.pictures.append(names["aria-label"] or "")
        if tag == "tr" and self._id:
            self.rows.setdefault(self._id, []).append([])
        if tag == "td":
            self.rows[self._id][-1].append("")

    def handle_data(self, data: str) -> None:
        if self._id in self.rows and self.rows[self._id] and self.rows[self._id][-1]:
            self.rows[self._id][-1][-1] += data
        self.texts[self._id] = self.texts.get(self._id, "") + data


def browse(folder: pathlib.Path, what: str, width: int, url: str) -> str:
    done = subprocess.run(
        ["chromium", "--headless", "--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]
        + [f"--user-data-dir={folder / 'profile'}", "--timeout=20000", f"--window-size={width},2400"]
        + [what, url],
        capture_output=True,
        check=False,
        timeout=90,
    )
    expect(done.returncode == 0, "chromium draws the page", done.stderr[-600:].decode(errors="replace"))
    return done.stdout.decode(errors="replace")


def check_width(page: Page, width: int) -> None:
    expect(page.probe.get("inner") == str(width), f"a page that is {width} pixels wide", page.probe)
    expect(int(page.probe["scroll"]) <= width, f"no sideways scrolling at {width} pixels", page.probe)
    expect(page.probe["beyond"] == "", f"nothing beyond the edge at {width} pixels", page.probe)
    expect(page.probe["inside"] == "", f"nothing that scrolls sideways inside the page at {width} pixels", page.probe)


def check_content(page: Page) -> None:
    texts = page.texts
    expect(texts["station"] == "station-1", "the station's name", texts)
    expect("line-1" in texts["line"], "the line's name", texts)
    expect(texts["yield"] == "50.0 %", "the yield: two born, two failed", texts)
    expect(texts["yield-text"] == "2 born, 2 failed, 2 of them quarantined", "born and failed", texts)
    expect(texts["count-text"] == "Every identity has its ledger entry.", "identities against entries", texts)
    expect("Issued and recorded: identities 2, ledger entries 2" in page.pictures, "both numbers", page.pictures)
    expect("Failures by step: claim 1, endorsement 1" in page.pictures, "failures by step", page.pictures)
    expect(any(p.startswith("2 births in the last hour") for p in page.pictures), "births", page.pictures)
    units = {row[0]: row[1:] for row in page.rows["units"]}
    expect(set(units) == {"PAGE-A", "PAGE-B"}, "the units", units)
    expect(all(row[:2] == ["born", "SOFTWARE"] for row in units.values()), "how far they are, and their TPM", units)
    expect({row[2] for row in units.values()} == {"0", "1"}, "their ledger entries", units)
    broken = {row[0]: row[1:] for row in page.rows["failed"]}
    expect(set(broken) == {"PAGE-A", LONG}, "the units that failed", broken)
    expect(broken["PAGE-A"][:2] == ["quarantined", "claim"], "state and step", broken)
    expect("belongs to a unit with another TPM" in broken["PAGE-A"][2], "the reason", broken)
    expect("maker" in broken[LONG][2], "the reason", broken)


# As long as a serial number may be, without a place to break it.
LONG = "X" * 60


def fail_twice(line: Line) -> None:
    """A second board under the first one's label, and a TPM of a maker that nobody knows."""
    with line.unit("second") as unit:
        expect(unit.birth("PAGE-A").code != 0, "a serial number that is taken is refused")
    stranger = line.folder / "tpm-ca"
    stranger.rename(line.folder / "tpm-ca-known")
    line.make_tpm_maker()
    with line.unit("stranger") as unit:
        expect(unit.birth(LONG).code != 0, "a TPM of an unknown maker is refused")


def journey(arguments: argparse.Namespace, signet: Signet) -> None:
    if shutil.which("chromium") is None:
        raise Failure("expected: chromium (packaging/debian-packages.txt, group test); it is not installed")
    line = Line(signet, page="127.0.0.1:0")
    pictures = pathlib.Path(arguments.pictures or signet.folder)
    try:
        line.start_station()
        for serial in ("PAGE-A", "PAGE-B"):
            with line.unit(serial) as unit:
                done = unit.birth(serial)
                expect(done.code == 0, "a birth", done)
        fail_twice(line)
        Between.station = int(line.page)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        desktop = Page(browse(signet.folder, "--dump-dom", 1280, f"{base}/"))
        check_content(desktop)
        for width in (1280, 390, 320):
            check_width(Page(browse(signet.folder, "--dump-dom", width, f"{base}/frame?{width}")), width)
            picture = pictures / f"station-{width}.png"
            browse(signet.folder, f"--screenshot={picture}", width, f"{base}/frame?{width}")
            expect(picture.stat().st_size > 10_000, "a picture", picture)
        server.shutdown()
    finally:
        line.end()
    print(
        "P_STATION_025: the page shows what is in the books, and nothing scrolls sideways at 1280, 390 and 320 pixels"
    )


if __name__ == "__main__":
    sys.exit(travel(__doc__, journey, ("--pictures", {"help": "where to keep what was drawn"})))
