import { stripVTControlCharacters } from 'node:util';
import type { Face } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';
import { analyzedEntry, type Entry } from '../src/entry.ts';
import { type EntryFormat, renderEntries } from '../src/render-entries.ts';
import { COLOURED, PLAIN, type TableStyle } from '../src/render-table.ts';

const eye = { x: 1, y: 2 };
const face: Face = {
  id: 0,
  box: { x: 10.25, y: -3.5, width: 100, height: 110.125 },
  detection: 0.987,
  landmarks: { rightEye: eye, leftEye: eye, nose: eye, mouth: eye, rightEar: eye, leftEar: eye },
  expressions: { angry: 0.01, disgust: 0, fear: 0.02, happy: 0.9, sad: 0.01, surprise: 0.05, neutral: 0.01 },
  dominant: 'happy',
  confidence: 0.9,
  doubts: [],
  uncertain: false,
};
const unsure: Face = {
  ...face,
  id: 1,
  expressions: { angry: 0.2, disgust: 0.15, fear: 0.1, happy: 0.05, sad: 0.3, surprise: 0.1, neutral: 0.1 },
  dominant: 'sad',
  confidence: 0.3,
  doubts: ['unclear'],
  uncertain: true,
};

const analysis = (faces: Face[]): Parameters<typeof analyzedEntry>[1] => ({
  model: 'stand-in 1',
  image: { width: 640, height: 480 },
  faces,
});
const failed: Entry = { path: 'broken.jpg', error: { code: 'BROKEN_IMAGE', message: 'broken.jpg is damaged' } };

async function render(entries: Entry[], format: EntryFormat, six = false, style: TableStyle = PLAIN): Promise<string> {
  async function* source(): AsyncGenerator<Entry> {
    yield* entries;
  }
  let text = '';
  for await (const piece of renderEntries(source(), format, { six, raw: false, style })) text += piece;
  return text;
}

const entries = [
  analyzedEntry('a, "b".jpg', analysis([face, unsure]), undefined),
  failed,
  analyzedEntry('empty.jpg', analysis([]), undefined),
];

describe('table', () => {
  it('has a block for each picture and a bar for each expression', async () => {
    expect(await render(entries, 'table')).toMatchInlineSnapshot(`
      "a, "b".jpg  640 x 480, 2 faces

        face 0: happy  at 10,-3  size 100 x 110  detection 99%
          happy     █████████████████████▋     90%  ◂
          surprise  █▎                          5%
          fear      ▌                           2%
          angry     ▎                           1%
          sad       ▎                           1%
          neutral   ▎                           1%
          disgust                               0%

        face 1: uncertain (unclear), perhaps sad  at 10,-3  size 100 x 110  detection 99%
          sad       ███████▎                   30%  ◂
          angry     ████▊                      20%
          disgust   ███▋                       15%
          fear      ██▍                        10%
          surprise  ██▍                        10%
          neutral   ██▍                        10%
          happy     █▎                          5%

      empty.jpg  640 x 480, no face
      "
    `);
  });

  it('stresses on a terminal what matters', async () => {
    const text = await render([analyzedEntry('a.jpg', analysis([face]), undefined)], 'table', false, COLOURED);
    expect(text).toContain('\u001b[1ma.jpg\u001b[22m');
    expect(stripVTControlCharacters(text)).toBe(
      await render([analyzedEntry('a.jpg', analysis([face]), undefined)], 'table'),
    );
  });
});

describe('csv', () => {
  it('has a row for each face, and one for a picture without', async () => {
    expect(await render(entries, 'csv')).toMatchInlineSnapshot(`
      "path,frame,timestamp,face_id,x,y,width,height,detection,success,angry,disgust,fear,happy,sad,surprise,neutral,dominant,confidence,uncertain,doubts,error
      "a, ""b"".jpg",0,0,0,10.25,-3.5,100,110.13,0.987,1,0.01,0,0.02,0.9,0.01,0.05,0.01,happy,0.9,0,,
      "a, ""b"".jpg",0,0,1,10.25,-3.5,100,110.13,0.987,1,0.2,0.15,0.1,0.05,0.3,0.1,0.1,sad,0.3,1,unclear,
      broken.jpg,,,,,,,,,0,,,,,,,,,,,,BROKEN_IMAGE
      empty.jpg,0,0,,,,,,,0,,,,,,,,,,,,
      "
    `);
  });

  it('has as many fields in each row as in its head, with seven and with six expressions', async () => {
    const plain = [analyzedEntry('a.jpg', analysis([face]), undefined), failed];
    const six = [analyzedEntry('a.jpg', analysis([face]), 0.5), failed];
    for (const text of [await render(plain, 'csv'), await render(six, 'csv', true)]) {
      expect(
        new Set(
          text
            .trim()
            .split('\n')
            .map((row) => row.split(',').length),
        ).size,
      ).toBe(1);
    }
  });
});

describe('json', () => {
  it('gives the entries back', async () => {
    expect(JSON.parse(await render(entries, 'json'))).toEqual(entries);
    expect(JSON.parse(await render([], 'json'))).toEqual([]);
  });

  it('gives them line by line as ndjson', async () => {
    const lines = (await render(entries, 'ndjson')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(entries);
  });
});

describe('the view with six expressions', () => {
  it('adds disgust to angry and judges anew', async () => {
    const [first] = analyzedEntry('a.jpg', analysis([unsure]), 0.32).faces;
    expect(first?.expressions).toEqual({ angry: 0.35, fear: 0.1, happy: 0.05, sad: 0.3, surprise: 0.1, neutral: 0.1 });
    expect(first).toMatchObject({ dominant: 'angry', confidence: 0.35, uncertain: false });
  });
});
