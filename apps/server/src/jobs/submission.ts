import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { PgBoss } from 'pg-boss';
import { ServerError } from '../error.ts';
import { type ArchiveLimits, readArchive } from './archive.ts';
import type { JobFiles } from './job-files.ts';
import {
  addItem,
  changeSettings,
  createJob,
  type Db,
  deleteJob,
  describeJob,
  listItems,
  markQueued,
} from './job-store.ts';
import type { JobSettings } from './job-tables.ts';
import { kindOfFile } from './upload-kind.ts';
import { IMAGES, VIDEOS } from './work-queue.ts';

/** What a submission is made of. */
export interface SubmissionParts {
  db: Db;
  files: JobFiles;
  boss: PgBoss;
  limits: ArchiveLimits;
  clock: () => Date;
}

/** Entries that are put into the queue at once. */
const AT_ONCE = 500;

/** A job while its files come in: pictures and archives of pictures, or one video. Ends with `finish` or `discard`. */
export class Submission {
  readonly id = randomUUID();
  readonly #parts: SubmissionParts;
  #items = 0;
  #bytes = 0;
  #skipped = 0;
  #video = false;

  private constructor(parts: SubmissionParts) {
    this.#parts = parts;
  }

  static async begin(parts: SubmissionParts, settings: JobSettings): Promise<Submission> {
    const submission = new Submission(parts);
    await createJob(parts.db, submission.id, settings, parts.clock());
    return submission;
  }

  /**
   * Takes a file that was uploaded; it may be removed afterwards.
   * @param name as the client calls it
   * @throws ServerError `BAD_ARCHIVE`, `BAD_JOB`
   */
  async add(path: string, name: string): Promise<void> {
    const kind = await kindOfFile(path);
    if (this.#video || (kind === 'video' && this.#items > 0)) {
      throw new ServerError('BAD_JOB', 'a video goes into a job of its own', 'send it alone');
    }
    if (kind === 'video') return this.#addVideo(path, name);
    if (kind === 'image') return this.#addImage(name, (await stat(path)).size, () => readFile(path));
    const { items, itemBytes, totalBytes } = this.#parts.limits;
    const limits = { items: items - this.#items, itemBytes, totalBytes: totalBytes - this.#bytes };
    for await (const picture of readArchive(path, kind, { limits, onSkipped: () => this.#skipped++ })) {
      await this.#addImage(`${name}/${picture.name}`, picture.bytes.length, async () => picture.bytes);
    }
  }

  /** Fields of a form may come after its files. */
  change(settings: JobSettings): Promise<void> {
    return changeSettings(this.#parts.db, this.id, settings);
  }

  /** Puts the job into the queue. @throws ServerError `BAD_JOB` if there is nothing in it */
  async finish(): Promise<void> {
    const { db } = this.#parts;
    if (this.#items === 0) {
      const what = this.#skipped > 0 ? 'no file of the archive is a picture' : 'there is no file in the job';
      throw new ServerError('BAD_JOB', what, 'send pictures, an archive of pictures, or a video');
    }
    const kind = this.#video ? 'video' : 'images';
    await describeJob(db, this.id, { kind, total: this.#video ? null : this.#items, skipped: this.#skipped });
    await this.#enqueue();
    await markQueued(db, this.id);
  }

  /** Removes what has come, for a submission that failed. */
  async discard(): Promise<void> {
    await removeJob(this.#parts, this.id);
  }

  async #addVideo(path: string, name: string): Promise<void> {
    this.#video = true;
    await this.#parts.files.writeFrom(await this.#addRow(name), path);
  }

  async #addImage(name: string, size: number, read: () => Promise<Uint8Array>): Promise<void> {
    const { items, itemBytes, totalBytes } = this.#parts.limits;
    this.#bytes += size;
    if (this.#items >= items)
      throw new ServerError('BAD_JOB', `a job has ${items} pictures at most`, 'send several jobs');
    if (size > itemBytes) throw new ServerError('UPLOAD_TOO_LARGE', `'${name}' has more than ${itemBytes} bytes`);
    if (this.#bytes > totalBytes) throw new ServerError('UPLOAD_TOO_LARGE', `a job has ${totalBytes} bytes at most`);
    await this.#parts.files.write(await this.#addRow(name), await read());
  }

  /** The row stands before the file does, so that no file is ever forgotten. @returns the key for the file */
  async #addRow(name: string): Promise<string> {
    const item = this.#items++;
    const file = `jobs/${this.id}/${item}.bin`;
    await addItem(this.#parts.db, { job_id: this.id, item, name: cleanName(name), file, queue_id: randomUUID() });
    return file;
  }

  /** Items of all jobs take turns: the later in its job, the later its turn. So a small job need not wait for a large one. */
  async #enqueue(): Promise<void> {
    const { boss, db } = this.#parts;
    const entries = (await listItems(db, this.id)).map(({ item, queue_id: id }) => ({
      id,
      data: { job: this.id, item },
      priority: -item,
    }));
    for (let start = 0; start < entries.length; start += AT_ONCE) {
      await boss.insert(this.#video ? VIDEOS : IMAGES, entries.slice(start, start + AT_ONCE));
    }
  }
}

/** PostgreSQL takes no NUL in text, and nobody wants control characters in a table. */
function cleanName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
  return name.replace(/[\u0000-\u001f\u007f]/g, '\ufffd').slice(0, 1024);
}

/** Removes a job with its files; what is left of it in the queue finds nothing to do. */
export async function removeJob({ db, files }: Pick<SubmissionParts, 'db' | 'files'>, id: string): Promise<void> {
  for (const { file } of await listItems(db, id)) await files.remove(file);
  await deleteJob(db, id);
}
