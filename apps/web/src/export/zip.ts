/** One file of an archive. */
export interface ZipEntry {
  /** With `/` between folders. */
  name: string;
  content: Uint8Array<ArrayBuffer>;
}

/** Bit 11 of the flags: names are UTF-8. */
const UTF8_NAMES = 0x0800;
const VERSION = 20;
/** 1 January 1980, the first day that the format knows; archives of the same files are the same. */
const FIRST_DAY = 0x0021;

/**
 * An archive whose files are stored as they are (PKWARE APPNOTE 4.3; PNG would not shrink). Up to 65,535 files and 4 GB.
 */
export function toZip(entries: readonly ZipEntry[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, content } of entries) {
    const bytes = new TextEncoder().encode(name);
    const common = fileFields(bytes.length, content);
    const local = record(0x04034b50, [[VERSION, 2], ...common, [0, 2]]);
    // Comment length, disk, attributes (2 and 4 bytes), where the file begins.
    const central = record(0x02014b50, [
      [VERSION, 2],
      [VERSION, 2],
      ...common,
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [offset, 4],
    ]);
    parts.push(local, bytes, content);
    directory.push(central, bytes);
    offset += local.length + bytes.length + content.length;
  }
  return new Blob([...parts, ...directory, endOf(directory, entries.length, offset)], { type: 'application/zip' });
}

/** A number and the bytes it takes, the lowest first. */
type Field = readonly [value: number, bytes: 2 | 4];

/** Flags, method, time, day, checksum, size packed and as it is, length of the name. */
function fileFields(nameLength: number, content: Uint8Array): Field[] {
  const size: Field = [content.length, 4];
  return [[UTF8_NAMES, 2], [0, 2], [0, 2], [FIRST_DAY, 2], [crc32(content), 4], size, size, [nameLength, 2]];
}

function endOf(directory: readonly Uint8Array[], count: number, offset: number): Uint8Array<ArrayBuffer> {
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  return record(0x06054b50, [
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [length, 4],
    [offset, 4],
    [0, 2],
  ]);
}

function record(signature: number, fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const all: readonly Field[] = [[signature, 4], ...fields];
  const view = new DataView(new ArrayBuffer(all.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of all) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** CRC-32 of ISO 3309, polynomial 0xEDB88320 (reversed), as ZIP and PNG have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
