import { open } from 'node:fs/promises';

/** What an uploaded file is, by its first bytes. `image` is also what is none of the others: the decoder will judge it. */
export type UploadKind = 'image' | 'zip' | 'tar' | 'gzip' | 'video';

/** How containers begin, in hexadecimal. Pictures in the same containers (AVIF, HEIC, WebP) are told apart by their brands. */
const SIGNATURES: readonly (readonly [UploadKind, RegExp])[] = [
  ['zip', /^504b(0304|0506)/],
  ['gzip', /^1f8b/],
  ['tar', /^.{514}7573746172/], // "ustar" at 257
  ['video', /^.{8}66747970(?!617669(66|73)|686569|686576|6d696631|6d736631)/], // "ftyp": MP4, QuickTime
  ['video', /^1a45dfa3/], // Matroska, WebM
  ['video', /^52494646.{8}41564920/], // AVI
  ['video', /^4f676753/], // Ogg
  ['video', /^000001b[3a]/], // MPEG
  ['video', /^464c5601/], // FLV
];

/** Looks at the first bytes of a file. */
export async function kindOfFile(path: string): Promise<UploadKind> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return kindOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** @param start the first 512 bytes, or all if there are fewer */
export function kindOf(start: Uint8Array): UploadKind {
  const hex = Buffer.from(start).toString('hex');
  return SIGNATURES.find(([, signature]) => signature.test(hex))?.[0] ?? 'image';
}
