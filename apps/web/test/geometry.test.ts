import { describe, expect, it } from 'vitest';
import {
  angleToView,
  boxToView,
  canvasSize,
  fitPicture,
  limitSize,
  pointFromView,
  pointToView,
  squareAround,
} from '../src/geometry.ts';

const PICTURE = { width: 200, height: 100 };

describe('fitPicture', () => {
  it.each([
    // A wide picture in a square view: bars above and below, or cut at the sides.
    ['contain', { width: 100, height: 100 }, { scale: 0.5, left: 0, top: 25, width: 100, height: 50 }],
    ['cover', { width: 100, height: 100 }, { scale: 1, left: -50, top: 0, width: 200, height: 100 }],
    ['contain', { width: 600, height: 100 }, { scale: 1, left: 200, top: 0, width: 200, height: 100 }],
    ['cover', { width: 400, height: 200 }, { scale: 2, left: 0, top: 0, width: 400, height: 200 }],
  ] as const)('%s in %o', (fit, view, expected) => {
    expect(fitPicture(PICTURE, view, fit)).toEqual({ ...expected, view, mirror: false });
  });

  it('gives scale 0 while a picture or a view has no size yet', () => {
    expect(fitPicture({ width: 0, height: 0 }, { width: 10, height: 10 }).scale).toBe(0);
    expect(fitPicture(PICTURE, { width: 0, height: 10 }).scale).toBe(0);
  });
});

describe('places in the view', () => {
  const view = { width: 100, height: 100 };
  const straight = fitPicture(PICTURE, view);
  const mirrored = fitPicture(PICTURE, view, 'contain', true);

  it('lie where object-fit puts the picture', () => {
    expect(pointToView(straight, { x: 0, y: 0 })).toEqual({ x: 0, y: 25 });
    expect(pointToView(straight, { x: 200, y: 100 })).toEqual({ x: 100, y: 75 });
    expect(boxToView(straight, { x: 20, y: 10, width: 40, height: 20 })).toEqual({
      x: 10,
      y: 30,
      width: 20,
      height: 10,
    });
  });

  it('change sides in a mirror, and turn the other way', () => {
    expect(pointToView(mirrored, { x: 0, y: 0 })).toEqual({ x: 100, y: 25 });
    expect(boxToView(mirrored, { x: 20, y: 10, width: 40, height: 20 })).toEqual({
      x: 70,
      y: 30,
      width: 20,
      height: 10,
    });
    expect(angleToView(straight, 0.3)).toBe(0.3);
    expect(angleToView(mirrored, 0.3)).toBe(-0.3);
  });

  it.each([straight, mirrored])('lead back to the picture (mirror $mirror)', (viewport) => {
    const seen = pointToView(viewport, { x: 30, y: 70 });
    const back = pointFromView(viewport, seen);
    expect(back?.x).toBeCloseTo(30, 10);
    expect(back?.y).toBeCloseTo(70, 10);
    expect(pointFromView(viewport, { x: 50, y: 10 }), 'above the picture').toBeUndefined();
  });
});

it('canvasSize is in whole pixels of the screen', () => {
  expect(canvasSize({ width: 100.4, height: 50 }, 2)).toEqual({ width: 201, height: 100 });
  expect(canvasSize({ width: 0, height: 0 }, 2)).toEqual({ width: 1, height: 1 });
});

it('limitSize keeps proportions and never enlarges', () => {
  expect(limitSize({ width: 4000, height: 1000 }, 2000)).toEqual({ width: 2000, height: 500 });
  expect(limitSize({ width: 40, height: 10 }, 2000)).toEqual({ width: 40, height: 10 });
});

it('squareAround keeps the middle', () => {
  expect(squareAround({ x: 10, y: 10, width: 20, height: 40 }, 2)).toEqual({ x: -20, y: -10, width: 80, height: 80 });
});
