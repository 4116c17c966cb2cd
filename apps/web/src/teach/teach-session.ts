import type { Lesson } from '@mememoji/train/tuning/tutor';
import type { Expression } from '@mememoji/vision/expression';
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Correction } from '../corrections/correction.ts';
import type { Engine } from '../engine/engine.ts';
import { Lab } from '../lab/lab.ts';
import { type FaceSample, samplesOfCorrections, toExamples } from './face-samples.ts';
import { type Care, INTERVAL, LONGEST, MEMORY_WEIGHTS, PREPARE, planTasks, type Task } from './plan.ts';
import { type Look, lookThroughCamera } from './pose-camera.ts';
import type { TaughtStore } from './taught-store.ts';

export type TeachStage =
  | { phase: 'idle' }
  | { phase: 'starting' }
  | { phase: 'posing'; task: Task; number: number; of: number; ready: boolean; collected: number; faceSeen: boolean }
  | { phase: 'ready' }
  | { phase: 'teaching'; steps: number }
  | { phase: 'done'; lesson: Lesson }
  | { phase: 'failed'; error: unknown };

/** Faces are collected, then a lesson is given, then its outcome is kept or not. The camera is on only while it is needed. */
export class TeachSession {
  readonly #stage: Signal<TeachStage> = signal({ phase: 'idle' });
  readonly #samples: Signal<readonly FaceSample[]> = signal([]);
  readonly #losses: Signal<readonly number[]> = signal([]);
  readonly #picture: Signal<ImageBitmap | undefined> = signal(undefined);
  readonly #engine: Engine;
  readonly #taught: TaughtStore;
  #run: AbortController | undefined;
  #skipped = false;
  #lab: Promise<Lab> | undefined;

  /** @param engine that finds the faces */
  constructor(engine: Engine, taught: TaughtStore) {
    this.#engine = engine;
    this.#taught = taught;
  }

  get stage(): ReadonlySignal<TeachStage> {
    return this.#stage;
  }

  /** What was collected so far. */
  get samples(): ReadonlySignal<readonly FaceSample[]> {
    return this.#samples;
  }

  /** Of the lesson under way, or the last one. */
  get losses(): ReadonlySignal<readonly number[]> {
    return this.#losses;
  }

  /** What the camera sees. It is closed when the next one comes. */
  get picture(): ReadonlySignal<ImageBitmap | undefined> {
    return this.#picture;
  }

  /** Asks for one expression after the other, of those that are wanted. What goes wrong stands in {@link stage}. */
  pose(wanted: ReadonlySet<Expression>): Promise<void> {
    return this.#begin(async (signal) => {
      const analyzer = await this.#engine.ready();
      const looks = lookThroughCamera(analyzer, signal);
      try {
        const tasks = planTasks(analyzer.spec.labels.filter((name) => wanted.has(name)));
        for (const [i, task] of tasks.entries()) await this.#pose(looks, task, i + 1, tasks.length);
      } finally {
        await looks.return();
        this.#show(undefined);
      }
      if (!signal.aborted) this.#stage.value = { phase: this.#samples.value.length > 0 ? 'ready' : 'idle' };
    });
  }

  /** Takes what the person corrected instead. */
  useCorrections(corrections: readonly Correction[]): Promise<void> {
    return this.#begin(async () => {
      const { spec } = await this.#openLab();
      this.#samples.value = await samplesOfCorrections(corrections, spec);
      this.#stage.value = { phase: this.#samples.value.length > 0 ? 'ready' : 'idle' };
    });
  }

  /** Goes on to the next expression, with what there is of this one. */
  skip(): void {
    this.#skipped = true;
  }

  /** Gives the lesson. */
  teach(care: Care): Promise<void> {
    const samples = this.#samples.value;
    return this.#begin(async (signal) => {
      this.#samples.value = samples;
      this.#losses.value = [];
      const lab = await this.#openLab();
      const request = {
        examples: await toExamples(samples, lab),
        memoryWeight: MEMORY_WEIGHTS[care],
        when: new Date(),
      };
      const lesson = await lab.teach(request, ({ loss, steps }) => {
        this.#losses.value = [...this.#losses.value, loss];
        if (!signal.aborted) this.#stage.value = { phase: 'teaching', steps };
      });
      if (!signal.aborted) this.#stage.value = { phase: 'done', lesson };
    });
  }

  /** Forgets what was collected and learned, and closes the camera. */
  stop(): void {
    this.#run?.abort();
    this.#samples.value = [];
    this.#stage.value = { phase: 'idle' };
  }

  /** Frees the worker too; the session can be used again. */
  close(): void {
    this.stop();
    this.#lab?.then((lab) => lab.close()).catch(() => undefined);
    this.#lab = undefined;
  }

  async #begin(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    this.#skipped = false;
    this.#samples.value = [];
    this.#stage.value = { phase: 'starting' };
    try {
      await work(run.signal);
    } catch (error) {
      if (!run.signal.aborted) this.#stage.value = { phase: 'failed', error };
    }
  }

  async #pose(looks: AsyncGenerator<Look, void>, task: Task, number: number, of: number): Promise<void> {
    const start = performance.now();
    let collected = 0;
    let last = Number.NEGATIVE_INFINITY;
    this.#skipped = false;
    while (collected < task.frames && !this.#skipped) {
      const { value: look, done } = await looks.next();
      if (done) return;
      const { picture, pixels } = look;
      const now = performance.now();
      const ready = now - start >= PREPARE;
      if (ready && pixels && now - last >= INTERVAL) {
        this.#samples.value = [...this.#samples.value, { pixels, expression: task.expression, segment: task.round }];
        collected += 1;
        last = now;
      }
      this.#show(picture);
      this.#stage.value = { phase: 'posing', task, number, of, ready, collected, faceSeen: pixels !== undefined };
      if (now - start > PREPARE + LONGEST) break;
    }
  }

  #show(picture: ImageBitmap | undefined): void {
    const before = this.#picture.value;
    this.#picture.value = picture;
    before?.close();
  }

  /** The model that is used now is the one that is taught. */
  #openLab(): Promise<Lab> {
    this.#lab ??= Lab.open(this.#taught.current.value?.bytes);
    this.#lab.catch(() => {
      this.#lab = undefined;
    });
    return this.#lab;
  }
}
