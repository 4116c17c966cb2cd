import * as Plot from '@observablehq/plot';
import { chart, type Panel, percent } from '../../plots/chart.ts';
import type { Theme } from '../../plots/theme.ts';
import { EXAMPLES_PER_CLASS, type Pictures } from '../faces.ts';
import type { Figure } from '../figure.ts';
import type { FaceReading, Report } from '../report.ts';
import type { Table } from '../table.ts';

/** A face at its place in a grid. */
interface Tile {
  column: number;
  line: number;
  picture: string;
  face: FaceReading;
}

/** Side of a face in CSS pixels, and room below it for two lines of text. */
const FACE = 58;
const TEXT = 38;
const MISTAKES_COLUMNS = 5;

/** Some faces of each class with what was read in them. */
export function examplesFigure({ examples, model: { labels } }: Report, pictures: Pictures): Figure {
  const present = labels.filter((label) => examples.some(({ truth }) => truth === label));
  const tiles = present.flatMap((label, line) =>
    examples
      .filter(({ truth }) => truth === label)
      .map((face, column): Tile => ({ column, line, picture: pictures.get(face.row)!, face })),
  );
  return {
    name: 'examples',
    title: 'Examples',
    caption:
      'Faces of each class, drawn by lot, and what was read in them with which probability; ✓ is right, ✗ is wrong.',
    panels: (theme) => [
      grid(theme, tiles, present.length, EXAMPLES_PER_CLASS, present, ({ face }) => [
        `${isRight(face) ? '✓' : '✗'} ${face.predicted}`,
        percent(face.confidence, 0),
      ]),
    ],
    table: faceTable(examples),
  };
}

/** The surest wrong answers; undefined where there are none. */
export function mistakesFigure({ mistakes }: Report, pictures: Pictures): Figure | undefined {
  if (mistakes.length === 0) return undefined;
  const tiles = mistakes.map(
    (face, i): Tile => ({
      column: i % MISTAKES_COLUMNS,
      line: Math.floor(i / MISTAKES_COLUMNS),
      picture: pictures.get(face.row)!,
      face,
    }),
  );
  return {
    name: 'mistakes',
    title: 'The surest mistakes',
    caption:
      'Wrong answers with the largest probability: below each face the answer, and the label that the data has. Some of these labels may be the mistake.',
    panels: (theme) => [
      grid(theme, tiles, Math.ceil(mistakes.length / MISTAKES_COLUMNS), MISTAKES_COLUMNS, [], ({ face }) => [
        `${face.predicted} ${percent(face.confidence, 0)}`,
        `label: ${face.truth}`,
      ]),
    ],
    table: faceTable(mistakes),
  };
}

/** Faces in lines and columns, each with two short lines of text below it. */
function grid(
  theme: Theme,
  tiles: readonly Tile[],
  lines: number,
  columns: number,
  names: readonly string[],
  text: (tile: Tile) => [string, string],
): Panel {
  const place = { x: 'column', y: 'line' } as const;
  const below = { ...place, fontSize: 11 };
  return chart(theme, {
    height: lines * (FACE + TEXT) + 8,
    marginLeft: names.length === 0 ? 0 : 72,
    marginRight: 0,
    marginTop: 4,
    marginBottom: 4,
    x: { domain: Array.from({ length: columns }, (_, i) => i), axis: null, type: 'band', padding: 0 },
    y: {
      domain: Array.from({ length: lines }, (_, i) => i),
      type: 'band',
      padding: 0,
      axis: null,
    },
    marks: [
      Plot.text(names, {
        y: (_, line) => line,
        text: (name: string) => name,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
        dy: -TEXT / 2,
      }),
      Plot.image(tiles, {
        ...place,
        src: 'picture',
        width: FACE,
        height: FACE,
        dy: -TEXT / 2,
        preserveAspectRatio: 'xMidYMid slice',
      }),
      ...[true, false].map((right) => {
        const own = tiles.filter(({ face }) => isRight(face) === right);
        return Plot.text(own, {
          ...below,
          text: (tile: Tile) => text(tile)[0],
          dy: FACE / 2 - 8,
          fill: right ? theme.good : theme.bad,
        });
      }),
      Plot.text(tiles, { ...below, text: (tile: Tile) => text(tile)[1], dy: FACE / 2 + 6, fill: theme.muted }),
    ],
  });
}

function isRight({ truth, predicted }: FaceReading): boolean {
  return truth === predicted;
}

function faceTable(faces: readonly FaceReading[]): Table {
  const head = ['row of the data', 'label', 'answer', 'probability'];
  return [head, ...faces.map(({ row, truth, predicted, confidence }) => [row, truth, predicted, confidence])];
}
