import { AppError } from '../app-error.ts';

/** A picture as a file, whatever it came from. */
export interface NamedPicture {
  name: string;
  content: Blob;
}

/** What a drop or a paste carries: files, or the address of a picture. */
export interface Offered {
  pictures: NamedPicture[];
  address: string | undefined;
}

/** Reads what was dropped or pasted. A file whose type is not known is taken too: its content decides. */
export function readOffered(data: DataTransfer | null, pastedName: string): Offered {
  const files = [...(data?.files ?? [])].filter(({ type }) => type === '' || type.startsWith('image/'));
  const pictures = files.map((file) => ({ name: file.name || pastedName, content: file }));
  const text = data?.getData('text/uri-list') || data?.getData('text/plain') || '';
  return { pictures, address: pictures.length === 0 ? parseAddress(text) : undefined };
}

/** An address of a picture as a person types it, or undefined. */
export function parseAddress(text: string): string | undefined {
  const line = text.trim().split(/\s/)[0] ?? '';
  if (!/^(https?:\/\/|data:image\/)/i.test(line) || !URL.canParse(line)) return undefined;
  return new URL(line).href;
}

/**
 * Fetches a picture with the browser's own means: without cookies, and without telling the other side which page asks.
 * @throws AppError `url.blocked` where the other site does not let this page read it, or cannot be reached;
 * `url.notFound` where it answers with an error.
 */
export async function fetchPicture(address: string, fetcher: typeof fetch = fetch): Promise<NamedPicture> {
  const response = await fetcher(address, { credentials: 'omit', referrerPolicy: 'no-referrer' }).catch(
    (cause: unknown) => {
      throw new AppError('url.blocked', { cause });
    },
  );
  if (!response.ok) throw new AppError('url.notFound');
  return { name: nameOf(address), content: await response.blob() };
}

function nameOf(address: string): string {
  const { protocol, pathname, hostname } = new URL(address);
  if (protocol === 'data:') return 'picture';
  const last = pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || hostname;
  } catch {
    return last || hostname;
  }
}
