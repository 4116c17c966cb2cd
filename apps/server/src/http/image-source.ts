import { ServerError } from '../error.ts';
import type { Services } from '../services.ts';
import { decodeBase64 } from './upload.ts';

/** The ways in which a request may bring an image; exactly one must be taken. */
export interface ImageSources {
  /** A file of a form, or the whole body. */
  file?: Uint8Array | undefined;
  base64?: string | undefined;
  /** An address to fetch it from. */
  url?: string | undefined;
}

/**
 * The content of the image file that a request brings.
 * @param names what the client calls the three ways, for messages
 * @throws ServerError `NO_IMAGE`, `BAD_REQUEST`, `UPLOAD_TOO_LARGE`, `URL_REFUSED`, `URL_FAILED`
 */
export async function resolveImage(
  { file, base64, url }: ImageSources,
  names: { file: string; base64: string; url: string },
  { config, fetchImage }: Pick<Services, 'config' | 'fetchImage'>,
): Promise<Uint8Array> {
  const given = [file, base64, url].filter((one) => one !== undefined).length;
  const ways = `${names.file}, ${names.base64} or ${names.url}`;
  if (given === 0) throw new ServerError('NO_IMAGE', 'no image is given', `send one as ${ways}`);
  if (given > 1) throw new ServerError('BAD_REQUEST', 'several images are given', `send one, as ${ways}`);
  if (file !== undefined) return file;
  if (base64 !== undefined) return decodeBase64(base64, names.base64, config.maxUploadBytes);
  if (fetchImage === undefined) throw new ServerError('URL_REFUSED', 'this server fetches no addresses');
  return fetchImage(url ?? '');
}
