import { percent } from '@mememoji/train/plots/chart';
import { PAGE_THEME as THEME } from '@mememoji/train/plots/theme';
import { type Html, html, trusted } from '@mememoji/train/report/html';
import { STYLE as BASE_STYLE } from '@mememoji/train/report/style';
import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { EXPRESSION_COLOURS } from '@mememoji/vision/palette';
import type { FailedEntry } from '../entry.ts';
import { STANDARD_INPUT } from '../inputs.ts';
import type { FaceSummary } from '../summary.ts';
import type { MediaTimeline, TrackTimeline } from './collector.ts';
import { describeTrack, drawTrack, formatTime, longestTracks, TIME_FROM, TIME_TO, TIMELINE_WIDTH } from './figure.ts';
import { SCRIPT } from './report-script.ts';
import { STYLE } from './report-style.ts';

/** A picture or video with where the page shows it from, or what could not be read. */
export type ReportItem = (MediaTimeline & { source: string | undefined }) | FailedEntry;
type MediaItem = Extract<ReportItem, { summary: unknown }>;

/** Tracks of a video that have a timeline; of a crowd those that were seen longest. */
const MOST_TRACKS = 12;

/** The whole page. Player and timelines need its script; tables and drawings are there without. */
export function renderReport(items: readonly ReportItem[], model: string): string {
  const media = items.filter((item): item is MediaItem => 'summary' in item);
  const videos = media.filter(({ summary }) => summary.kind === 'video');
  const pictures = media.filter(({ summary }) => summary.kind === 'picture');
  const title =
    items.length === 1 ? `Expressions in ${nameOf(pathOf(items[0]!))}` : `Expressions in ${items.length} files`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(BASE_STYLE + STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="muted">Read by ${model}. Times of videos are in minutes and seconds; shares are of the time in which a face was seen.</p>
</header>
<main>
<h2 id="overview">Overview</h2>
<div class="card">${legend(namesOf(media))}${overview(items)}</div>
${videos.map(videoSection)}
${pictures.length === 0 ? [] : [html`<h2>Pictures</h2><div class="pictures">${pictures.map(pictureCard)}</div>`]}
</main>
<footer>
<p>What a face shows is not what a person feels. <em>Uncertain</em> are answers of low probability, and those of small,
turned or blurred faces. Numbers of faces mean nothing beyond one video.</p>
</footer>
<script type="application/json" id="data">${trusted(pageData(videos))}</script>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return page.markup;
}

function pathOf(item: ReportItem): string {
  return 'summary' in item ? item.summary.path : item.path;
}

function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : (path.split(/[\\/]/).at(-1) ?? path);
}

function namesOf(media: readonly MediaItem[]): readonly Expression[] {
  return media[0]?.names ?? EXPRESSIONS;
}

function legend(names: readonly Expression[]): Html {
  const entries = names.map((name) => html`<li><i style="background:${EXPRESSION_COLOURS[name]}"></i>${name}</li>`);
  return html`<ul class="legend">${entries}<li><span class="doubt"></span>uncertain</li></ul>`;
}

/** One row a face. */
function overview(items: readonly ReportItem[]): Html {
  return html`<div class="scroll"><table class="overview">
<thead><tr><th>File</th><th>Face</th><th class="number">Seen</th><th>Mostly</th><th class="wide">Share of the time</th>
<th class="number">Uncertain</th><th class="number">Changes a minute</th></tr></thead>
<tbody>${items.flatMap(overviewRows)}</tbody></table></div>`;
}

function overviewRows(item: ReportItem): Html[] {
  const name = nameOf(pathOf(item));
  if (!('summary' in item))
    return [html`<tr><td>${name}</td><td colspan="6" class="broken">${item.error.message}</td></tr>`];
  const { faces, kind } = item.summary;
  const broken = item.error === undefined ? [] : [html`<br><span class="broken">${item.error.message}</span>`];
  if (faces.length === 0) return [html`<tr><td>${name}${broken}</td><td colspan="6" class="muted">no face</td></tr>`];
  return faces.map((face) => {
    const [seen, changes] =
      kind === 'video' ? [`${face.seconds.toFixed(1)} s`, face.changesPerMinute.toFixed(1)] : ['', ''];
    return html`<tr><td>${name}${broken}</td><td>${face.id}</td><td class="number">${seen}</td><td>${face.dominant}</td>
<td>${shareBar(face, item.names)}</td><td class="number">${percent(face.uncertain, 0)}</td><td class="number">${changes}</td></tr>`;
  });
}

