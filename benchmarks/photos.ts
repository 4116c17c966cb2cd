/** The folder of photos with a photos.csv that says what is in them; used by the detector's and the framing's benchmark. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Expression, parseExpression } from '@mememoji/vision/expression';

export interface Photo {
  /** Name of the file within the folder. */
  file: string;
  path: string;
  /** Faces that a good detector must find. */
  faces: number;
  /** The expressions seen in it by eye: none for a photo without faces, several where it is ambiguous. */
  expressions: Expression[];
}

/** Reads `photos.csv` of a folder: columns file, faces_min_reasonable and expression, `a|b` for an ambiguous one. */
export function readPhotos(folder: string): Photo[] {
  const [header, ...rows] = readFileSync(join(folder, 'photos.csv'), 'utf8').trim().split(/\r?\n/).map(splitLine);
  const column = (row: string[], name: string): string => row[header!.indexOf(name)] ?? '';
  return rows.map((row) => ({
    file: column(row, 'file'),
    path: join(folder, column(row, 'file')),
    faces: Number(column(row, 'faces_min_reasonable')),
    expressions: column(row, 'expression')
      .split('|')
      .map((label) => parseExpression(label))
      .filter((expression) => expression !== undefined),
  }));
}

/** Cells of a line of CSV; commas within double quotes belong to the cell. */
function splitLine(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g), ([, quoted, plain]) => quoted ?? plain ?? '');
}

/** Faces in the demonstration photos of @vladmandic/face-api 1.7.15, sample1.jpg to sample6.jpg, counted by eye. */
const PEER_PHOTOS = [3, 3, 3, 4, 5, 4];

/** Those photos, in a folder where the package is installed; groups of three to five grown-up faces of 1920 pixels' width. */
export function readPeerPhotos(folder: string): Photo[] {
  return PEER_PHOTOS.map((faces, i) => {
    const file = `sample${i + 1}.jpg`;
    return { file, path: join(folder, 'node_modules/@vladmandic/face-api/demo', file), faces, expressions: [] };
  });
}
