import type { PixelImage } from '@mememoji/vision/image';
import { type Letterbox, letterbox } from '@mememoji/vision/letterbox';
import { describe, expect, it } from 'vitest';

function rgb(width: number, height: number, value: (x: number, y: number) => [number, number, number]): PixelImage {
  const pixels = Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, channels: 3, data: Uint8Array.from(pixels.flat()) };
}

const at = (box: Letterbox, channel: number, x: number, y: number) =>
  box.data[channel * box.width * box.height + y * box.width + x]!;
const asByte = (value: number) => value * 127.5 + 127.5;

describe('letterbox', () => {
  it('pads to multiples of 32, centred, with -1', () => {
    const box = letterbox(
      rgb(100, 50, () => [255, 255, 255]),
      64,
    );
    expect([box.width, box.height, box.offsetX, box.offsetY]).toEqual([64, 32, 0, 0]);
    const tall = letterbox(
      rgb(60, 100, () => [255, 255, 255]),
      100,
    );
    expect([tall.width, tall.height, tall.offsetX, tall.offsetY]).toEqual([64, 128, 2, 14]);
    expect(tall.data.length).toBe(3 * 64 * 128);
    for (const channel of [0, 1, 2]) {
      expect(at(tall, channel, 1, 64)).toBe(-1);
      expect(at(tall, channel, 2, 14)).toBeCloseTo(1, 5);
      expect(at(tall, channel, 61, 113)).toBeCloseTo(1, 5);
      expect(at(tall, channel, 62, 64)).toBe(-1);
      expect(at(tall, channel, 30, 13)).toBe(-1);
      expect(at(tall, channel, 30, 114)).toBe(-1);
    }
  });

  it('tells the way back to the pixels of the image, apart for each axis where rounding differs', () => {
    const box = letterbox(
      rgb(640, 427, () => [0, 0, 0]),
      256,
    );
    expect([box.width, box.height]).toEqual([256, 192]);
    expect(box.scaleX).toBe(2.5);
    expect(box.scaleY).toBe(427 / 171);
    expect(box.offsetY).toBe((192 - 171 - 1) / 2);
  });

  it('keeps the order of channels and the values at scale 1', () => {
    const image = rgb(32, 32, (x, y) => [x, y, 200]);
    const box = letterbox(image, 32);
    for (const [x, y] of [
      [0, 0],
      [31, 0],
      [7, 19],
      [31, 31],
    ] as const) {
      expect(asByte(at(box, 0, x, y))).toBeCloseTo(x, 4);
      expect(asByte(at(box, 1, x, y))).toBeCloseTo(y, 4);
      expect(asByte(at(box, 2, x, y))).toBeCloseTo(200, 4);
    }
  });

  it('averages over areas, with shares of pixels that a window cuts', () => {
    // 48 -> 32: each target pixel covers one and a half source pixels.
    const image = rgb(48, 48, (x) => [x % 3 === 0 ? 90 : 0, 0, 0]);
    const box = letterbox(image, 32);
    expect(asByte(at(box, 0, 0, 5))).toBeCloseTo(60, 3);
    expect(asByte(at(box, 0, 1, 5))).toBeCloseTo(0, 3);
    expect(asByte(at(box, 0, 2, 5))).toBeCloseTo(60, 3);
    const stripes = rgb(320, 320, (_, y) => [0, (y % 2) * 200, 0]);
    expect(asByte(at(letterbox(stripes, 32), 1, 9, 20))).toBeCloseTo(100, 3);
  });

  it('enlarges bilinearly and repeats the edge', () => {
    const image = rgb(16, 16, (x) => [10 * x, 0, 0]);
    const box = letterbox(image, 32);
    expect(asByte(at(box, 0, 0, 3))).toBeCloseTo(0, 3);
    expect(asByte(at(box, 0, 1, 3))).toBeCloseTo(2.5, 3);
    expect(asByte(at(box, 0, 2, 3))).toBeCloseTo(7.5, 3);
    expect(asByte(at(box, 0, 31, 3))).toBeCloseTo(150, 3);
  });

  it('shows grey as RGB and lays transparency over white', () => {
    const value = (x: number, y: number) => (x * 7 + y * 3) % 256;
    const colour = letterbox(
      rgb(50, 40, (x, y) => [value(x, y), value(x, y), value(x, y)]),
      32,
    );
    const bytes = Uint8Array.from({ length: 2000 }, (_, i) => value(i % 50, Math.floor(i / 50)));
    const grey = letterbox({ width: 50, height: 40, channels: 1, data: bytes }, 32);
    expect(grey.data).toEqual(colour.data);
    const glass = new Uint8Array(32 * 32 * 4).fill(100).map((byte, i) => (i % 4 === 3 ? 51 : byte));
    const box = letterbox({ width: 32, height: 32, channels: 4, data: glass }, 32);
    expect(asByte(at(box, 1, 5, 5))).toBeCloseTo(255 - (155 * 51) / 255, 3);
  });

  it('survives images of one pixel and extreme shapes', () => {
    const dot = letterbox(
      rgb(1, 1, () => [255, 0, 0]),
      64,
    );
    expect(asByte(at(dot, 0, 63, 63))).toBeCloseTo(255, 3);
    const line = letterbox(
      rgb(5000, 1, () => [255, 255, 255]),
      256,
    );
    expect([line.width, line.height, line.offsetY]).toEqual([256, 32, 15]);
    expect(line.data.every((value) => Number.isFinite(value))).toBe(true);
  });
});
