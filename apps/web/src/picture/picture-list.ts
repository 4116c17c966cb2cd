import type { Analysis } from '@mememoji/vision/result';
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { AppError } from '../app-error.ts';
import type { Engine } from '../engine/engine.ts';

export type PictureState =
  | { phase: 'reading' }
  | { phase: 'failed'; error: unknown }
  | { phase: 'done'; picture: ImageBitmap; analysis: Analysis; milliseconds: number };

export interface PictureEntry {
  id: number;
  /** Of the file, or what stands for it. */
  name: string;
  state: ReadonlySignal<PictureState>;
}

/** The pictures that the person brought, the latest first. Each is read by itself: a broken one does not stop the others. */
export class PictureList {
  readonly #engine: Engine;
  readonly #entries: Signal<readonly (PictureEntry & { state: Signal<PictureState> })[]> = signal([]);
  #last = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get entries(): ReadonlySignal<readonly PictureEntry[]> {
    return this.#entries;
  }

  /** Adds files, in their order, and begins to read them. */
  add(files: readonly { name: string; content: Blob }[]): void {
    const added = files.map(({ name }) => ({
      id: ++this.#last,
      name,
      state: signal<PictureState>({ phase: 'reading' }),
    }));
    this.#entries.value = [...added, ...this.#entries.value];
    added.forEach(({ id, state }, i) => void this.#read(id, files[i]!.content, state));
  }

  remove(id: number): void {
    const entry = this.#entries.value.find((one) => one.id === id);
    this.#entries.value = this.#entries.value.filter((one) => one.id !== id);
    if (entry?.state.value.phase === 'done') entry.state.value.picture.close();
  }

  async #read(id: number, content: Blob, state: Signal<PictureState>): Promise<void> {
    try {
      const picture = await decodePicture(content);
      const analyzer = await this.#engine.ready();
      const start = performance.now();
      const analysis = await analyzer.analyze(picture);
      const milliseconds = performance.now() - start;
      const wanted = this.#entries.value.some((entry) => entry.id === id);
      if (wanted) state.value = { phase: 'done', picture, analysis, milliseconds };
      else picture.close();
    } catch (error) {
      state.value = { phase: 'failed', error };
    }
  }
}

/** Upright pixels of a picture file. */
export async function decodePicture(content: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(content, { imageOrientation: 'from-image' });
  } catch (cause) {
    throw new AppError('error.notAnImage', { cause });
  }
}
