import { type Signal, signal } from '@preact/signals';

/**
 * The page that is shown, in the address behind `#/`, so that the app works below any path of any host, and "back" as
 * everywhere.
 */
export class Router {
  /** Empty for the first page. */
  readonly path: Signal<string> = signal(readPath());
  readonly #changed = (): void => {
    this.path.value = readPath();
  };

  constructor() {
    addEventListener('hashchange', this.#changed);
  }

  go(path: string): void {
    location.hash = `#/${path}`;
  }

  close(): void {
    removeEventListener('hashchange', this.#changed);
  }
}

function readPath(): string {
  return /^#\/([\w-]*)/.exec(location.hash)?.[1] ?? '';
}
