import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/export/csv.ts';
import { fileNameFor } from '../src/export/download.ts';
import { toNdjson } from '../src/export/ndjson.ts';
import { crc32, toZip } from '../src/export/zip.ts';
import { markFrames } from '../src/video/video-export.ts';
import { faceAt } from './faces.ts';

describe('toCsv', () => {
  const frames = [
    { source: 'a, "b".mp4', frame: 0, timestamp: 0, faces: [faceAt(0, 10, 20), faceAt(3, 200, 20, 'sad')] },
    { source: 'a, "b".mp4', frame: 1, timestamp: 0.1, faces: [] },
  ];

  it('has a row for each face, and one for a frame without', () => {
    const lines = toCsv(frames).split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe(
      'source,frame,timestamp,face_id,x,y,width,height,detection,success,' +
        'angry,disgust,fear,happy,sad,surprise,neutral,dominant,confidence,uncertain,doubts',
    );
    expect(lines[1]).toBe('"a, ""b"".mp4",0,0,0,10,20,100,100,0.9,1,0.05,0.05,0.05,0.7,0.05,0.05,0.05,happy,0.7,0,');
    expect(lines[3]).toBe('"a, ""b"".mp4",1,0.1,,,,,,,0,,,,,,,,,,,');
  });

  it('tells doubts, and notes in a last column', () => {
    const doubted = { ...faceAt(0, 0, 0), doubts: ['small', 'turned'] as const, uncertain: true };
    const lines = toCsv([
      { source: 'x', frame: 0, timestamp: undefined, faces: [doubted], marks: ['here', 'and here'] },
    ]).split('\r\n');
    expect(lines[0]).toMatch(/,doubts,marks$/);
    expect(lines[1]).toMatch(/^x,0,,0,.*,happy,0.7,1,small turned,here; and here$/);
  });
});

it('toNdjson writes one value a line', () => {
  expect(toNdjson([{ a: 1 }, { b: 'x\ny' }])).toBe('{"a":1}\n{"b":"x\\ny"}\n');
});

const hasPython = existsSync('/usr/bin/python3');

describe('toZip', () => {
  it.skipIf(!hasPython)('is read by another program, names and contents whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zip-'));
    const random = crypto.getRandomValues(new Uint8Array(5000));
    const zip = toZip([
      { name: 'happy/ä.bin', content: random },
      { name: 'empty.txt', content: new Uint8Array(0) },
    ]);
    writeFileSync(join(folder, 'a.zip'), new Uint8Array(await zip.arrayBuffer()));
    execFileSync('/usr/bin/python3', ['-c', READ_ZIP, join(folder, 'a.zip'), join(folder, 'out')]);
    expect(new Uint8Array(readFileSync(join(folder, 'out/happy/ä.bin')))).toEqual(random);
    expect(readFileSync(join(folder, 'out/empty.txt'))).toHaveLength(0);
    rmSync(folder, { recursive: true });
  });

  it('knows the check value of CRC-32', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});

const READ_ZIP = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    archive.extractall(sys.argv[2])
`;

it('fileNameFor changes the ending and takes out what file systems forbid', () => {
  expect(fileNameFor('my holiday.final.mp4', 'csv')).toBe('my holiday.final.csv');
  expect(fileNameFor('a/b:c?.webm', 'png')).toBe('a_b_c_.png');
  expect(fileNameFor('.mp4', 'png')).toBe('mememoji.png');
});

it('markFrames lays each mark on the nearest frame', () => {
  const frames = [0, 0.1, 0.2].map((timestamp, frame) => ({ frame, timestamp, faces: [] }));
  const marks = [
    { timestamp: 0.14, note: 'a' },
    { timestamp: 0.06, note: 'b' },
    { timestamp: 9, note: 'c' },
  ];
  expect(markFrames(frames, marks).map((frame) => frame.marks)).toEqual([undefined, ['a', 'b'], ['c']]);
  expect(markFrames([], marks)).toEqual([]);
});
