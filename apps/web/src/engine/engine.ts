import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { WebAnalyzerOptions } from 'mememoji/web';
import type { WebAnalyzer } from 'mememoji/web/web-analyzer';

/** How far the models are. */
export type EngineState =
  | { phase: 'loading'; loaded: number; total: number }
  | { phase: 'ready'; analyzer: WebAnalyzer }
  | { phase: 'failed'; error: unknown };

/** Makes an analyzer and tells of its progress in bytes. */
export type LoadAnalyzer = (onProgress: NonNullable<WebAnalyzerOptions['onProgress']>) => Promise<WebAnalyzer>;

/** An analyzer of the page: loaded once, when it is first asked for, and again only when that failed. */
export class Engine {
  readonly #state: Signal<EngineState> = signal({ phase: 'loading', loaded: 0, total: 0 });
  readonly #load: LoadAnalyzer;
  #analyzer: Promise<WebAnalyzer> | undefined;

  constructor(load: LoadAnalyzer) {
    this.#load = load;
  }

  get state(): ReadonlySignal<EngineState> {
    return this.#state;
  }

  /** The analyzer, when it is there. Rejects when it could not be made; the next call tries again. */
  ready(): Promise<WebAnalyzer> {
    this.#analyzer ??= this.#start();
    return this.#analyzer;
  }

  /** Makes the analyzer anew, as for another model; the one before is closed when the new one is there. */
  async reload(): Promise<void> {
    const before = this.#analyzer;
    if (before === undefined) return;
    this.#analyzer = this.#start();
    await this.#analyzer;
    await before.then((analyzer) => analyzer.close()).catch(() => undefined);
  }

  async #start(): Promise<WebAnalyzer> {
    this.#state.value = { phase: 'loading', loaded: 0, total: 0 };
    try {
      const analyzer = await this.#load((loaded, total) => {
        this.#state.value = { phase: 'loading', loaded, total };
      });
      this.#state.value = { phase: 'ready', analyzer };
      return analyzer;
    } catch (error) {
      this.#analyzer = undefined;
      this.#state.value = { phase: 'failed', error };
      throw error;
    }
  }
}
