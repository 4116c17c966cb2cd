/** The page's style sheet. Dark only on a screen: paper stays white. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1a202c; --muted: #5b6472; --grid: #e2e6ec;
  --first: #1b4f8c; --second: #c2571a; --third: #2a7f62; --on-first: #ffffff; --good: #1f7a3f; --bad: #b3261e;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #191d24; --ink: #e8eaed; --muted: #9aa4b2; --grid: #323945;
    --first: #5b9be0; --second: #f2a65a; --third: #6fcf97; --on-first: #0f1216; --good: #7bd88f; --bad: #ff8a7a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem max(1rem, calc((100vw - 66rem) / 2)) 3rem;
  background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.25rem; }
h3 { margin: 0 0 .25rem; font-size: 1rem; }
p { margin: 0 0 .75rem; max-width: 44rem; }
pre { margin: .5rem 0 0; white-space: pre-wrap; font-size: .8125rem; line-height: 1.4; }
.muted, figcaption p, footer { color: var(--muted); }
code, pre { font: .875em ui-monospace, monospace; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.tiles li { padding: .75rem 1rem; background: var(--card); border-radius: .6rem; }
.tiles b { display: block; font-size: 1.6rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles span { display: block; font-size: .875rem; }
.tiles small { display: block; color: var(--muted); font-size: .8125rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1rem; align-items: start; }
figure, .card { margin: 0; padding: 1rem; background: var(--card); border-radius: .6rem; min-width: 0; }
figcaption p { font-size: .875rem; }
figure > svg { display: block; width: 100%; height: auto; max-width: 36rem; margin-inline: auto; }
figure image { image-rendering: auto; }
details { margin-top: .5rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
thead th { color: var(--muted); font-weight: 600; }
tbody th { font-weight: inherit; }
.number { text-align: right; white-space: nowrap; }
.facts { width: 100%; font-size: .9375rem; }
.facts th { width: 11rem; color: var(--muted); }
.facts td { overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; font-size: .875rem; }
@media (max-width: 30rem) {
  body { padding: 1rem .6rem 2rem; }
  figure, .card { padding: .75rem .5rem; }
  .facts th { width: 7.5rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .tiles li { padding: .6rem .75rem; }
  .tiles b { font-size: 1.35rem; }
}
@media print {
  :root { color-scheme: light; }
  body { padding: 0; background: none; font-size: 11pt; }
  .grid { grid-template-columns: 1fr 1fr; }
  figure, .card, .tiles li { break-inside: avoid; border: 1px solid var(--grid); }
  h2 { break-after: avoid; }
  details { display: none; }
}
`;
