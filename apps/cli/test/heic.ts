import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const encoders = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' }).stdout ?? '';

/** Tests with HEIC are skipped where ffmpeg cannot write HEVC. */
export const canWriteHeic = / libx265 /.test(encoders);

/** A HEIC file (ISO/IEC 23008-12) with one picture: a frame of HEVC, which ffmpeg encodes, in boxes that are put around it here. */
export function encodeHeic(picture: string, width: number, height: number): Buffer {
  const { config, data } = encodeHevc(picture);
  const meta = (offset: number): Buffer =>
    fullBox('meta', 0, [
      fullBox('hdlr', 0, [uint32(0), 'pict', Buffer.alloc(13)]),
      fullBox('pitm', 0, [uint16(1)]),
      fullBox('iloc', 0, [
        Buffer.from([0x44, 0]),
        uint16(1),
        uint16(1),
        uint16(0),
        uint16(1),
        uint32(offset),
        uint32(data.length),
      ]),
      fullBox('iinf', 0, [uint16(1), fullBox('infe', 2, [uint16(1), uint16(0), 'hvc1\0'])]),
      box('iprp', [
        box('ipco', [config, fullBox('ispe', 0, [uint32(width), uint32(height)])]),
        fullBox('ipma', 0, [uint32(1), uint16(1), Buffer.from([2, 0x81, 0x02])]),
      ]),
    ]);
  const type = box('ftyp', ['heic', uint32(0), 'mif1heic']);
  const offset = type.length + meta(0).length + 8;
  return Buffer.concat([type, meta(offset), box('mdat', [data])]);
}

/** The decoder's configuration (the box `hvcC`) and the coded picture, out of an MP4 file with a single frame. */
function encodeHevc(picture: string): { config: Buffer; data: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-heic-'));
  try {
    const file = join(folder, 'frame.mp4');
    const codec = ['-c:v', 'libx265', '-x265-params', 'log-level=none', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'];
    execFileSync('ffmpeg', ['-v', 'error', '-i', picture, '-frames:v', '1', ...codec, file]);
    const bytes = readFileSync(file);
    return { config: findBox(bytes, 'hvcC'), data: findBox(bytes, 'mdat').subarray(8) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function findBox(bytes: Buffer, type: string): Buffer {
  const at = bytes.indexOf(type) - 4;
  return bytes.subarray(at, at + bytes.readUInt32BE(at));
}

type Part = Buffer | string;

function box(type: string, parts: readonly Part[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

function fullBox(type: string, version: number, parts: readonly Part[]): Buffer {
  return box(type, [uint32(version << 24), ...parts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
