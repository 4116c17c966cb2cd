import { z } from 'zod';

/** A whole number; text from a flag or the environment is taken too. */
function whole(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const text = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number);
  return z.union([z.number(), text]).pipe(z.number().int().min(least).max(most));
}

/** true or false; text is taken too. */
function flag() {
  return z.union([z.boolean(), z.stringbool()]);
}

/** A list; as text separated by commas. */
function list<Item extends z.ZodType<unknown, string | number>>(item: Item) {
  const text = z
    .string()
    .transform((value): (string | number)[] => value.split(',').flatMap((one) => one.trim() || []));
  const items = z.array(z.union([z.string(), z.number()]));
  return z.union([text, items]).pipe(z.array(item));
}

const MEBIBYTE = 2 ** 20;

/**
 * Every option of the server: what it may be, its default, and what it means. The names become flags (`--data-dir`),
 * environment variables (`MEMEMOJI_DATA_DIR`) and entries of the configuration file (`dataDir`). docs/server.md has them in
 * a table that a test holds to this one.
 */
export const OPTIONS = {
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on; `0.0.0.0` for all'),
  port: whole(0, 65535).default(8080).describe('port to listen on; 0 takes a free one'),
  dataDir: z.string().min(1).default('mememoji-data').describe('folder of the embedded database and of kept images'),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional()
    .describe('PostgreSQL in place of the embedded database: `postgres://user:password@host/name`'),
  databaseConnections: whole(1, 1000).default(10).describe('connections to PostgreSQL at most'),
  model: z.string().optional().describe('classifier, an .onnx file; the shipped one if left out'),
  analyzers: whole(0, 256).default(0).describe('images analyzed at once, each on a thread of its own; 0: one per core'),
  queue: whole(0, 100_000).default(64).describe('images that may wait for an analyzer; beyond, the answer is 429'),
  maxUploadBytes: whole(1)
    .default(20 * MEBIBYTE)
    .describe('largest image in bytes, uploaded or fetched'),
  maxUploads: whole(1).default(128).describe('uploads that may be under way at once; beyond, the answer is 429'),
  maxPixels: whole(1).default(50_000_000).describe('largest image in pixels, width times height'),
  maxFaces: whole(1).default(500).describe('faces in one image; one with more is refused'),
  requestTimeout: whole(1).default(30).describe('seconds in which a request must have arrived'),
  fetchUrls: flag().default(true).describe('whether images are fetched from addresses that clients send'),
  fetchTimeout: whole(1).default(10).describe('seconds that fetching an address may take, with all redirects'),
  fetchRedirects: whole(0, 20).default(3).describe('redirects that are followed, each checked like the first address'),
  fetchPorts: list(whole(1, 65535)).default([80, 443]).describe('ports that are fetched from'),
  storeImages: z
    .enum(['never', 'opt-in', 'always'])
    .default('opt-in')
    .describe('which images are kept: `never`, `opt-in` (sent with `store_image=true`) or `always`'),
  imageFiles: z
    .string()
    .min(1)
    .optional()
    .describe('where kept images lie: a folder, or `s3://BUCKET/PREFIX`; a folder in `dataDir` if left out'),
  imageDays: whole(0).default(30).describe('days after which a kept image is deleted; 0: never'),
  recordDays: whole(0).default(0).describe('days after which predictions and their feedback are deleted; 0: never'),
  sweepMinutes: whole(1).default(10).describe('minutes between two looks for what is to be deleted'),
  keys: z.enum(['off', 'required']).default('off').describe('whether requests need an API key: `off` or `required`'),
  publicExport: flag()
    .default(false)
    .describe('whether listing and export go without a key even while `keys` is `off`'),
  rateLimit: whole(0).default(600).describe('requests a minute for each key or, without keys, address; 0: no limit'),
  cors: list(z.union([z.string(), z.number().transform(String)]))
    .default([])
    .describe('origins whose pages may call the API, or `*`'),
  trustProxy: flag().default(false).describe('whether `X-Forwarded-For` of a reverse proxy is believed'),
  docs: flag().default(true).describe('whether Swagger UI is served under `/docs`'),
  webDir: z.string().optional().describe('folder of the built web app; the one of this repository if left out'),
  jobWorker: flag().default(true).describe('whether this process works on jobs; else `mememoji worker` must do it'),
  jobFiles: z
    .string()
    .optional()
    .describe('where files of jobs wait: a folder, or `s3://BUCKET/PREFIX`; a folder in `dataDir` if left out'),
  jobItems: whole(1, 1_000_000).default(10_000).describe('pictures in one job'),
  jobBytes: whole(1)
    .default(2048 * MEBIBYTE)
    .describe('bytes of one job, as uploaded and unpacked'),
  jobDays: whole(0).default(7).describe('days after which an ended job is deleted with its results; 0: never'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('what is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`'),
};

export const configSchema = z.strictObject(OPTIONS);

/** The server's options, each with its value. */
export type ServerConfig = z.output<typeof configSchema>;

/** What may be left out is left out. */
export type PartialConfig = z.input<typeof configSchema>;

export type OptionName = keyof typeof OPTIONS;
