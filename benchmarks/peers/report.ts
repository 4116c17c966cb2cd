import { BATCHES, median, type Times } from './measure.ts';
import type { Recall } from './recall.ts';
import type { SideName } from './side.ts';

/** One library: medians over the rounds, all rounds, and how many times as long as ours it takes. */
export interface Summary extends Times {
  rounds: Times[];
  /** Time of this library over ours: of a picture, and of the net per face by batch. */
  ratio: { analyze: number; perFace: Record<string, number> } | undefined;
}

export interface Report {
  rounds: number;
  runs: number;
  clock: string;
  node?: Record<string, Summary>;
  browser?: Record<string, Summary>;
  recall?: Record<string, Recall>;
}

/** Ratios are medians of those of the rounds, in which both met the same noise. */
export function summarise(measured: ReadonlyMap<SideName, readonly Times[]>): Record<string, Summary> {
  const ours = measured.get('mememoji');
  return Object.fromEntries(
    Array.from(measured, ([name, rounds]): [string, Summary] => {
      const over = (value: (times: Times) => number): number => median(rounds.map(value));
      const against = (value: (times: Times) => number): number =>
        median(rounds.map((times, i) => value(times) / value(ours![i]!)));
      const perBatch = (of: typeof over): Record<string, number> =>
        Object.fromEntries(BATCHES.map((batch) => [batch, of(({ perFace }) => perFace[batch]!)]));
      const ratio = ours && { analyze: against(({ analyze }) => analyze), perFace: perBatch(against) };
      const summary = { analyze: over(({ analyze }) => analyze), faces: rounds[0]!.faces, perFace: perBatch(over) };
      return [name, { ...summary, rounds: [...rounds], ratio }];
    }),
  );
}

export function formatReport({ node, browser, recall, rounds, runs, clock }: Report): string {
  const parts = [
    `Medians of ${rounds} rounds of ${runs} calls, one thread each; behind each time, how many times ours it is\n`,
  ];
  if (node) parts.push(formatTimes(`Node, ${clock === 'cpu' ? "processor's time" : 'clock'}`, node));
  if (browser) parts.push(formatTimes('Chromium, WASM', browser));
  if (recall) parts.push(formatRecall(recall));
  return parts.join('\n');
}

function formatTimes(title: string, summaries: Record<string, Summary>): string {
  const cell = (time: number, ratio: number | undefined): string =>
    `${time.toFixed(2)} ms${ratio === undefined ? '' : ` ${ratio.toFixed(2)}x`}`.padStart(20);
  const lines = Object.entries(summaries).map(([name, { analyze, faces, perFace, ratio }]) => {
    const nets = BATCHES.map((batch) => cell(perFace[batch]!, ratio?.perFace[batch]));
    return `${name.padEnd(15)}${cell(analyze, ratio?.analyze)}${String(faces).padStart(7)}${nets.join('')}`;
  });
  const heads = ['photo 640x480', ...BATCHES.map((batch) => `net, batch ${batch}`)].map((head) => head.padStart(20));
  return [
    `${title.padEnd(15)}`,
    `${''.padEnd(15)}${heads[0]}${'faces'.padStart(7)}${heads.slice(1).join('')}`,
    ...lines,
    '',
  ].join('\n');
}

function formatRecall(recall: Record<string, Recall>): string {
  const lines = Object.entries(recall).map(([name, { found, faces, extra, lost }]) => {
    const where = lost.length === 0 ? '' : `  lost: ${lost.join(', ')}`;
    return `${name.padEnd(15)}${`${found} of ${faces}`.padStart(12)}${`${extra} extra`.padStart(12)}${where}`;
  });
  return ['Faces found', ...lines, ''].join('\n');
}
