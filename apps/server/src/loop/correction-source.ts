import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { ServerConfig } from '../config/options.ts';
import { ServerError } from '../error.ts';
import { openImageFolder } from '../store/image-files.ts';
import { openStore } from '../store/store.ts';
import type { Correction } from './correction.ts';
import { parseLine } from './correction-lines.ts';
import { readCorrections } from './corrections.ts';

/** Corrections with an end to their life. */
export interface OpenedCorrections {
  corrections: AsyncIterable<Correction>;
  close(): Promise<void>;
}

/** Opens the corrections of a store that no other process has open, or of a PostgreSQL. @throws ServerError `STORE_LOCKED`, ... */
export async function openStoredCorrections(
  config: Pick<ServerConfig, 'dataDir' | 'databaseUrl'>,
  spec: Pick<ClassifierSpec, 'input' | 'framing'>,
): Promise<OpenedCorrections> {
  const store = await openStore(config).catch((cause: unknown) => {
    if (!(cause instanceof ServerError) || cause.code !== 'STORE_LOCKED') throw cause;
    const hint = 'let it hand them out by --server URL, or stop it';
    throw new ServerError('STORE_LOCKED', 'a server has the store open', hint, { cause });
  });
  const files = openImageFolder(join(config.dataDir, 'images'));
  return { corrections: readCorrections({ store, files }, spec), close: () => store.close() };
}

/** Reads an export, one correction a line. @throws ServerError `BAD_FEEDBACK`; what the file system throws */
export async function* readCorrectionFile(path: string): AsyncGenerator<Correction> {
  const kind = await stat(path);
  if (kind.isDirectory()) throw new ServerError('BAD_FEEDBACK', `${path} is a folder`, 'name an export, one line each');
  yield* readLines(createReadStream(path), path);
}

/** Asks a running server for its corrections. @throws ServerError `BAD_FEEDBACK` where it does not answer with them */
export async function* fetchCorrections(server: string, key: string | undefined): AsyncGenerator<Correction> {
  const url = `${server.replace(/\/+$/, '')}/v1/export/feedback`;
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await fetch(url, { headers }).catch((cause: unknown) => {
    throw new ServerError('BAD_FEEDBACK', `${url} cannot be reached`, 'is the server running?', { cause });
  });
  if (!answer.ok || answer.body === null) {
    const hint = answer.status === 401 ? 'pass a key with the scope export' : 'is it a server of this program?';
    throw new ServerError('BAD_FEEDBACK', `${url} answered with ${answer.status}`, hint);
  }
  yield* readLines(Readable.from(answer.body), url);
}

async function* readLines(stream: Readable, name: string): AsyncGenerator<Correction> {
  let number = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() !== '') yield parseLine(line, `${name}, line ${number}`);
  }
}
