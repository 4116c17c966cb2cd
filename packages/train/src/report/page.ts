import { percent } from '../plots/chart.ts';
import { costFacts, type Fact, provenanceFacts, recipeText } from './facts.ts';
import { type Figure, pageSvg, VIEW_NAMES } from './figure.ts';
import type { Figures } from './figures.ts';
import { type Html, html, trusted } from './html.ts';
import type { AccuracyRow, Report } from './report.ts';
import { STYLE } from './style.ts';
import { type Cell, formatCell, type Table } from './table.ts';

/** The whole report as one HTML file that loads nothing: pictures are inside, and there is no script. */
export function renderPage(report: Report, figures: Figures): string {
  const { model, data, created } = report;
  const title = `${model.name} ${model.version} on ${data.split}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="muted">${data.samples.toLocaleString('en')} faces, ${VIEW_NAMES[report.view]} where nothing else is said; measured ${created.slice(0, 10)}.</p>
</header>
<main>
${tiles(report)}
${section('Accuracy', [figures.accuracy, figures.ranks].map(renderFigure))}
${section('Classes', [figures.confusion, figures.confusionCounts, figures.classes, figures.distribution].map(renderFigure))}
${section('Confidence', [figures.reliability, figures.coverage].map(renderFigure))}
${section('Faces', [figures.examples, figures.mistakes].map(renderFigure))}
${section('Training, speed and size', [renderFigure(figures.learningCurves), card('Speed and size', costFacts(report))])}
${section('Provenance', [card('Model, training and data', provenanceFacts(report)), recipeCard(report)])}
</main>
<footer>
<p>The faces on this page are those of the data it was made from: share it only with whom you may share them. What a face
shows is not what a person feels.</p>
<p>How each number is defined: <code>docs/evaluation.md</code> of Mememoji. The same numbers lie beside this page in
<code>evaluation.json</code>, <code>predictions.csv</code> and, for each figure, in a file each of CSV, SVG and PNG.</p>
</footer>
</body>
</html>
`;
  return page.markup;
}

/** The numbers that are asked for first. */
function tiles(report: Report): Html {
  const { evaluations, view, accuracy, latency, coverage, model } = report;
  const { macroF1, ece, eceUncalibrated, top2 } = evaluations[view];
  const own = accuracy.filter((row) => row.view === view);
  const [batch] = latency;
  return html`<ul class="tiles">
${own.map((row) => tile(percent(row.accuracy), accuracyName(row, model.labels.length), `${percent(row.low)} to ${percent(row.high)}`))}
${tile(macroF1.toFixed(3), 'macro F1', 'mean over the classes')}
${tile(percent(top2), 'first or second', 'truth among the two likeliest')}
${tile(ece.toFixed(3), 'calibration error', `${eceUncalibrated.toFixed(3)} without the temperature`)}
${coverage.threshold === null ? [] : [tile(percent(coverage.threshold.accuracy), 'when certain', `${percent(coverage.threshold.coverage)} of the faces`)]}
${batch === undefined ? [] : [tile(`${batch.milliseconds.toFixed(2)} ms`, 'per face', 'one thread, one face at a time')]}
${tile(formatBytes(model.bytes), 'model file', `${model.parameters.toLocaleString('en')} parameters`)}
</ul>`;
}

function accuracyName({ classes, faces }: AccuracyRow, labels: number): string {
  const what = classes === labels ? 'accuracy' : `accuracy, ${classes} classes`;
  return faces === 'all' ? what : `${what}, no duplicates`;
}

function tile(value: string, name: string, note: string): Html {
  return html`<li><b>${value}</b><span>${name}</span><small>${note}</small></li>`;
}

function section(title: string, cards: readonly Html[]): Html {
  return html`<h2>${title}</h2>
<div class="grid">${cards}</div>`;
}

/** Nothing where there is no figure. */
function renderFigure(figure: Figure | undefined): Html {
  if (figure === undefined) return html``;
  return html`<figure>
<figcaption><h3>${figure.title}</h3><p>${figure.caption}</p></figcaption>
${trusted(pageSvg(figure))}
<details><summary>Numbers</summary>${renderTable(figure.table)}</details>
</figure>
`;
}

function renderTable([head = [], ...rows]: Table): Html {
  return html`<div class="scroll"><table>
<thead><tr>${head.map((cell, i) => html`<th scope="col"${numeric(rows[0]?.[i])}>${formatCell(cell)}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td${numeric(cell)}>${formatCell(cell)}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

function numeric(cell: Cell | undefined): Html {
  return typeof cell === 'string' || cell === undefined ? html`` : html` class="number"`;
}

function card(title: string, list: readonly Fact[]): Html {
  const rows = list.map(
    ({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
  );
  return html`<div class="card"><h3>${title}</h3><table class="facts"><tbody>${rows}</tbody></table></div>`;
}

function recipeCard(report: Report): Html {
  return html`<div class="card"><h3>Recipe</h3><pre>${recipeText(report)}</pre></div>`;
}

function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
