import { PgBoss } from 'pg-boss';
import type { Store } from '../store/store.ts';

/** What stands in the queue of images: one image of a job. */
export interface ImageTask {
  job: string;
  item: number;
}

/** What stands in the queue of videos. */
export interface VideoTask {
  job: string;
}

/** What stands in the queue of trainings: one trial of a sweep, to the end of an epoch. */
export interface TrialTask {
  /** Folder of the sweep, path of its data and of FER+ votes: the same for all who share them. */
  folder: string;
  data: string;
  votes: string | null;
  trial: string;
  until: number | null;
}

export const IMAGES = 'mememoji-images';
export const VIDEOS = 'mememoji-videos';
export const TRIALS = 'mememoji-trials';
/** Where entries go that failed for good. */
export const FAILED = 'mememoji-failed';

/** Seconds without a sign of life after which a worker counts as dead. pg-boss takes no less than 10. */
const HEARTBEAT = 15;
/** Seconds between two looks for dead workers. */
const WATCH = 5;

const QUEUES = {
  // A batch of large images on a busy machine takes seconds, not minutes.
  [IMAGES]: { expireInSeconds: 600, retryLimit: 5 },
  [VIDEOS]: { expireInSeconds: 23 * 3600, retryLimit: 8 },
  [TRIALS]: { expireInSeconds: 23 * 3600, retryLimit: 20 },
} as const;

/** The first retry comes after a second or two, the later ones in growing distances. Entries that are done go after an hour. */
const COMMON = {
  heartbeatSeconds: HEARTBEAT,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
  deleteAfterSeconds: 3600,
};

export interface WorkQueueOptions {
  store: Pick<Store, 'kind' | 'executeSql'>;
  /** Told of what goes wrong in the background, such as a database that is away for a while. */
  onError: (error: unknown) => void;
}

/**
 * The queues of the background work: pg-boss on the store's own database, embedded or not. Entries of a worker that gave no sign of
 * life for fifteen seconds are given to another.
 */
export async function openWorkQueue(options: WorkQueueOptions): Promise<PgBoss> {
  for (let attempt = 1; ; attempt++) {
    const boss = createBoss(options);
    try {
      await boss.start();
      await createQueues(boss);
      return boss;
    } catch (error) {
      await boss.stop({ graceful: false }).catch(options.onError);
      if (attempt === ATTEMPTS || !isRace(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

/**
 * Processes that start at once on an empty database all make pg-boss's schema, and PostgreSQL lets one of them have it, in spite of
 * `if not exists`. The others find it at their next attempt.
 */
const ATTEMPTS = 5;

/** PostgreSQL's codes for what exists already: a key, a schema, a table, a type or function. */
const EXISTS = ['23505', '42P06', '42P07', '42710', '42723'];

function isRace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && EXISTS.includes(String(error.code));
}

function createBoss({ store, onError }: WorkQueueOptions): PgBoss {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => ({ rows: [...(await store.executeSql(text, values)).rows] }) },
    backend: store.kind === 'pglite' ? 'pglite' : 'postgres',
    schedule: false,
    superviseIntervalSeconds: WATCH,
    monitorIntervalSeconds: WATCH,
    // A hint to operators of large PostgreSQL servers; it would only fill the log here.
    monitorVacuum: false,
  });
  boss.on('error', onError);
  return boss;
}

async function createQueues(boss: PgBoss): Promise<void> {
  await boss.createQueue(FAILED, { retryLimit: 10, retryDelay: 5 });
  for (const [name, options] of Object.entries(QUEUES)) {
    const deadLetter = name === TRIALS ? {} : { deadLetter: FAILED };
    // A trial must not be trained twice at a time: both would write into its folder.
    const policy = name === TRIALS ? { policy: 'exclusive' } : {};
    await boss.createQueue(name, { ...COMMON, ...options, ...deadLetter, ...policy });
  }
}
