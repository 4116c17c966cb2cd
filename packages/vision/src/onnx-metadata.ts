/**
 * The metadata of an ONNX file without a protobuf library: a walk over the top level of the message, which skips all but
 * `metadata_props`. Wire format: https://protobuf.dev/programming-guides/encoding/
 */
import { VisionError } from './error.ts';

/** Field numbers of onnx.proto: ModelProto.metadata_props, and of its StringStringEntryProto. */
const METADATA_PROPS = 14;
const ENTRY_KEY = 1;
const ENTRY_VALUE = 2;

interface Field {
  number: number;
  /** Content of a length-delimited field, not copied; undefined for numbers. */
  content: Uint8Array | undefined;
}

/**
 * The entries of `metadata_props` of an ONNX model file, by key; of a key that stands twice, the last. Weights are
 * stepped over, so that it costs microseconds whatever the size of the file.
 * @throws VisionError `BAD_METADATA` where the bytes are no protobuf message, are cut off, or a text is not UTF-8.
 */
export function readOnnxMetadata(bytes: Uint8Array): Record<string, string> {
  const entries: [string, string][] = [];
  for (const { number, content } of fieldsOf(bytes)) {
    if (number === METADATA_PROPS && content !== undefined) entries.push(readEntry(content));
  }
  return Object.fromEntries(entries);
}

function readEntry(bytes: Uint8Array): [string, string] {
  let key = '';
  let value = '';
  for (const { number, content } of fieldsOf(bytes)) {
    if (content === undefined) continue;
    if (number === ENTRY_KEY) key = decodeUtf8(content);
    if (number === ENTRY_VALUE) value = decodeUtf8(content);
  }
  return [key, value];
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let position = 0;
  while (position < bytes.length) {
    const tag = readVarint(bytes, position);
    const number = Math.floor(tag.value / 8);
    const { start, end } = extent(bytes, tag.end, tag.value % 8);
    if (number === 0 || end > bytes.length) throw malformed(position);
    yield { number, content: tag.value % 8 === 2 ? bytes.subarray(start, end) : undefined };
    position = end;
  }
}

/** Where the content of a field of the given wire type lies, if its tag ends at `position`. */
function extent(bytes: Uint8Array, position: number, wireType: number): { start: number; end: number } {
  switch (wireType) {
    case 0:
      return { start: position, end: readVarint(bytes, position).end };
    case 1:
      return { start: position, end: position + 8 };
    case 2: {
      const length = readVarint(bytes, position);
      return { start: length.end, end: length.end + length.value };
    }
    case 5:
      return { start: position, end: position + 4 };
    default: // groups, which ONNX does not use, and what is no wire type at all
      throw malformed(position);
  }
}

/** A number of seven bits per byte, lowest first, in at most ten bytes; inexact above 2^53, where only its end matters. */
function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  throw malformed(start);
}

/** By way of percent-encoding, since TextDecoder is no part of the language; refuses what is not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch (cause) {
    throw new VisionError('BAD_METADATA', 'the metadata of the model file is not UTF-8 text', HINT, { cause });
  }
}

const HINT = 'is it a complete .onnx file?';

function malformed(position: number): VisionError {
  return new VisionError('BAD_METADATA', `the model file is not ONNX, or damaged, at byte ${position}`, HINT);
}
