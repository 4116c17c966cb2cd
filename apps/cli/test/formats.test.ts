import type { Expressions } from '@mememoji/vision/expression';
import type { TrackedFace } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';
import { type Entry, type FailedEntry, type FrameEntry, frameEntry } from '../src/entry.ts';
import { lineFormat } from '../src/line-formats.ts';
import { lineSchema, outputSchema } from '../src/output-schema.ts';
import { type EntryFormat, renderEntries } from '../src/render-entries.ts';
import { renderSummary } from '../src/render-summary.ts';
import { PLAIN } from '../src/render-table.ts';
import { type MediaSummary, summarize } from '../src/summary.ts';

const eye = { x: 1, y: 2 };
const landmarks = { rightEye: eye, leftEye: eye, nose: eye, mouth: eye, rightEar: eye, leftEar: eye };
const HAPPY: Expressions = { angry: 0.05, disgust: 0.05, fear: 0, happy: 0.8, sad: 0, surprise: 0, neutral: 0.1 };
const SAD: Expressions = { angry: 0, disgust: 0, fear: 0.1, happy: 0, sad: 0.6, surprise: 0, neutral: 0.3 };

function face(id: number, expressions: Expressions, uncertain = false): TrackedFace {
  const dominant = expressions === HAPPY ? 'happy' : 'sad';
  return {
    ...{ id, landmarks, expressions, dominant, uncertain, raw: SAD, doubts: uncertain ? ['small', 'turned'] : [] },
    ...{ box: { x: 1, y: 2, width: 30, height: 40 }, detection: 0.9, confidence: expressions[dominant] },
  };
}

const frame = (number: number, timestamp: number, faces: TrackedFace[], path = 'a.mp4'): FrameEntry =>
  frameEntry(path, { width: 64, height: 48 }, { frame: number, timestamp, faces }, undefined);

/** Shown for 1, 1, 2 and, as the one before it, 2 seconds. */
const VIDEO = [
  frame(0, 0, [face(0, HAPPY)]),
  frame(1, 1, []),
  frame(2, 2, [face(0, HAPPY, true), face(1, SAD)]),
  frame(4, 4, [face(0, SAD)]),
];
const failed: FailedEntry = { path: 'a.mp4', error: { code: 'TRUNCATED_VIDEO', message: 'a.mp4 is cut off' } };
const picture: Entry = { path: 'p.png', width: 9, height: 8, faces: [] };

async function* stream(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries;
}

async function summaries(entries: readonly Entry[]): Promise<(MediaSummary | FailedEntry)[]> {
  const all: (MediaSummary | FailedEntry)[] = [];
  for await (const summary of summarize(stream(entries))) all.push(summary);
  return all;
}

