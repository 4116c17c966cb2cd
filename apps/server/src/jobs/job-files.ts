import { openAsBlob } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { ServerError } from '../error.ts';
import { type ImageFiles, openImageFolder } from '../store/image-files.ts';
import { makePrivateFolder } from '../store/private-folder.ts';

/** Image files that may be as large as a video, and so are moved from file to file without being held in memory. */
export interface JobFiles extends ImageFiles {
  /** Stores the content of a file of this machine. */
  writeFrom(key: string, path: string): Promise<void>;
  /** Copies a stored file to a path of this machine; false if there is no such file. */
  readTo(key: string, path: string): Promise<boolean>;
}

/** Files in a folder, on this machine or on a disk that all workers share. */
export function openJobFolder(folder: string): JobFiles {
  const files = openImageFolder(folder);
  return {
    ...files,
    writeFrom: async (key, path) => {
      const target = join(folder, checkedKey(key));
      await makePrivateFolder(folder);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(path, `${target}.tmp`);
      await rename(`${target}.tmp`, target);
    },
    readTo: async (key, path) => ifThere(copyFile(join(folder, checkedKey(key)), path)),
  };
}

/** No key comes from a user. */
function checkedKey(key: string): string {
  if (/^[a-z0-9-]+(\/[a-z0-9-]+)*\.[a-z0-9]+$/.test(key)) return key;
  throw new ServerError('BAD_REQUEST', `'${key}' is no key of a file`);
}

async function ifThere(copied: Promise<void>): Promise<boolean> {
  try {
    await copied;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Where a bucket of an S3-compatible store is, and with which keys it is opened. */
export interface BucketOptions {
  /** Address of the store, for example `https://s3.eu-central-1.amazonaws.com` or `http://127.0.0.1:9000`. */
  endpoint: string;
  bucket: string;
  /** Begins every key; may be empty. */
  prefix: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  /** What sends requests; `fetch` by default. */
  send?: typeof fetch;
}

/** Environment variables as every tool of S3 reads them. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the place that an option names: a folder, or `s3://BUCKET/PREFIX`, whose address and keys stand in the environment as
 * `AWS_ENDPOINT_URL` (without it Amazon's), `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
 * @throws ServerError `BAD_CONFIG`
 */
export function openJobFiles(place: string, env: Environment): JobFiles {
  if (!place.startsWith('s3://')) return openJobFolder(place);
  const [bucket = '', ...prefix] = place
    .slice('s3://'.length)
    .split('/')
    .filter((part) => part !== '');
  const {
    AWS_REGION: region = 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = env;
  if (bucket === '') throw new ServerError('BAD_CONFIG', `${place} names no bucket`, 'write s3://BUCKET/PREFIX');
  if (!accessKeyId || !secretAccessKey) {
    const hint = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    throw new ServerError('BAD_CONFIG', `there are no keys for ${place}`, hint);
  }
  const endpoint = env.AWS_ENDPOINT_URL || `https://s3.${region}.amazonaws.com`;
  const keys = { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN };
  return openBucket({ endpoint, bucket, prefix: prefix.join('/'), region, ...keys });
}

/** Files in a bucket of an S3-compatible store, addressed by path: `ENDPOINT/BUCKET/PREFIX/KEY`. */
export function openBucket({ endpoint, bucket, prefix, send = fetch, ...keys }: BucketOptions): JobFiles {
  const { accessKeyId, secretAccessKey, sessionToken, region } = keys;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    region,
    service: 's3',
    ...(sessionToken !== undefined && { sessionToken }),
  });
  const base = [endpoint.replace(/\/+$/, ''), bucket, ...(prefix === '' ? [] : [prefix])].join('/');
  const request = async (method: string, key: string, body?: Uint8Array<ArrayBuffer> | Blob): Promise<Response> => {
    const signed = await client.sign(`${base}/${checkedKey(key)}`, {
      method,
      // The content is not part of the signature: it would have to be read twice.
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      ...(body !== undefined && { body }),
    });
    return checked(await reached(send(signed), base), method, key);
  };
  return {
    write: async (key, content) => void (await request('PUT', key, new Uint8Array(content))),
    writeFrom: async (key, path) => void (await request('PUT', key, await openAsBlob(path))),
    read: async (key) => {
      const response = await request('GET', key);
      return response.status === 404 ? undefined : new Uint8Array(await response.arrayBuffer());
    },
    readTo: async (key, path) => {
      const response = await request('GET', key);
      if (response.status === 404) return false;
      await writeFile(path, response.body ?? '');
      return true;
    },
    remove: async (key) => void (await request('DELETE', key)),
    close: async () => {},
  };
}

async function reached(response: Promise<Response>, base: string): Promise<Response> {
  return response.catch((cause: unknown) => {
    const hint = 'is the address right, and the store running?';
    throw new ServerError('STORAGE_FAILED', `the file store ${base} cannot be reached`, hint, { cause });
  });
}

/** 404 is an answer, for reading and removing; all else but success is a failure. */
async function checked(response: Response, method: string, key: string): Promise<Response> {
  if (response.ok || (response.status === 404 && method !== 'PUT')) return response;
  const reason = /<Code>([^<]*)/.exec(await response.text())?.[1] ?? response.statusText;
  const hint = 'check bucket, keys and rights';
  throw new ServerError('STORAGE_FAILED', `${method} ${key} was answered with ${response.status} ${reason}`, hint);
}
