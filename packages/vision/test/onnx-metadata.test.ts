import { VisionError } from '@mememoji/vision/error';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { describe, expect, it } from 'vitest';

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}

function field(number: number, content: Uint8Array | readonly number[]): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
}

function entry(key: string, value: string): number[] {
  return field(14, [...field(1, utf8.encode(key)), ...field(2, utf8.encode(value))]);
}

/** ir_version 8, producer_name, model_version -1 (ten bytes), a graph of 300 bytes, then the metadata. */
const BEFORE = [
  0x08,
  8,
  ...field(2, utf8.encode('test')),
  0x28,
  ...Array(9).fill(0xff),
  1,
  ...field(7, new Uint8Array(300)),
];

function failure(bytes: readonly number[]): VisionError {
  try {
    readOnnxMetadata(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof VisionError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readOnnxMetadata', () => {
  it('finds the entries among all other parts of a model', () => {
    const json = JSON.stringify({ labels: ['happy'], note: 'größer 😀', filler: 'x'.repeat(5000) });
    const bytes = Uint8Array.from([
      ...BEFORE,
      ...entry('mememoji', json),
      ...field(8, [0x10, 17]),
      ...entry('empty', ''),
    ]);
    expect(readOnnxMetadata(bytes)).toEqual({ mememoji: json, empty: '' });
  });

  it('reads a view into a larger buffer', () => {
    const bytes = Uint8Array.from([1, 2, 3, ...entry('a', 'b'), 255]);
    expect(readOnnxMetadata(bytes.subarray(3, -1))).toEqual({ a: 'b' });
  });

  it('steps over fixed-width numbers, and over numbers where a text belongs', () => {
    const fixed = [0x99, 0x06, ...Array(8).fill(1), 0x9d, 0x06, ...Array(4).fill(1), 0x70, 5];
    expect(readOnnxMetadata(Uint8Array.from([...fixed, ...entry('a', 'b')]))).toEqual({ a: 'b' });
  });

  it('takes the last of a key that stands twice, and any key as a plain one', () => {
    const bytes = Uint8Array.from([...entry('a', '1'), ...entry('a', '2'), ...entry('__proto__', 'x')]);
    expect(Object.entries(readOnnxMetadata(bytes))).toEqual([
      ['a', '2'],
      ['__proto__', 'x'],
    ]);
  });

  it('finds nothing in a model without metadata', () => {
    expect(readOnnxMetadata(Uint8Array.from(BEFORE))).toEqual({});
  });

  it('refuses a file cut within a field, and only then', () => {
    const whole = [...BEFORE, ...entry('a', 'b')];
    const boundaries = [0, 2, 8, 19, BEFORE.length];
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      if (boundaries.includes(length)) expect(readOnnxMetadata(Uint8Array.from(cut))).toEqual({});
      else expect(failure(cut).code).toBe('BAD_METADATA');
    }
  });

  it.each([
    ['text', [...utf8.encode('label,pixels,usage\n')], /not ONNX, or damaged/],
    ['a PNG file', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], /not ONNX, or damaged/],
    ['an endless number', Array(20).fill(0xff), /damaged, at byte 0/],
    ['field number 0', [0x02, 0x00], /damaged, at byte 0/],
    ['a length beyond the end', [0x08, 8, 0x72, 0xff, 0xff, 0xff, 0xff, 0x0f], /damaged, at byte 2/],
    ['a damaged entry', field(14, [0x0a, 9, 0x61]), /damaged/],
    ['text that is not UTF-8', field(14, field(1, [0xc3, 0x28])), /not UTF-8/],
  ])('refuses %s', (_, bytes, message) => {
    const error = failure(bytes);
    expect(error.code).toBe('BAD_METADATA');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/complete \.onnx file/);
  });
});
