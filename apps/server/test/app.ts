/** An app of a test's own, without a socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type AppParts, buildApp } from '../src/app.ts';
import { completeConfig } from '../src/config/config.ts';
import type { PartialConfig, ServerConfig } from '../src/config/options.ts';
import { openImageFolder } from '../src/store/image-files.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { createStandIn, type StandIn } from './fakes.ts';

/** A store with a folder for images; apps of one test file share it. */
export interface TestStore {
  store: Store;
  dataDir: string;
  remove(): Promise<void>;
}

/** Opens a store in a temporary folder, or in a database that lies elsewhere. */
export async function openTestStore(databaseUrl?: string): Promise<TestStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mememoji-server-'));
  const store = await openStore({ dataDir, databaseUrl });
  const remove = async (): Promise<void> => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { store, dataDir, remove };
}

export interface TestApp {
  app: FastifyInstance;
  analyzer: StandIn;
  config: ServerConfig;
}

/** An app without limit of rate that everybody may export from, unless the test says otherwise. */
export async function createApp(
  { store, dataDir }: TestStore,
  options: PartialConfig = {},
  parts: Partial<Pick<AppParts, 'clock' | 'fetchParts' | 'jobs'>> & { parallel?: number } = {},
): Promise<TestApp> {
  const config = completeConfig({ dataDir, rateLimit: 0, publicExport: true, ...options });
  const { parallel = 2, ...others } = parts;
  const analyzer = createStandIn({ parallel, maxPixels: config.maxPixels });
  const files = openImageFolder(join(dataDir, 'images'));
  const app = await buildApp({ config, store, files, analyzer, ...others });
  return { app, analyzer, config };
}

/** A multipart form by hand, so that tests may send what no client would. */
export function form(parts: readonly { name: string; value: string | Uint8Array; file?: string; type?: string }[]) {
  const boundary = '----mememoji';
  const chunks = parts.flatMap(({ name, value, file, type }) => {
    const filename = file === undefined ? '' : `; filename="${file}"`;
    const contentType = file === undefined ? '' : `content-type: ${type ?? 'image/jpeg'}\r\n`;
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${filename}\r\n${contentType}\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from('\r\n')];
  });
  const payload = Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}
