import { basename } from 'node:path';
import { type Dataset, SPLITS } from './dataset.ts';
import { TrainError } from './error.ts';
import { parseHeader } from './fer2013-csv.ts';
import { readLines } from './text-lines.ts';

/** What the ten annotators of FER+ could vote for, in the order of its file (Barsoum et al., 2016). */
export const FERPLUS_CATEGORIES = [
  'neutral',
  'happiness',
  'surprise',
  'sadness',
  'anger',
  'disgust',
  'fear',
  'contempt',
  'unknown',
  'nf',
] as const;

/** The first eight categories are expressions; the last two say that there is none to be seen. */
export const FERPLUS_EXPRESSIONS = 8;

/**
 * Reads the votes of a FER+ table (`ferplus.csv`, `fer2013new.csv`) that has a row for each row of `dataset`'s source.
 * @returns [dataset.count, 10] votes
 * @throws TrainError `BAD_VOTES` with the row's number for a bad vote, another number of rows, or another Usage
 */
export async function readFerPlus(path: string, dataset: Dataset): Promise<Uint8Array> {
  const name = basename(path);
  const rows = await readVoteRows(path);
  const expected = dataset.rows.reduce((largest, row) => Math.max(largest, row), -1) + 1;
  if (rows.length !== expected) {
    throw new TrainError(
      'BAD_VOTES',
      `${name} has ${rows.length} rows, the pictures have ${expected}`,
      'use the FER+ file that belongs to this fer2013.csv',
    );
  }
  const votes = new Uint8Array(dataset.count * FERPLUS_CATEGORIES.length);
  dataset.rows.forEach((row, i) => {
    const { usage, counts } = rows[row]!;
    if (usage !== undefined && usage !== SPLITS[dataset.splits[i]!]) {
      throw new TrainError(
        'BAD_VOTES',
        `${name}, row ${row + 1}: Usage is ${usage}, that of the picture ${SPLITS[dataset.splits[i]!]}`,
      );
    }
    votes.set(counts, i * FERPLUS_CATEGORIES.length);
  });
  return votes;
}

interface VoteRow {
  usage: string | undefined;
  counts: number[];
}

async function readVoteRows(path: string): Promise<VoteRow[]> {
  const rows: VoteRow[] = [];
  let header: string[] | undefined;
  await readLines(path, {
    line(bytes) {
      if (header === undefined) header = checkHeader(path, parseHeader(bytes));
      else if (bytes.length > 0)
        rows.push(parseVotes(path, rows.length + 1, header, Buffer.from(bytes).toString('utf8')));
    },
  });
  return rows;
}

function checkHeader(path: string, names: string[]): string[] {
  const missing = FERPLUS_CATEGORIES.filter((category) => !names.includes(category));
  if (missing.length === 0) return names;
  throw new TrainError(
    'BAD_HEADER',
    `${basename(path)} is not a FER+ table: its first line lacks ${missing.join(', ')}`,
  );
}

function parseVotes(path: string, row: number, header: readonly string[], line: string): VoteRow {
  const fields = line.split(',').map((field) => field.trim());
  const usage = fields[header.indexOf('usage')];
  const counts = FERPLUS_CATEGORIES.map((category) => {
    const field = fields[header.indexOf(category)] ?? '';
    if (/^\d{1,2}$/.test(field)) return Number(field);
    throw new TrainError('BAD_VOTES', `${basename(path)}, row ${row}: the votes for ${category} are not a number`);
  });
  return { usage, counts };
}

/**
 * Share of the votes that each of the eight expressions got, unknown and not-a-face left out, into `out` at `offset`.
 * @returns the weight of the sample: 1, or 0 where nobody voted for an expression (`out` is then all 0)
 */
export function voteDistribution(votes: Uint8Array, index: number, out: Float32Array, offset: number): 0 | 1 {
  const start = index * FERPLUS_CATEGORIES.length;
  let total = 0;
  for (let i = 0; i < FERPLUS_EXPRESSIONS; i++) total += votes[start + i]!;
  for (let i = 0; i < FERPLUS_EXPRESSIONS; i++) out[offset + i] = total > 0 ? votes[start + i]! / total : 0;
  return total > 0 ? 1 : 0;
}
