import { intersectionOverUnion } from '@mememoji/vision/geometry';
import type { Face } from '@mememoji/vision/result';
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { AppError } from '../app-error.ts';
import type { Correction } from '../corrections/correction.ts';
import type { NamedPicture } from '../picture/picture-sources.ts';
import { ServerFault } from './server-fault.ts';

export interface ServerInfo {
  /** As people know it: `example.org:8080`. */
  host: string;
}

/** What the server remembers, and under which id. */
export interface Receipt {
  server: string;
  id: string;
}

/** Share by which the face that the server found must lie on the one that was meant. */
const LEAST_OVERLAP = 0.3;

/** The server that this page came from, where it is more than a host of files. Nothing is sent to it unasked. */
export class Server {
  readonly #info: Signal<ServerInfo | undefined> = signal(undefined);
  readonly #base: URL;

  /** @param base address of the app's folder, with its slash. */
  constructor(base: URL) {
    this.#base = base;
  }

  /** Undefined where there is none, or as long as that is not known. */
  get info(): ReadonlySignal<ServerInfo | undefined> {
    return this.#info;
  }

  /** Looks whether there is one. Hosts of files answer with a page, or with nothing. */
  async find(): Promise<void> {
    try {
      const answer: unknown = await (await fetch(new URL('ready', this.#base))).json();
      const isReady = isRecord(answer) && answer.status === 'ready';
      this.#info.value = isReady ? { host: this.#base.host } : undefined;
    } catch {
      this.#info.value = undefined;
    }
  }

  /**
   * Lets the server fetch a picture. It learns the address and sees the picture, and does not keep it.
   * @throws AppError `error.serverAway`; ServerFault
   */
  async fetchPicture(address: string): Promise<NamedPicture> {
    const answer = await this.#post('v1/analyze', { url: address, picture: true });
    const picture = await fetch(String(answer.picture));
    return { name: new URL(address).hostname, content: await picture.blob() };
  }

  /**
   * Tells the server what a person said of a face.
   * @param withPicture whether the face's picture goes with it and may be kept there; else only what was read in it.
   * @throws AppError `correct.notFound` if the server finds no face in the picture; `error.serverAway`; ServerFault
   */
  async sendCorrection(correction: Correction, withPicture: boolean): Promise<Receipt> {
    const { id, face } = withPicture ? await this.#sendPicture(correction) : await this.#sendReading(correction);
    await this.#post('v1/feedback', { id, face, expression: correction.expression });
    return { server: this.#base.host, id };
  }

  async #sendPicture({ crop }: Correction): Promise<{ id: string; face: number }> {
    const form = new FormData();
    form.append('image', crop.picture, 'face.png');
    const answer = await this.#post('v1/analyze?store_image=true', form);
    const faces: readonly Face[] = Array.isArray(answer.faces) ? answer.faces : [];
    const face = faces.find(({ box }) => intersectionOverUnion(box, crop.box) >= LEAST_OVERLAP);
    if (face === undefined) throw new AppError('correct.notFound');
    return { id: String(answer.id), face: face.id };
  }

  async #sendReading({ model, image, face }: Correction): Promise<{ id: string; face: number }> {
    const answer = await this.#post('v1/predictions', { model, image, faces: [{ ...face, id: 0 }] });
    return { id: String(answer.id), face: 0 };
  }

  async #post(path: string, body: FormData | object): Promise<Record<string, unknown>> {
    const isForm = body instanceof FormData;
    const request: RequestInit = isForm
      ? { method: 'POST', body }
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(new URL(path, this.#base), request).catch((cause: unknown) => {
      throw new AppError('error.serverAway', { cause });
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw new ServerFault(response.status, isRecord(answer) ? answer.message : undefined);
    return isRecord(answer) ? answer : {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
