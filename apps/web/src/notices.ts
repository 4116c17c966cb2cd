import { type ReadonlySignal, type Signal, signal } from '@preact/signals';

/** Milliseconds for which a word about something done stays. */
const STAY = 5000;

export interface Notice {
  id: number;
  text: string;
  kind: 'done' | 'failed';
}

/** Short words about what was just done; a failure stays until it is dismissed. */
export class Notices {
  readonly #list: Signal<readonly Notice[]> = signal([]);
  #last = 0;

  get list(): ReadonlySignal<readonly Notice[]> {
    return this.#list;
  }

  done(text: string): void {
    const notice = this.#add(text, 'done');
    setTimeout(() => this.dismiss(notice.id), STAY);
  }

  failed(text: string): void {
    this.#add(text, 'failed');
  }

  dismiss(id: number): void {
    this.#list.value = this.#list.value.filter((notice) => notice.id !== id);
  }

  #add(text: string, kind: Notice['kind']): Notice {
    const notice = { id: ++this.#last, text, kind };
    this.#list.value = [...this.#list.value.filter((other) => other.text !== text), notice];
    return notice;
  }
}
