/** The page's style sheet, on top of that of the training reports. */
export const STYLE = `
.bar { display: flex; height: 1rem; min-width: 8rem; border-radius: .25rem; overflow: hidden; background: var(--grid); }
.bar i { display: block; height: 100%; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0 0 .75rem; padding: 0; list-style: none; font-size: .875rem; }
.legend i { display: inline-block; width: .875rem; height: .875rem; margin-right: .35rem; border-radius: .2rem; vertical-align: -.1em; }
.overview { width: 100%; font-size: .9375rem; }
.overview td:first-child { min-width: 9rem; overflow-wrap: anywhere; }
.overview .wide { width: 30%; }
.overview td { white-space: normal; }
.overview td:not(:first-child) { padding-left: .25rem; }
.doubt { display: inline-block; width: .875rem; height: .2rem; margin-right: .35rem; background: var(--ink); vertical-align: .25em; }
.player { display: grid; grid-template-columns: minmax(0, 3fr) minmax(15rem, 2fr); gap: 1rem; align-items: start; }
.player video { display: block; width: 100%; max-height: 28rem; background: #000; border-radius: .4rem; }
.player.alone { grid-template-columns: minmax(0, 1fr); }
.now h3 { margin-top: .5rem; }
.now ul { margin: 0 0 .5rem; padding: 0; list-style: none; font-size: .875rem; }
.now li { display: grid; grid-template-columns: 5rem 1fr 2.75rem; gap: .5rem; align-items: center; }
.now li.likeliest { font-weight: 600; }
.now span.track { display: block; height: .7rem; background: var(--grid); border-radius: .2rem; overflow: hidden; }
.now span.track i { display: block; height: 100%; width: 0; }
.now b { text-align: right; font-weight: inherit; font-variant-numeric: tabular-nums; }
.now .away { opacity: .45; }
.scrubber { display: grid; grid-template-columns: auto 1fr; gap: .75rem; align-items: center; margin: .75rem 0; }
.scrubber input { width: 100%; accent-color: var(--first); }
.scrubber output { min-width: 8rem; font-variant-numeric: tabular-nums; }
.timelines { overflow-x: auto; }
.timeline { position: relative; min-width: 38rem; cursor: crosshair; }
.timeline > svg { display: block; width: 100%; height: auto; }
.timeline .playhead { position: absolute; inset-block: 0; width: 2px; margin-left: -1px; background: var(--bad); pointer-events: none; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); gap: 1rem; }
.pictures img { display: block; width: 100%; height: 12rem; object-fit: contain; background: var(--grid); border-radius: .4rem; }
.pictures .card { font-size: .9375rem; overflow-wrap: anywhere; }
.broken { color: var(--bad); }
:focus-visible { outline: 3px solid var(--first); outline-offset: 2px; }
@media (max-width: 48rem) { .player { grid-template-columns: minmax(0, 1fr); } }
@media print { .scrubber, .now, .playhead { display: none; } .player { grid-template-columns: 1fr; } }
`;
