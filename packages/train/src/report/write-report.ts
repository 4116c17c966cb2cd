import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../files.ts';
import { toPng } from '../plots/chart.ts';
import type { MeasuredReport } from './create-report.ts';
import { type Figure, fileSvg } from './figure.ts';
import { drawFigures, OPTIONAL_FIGURES } from './figures.ts';
import { renderPage } from './page.ts';
import type { FaceReading, Report } from './report.ts';
import { type Table, toCsv } from './table.ts';

/** The page, which has everything in it; the other files have the same for programs and for other documents. */
const PAGE = 'index.html';

/**
 * Writes a report into a folder, which is made if need be: `index.html`, `evaluation.json`, `predictions.csv`, and `.svg`,
 * `.png` and `.csv` of each figure. Each file appears whole or not at all; those of an earlier report are replaced, and
 * others in the folder are left alone.
 * @returns the path of the page
 * @throws whatever the file system throws
 */
export async function writeReport(measured: MeasuredReport, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { report, faces } = measured;
  const figures = drawFigures(measured);
  const drawn = Object.values(figures).filter((figure) => figure !== undefined);
  for (const figure of drawn) await writeFigure(figure, report, folder);
  const gone = OPTIONAL_FIGURES.filter((name) => drawn.every((figure) => figure.name !== name));
  for (const name of gone) for (const ending of ENDINGS) await rm(join(folder, name + ending), { force: true });
  await writeText(join(folder, 'evaluation.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeText(join(folder, 'predictions.csv'), toCsv(predictionsTable(faces, report)));
  await writeText(join(folder, PAGE), renderPage(report, figures));
  return join(folder, PAGE);
}

const ENDINGS = ['.svg', '.png', '.csv'];

async function writeFigure(figure: Figure, report: Report, folder: string): Promise<void> {
  const svg = fileSvg(figure, report);
  const place = join(folder, figure.name);
  await writeText(`${place}.svg`, svg);
  await writeWhole(`${place}.png`, [await toPng(svg)]);
  await writeText(`${place}.csv`, toCsv(figure.table));
}

function predictionsTable(faces: readonly FaceReading[], { model: { labels } }: Report): Table {
  const flag = (value: boolean | null) => (value === null ? null : Number(value));
  return [
    ['row', 'truth', 'predicted', 'confidence', 'uncertain', 'duplicate', ...labels],
    ...faces.map(({ row, truth, predicted, confidence, uncertain, duplicate, probabilities }) => [
      row,
      truth,
      predicted,
      confidence,
      flag(uncertain),
      flag(duplicate),
      ...labels.map((label) => probabilities[label] ?? null),
    ]),
  ];
}

function writeText(path: string, text: string): Promise<void> {
  return writeWhole(path, [Buffer.from(text)]);
}
