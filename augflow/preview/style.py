"""The look of the page: light and dark, from a phone to a wide screen."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f6f6f3; --card: #fff; --ink: #1c2126; --soft: #59636d; --line: #d9dcd8; --accent: #0b6bb0;
  --in: #0b6b3a; --in-ground: #dcf3e4; --out: #a3271c; --out-ground: #fbe3e0; --bad: #a3271c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1d2125; --ink: #e6e9eb; --soft: #a3adb6; --line: #343a40; --accent: #6bb8f2;
    --in: #7fdca4; --in-ground: #173a26; --out: #ff9d92; --out-ground: #46201c; --bad: #ff9d92;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
header, main, footer { max-width: 100rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
h4 { margin: .75rem 0 .25rem; font-size: .85rem; color: var(--soft); font-weight: 600; }
a { color: var(--accent); }
.eyebrow { margin: 0; color: var(--soft); font-size: .85rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
nav ul, .switches {
  display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; margin: 1rem 0 0; list-style: none;
}
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td {
  text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid var(--line);
}
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td:last-child { min-width: 14rem; }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.inner { padding-left: 1.25rem; }
td code { white-space: nowrap; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .9rem 1rem 1rem; margin: 0 0 1rem; scroll-margin-top: 1rem;
}
.card > header {
  padding: 0; margin: 0 0 .6rem; display: flex; flex-wrap: wrap; gap: .1rem .8rem;
  align-items: baseline;
}
.label {
  background: var(--ground); border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem;
  font-size: .85rem;
}
.place { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.sheet {
  display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(0, 256px));
  align-items: start;
}
.sheet.audio { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.sheet.text { grid-template-columns: minmax(0, 1fr); gap: 0; }
.sheet.text figure {
  display: grid; gap: 0 1.25rem; grid-template-columns: 7rem minmax(0, 1fr) minmax(0, 24rem);
  grid-template-areas: "title text draws" "size text draws" "size more more";
  grid-template-rows: auto 1fr auto;
  border-top: 1px solid var(--line); padding: .5rem 0;
}
.sheet.text figcaption { display: contents; font-size: inherit; }
.sheet.text .title { grid-area: title; } .sheet.text .size { grid-area: size; }
.sheet.text .text { grid-area: text; }
.sheet.text .draws { grid-area: draws; margin: 0; font-size: .82rem; }
.sheet.text .finished { grid-area: more; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .82rem; line-height: 1.4; overflow-wrap: anywhere; }
.title { display: block; font-size: .9rem; }
.finished { margin-top: .35rem; }
.size, .idle { color: var(--soft); font-size: .82rem; }
.draws { margin: .2rem 0 0; padding: 0; list-style: none; }
.draws b { font-weight: 600; }
details { display: inline; }
details[open] { display: block; }
summary { cursor: pointer; color: var(--accent); display: inline; }
.problem {
  color: var(--bad); border-left: 3px solid var(--bad); padding-left: .6rem; margin: .25rem 0;
  overflow-wrap: anywhere;
}
.pic { position: relative; max-width: 100%; line-height: 0; margin-bottom: .35rem; }
.pic > img:first-child { width: 100%; height: auto; display: block; border-radius: 3px; }
.pic > .mask, .pic > svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.small { image-rendering: pixelated; }
.box, .mark { fill: none; vector-effect: non-scaling-stroke; stroke-width: 2px; }
.mark { stroke: #fff; stroke-dasharray: 5 4; filter: drop-shadow(0 0 1px #000); }
.boxes text { fill: #101418; font-family: system-ui, sans-serif; font-weight: 600; }
.points circle { stroke: #101418; vector-effect: non-scaling-stroke; stroke-width: 1px; }
.points .hidden { fill: none; stroke-width: 2px; stroke-dasharray: 2 2; }
.strip { display: flex; gap: .25rem; overflow-x: auto; padding: 0; margin: 0 0 .35rem; list-style: none; }
.strip li { flex: 0 0 auto; font-size: .75rem; color: var(--soft); text-align: center; }
.strip img { display: block; width: auto; max-height: 96px; }
.sheet.video { grid-template-columns: minmax(0, 1fr); }
.wave { display: block; width: 100%; height: 64px; background: var(--ground); border-radius: 3px; }
.wave path { fill: var(--accent); }
.wave .stretch { fill: var(--in-ground); }
.spectrogram { position: relative; margin: .25rem 0 .35rem; }
.spectrum { display: block; width: 100%; height: 110px; border-radius: 3px; }
.spectrogram span {
  position: absolute; left: 0; top: 0; padding: 0 .3rem; font-size: .7rem; color: #fff; background: #000a;
}
audio { display: block; width: 100%; height: 36px; margin: .35rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .3rem; unicode-bidi: isolate; }
.text span { white-space: normal; }
ins {
  color: var(--in); background: var(--in-ground); text-decoration: underline;
  text-decoration-thickness: 2px;
}
del { color: var(--out); background: var(--out-ground); text-decoration: line-through; }
ins::before { content: " [in: "; } ins::after { content: "] "; }
del::before { content: " [out: "; } del::after { content: "] "; }
ins::before, ins::after, del::before, del::after {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.swatch { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin: 0 .3em 0 .6em; }
body:has(#boxes:not(:checked)) .boxes, body:has(#masks:not(:checked)) .mask,
body:has(#points:not(:checked)) .points { visibility: hidden; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 2rem; }
@media (max-width: 40rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  .sheet, .sheet.image { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .75rem; }
  .sheet.audio, .sheet.text, .sheet.video { grid-template-columns: minmax(0, 1fr); }
  .sheet.text figure {
    grid-template: "title" auto "size" auto "text" auto "draws" auto "more" auto / minmax(0, 1fr);
  }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
}
@media print { .card { break-inside: avoid; } .switches, nav { display: none; } }
"""
