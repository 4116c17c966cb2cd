import type { PgBoss } from 'pg-boss';
import type { ArchiveLimits } from './archive.ts';
import type { JobFiles } from './job-files.ts';
import {
  type Db,
  firstGap,
  type ItemResult,
  type JobRecord,
  listExpired,
  listItems,
  listResults,
  markCancelled,
  readJob,
} from './job-store.ts';
import type { JobSettings } from './job-tables.ts';
import type { JobWorker } from './job-worker.ts';
import { removeJob, Submission } from './submission.ts';
import { IMAGES, VIDEOS } from './work-queue.ts';

export interface JobsOptions {
  db: Db;
  files: JobFiles;
  boss: PgBoss;
  /** The worker in this process, if there is one. */
  worker?: JobWorker | undefined;
  limits: ArchiveLimits;
  /** Days after its end that a job and its results are kept; 0: for ever. */
  keepDays: number;
  onError: (error: unknown) => void;
  clock?: () => Date;
}

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** Entries of the queue that are removed at once. */
const AT_ONCE = 500;
/** Results that are read at once. */
const PAGE = 500;

/** Jobs as the interface offers them. It closes nothing that was passed in but stops its own looks for what has expired. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #clock: () => Date;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => new Date());
    this.#sweeper = setInterval(() => void this.sweep().catch(options.onError), HOUR);
    this.#sweeper.unref();
  }

  /** Takes the files of a new job: `submit` gives them one by one, and the job is queued when it returns. */
  async submit(settings: JobSettings, give: (submission: Submission) => Promise<void>): Promise<JobRecord> {
    const { db, files, boss, limits, worker } = this.#options;
    const submission = await Submission.begin({ db, files, boss, limits, clock: this.#clock }, settings);
    try {
      await give(submission);
      await submission.finish();
    } catch (error) {
      await submission.discard().catch(this.#options.onError);
      throw error;
    }
    worker?.wake();
    const record = await readJob(db, submission.id);
    if (record === undefined) throw new Error(`the job ${submission.id} is gone`);
    return record;
  }

  read(id: string): Promise<JobRecord | undefined> {
    return readJob(this.#options.db, id);
  }

  /**
   * Results in the order of the items, from behind the item `after` on. While a job runs, none behind a gap is given: who asks
   * again behind the last one misses nothing.
   */
  async results(job: JobRecord, after: number, limit: number): Promise<ItemResult[]> {
    const { db } = this.#options;
    const gap = job.finished_at === null && job.kind === 'images' ? await firstGap(db, job.id) : undefined;
    const results = await listResults(db, job.id, after, limit);
    return gap === undefined ? results : results.filter(({ item }) => item < gap);
  }

  /** All results that `results` would give, read page by page. */
  async *allResults(job: JobRecord): AsyncGenerator<ItemResult> {
    let last = -1;
    while (true) {
      const page = await this.results(job, last, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      last = page.at(-1)!.item;
    }
  }

  /** Ends a job that is queued or running; what is done stays. False if it had ended, or is not there. */
  async cancel(id: string): Promise<boolean> {
    const { db, files, boss } = this.#options;
    if (!(await markCancelled(db, id, this.#clock()))) return false;
    const items = await listItems(db, id);
    for (let start = 0; start < items.length; start += AT_ONCE) {
      const entries = items.slice(start, start + AT_ONCE).map(({ queue_id }) => queue_id);
      for (const queue of [IMAGES, VIDEOS]) await boss.deleteJob(queue, entries);
    }
    for (const { file } of items) await files.remove(file);
    return true;
  }

  /** Removes an ended job with its results. */
  remove(id: string): Promise<void> {
    return removeJob(this.#options, id);
  }

  /** Removes jobs whose time is over, and those whose files never came all. @returns how many */
  async sweep(): Promise<number> {
    const { db, keepDays } = this.#options;
    const now = this.#clock().getTime();
    const ended = new Date(keepDays === 0 ? 0 : now - keepDays * DAY);
    const expired = await listExpired(db, ended, new Date(now - DAY));
    for (const id of expired) await this.remove(id);
    return expired.length;
  }

  close(): void {
    clearInterval(this.#sweeper);
  }
}
