import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import yauzl from 'yauzl';
import { ServerError } from '../error.ts';
import type { UploadKind } from './upload-kind.ts';

/** What an archive may hold. */
export interface ArchiveLimits {
  /** Pictures. */
  items: number;
  /** Bytes of one picture. */
  itemBytes: number;
  /** Bytes of all that is unpacked, also of what is passed over. */
  totalBytes: number;
}

/** A picture of an archive. */
export interface ArchiveItem {
  /** Its path in the archive. */
  name: string;
  bytes: Uint8Array;
}

/** What is told of an archive's other files. */
export interface ArchiveOptions {
  limits: ArchiveLimits;
  /** Told of each file that is passed over because its name is not that of a picture. */
  onSkipped?: (name: string) => void;
}

const PICTURES = /\.(?:jpe?g|jfif|png|webp|avif|gif|tiff?)$/i;
/** Also of files that are passed over: an archive of a million empty ones costs as well. */
const MOST_ENTRIES = 100_000;
/** An archive may become so many times as large, once it is larger than {@link FREE_BYTES}. Pictures hardly shrink. */
const MOST_RATIO = 100;
const FREE_BYTES = 2 ** 20;
const MOST_NAME = 1024;

/**
 * The pictures of an archive, one after the other; nothing is written anywhere. Names are only told on, but an archive with a
 * name that leads out of it is refused all the same, as are links, encrypted files and whatever goes beyond the limits.
 * @throws ServerError `BAD_ARCHIVE`
 */
export async function* readArchive(
  path: string,
  kind: Exclude<UploadKind, 'image' | 'video'>,
  options: ArchiveOptions,
): AsyncGenerator<ArchiveItem> {
  const budget = new Budget(options.limits);
  try {
    yield* kind === 'zip' ? readZip(path, budget, options) : readTar(path, kind, budget, options);
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw badArchive(`it is damaged (${reason})`, cause);
  }
}

async function* readZip(path: string, budget: Budget, { onSkipped }: ArchiveOptions): AsyncGenerator<ArchiveItem> {
  // A name with a backslash is refused as what it is, instead of being mended.
  const zip = await yauzl.openPromise(path, { strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) {
      const name = checkName(entry.fileName);
      budget.countEntry();
      if (name.endsWith('/')) continue;
      if (!isPicture(name)) {
        onSkipped?.(name);
        continue;
      }
      if (entry.isEncrypted()) throw badArchive(`'${name}' is encrypted`);
      if (isLink(entry.externalFileAttributes)) throw badArchive(`'${name}' is a link`);
      budget.checkRatio(entry.uncompressedSize, entry.compressedSize, name);
      yield { name, bytes: await budget.readItem(await zip.openReadStreamPromise(entry), name) };
    }
  } finally {
    zip.close();
  }
}

/** The upper half of the attributes is the mode of Unix. */
function isLink(attributes: number): boolean {
  return ((attributes >>> 16) & 0o170000) === 0o120000;
}

async function* readTar(
  path: string,
  kind: 'tar' | 'gzip',
  budget: Budget,
  { onSkipped }: ArchiveOptions,
): AsyncGenerator<ArchiveItem> {
  const file = createReadStream(path);
  const extract = tar.extract();
  const unpacked = kind === 'tar' ? file : file.pipe(createGunzip());
  let out = 0;
  unpacked.on('data', (chunk: Buffer) => {
    out += chunk.length;
    const fault = budget.findStreamFault(out, file.bytesRead);
    if (fault !== undefined) extract.destroy(fault);
  });
  file.on('error', (error: Error) => extract.destroy(error));
  unpacked.on('error', (error: Error) => extract.destroy(error));
  unpacked.pipe(extract);
  try {
    for await (const entry of extract) {
      const { name, type } = entry.header;
      budget.countEntry();
      checkName(name);
      if (type === 'symlink' || type === 'link') throw badArchive(`'${name}' is a link`);
      if (type === 'file' && isPicture(name)) {
        yield { name, bytes: await budget.readItem(entry.pipe(new PassThrough()), name) };
        continue;
      }
      if (type === 'file') onSkipped?.(name);
      entry.resume();
    }
  } finally {
    file.destroy();
    unpacked.destroy();
    extract.destroy();
  }
}

/** Whether a name is that of a picture; the shadows that macOS puts beside each file are none. */
function isPicture(name: string): boolean {
  return PICTURES.test(name) && !/(^|\/)(__MACOSX\/|\._)/.test(name);
}

function checkName(name: string): string {
  const isOutside = /^(\/|[a-z]:)|\\/i.test(name) || name.includes('\0') || name.split('/').includes('..');
  if (isOutside) throw badArchive(`the name '${name.slice(0, 80)}' leads out of it`);
  if (name.length > MOST_NAME) throw badArchive(`it has a name of ${name.length} characters`);
  return name;
}

/** Counts what an archive takes, and refuses it when that is too much. */
class Budget {
  readonly #limits: ArchiveLimits;
  #entries = 0;
  #items = 0;
  #bytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  countEntry(): void {
    this.#entries++;
    if (this.#entries > MOST_ENTRIES) throw badArchive(`it has more than ${MOST_ENTRIES} files`);
  }

  checkRatio(unpacked: number, packed: number, name: string): void {
    if (unpacked <= FREE_BYTES || unpacked <= MOST_RATIO * packed) return;
    throw badArchive(`'${name}' becomes ${Math.round(unpacked / packed)} times as large`);
  }

  /** Of a stream that is unpacked as a whole. */
  findStreamFault(unpacked: number, packed: number): ServerError | undefined {
    if (unpacked > FREE_BYTES + MOST_RATIO * packed)
      return badArchive(`it becomes more than ${MOST_RATIO} times as large`);
    // Headers and padding of a tar come on top of its files.
    const most = this.#limits.totalBytes + 1024 * MOST_ENTRIES;
    return unpacked > most ? badArchive(`it unpacks to more than ${most} bytes`) : undefined;
  }

  /** The content of a file, counted as it comes: what a header says of it may be a lie. */
  async readItem(stream: AsyncIterable<Buffer>, name: string): Promise<Uint8Array> {
    const { items, itemBytes, totalBytes } = this.#limits;
    this.#items++;
    if (this.#items > items) throw badArchive(`it has more than ${items} pictures`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      this.#bytes += chunk.length;
      if (size > itemBytes) throw badArchive(`'${name}' has more than ${itemBytes} bytes`);
      if (this.#bytes > totalBytes) throw badArchive(`its pictures have more than ${totalBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }
}

function badArchive(reason: string, cause?: unknown): ServerError {
  const hint = 'send a ZIP, TAR or TAR.GZ of pictures';
  return new ServerError('BAD_ARCHIVE', `the archive is refused: ${reason}`, hint, { cause });
}
