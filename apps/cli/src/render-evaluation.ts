import type { Evaluation } from '@mememoji/train/evaluate';
import { alignColumns, csvLine, type Format } from './output.ts';
import type { TableStyle } from './render-table.ts';

/** JSON and CSV have every number, CSV one a row; the table has what a person looks for. */
export function renderEvaluation(evaluation: Evaluation, format: Format, style: TableStyle): string {
  if (format === 'json') return `${JSON.stringify(evaluation, undefined, 2)}\n`;
  return format === 'csv' ? renderCsv(evaluation) : renderTable(evaluation, style);
}

/** `metric,class,predicted,value`: `class` where a number belongs to one, `predicted` in the confusion matrix alone. */
function renderCsv({ confusion, labels, accuracyInterval, ...rest }: Evaluation): string {
  const plain = Object.entries(rest).flatMap(([metric, value]) => {
    if (value === null) return [[metric]];
    if (typeof value !== 'object') return [[metric, undefined, undefined, value]];
    return Object.entries(value).map(([label, number]) => [metric, label, undefined, number]);
  });
  const counts = confusion.flatMap((row, i) => row.map((count, j) => ['confusion', labels[i], labels[j], count]));
  const [low, high] = accuracyInterval;
  const interval = [
    ['accuracyLow', undefined, undefined, low],
    ['accuracyHigh', undefined, undefined, high],
  ];
  const rows = [...plain, ...interval, ...counts].map(([metric, label, predicted, value]) =>
    csvLine([metric, label, predicted, value]),
  );
  return csvLine(['metric', 'class', 'predicted', 'value']) + rows.join('');
}

function renderTable(evaluation: Evaluation, style: TableStyle): string {
  const { model, split, samples, view, dataHash } = evaluation;
  const views = { single: 'single view', flip: 'two views (mirrored)', tencrop: 'ten crops' };
  return [
    `${style.bold(model)} on ${split}: ${samples} pictures, ${views[view]}  ${style.dim(`sha256 ${dataHash.slice(0, 16)}`)}\n`,
    summaryLines(evaluation, style),
    classLines(evaluation),
    matrixLines('truth \\ read', evaluation, (count) => count),
    matrixLines('in percent', evaluation, (count, total) => (total === 0 ? 0 : Math.round((100 * count) / total))),
  ].join('\n');
}

function summaryLines(evaluation: Evaluation, style: TableStyle): string {
  const [low, high] = evaluation.accuracyInterval;
  const rows: [string, string, string][] = [
    ['accuracy', percent(evaluation.accuracy), `95% interval ${percent(low)} to ${percent(high)}`],
    ['six classes', percent(evaluation.accuracy6), 'disgust counted as angry'],
    ...cleanLine(evaluation),
    ['first or second', percent(evaluation.top2), `first to third ${percent(evaluation.top3)}`],
    ['macro F1', decimal(evaluation.macroF1), `six classes ${decimal(evaluation.macroF1Six)}`],
    [
      'log loss',
      decimal(evaluation.nll),
      `without the temperature of ${decimal(evaluation.temperature)} it is ${decimal(evaluation.nllUncalibrated)}`,
    ],
    ['calibration error', decimal(evaluation.ece), `without it ${decimal(evaluation.eceUncalibrated)}`],
    ['uncertain', percent(evaluation.uncertainShare), abstentionNote(evaluation)],
  ];
  const [head = '', ...rest] = alignColumns(rows).split('\n');
  return [style.bold(head), ...rest].join('\n');
}

function cleanLine({ samplesWithoutDuplicates, accuracyWithoutDuplicates }: Evaluation): [string, string, string][] {
  if (samplesWithoutDuplicates === null || accuracyWithoutDuplicates === null) return [];
  const note = `on the ${samplesWithoutDuplicates} pictures that equal none of Training`;
  return [['without duplicates', percent(accuracyWithoutDuplicates), note]];
}

function abstentionNote({ uncertainBelow, accuracyWhenCertain }: Evaluation): string {
  const others = accuracyWhenCertain === null ? '' : `; the others are right in ${percent(accuracyWhenCertain)}`;
  return `below a probability of ${decimal(uncertainBelow)}${others}`;
}

function classLines({ labels, precision, recall, f1, support }: Evaluation): string {
  const rows = labels.map((label) => [
    label,
    percent(recall[label]).padStart(6),
    percent(precision[label]).padStart(9),
    decimal(f1[label]),
    support[label] ?? 0,
  ]);
  return alignColumns([['class', 'recall', 'precision', 'F1', 'pictures'], ...rows]);
}

function matrixLines(
  title: string,
  { labels, confusion }: Evaluation,
  show: (count: number, total: number) => number,
): string {
  const rows = confusion.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return [labels[i] ?? '', ...row.map((count) => show(count, total))];
  });
  const width = 'truth \\ read'.length;
  return alignColumns([[title.padEnd(width), ...labels], ...rows]);
}

function percent(share = 0): string {
  return `${(share * 100).toFixed(1)}%`;
}

function decimal(value = 0): string {
  return value.toFixed(3);
}