async function join(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const render = (entries: readonly Entry[], format: EntryFormat, options = { six: false, raw: false }) =>
  join(renderEntries(stream(entries), format, { ...options, style: PLAIN }));

describe('json', () => {
  it('gathers the frames of a video, with why it broke off', async () => {
    const output = outputSchema.parse(JSON.parse(await render([picture, ...VIDEO, failed, picture], 'json')));
    const frames = VIDEO.map(({ frame, timestamp, faces }) => ({ frame, timestamp, faces }));
    const video = { path: 'a.mp4', width: 64, height: 48, frames, error: failed.error };
    expect(output).toEqual([picture, video, picture]);
  });

  it('keeps videos apart, also the same one named twice', async () => {
    const other = frame(7, 7, [], 'b.mp4');
    const again = frame(0, 0, []);
    const output = JSON.parse(await render([...VIDEO, again, other], 'json'));
    expect(output.map(({ path, frames }: { path: string; frames: [] }) => [path, frames.length])).toEqual([
      ['a.mp4', 4],
      ['a.mp4', 1],
      ['b.mp4', 1],
    ]);
  });

  it('gives lines as ndjson', async () => {
    const lines = (await render([...VIDEO, failed], 'ndjson')).trim().split('\n');
    expect(lines.map((line) => lineSchema.parse(JSON.parse(line)))).toEqual([...VIDEO, failed]);
  });
});

describe('the schema', () => {
  it('is that of docs/analyze.schema.json', async () => {
    const { toJSONSchema } = await import('zod');
    const text = `${JSON.stringify(toJSONSchema(outputSchema), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../../docs/analyze.schema.json');
  });

  it('refuses what is no output', () => {
    expect(outputSchema.safeParse([{ path: 'x' }]).success).toBe(false);
    const { expressions, ...rest } = face(0, HAPPY);
    const broken = { ...rest, expressions: { ...expressions, happy: 2 } };
    expect(lineSchema.safeParse({ ...VIDEO[0], faces: [broken] }).success).toBe(false);
  });
});

describe('csv of a video', () => {
  it('has a row for each face and frame, with raw values if asked', () => {
    const { head, lines } = lineFormat('csv', { six: false, raw: true });
    expect(head + [...VIDEO.slice(1, 3), failed].map(lines).join('')).toMatchInlineSnapshot(`
      "path,frame,timestamp,face_id,x,y,width,height,detection,success,angry,disgust,fear,happy,sad,surprise,neutral,dominant,confidence,uncertain,doubts,error,raw_angry,raw_disgust,raw_fear,raw_happy,raw_sad,raw_surprise,raw_neutral
      a.mp4,1,1,,,,,,,0,,,,,,,,,,,,,,,,,,,
      a.mp4,2,2,0,1,2,30,40,0.9,1,0.05,0.05,0,0.8,0,0,0.1,happy,0.8,1,small turned,,0,0,0.1,0,0.6,0,0.3
      a.mp4,2,2,1,1,2,30,40,0.9,1,0,0,0.1,0,0.6,0,0.3,sad,0.6,0,,,0,0,0.1,0,0.6,0,0.3
      a.mp4,,,,,,,,,0,,,,,,,,,,,,TRUNCATED_VIDEO,,,,,,,
      "
    `);
  });
});

describe('exports for other tools', () => {
  it('have the columns of OpenFace first', () => {
    const { head, lines } = lineFormat('openface', { six: false, raw: false });
    expect(head + [...VIDEO.slice(1, 3), failed].map(lines).join('')).toMatchInlineSnapshot(`
      "frame,face_id,timestamp,confidence,success,x,y,width,height,angry,disgust,fear,happy,sad,surprise,neutral,dominant,uncertain,input
      2,0,1,0,0,,,,,,,,,,,,,,a.mp4
      3,0,2,0.9,1,1,2,30,40,0.05,0.05,0,0.8,0,0,0.1,happy,1,a.mp4
      3,1,2,0.9,1,1,2,30,40,0,0,0.1,0,0.6,0,0.3,sad,0,a.mp4
      "
    `);
  });

  it('have those of py-feat', () => {
    const { head, lines } = lineFormat('py-feat', { six: false, raw: false });
    const late = frame(2000, 65.9, [face(3, HAPPY)]);
    expect(head + [VIDEO[1]!, late, failed].map(lines).join('')).toMatchInlineSnapshot(`
      "FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,anger,disgust,fear,happiness,sadness,surprise,neutral,input,frame,approx_time,Identity
      ,,,,0,,,,,,,,a.mp4,1,00:01,
      1,2,30,40,0.9,0.05,0.05,0,0.8,0,0,0.1,a.mp4,2000,01:05,Person_3
      "
    `);
  });
});

describe('the summary', () => {
  it('weighs each frame with the time for which it is shown', async () => {
    const [video, fault] = await summaries([...VIDEO, failed]);
    expect(fault).toEqual(failed);
    if (video === undefined || !('faces' in video)) return expect.unreachable('no summary of the video');
    const { faces, ...media } = video;
    expect(media).toEqual({ path: 'a.mp4', kind: 'video', width: 64, height: 48, frames: 4, seconds: 6 });
    // Face 0: happy for 1 and 2 seconds, then sad for 2.
    expect(faces[0]).toMatchObject({ id: 0, frames: 3, first: 0, last: 4, seconds: 5, dominant: 'happy' });
    expect(faces[0]!.share).toMatchObject({ happy: 0.6, sad: 0.4, neutral: 0 });
    expect(faces[0]!.mean.happy).toBeCloseTo((3 * 0.8) / 5, 10);
    expect(faces[0]!.mean.neutral).toBeCloseTo((3 * 0.1 + 2 * 0.3) / 5, 10);
    expect(faces[0]!.uncertain).toBeCloseTo(2 / 5, 10);
    expect(faces[0]!.changesPerMinute).toBeCloseTo(60 / 5, 10);
    expect(faces[1]).toMatchObject({ id: 1, frames: 1, seconds: 2, dominant: 'sad', changesPerMinute: 0 });
  });

  it('counts a picture, and a video of a single frame, though they have no duration', async () => {
    const single: Entry = { ...picture, faces: [face(0, HAPPY)] };
    for (const summary of await summaries([single, VIDEO[0]!])) {
      expect('faces' in summary && summary.faces[0]).toMatchObject({
        frames: 1,
        seconds: 0,
        share: { happy: 1, sad: 0 },
        mean: { happy: 0.8 },
      });
    }
  });

  it('is a table, csv or json', async () => {
    const entries = [...VIDEO, failed, picture];
    expect(await join(renderSummary(stream(entries), 'table', { six: false }))).toMatchInlineSnapshot(`
      "file   face     seconds  angry  disgust  fear  happy  sad   surprise  neutral  uncertain  changes/min
      a.mp4  0        5.0      -      -        -     60%    40%   -         -        40%        12.0
      a.mp4  1        2.0      -      -        -     -      100%  -         -        -          0.0
      p.png  no face
      "
    `);
    const rows = (await join(renderSummary(stream(entries), 'csv', { six: false }))).trim().split('\n');
    expect(new Set(rows.map((row) => row.split(',').length)).size).toBe(1);
    expect(rows.map((row) => row.split(',').slice(0, 4).join())).toEqual([
      'path,kind,face_id,frames',
      'a.mp4,video,0,3',
      'a.mp4,video,1,1',
      'a.mp4,,,',
      'p.png,picture,,1',
    ]);
    const json = JSON.parse(await join(renderSummary(stream(entries), 'json', { six: false })));
    expect(json.map(({ path }: { path: string }) => path)).toEqual(['a.mp4', 'a.mp4', 'p.png']);
  });

  it('is what the table shows of a video', async () => {
    expect(await render(VIDEO, 'table')).toMatchInlineSnapshot(`
      "a.mp4  64 x 48, 6.0 s, 4 frames, 2 faces

        face 0: mostly happy  0.0 s to 4.0 s  12.0 changes a minute, 40% uncertain
          happy     ██████████████▍            60%  ◂
          sad       █████████▋                 40%
          angry                                 0%
          disgust                               0%
          fear                                  0%
          surprise                              0%
          neutral                               0%

        face 1: mostly sad  2.0 s to 2.0 s  0.0 changes a minute, 0% uncertain
          sad       ████████████████████████  100%  ◂
          angry                                 0%
          disgust                               0%
          fear                                  0%
          happy                                 0%
          surprise                              0%
          neutral                               0%
      "
    `);
  });
});
