import type { ComparedModel, Comparison } from '@mememoji/train/compare';
import { alignColumns, type Format } from './output.ts';
import type { TableStyle } from './render-table.ts';

/** A difference with a smaller p is called more than chance. */
const SIGNIFICANT = 0.05;

/** JSON has every number, the table what a person looks for. */
export function renderComparison(comparison: Comparison, format: Format, style: TableStyle): string {
  if (format === 'json') return `${JSON.stringify(comparison, undefined, 2)}\n`;
  const { models, split, samples, view, dataHash } = comparison;
  const views = { single: 'single view', flip: 'two views (mirrored)', tencrop: 'ten crops' };
  const [first, second] = models.map(({ model, file }, i) => `${'AB'[i]}: ${style.bold(model)}  ${style.dim(file)}\n`);
  return [
    `${first}${second}on ${split}: ${samples} pictures, ${views[view]}  ${style.dim(`sha256 ${dataHash.slice(0, 16)}`)}\n`,
    summaryLines(comparison),
    `${style.bold(verdict(comparison))}\n${pairLines(comparison)}`,
    classLines(comparison),
  ].join('\n');
}

function summaryLines({ models, difference }: Comparison): string {
  const [low, high] = difference.interval;
  const row = (name: string, show: (model: ComparedModel) => string, note = ''): string[] => {
    return [name, ...models.map((model) => show(model).padStart(9)), note];
  };
  const batches = models[0].latency.map(({ batch }, i) =>
    row(
      `ms per face, ${batch} at a time`,
      ({ latency }) => latency[i]?.milliseconds.toFixed(3) ?? '',
      i === 0 ? 'one thread, median' : '',
    ),
  );
  return alignColumns([
    ['', '        A', '        B', ''],
    row(
      'accuracy',
      ({ accuracy }) => percent(accuracy),
      `difference ${points(difference.accuracy)} points, 95% interval ${points(low)} to ${points(high)}`,
    ),
    row('  95% from', ({ accuracyInterval }) => percent(accuracyInterval[0])),
    row('  to', ({ accuracyInterval }) => percent(accuracyInterval[1])),
    row('first or second', ({ top2 }) => percent(top2)),
    row('macro F1', ({ macroF1 }) => macroF1.toFixed(3)),
    row('log loss', ({ nll }) => nll.toFixed(3)),
    row('calibration error', ({ ece }) => ece.toFixed(3)),
    ...batches,
    row('bytes', ({ bytes }) => String(bytes)),
    row('parameters', ({ parameters }) => String(parameters)),
    row('million multiply-adds', ({ multiplyAdds }) => (multiplyAdds / 1e6).toFixed(2)),
  ]);
}

/** What McNemar's test says, in words. */
function verdict({ mcnemar: { onlyFirst, onlySecond, p, method } }: Comparison): string {
  const test = `McNemar's test (${method}): p = ${p < 0.001 ? p.toExponential(1) : p.toFixed(3)}`;
  if (p >= SIGNIFICANT) return `${test}; chance alone may explain the difference`;
  return `${test}; ${onlyFirst > onlySecond ? 'A' : 'B'} is better by more than chance`;
}

function pairLines({ bothRight, bothWrong, mcnemar, agreement, samples }: Comparison): string {
  const rows: [string, number][] = [
    ['both right', bothRight],
    ['only A right', mcnemar.onlyFirst],
    ['only B right', mcnemar.onlySecond],
    ['both wrong', bothWrong],
  ];
  return alignColumns([
    ['', 'faces', 'share'],
    ...rows.map(([name, count]) => [name, count, percent(count / samples).padStart(6)]),
    ['both read the same', Math.round(agreement * samples), percent(agreement).padStart(6)],
  ]);
}

function classLines({ classes }: Comparison): string {
  const rows = Object.entries(classes).map(([name, { samples, recall, difference, onlyFirst, onlySecond }]) => [
    name,
    percent(recall[0]).padStart(8),
    percent(recall[1]).padStart(8),
    points(difference).padStart(12),
    onlyFirst,
    onlySecond,
    samples,
  ]);
  return alignColumns([['class', 'recall A', 'recall B', '  difference', 'only A', 'only B', 'pictures'], ...rows]);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

/** A difference of shares in percentage points, with its sign. */
function points(difference: number): string {
  const text = (difference * 100).toFixed(1);
  return difference > 0 ? `+${text}` : text;
}
