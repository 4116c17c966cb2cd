import { toCsv } from '@mememoji/train/report/table';
import type { SweepReport } from '@mememoji/train/sweep';
import { sweepTable, type TrialResult, toCell } from '@mememoji/train/sweep-results';
import { alignColumns, type Format } from './output.ts';

/** JSON has every number but the epochs, CSV is `sweep.csv`, the table has what a person looks for. */
export function renderSweep(report: SweepReport, format: Format): string {
  if (format === 'json') return `${JSON.stringify(withoutHistory(report), undefined, 2)}\n`;
  return format === 'csv' ? toCsv(sweepTable(report.trials)) : renderTable(report.trials);
}

function withoutHistory({ trials, ...report }: SweepReport) {
  return { ...report, trials: trials.map(({ history: _, ...trial }, i) => ({ rank: i + 1, ...trial })) };
}

function renderTable(trials: readonly TrialResult[]): string {
  const entries = [...new Set(trials.flatMap(({ changes }) => Object.keys(changes)))];
  const head = ['rank', 'trial', 'status', 'accuracy', 'epochs', 'parameters', 'minutes', ...entries, ''];
  const rows = trials.map((trial, i) => [
    i + 1,
    trial.trial,
    trial.status,
    trial.accuracy === null ? '-' : `${(100 * trial.accuracy).toFixed(2)}%`.padStart(8),
    trial.epochs,
    (trial.parameters?.toLocaleString('en') ?? '-').padStart(10),
    (trial.seconds / 60).toFixed(1).padStart(7),
    ...entries.map((entry) => toCell(trial.changes[entry]) ?? '-'),
    trial.error?.message ?? '',
  ]);
  return alignColumns([head, ...rows]);
}
