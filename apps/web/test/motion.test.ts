import { memePlacement } from '@mememoji/vision/meme';
import { describe, expect, it } from 'vitest';
import { OneEuro, SteadyMemes } from '../src/live/steady.ts';
import { facesAt, firstAfter } from '../src/video/interpolate.ts';
import { faceAt, showing } from './faces.ts';

describe('facesAt', () => {
  const frames = [
    { frame: 0, timestamp: 0, faces: [faceAt(0, 0, 0)] },
    { frame: 1, timestamp: 0.2, faces: [faceAt(0, 40, 20, 'sad'), faceAt(1, 300, 0)] },
    { frame: 2, timestamp: 2, faces: [faceAt(0, 0, 0)] },
  ];
  const boxes = (time: number) => facesAt(frames, time, 0.5).map(({ id, box }) => [id, box.x, box.y]);

  it('puts faces in proportion between two frames', () => {
    const [face] = facesAt(frames, 0.05, 0.5);
    expect(face?.box.x).toBeCloseTo(10, 9);
    expect(face?.landmarks.nose).toEqual({ x: expect.closeTo(60, 9), y: expect.closeTo(65, 9) });
    expect(face?.expressions.happy).toBeCloseTo(0.75 * 0.7 + 0.25 * 0.05, 9);
    expect(Object.values(face!.expressions).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
  });

  it('takes a face that is in one frame only while that frame is the nearer', () => {
    expect(boxes(0.15).map(([id]) => id)).toEqual([0, 1]);
    expect(boxes(0.05).map(([id]) => id)).toEqual([0]);
  });

  it('says nothing of the middle of a gap', () => {
    expect(boxes(0.2)).toEqual([
      [0, 40, 20],
      [1, 300, 0],
    ]);
    expect(boxes(1)).toEqual([]);
    expect(boxes(2.1)).toEqual([[0, 0, 0]]);
    expect(facesAt([], 1, 1)).toEqual([]);
  });

  it('firstAfter finds the place in order', () => {
    expect([-1, 0, 0.1, 0.2, 5].map((time) => firstAfter(frames, time))).toEqual([0, 1, 1, 2, 3]);
  });
});

describe('SteadyMemes', () => {
  const happy = faceAt(7, 100, 100);
  const near = (name: 'sad' | 'surprise') => ({ ...happy, expressions: showing(name, 0.9) });

  it('shows another meme only when it has held for a quarter of a second', () => {
    const memes = new SteadyMemes();
    const seen = (time: number, face: typeof happy) => {
      memes.update(time, [face]);
      return memes.meme(face);
    };
    expect(seen(0, near('sad'))).toBe('sad');
    expect(seen(0.1, near('surprise'))).toBe('sad');
    expect(seen(0.2, near('sad')), 'a flicker is not followed').toBe('sad');
    expect(seen(0.3, near('surprise'))).toBe('sad');
    expect(seen(0.5, near('surprise'))).toBe('sad');
    expect(seen(0.56, near('surprise'))).toBe('surprise');
  });

  it('forgets tracks that are gone', () => {
    const memes = new SteadyMemes();
    memes.update(0, [happy]);
    memes.update(0.1, []);
    expect(memes.meme(happy)).toBeUndefined();
    expect(memes.placement(happy)).toBeUndefined();
  });

  it('trembles less than the detector, and follows a head that moves', () => {
    const memes = new SteadyMemes();
    const still: number[] = [];
    for (let i = 0; i < 60; i++) {
      const face = faceAt(0, 100 + (i % 2 === 0 ? 2 : -2), 100);
      memes.update(i / 30, [face]);
      still.push(memes.placement(face)!.center.x);
    }
    const late = still.slice(30);
    expect(Math.max(...late) - Math.min(...late), 'of 4 pixels').toBeLessThan(1.5);

    let lag = 0;
    for (let i = 0; i < 30; i++) {
      const face = faceAt(0, 100 + 10 * i, 100);
      memes.update(2 + i / 30, [face]);
      lag = Math.abs(memes.placement(face)!.center.x - memePlacement(face).center.x);
    }
    expect(lag, 'at 300 pixels a second, three heads').toBeLessThan(10);
  });
});

it('OneEuro begins at the first value and comes to rest at the last', () => {
  const filter = new OneEuro();
  expect(filter.update(5, 0, 1)).toBe(5);
  let value = 0;
  for (let i = 1; i < 90; i++) value = filter.update(6, i / 30, 1);
  expect(value).toBeCloseTo(6, 3);
});