/** Of a picture the probabilities, which are its means. */
function shareBar(face: FaceSummary, names: readonly Expression[]): Html {
  const shares = face.frames === 1 ? face.mean : face.share;
  const parts = names.map((name): [Expression, number] => [name, shares[name] ?? 0]);
  const told = parts.filter(([, share]) => share >= 0.005).sort(([, a], [, b]) => b - a);
  const label = told.map(([name, share]) => `${name} ${percent(share, 0)}`).join(', ');
  const bands = parts.map(([name, share]) => {
    return html`<i style="width:${(100 * share).toFixed(2)}%;background:${EXPRESSION_COLOURS[name]}"></i>`;
  });
  return html`<span class="bar" role="img" aria-label="${label}" title="${label}">${bands}</span>`;
}

function videoSection(item: MediaItem, index: number): Html {
  const { summary, start, end, step } = item;
  const { shown, others } = longestTracks(item, MOST_TRACKS);
  const name = nameOf(summary.path);
  const rest = others === 0 ? '' : ` ${others} more faces were seen for a shorter time; the overview has them.`;
  return html`<section id="video-${index}">
<h2>${name}</h2>
<p class="muted">${summary.width} × ${summary.height}, ${summary.frames} frames, ${formatTime(summary.seconds)}.${rest}</p>
<div class="card">
<div class="player${item.source === undefined ? ' alone' : ''}">
${item.source === undefined ? [] : [player(item.source, name)]}
<div class="now">${shown.map((track) => nowPanel(item, track))}</div>
</div>
<div class="scrubber"><output></output>
<input type="range" min="${start}" max="${end}" step="${Math.max(step, 0.001).toFixed(3)}" value="${start}" aria-label="Time in ${name}"></div>
<div class="timelines">${shown.map((track) => timeline(item, track))}</div>
</div>
</section>`;
}

function player(source: string, name: string): Html {
  return html`<div><video src="${source}" controls preload="metadata" playsinline aria-label="${name}"></video>
<p class="unplayable muted" hidden>The browser cannot play this video, or it lies elsewhere. The timeline works without it.</p></div>`;
}

/** What was read at the moment that the scrubber shows; the script fills it. */
function nowPanel({ names }: MediaItem, { id }: TrackTimeline): Html {
  const rows = names.map((name) => {
    return html`<li>${name}<span class="track"><i style="background:${EXPRESSION_COLOURS[name]}"></i></span><b></b></li>`;
  });
  return html`<div><h3>Face ${id}</h3><ul>${rows}</ul></div>`;
}

function timeline(item: MediaItem, track: TrackTimeline): Html {
  const { svg, height } = drawTrack(THEME, item, track);
  const title = describeTrack(item, track);
  const frame = `viewBox="0 0 ${TIMELINE_WIDTH} ${height}" role="img" aria-label="Expressions of ${title}, over time"`;
  return html`<h3>${title.charAt(0).toUpperCase() + title.slice(1)}</h3>
<div class="timeline"><svg ${trusted(frame)}>${trusted(svg)}</svg><span class="playhead"></span></div>`;
}

function pictureCard({ summary, names, source }: MediaItem): Html {
  const name = nameOf(summary.path);
  const faces = summary.faces.map((face) => {
    const probability = percent(face.mean[face.dominant] ?? 0, 0);
    const doubt = face.uncertain > 0 ? ', uncertain' : '';
    return html`<p>Face ${face.id}: ${face.dominant}, ${probability}${doubt}${shareBar(face, names)}</p>`;
  });
  const shown = source === undefined ? [] : [html`<img src="${source}" alt="" loading="lazy">`];
  return html`<div class="card">${shown}<h3>${name}</h3>${faces.length === 0 ? html`<p class="muted">no face</p>` : faces}</div>`;
}

/** For the script, safe within a page: percents of each expression at each moment. */
function pageData(videos: readonly MediaItem[]): string {
  const axis = { from: TIME_FROM / TIMELINE_WIDTH, to: TIME_TO / TIMELINE_WIDTH };
  const data = videos.map((video) => ({
    start: video.start,
    end: video.end,
    step: video.step,
    names: video.names,
    tracks: longestTracks(video, MOST_TRACKS).shown.map(({ points }) => ({
      times: points.map(({ time }) => Number(time.toFixed(3))),
      values: points.map(({ means }) => means.map((mean) => Math.round(100 * mean))),
    })),
  }));
  return JSON.stringify({ axis, videos: data }).replaceAll('<', '\\u003c');
}
