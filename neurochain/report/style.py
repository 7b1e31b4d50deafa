"""Style: how the page looks, light and dark, on a screen and on paper. It brings no font, and names no address."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --page: light-dark(#fff, #101417); --surface: light-dark(#f6f8f8, #181e22);
  --ink: light-dark(#1a2226, #e4e9eb); --quiet: light-dark(#566269, #9fabb2); --line: light-dark(#dde3e5, #2d363c);
  --accent: light-dark(#0b626a, #68c8cf); --bars: light-dark(#4b8c93, #5aa3aa); --bad: light-dark(#a3271f, #ff9c92);
  --bad-ground: light-dark(#fdebe9, #3a1b19); --keyword: light-dark(#8a2a7c, #dd9fe0); --string: light-dark(#2a6a32, #94d196);
  --number: light-dark(#9a4310, #eab17c); --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
.page { max-width: 1040px; margin: 0 auto; padding: 28px 28px 64px; }
header { border-bottom: 2px solid var(--accent); padding-bottom: 14px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h1 span { color: var(--quiet); font-weight: 400; }
h2 { font-size: 18px; margin: 34px 0 10px; padding-top: 4px; }
h3 .quiet { font-weight: 400; } h3 { font-size: 14px; margin: 18px 0 6px; overflow-wrap: anywhere; }
p { margin: 6px 0; max-width: 76ch; overflow-wrap: anywhere; }
a { color: var(--accent); }
nav { margin: 12px 0 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }
.quiet { color: var(--quiet); }
.lead { font-size: 16px; white-space: pre-line; }
.label { display: inline-block; border: 1px solid var(--line); border-radius: 10px; padding: 0 9px; margin-right: 6px; font-size: 12px; }
.numbers { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 14px 0 2px; padding: 0; }
.numbers div { display: flex; flex-direction: column-reverse; }
.numbers dt { color: var(--quiet); font-size: 12px; }
.numbers dd { margin: 0; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 18px; margin: 8px 0; }
dl.facts dt { color: var(--quiet); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.bad { background: var(--bad-ground); color: var(--bad); border-radius: 6px; padding: 8px 12px; margin: 10px 0; overflow-wrap: anywhere; }
.bad ul { margin: 4px 0 0; padding-left: 20px; }
.wide { overflow-x: auto; }
.wide:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 500; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; }
td { overflow-wrap: break-word; max-width: 30em; }
.rows td { max-width: 24em; min-width: 5em; overflow-wrap: anywhere; }
td .bars { color: var(--bars); display: block; }
td small, th small { color: var(--quiet); font-weight: 400; font-size: 12px; display: block; }
code, pre { font-family: var(--mono); font-size: 12.5px; }
pre { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; overflow-x: auto; margin: 6px 0;
  line-height: 1.5; tab-size: 4; }
.k { color: var(--keyword); } .s { color: var(--string); } .n { color: var(--number); } .c { color: var(--quiet); font-style: italic; }
figure { margin: 14px 0 20px; }
figcaption { margin-bottom: 5px; overflow-wrap: anywhere; }
figure svg, figure img { display: block; }
.same { columns: 21em; column-gap: 28px; list-style: none; padding: 0; margin: 6px 0; font-size: 13px; }
.same li { break-inside: avoid; overflow-wrap: anywhere; padding: 1px 0; } .same span { color: var(--quiet); margin-right: 6px; }
.graph svg { max-width: none !important; }
.lines { display: flex; flex-direction: column; gap: 4px; } .lines svg { max-width: 100%; }
.heats { display: flex; flex-wrap: wrap; gap: 12px; }
.heats img { image-rendering: pixelated; border-radius: 4px; }
.map { display: block; width: 100%; height: 18px; background: var(--surface); border: 1px solid var(--line); border-radius: 4px; color: var(--accent); }
.packages { columns: 15em; font-family: var(--mono); font-size: 11.5px; color: var(--quiet); padding: 0; margin: 6px 0; list-style: none; }
.packages li { overflow-wrap: anywhere; }
footer { margin-top: 40px; padding-top: 10px; border-top: 1px solid var(--line); color: var(--quiet); font-size: 12px; }
@media (max-width: 640px) { .page { padding: 16px 14px 40px; } dl.facts { grid-template-columns: 1fr; } dl.facts dd { margin-bottom: 6px; } }
@media print { :root { color-scheme: light; } body { font-size: 10.5pt; } .page { max-width: none; padding: 0; } nav { display: none; }
  .wide { overflow: visible; } .graph svg { max-width: 100% !important; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  figure, tr, .numbers { break-inside: avoid; } h2, h3 { break-after: avoid; } table, table code, .same { font-size: 8.5pt; } table small { font-size: 7.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } @page { margin: 16mm 14mm; } }
"""
