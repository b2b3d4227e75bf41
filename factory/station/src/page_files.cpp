// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "page.hpp"

#include <algorithm>
#include <array>

namespace signet::station {

namespace {

constexpr std::string_view k_html = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signet station</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1>Station <span id="station"></span></h1>
<p id="line"></p>
<p id="link" role="status" aria-live="polite">connecting</p>
</header>
<main>
<section aria-labelledby="h-yield"><h2 id="h-yield">Yield</h2>
<p class="big" id="yield">-</p><div class="bar none" id="yield-bar" role="img"></div><p id="yield-text"></p></section>
<section aria-labelledby="h-count"><h2 id="h-count">Identities and ledger</h2>
<div id="count"></div><p id="count-text"></p></section>
<section aria-labelledby="h-rate"><h2 id="h-rate">Births per minute, last hour</h2>
<div id="rate"></div></section>
<section aria-labelledby="h-steps"><h2 id="h-steps">Failures by step</h2><div id="steps"></div></section>
<section class="wide" aria-labelledby="h-failed"><h2 id="h-failed">Units that failed</h2>
<table aria-labelledby="h-failed">
<thead><tr><th scope="col">Serial</th><th scope="col">State</th><th scope="col">Step</th>
<th scope="col">Why</th></tr></thead>
<tbody id="failed"></tbody></table></section>
<section class="wide" aria-labelledby="h-units"><h2 id="h-units">Latest units</h2>
<table aria-labelledby="h-units">
<thead><tr><th scope="col">Serial</th><th scope="col">Phase</th><th scope="col">TPM</th>
<th scope="col">Ledger entry</th></tr></thead>
<tbody id="units"></tbody></table></section>
</main>
</body>
</html>
)html";

constexpr std::string_view k_css =
    R"css(:root { color-scheme: light dark; --ink: #1b2430; --soft: #566273; --ground: #f5f6f8;
  --card: #fff; --rule: #d5dae1; --good: #1c7a43; --bad: #b3261e; --mark: #2458b3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #a6b1c0; --ground: #12161c; --card: #1b222b;
  --rule: #36404d; --good: #5ecb8b; --bad: #ff8a80; --mark: #8ab4ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { padding: 1rem 1.25rem 0; } h1 { margin: 0; font-size: 1.4rem; }
header p { margin: .1rem 0; color: var(--soft); }
h2 { margin: 0 0 .5rem; font-size: 1rem; }
main { display: grid; gap: 1rem; padding: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem; padding: 1rem; min-width: 0; }
.wide { grid-column: 1 / -1; }
.big { margin: 0; font-size: 2.6rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.bar { height: .8rem; border-radius: .4rem; background: var(--bad); overflow: hidden; }
.bar.none { background: var(--rule); }
.bar svg { display: block; width: 100%; height: 100%; }
p { margin: .4rem 0 0; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.good { fill: var(--good); } .bad { fill: var(--bad); } .mark { fill: var(--mark); } .axis { fill: var(--rule); }
.alarm { color: var(--bad); font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--rule); vertical-align: top; }
th { border-top: 0; color: var(--soft); font-weight: 500; }
td { overflow-wrap: anywhere; }
td:nth-child(2), td:nth-child(3) { overflow-wrap: normal; }
td.why { min-width: 14rem; }
h1, header p { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: .75rem; } header { padding: .75rem .75rem 0; }
  table, tbody, tr, td { display: block; } thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px;
    overflow: hidden; }
  tr { padding: .5rem 0; border-top: 1px solid var(--rule); } tr:first-child { border-top: 0; }
  td { display: grid; grid-template-columns: 6.5rem 1fr; gap: .5rem; border: 0; padding: .1rem 0; }
  td::before { content: attr(data-name); color: var(--soft); }
  td.none::before { content: none; } td.why { min-width: 0; }
}
)css";

