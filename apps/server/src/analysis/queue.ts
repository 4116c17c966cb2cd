import { ServerError } from '../error.ts';
import type { ImageAnalyzer, Reading, Wishes } from './image-analyzer.ts';

/** One turn in so many goes to background work while both wait, so that neither starves. */
const BACKGROUND_EVERY = 8;
/** How much the newest duration counts in the running mean. */
const NEWEST = 0.1;

/** What waits for its turn. */
type Turn = () => void;

/**
 * The bounded queue in front of the analyzer. Requests wait in a row of limited length and are refused beyond it; images of
 * jobs wait in a row of their own, of any length, and take the turns that requests leave.
 */
export class AnalysisQueue {
  readonly #analyzer: ImageAnalyzer;
  readonly #limit: number;
  readonly #requests: Turn[] = [];
  readonly #background: Turn[] = [];
  #running = 0;
  #turns = 0;
  /** Running mean in seconds. */
  #duration = 0.1;

  /** @param limit of requests that wait; those that are analyzed do not count. */
  constructor(analyzer: ImageAnalyzer, limit: number) {
    this.#analyzer = analyzer;
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#requests.length;
  }

  get running(): number {
    return this.#running;
  }

  /** Throws if no further request can wait. @throws BusyError */
  checkRoom(): void {
    const isFree = this.#running < this.#analyzer.parallel;
    if (!isFree && this.#requests.length >= this.#limit) throw new BusyError(this.#secondsUntilRoom());
  }

  /**
   * Analyzes a client's image as soon as it is its turn.
   * @param signal aborted if the client has gone meanwhile: then its turn goes to the next
   * @throws BusyError; AbortError; whatever the analyzer throws
   */
  async analyze(image: Uint8Array, wishes?: Wishes, signal?: AbortSignal): Promise<Reading> {
    this.checkRoom();
    return this.#run(this.#requests, image, wishes, signal);
  }

  /** Analyzes an image that nobody waits for; never refused. @throws whatever the analyzer throws */
  analyzeInBackground(image: Uint8Array, wishes?: Wishes): Promise<Reading> {
    return this.#run(this.#background, image, wishes);
  }

  async #run(row: Turn[], image: Uint8Array, wishes?: Wishes, signal?: AbortSignal): Promise<Reading> {
    if (this.#running < this.#analyzer.parallel) this.#running++;
    else await new Promise<void>((resolve) => row.push(resolve));
    try {
      signal?.throwIfAborted();
      const start = performance.now();
      const reading = await this.#analyzer.analyze(image, wishes);
      this.#duration += NEWEST * ((performance.now() - start) / 1000 - this.#duration);
      return reading;
    } finally {
      this.#passOn();
    }
  }

  /** The place goes to the next in the row. */
  #passOn(): void {
    const next = this.#next();
    if (next === undefined) this.#running--;
    else next();
  }

  #next(): Turn | undefined {
    const backgroundFirst = ++this.#turns % BACKGROUND_EVERY === 0;
    const [first, second] = backgroundFirst ? [this.#background, this.#requests] : [this.#requests, this.#background];
    return first.shift() ?? second.shift();
  }

  #secondsUntilRoom(): number {
    return Math.max(1, Math.ceil((this.#requests.length * this.#duration) / this.#analyzer.parallel));
  }
}

/** The queue is full. */
export class BusyError extends ServerError {
  /** Whole seconds, for `Retry-After`. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('BUSY', 'the server is busy', `try again in ${retryAfter} s`);
    this.retryAfter = retryAfter;
  }
}
