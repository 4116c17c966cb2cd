import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { AppError } from '../app-error.ts';

/** A model that the person taught and wants to use. */
export interface TaughtModel {
  /** An ONNX file that describes itself. */
  bytes: Uint8Array;
  /** Its name and version. */
  name: string;
  /** When it was taught, ISO 8601. */
  time: string;
}

const DATABASE = 'mememoji-taught';
const TABLE = 'models';
const KEY = 'current';

/** The model that this device uses in place of the shipped one, if there is one; kept in IndexedDB. */
export class TaughtStore {
  readonly #current: Signal<TaughtModel | undefined> = signal(undefined);
  readonly #database: IDBFactory;
  #loading: Promise<void> | undefined;

  constructor(database: IDBFactory) {
    this.#database = database;
  }

  /** Undefined while the shipped model is used, and until {@link load} has ended. */
  get current(): ReadonlySignal<TaughtModel | undefined> {
    return this.#current;
  }

  /** Finds what was kept; where the browser keeps nothing for this page, there is nothing. */
  load(): Promise<void> {
    this.#loading ??= this.#run('readonly', (table): IDBRequest<TaughtModel | undefined> => table.get(KEY)).then(
      (found) => {
        this.#current.value = found;
      },
      () => undefined,
    );
    return this.#loading;
  }

  /**
   * Uses a model from now on.
   * @throws AppError where the browser does not keep it; it is used all the same, until the page is closed.
   */
  async keep(model: TaughtModel): Promise<void> {
    this.#current.value = model;
    await this.#run('readwrite', (table) => table.put(model, KEY));
  }

  /** Back to the shipped model. */
  async forget(): Promise<void> {
    this.#current.value = undefined;
    await this.#run('readwrite', (table) => table.delete(KEY));
  }

  async #run<Result>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const database = await open(this.#database);
    try {
      return await new Promise<Result>((resolve, reject) => {
        const transaction = database.transaction(TABLE, mode);
        const request = ask(transaction.objectStore(TABLE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(new AppError('error.storage', { cause: transaction.error }));
      });
    } finally {
      database.close();
    }
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new AppError('error.storage', { cause: request.error }));
  });
}
