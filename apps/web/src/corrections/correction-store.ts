import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { AppError } from '../app-error.ts';
import type { Correction } from './correction.ts';

const DATABASE = 'mememoji';
const TABLE = 'corrections';

/** The corrections that are kept on this device, in IndexedDB. */
export class CorrectionStore {
  readonly #list: Signal<readonly Correction[]> = signal([]);
  readonly #database: IDBFactory;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(database: IDBFactory) {
    this.#database = database;
  }

  /** All corrections, the latest first. Empty until {@link load} has ended. */
  get list(): ReadonlySignal<readonly Correction[]> {
    return this.#list;
  }

  async load(): Promise<void> {
    const all: Correction[] = await this.#run('readonly', (table) => table.getAll());
    this.#list.value = all.toSorted((a, b) => b.time.localeCompare(a.time));
  }

  /** Keeps a correction; one with the same id takes the place of the earlier. */
  async put(correction: Correction): Promise<void> {
    await this.#run('readwrite', (table) => table.put(correction));
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await this.#run('readwrite', (table) => table.delete(id));
    await this.load();
  }

  async clear(): Promise<void> {
    await this.#run('readwrite', (table) => table.clear());
    await this.load();
  }

  /** Ends when the change is on the disk, not when it was asked for. */
  async #run<Result>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode);
      const request = ask(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(new AppError('error.storage', { cause: transaction.error }));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= openDatabase(this.#database).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new AppError('error.storage', { cause: request.error }));
  });
}