constexpr std::string_view k_js = R"js("use strict";
const space = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);
function make(name, attributes, text) {
  const element = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
function picture(width, height, label) {
  return make("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img", "aria-label": label });
}
// Rows of name, number and bar.
function bars(rows, kind, label) {
  const height = Math.max(1, rows.length) * 26;
  const svg = picture(320, height, `${label}: ${rows.map(([n, v]) => `${n} ${v}`).join(", ") || "none"}`);
  const most = Math.max(1, ...rows.map(([, value]) => value));
  if (rows.length === 0) svg.append(make("text", { x: 0, y: 16 }, "none"));
  rows.forEach(([name, value], i) => {
    const y = i * 26;
    svg.append(make("text", { x: 0, y: y + 16 }, name));
    const width = Math.max(1, value / most * 150);
    svg.append(make("rect", { x: 120, y: y + 4, width, height: 16, rx: 2, class: kind }));
    svg.append(make("text", { x: 278, y: y + 16 }, String(value)));
  });
  return svg;
}
function minutes(counts) {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const svg = picture(320, 110, `${total} births in the last hour, at most ${most} in a minute`);
  svg.append(make("rect", { x: 0, y: 90, width: 320, height: 1, class: "axis" }));
  counts.forEach((n, i) => {
    const height = n / most * 70;
    const width = 320 / counts.length;
    svg.append(make("rect", { x: i * width, y: 90 - height, width: width - 1, height, class: "mark" }));
  });
  svg.append(make("text", { x: 0, y: 12 }, `most: ${most}`), make("text", { x: 0, y: 106 }, "60 min ago"),
    make("text", { x: 320, y: 106, "text-anchor": "end" }, "now"));
  return svg;
}
// A narrow page shows each row as a card, whose lines are named after the columns.
function rows(body, lines, none) {
  const names = [...body.parentElement.querySelectorAll("th")].map((head) => head.textContent);
  body.replaceChildren(...(lines.length ? lines : [[none]]).map((cells) => {
    const row = document.createElement("tr");
    cells.forEach((text, i) => {
      const cell = row.appendChild(document.createElement("td"));
      cell.textContent = text;
      cell.dataset.name = names[i];
      if (!lines.length) cell.className = "none";
      else if (names[i] === "Why") cell.className = "why";
    });
    return row;
  }));
}
function show(all) {
  at("station").textContent = all.station;
  at("line").textContent = `Line ${all.line}, ${all.product}; ${all.busy} at work now`;
  const born = all.status.phases.born || 0;
  const failed = all.failed_units;
  const share = born + failed ? born / (born + failed) : null;
  at("yield").textContent = share === null ? "-" : `${(share * 100).toFixed(1)} %`;
  const bar = at("yield-bar");
  bar.className = share === null ? "bar none" : "bar";
  bar.setAttribute("aria-label", `${born} born, ${failed} failed`);
  const svg = make("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  if (share !== null) svg.append(make("rect", { x: 0, y: 0, width: share * 100, height: 1, class: "good" }));
  bar.replaceChildren(svg);
  at("yield-text").textContent = `${born} born, ${failed} failed, ${all.status.quarantined} of them quarantined`;
  const issued = all.status.identities_issued, entries = all.status.ledger_entries;
  const counted = [["identities", issued], ["ledger entries", entries]];
  at("count").replaceChildren(bars(counted, "mark", "Issued and recorded"));
  const text = at("count-text");
  text.className = issued === entries || all.busy ? "" : "alarm";
  text.textContent = issued === entries ? "Every identity has its ledger entry."
    : all.busy ? "Births are under way." : "Identities and ledger entries differ: see the operations guide.";
  at("rate").replaceChildren(minutes(all.status.births_per_minute));
  const steps = Object.entries(all.status.failures_by_step).sort((a, b) => b[1] - a[1]);
  at("steps").replaceChildren(bars(steps, "bad", "Failures by step"));
  const held = (f) => f.quarantined ? "quarantined" : "may try again";
  rows(at("failed"), all.failures.map((f) => [f.serial, held(f), f.step, f.text]), "none");
  const entry = (u) => u.ledger_index === null ? "" : String(u.ledger_index);
  rows(at("units"), all.units.map((u) => [u.serial, u.phase, u.strength, entry(u)]), "none yet");
}
const events = new EventSource("/events");
events.onmessage = (event) => { at("link").textContent = "live"; show(JSON.parse(event.data)); };
events.onerror = () => { at("link").textContent = "the station does not answer; trying again"; };
)js";

constexpr std::array k_files = {PageFile{"/", "text/html; charset=utf-8", k_html},
                                PageFile{"/page.css", "text/css; charset=utf-8", k_css},
                                PageFile{"/page.js", "text/javascript; charset=utf-8", k_js}};

}  // namespace

const PageFile* page_file(std::string_view path) {
  const auto* const found = std::ranges::find(k_files, path, &PageFile::path);
  return found == k_files.end() ? nullptr : found;
}

}  // namespace signet::station
