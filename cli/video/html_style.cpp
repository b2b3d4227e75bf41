// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/html_text.hpp"

namespace signet::cli::video_cli {

namespace {

// Colours are told apart by lightness and pattern too, for paper and for eyes that see no red or green.
constexpr std::string_view k_style = R"css(
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#16202b;--soft:#56616e;--line:#dfe3e8;
--faint:#eef0f3;--good:#157a55;--good-bg:#e3f4ec;--warn:#9a5b00;--warn-bg:#fdf1dc;--bad:#b3202c;--bad-bg:#fce8e8;
--none:#5b6673;
--none-bg:#e9ecf0;--c-good:#2f9e73;--c-missing:#d9a21b;--c-open:#e07b1f;--c-bad:#cf2f3d;--c-none:#c3cad3}
@media (prefers-color-scheme:dark){:root{--page:#0f141a;--card:#182029;--ink:#e8edf2;--soft:#9aa7b4;--line:#2b3642;
--faint:#1f2933;--good:#6ed3a6;--good-bg:#12382a;--warn:#f0bd62;--warn-bg:#3a2b10;--bad:#ff8d92;--bad-bg:#45191d;
--none:#aab5c1;--none-bg:#26303b;--c-good:#35a97c;--c-missing:#d9a21b;--c-open:#e0842f;--c-bad:#e04a56;
--c-none:#4a5663}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 24px 64px}
header.top{display:flex;justify-content:space-between;gap:8px 24px;flex-wrap:wrap;color:var(--soft);font-size:14px;
margin-bottom:14px}
header.top b{color:var(--ink);overflow-wrap:anywhere}
section,.answer{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:22px 26px;
margin:0 0 18px}
.answer{border:0;border-left:8px solid var(--tone);background:var(--tone-bg);padding:26px 28px}
.answer h1{margin:0;font-size:34px;line-height:1.15;letter-spacing:-.01em;color:var(--tone)}
.answer p{margin:10px 0 0;font-size:18px;max-width:62ch}
.answer p.key{font-size:16px;color:var(--ink);border-top:1px solid color-mix(in srgb,var(--tone) 25%,transparent);
padding-top:12px;margin-top:16px}
.good{--tone:var(--good);--tone-bg:var(--good-bg)}.warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}
.bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}.none{--tone:var(--none);--tone-bg:var(--none-bg)}
h2{font-size:20px;margin:0 0 4px;letter-spacing:-.005em}
h3{font-size:16px;margin:0}h3.gap{margin-top:18px}
p{margin:8px 0}.soft{color:var(--soft)}.small{font-size:14px}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(136px,1fr));gap:10px;margin:14px 0 0;padding:0}
.numbers div{background:var(--faint);border-radius:10px;padding:12px 14px}
.numbers b{display:block;font-size:24px;line-height:1.2;font-variant-numeric:tabular-nums}
.numbers span{font-size:13px;color:var(--soft)}
.line{position:relative;margin:26px 0 6px}
.line svg{display:block;width:100%;height:52px;border-radius:8px;background:var(--faint)}
.v0{fill:var(--c-good)}.v1{fill:var(--c-missing)}.v2{fill:var(--c-open)}.v3{fill:var(--c-bad)}.v4{fill:var(--c-none)}
.mark{position:absolute;top:-22px;width:20px;height:20px;margin-left:-10px;border-radius:50%;background:var(--c-bad);
color:#fff;font:600 11px/20px system-ui,sans-serif;text-align:center;text-decoration:none}
.mark.remark{background:var(--soft)}
.axis{display:flex;justify-content:space-between;font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin:12px 0 0;padding:0;list-style:none;font-size:13px;
color:var(--soft)}
.legend svg{width:22px;height:12px;border-radius:3px;vertical-align:-1px;margin-right:7px}
.stills{display:grid;grid-template-columns:repeat(auto-fill,minmax(136px,1fr));gap:10px;margin:14px 0 0}
.stills.three{grid-template-columns:repeat(3,minmax(0,1fr));max-width:660px}
figure{margin:0}
figure img{display:block;width:100%;border-radius:8px;border:3px solid var(--c-none);background:var(--faint)}
figure.f0 img{border-color:var(--c-good)}figure.f1 img{border-color:var(--c-open)}
figure.f2 img{border-color:var(--c-bad)}
figcaption{font-size:12px;color:var(--soft);margin-top:4px;font-variant-numeric:tabular-nums}
.finding{border-top:1px solid var(--line);padding:16px 0 4px;margin-top:14px;display:grid;
grid-template-columns:30px minmax(0,1fr);gap:0 12px}
.finding>.no{width:26px;height:26px;border-radius:50%;background:var(--c-bad);color:#fff;
font:600 13px/26px system-ui,sans-serif;text-align:center}
.finding.remark>.no{background:var(--soft)}
.where{font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;margin:10px 0 0}
th,td{text-align:left;vertical-align:top;padding:7px 14px 7px 0;border-top:1px solid var(--line);font-weight:400}
tr:first-child th,tr:first-child td{border-top:0}
th{color:var(--soft);width:230px;font-size:14px}
td{overflow-wrap:anywhere}
code,.mono{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.chain{list-style:none;margin:14px 0 0;padding:0}
.chain li{position:relative;border:1px solid var(--line);border-radius:10px;padding:12px 16px;margin:0 0 22px}
.chain li:not(:last-child)::after{content:"is vouched for by \2193";position:absolute;left:16px;bottom:-22px;
font-size:12px;line-height:22px;color:var(--soft)}
.chain b{overflow-wrap:anywhere}
ul.plain{margin:8px 0 0;padding-left:20px}ul.plain li{margin:5px 0}
dl{margin:10px 0 0}dt{font-weight:600;margin-top:10px}dd{margin:2px 0 0;color:var(--soft)}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media (max-width:640px){main{padding:14px 12px 40px}section{padding:18px 16px}.answer{padding:20px 18px}
.answer h1{font-size:27px}.answer p{font-size:16px}th,td{display:block;width:auto;padding:0}
th{padding-top:9px;font-size:13px}td{border-top:0;padding-bottom:9px}.stills{grid-template-columns:repeat(2,1fr)}
.stills.three{gap:6px}.finding{grid-template-columns:minmax(0,1fr)}.finding>.no{margin-bottom:6px}}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--faint:#f3f3f3;
--good:#0d5c3f;--good-bg:#fff;--warn:#7a4700;--warn-bg:#fff;--bad:#9b1420;--bad-bg:#fff;--none:#444;--none-bg:#fff}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}body{font-size:11pt}
section{border:0;border-top:1px solid #bbb;border-radius:0;padding:10pt 0}.answer{border:2pt solid var(--tone)}
.finding,figure,.chain li,tr{break-inside:avoid}h2{break-after:avoid}}
)css";

}  // namespace

std::string_view html_style() { return k_style; }

}  // namespace signet::cli::video_cli
