import type { Kysely } from 'kysely';
import type { Tables } from '../src/store/tables.ts';

/** A prediction and feedback that the server has acknowledged. */
export interface Acknowledged {
  id: string;
  /** Whether its image is kept. */
  stored: boolean;
  feedback: boolean;
}

/** Milliseconds between two looks. */
const LOOK_MS = 10;

/** A client that writes without pause, and remembers what was acknowledged to it. */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  readonly statuses: number[] = [];
  readonly #picture: Uint8Array<ArrayBuffer>;
  #stopped = false;

  constructor(picture: Uint8Array) {
    this.#picture = new Uint8Array(picture);
  }

  /** Writes until it is stopped, or the server is gone. */
  async writeTo(url: string): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#writeOne(url);
      } catch {
        return; // killed in the middle: nothing was acknowledged
      }
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  untilAcknowledged(count: number): Promise<void> {
    return until(() => this.acknowledged.length >= count);
  }

  untilStatus(status: number): Promise<void> {
    return until(() => this.statuses.includes(status));
  }

  /** What was acknowledged and is not there. */
  async findLost(db: Kysely<Tables>, hasFile: (id: string) => boolean = () => true): Promise<Acknowledged[]> {
    const rows = await db
      .selectFrom('faces')
      .innerJoin('predictions', 'predictions.id', 'faces.prediction_id')
      .leftJoin('feedback', 'feedback.prediction_id', 'faces.prediction_id')
      .leftJoin('images', 'images.prediction_id', 'faces.prediction_id')
      .select(['predictions.id', 'feedback.expression', 'images.file'])
      .execute();
    const found = new Map(rows.map((row) => [row.id, row]));
    return this.acknowledged.filter(({ id, stored, feedback }) => {
      const row = found.get(id);
      const isWhole = row !== undefined && (!feedback || row.expression === 'happy');
      return !isWhole || (stored && (row.file === null || !hasFile(id)));
    });
  }

  async #writeOne(url: string): Promise<void> {
    const headers = { 'content-type': 'image/jpeg' };
    const answer = await fetch(`${url}/v1/analyze?store_image=true`, { method: 'POST', headers, body: this.#picture });
    this.statuses.push(answer.status);
    const { id, stored } = await answer.json();
    if (answer.status !== 200) return;
    const entry: Acknowledged = { id, stored, feedback: false };
    this.acknowledged.push(entry);
    const body = JSON.stringify({ id, face: 0, expression: 'happy' });
    const said = await fetch(`${url}/v1/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    this.statuses.push(said.status);
    await said.arrayBuffer();
    entry.feedback = said.status === 200;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
