import { encodeModel } from '@mememoji/graph/codec';
import type { DropoutMask } from '@mememoji/graph/layers';
import type { Session, SessionFactory, Values } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import { nextName } from '@mememoji/graph/training-step';
import { Random } from './random.ts';
import type { TrainingGraph } from './training-graph.ts';

/** Scalars of a step. */
export interface StepScalars {
  learningRate: number;
  /** Counts from 1. */
  step: number;
  averageDecay?: number;
}

/** What a step gives beside its new state. */
export interface StepResult {
  loss: number;
  /** Norm of the gradients before they were clipped. */
  gradientNorm?: number;
}

/** Runs training steps one after the other and holds the state between them. */
export class Stepper {
  #state: Values;
  readonly #session: Session;
  readonly #graph: TrainingGraph;
  readonly #names: ReadonlySet<string>;
  readonly #seed: number;

  private constructor(session: Session, graph: TrainingGraph, state: Values, seed: number) {
    this.#session = session;
    this.#graph = graph;
    this.#state = state;
    this.#seed = seed;
    this.#names = new Set(graph.model.graph.inputs.map(({ name }) => name));
  }

  /** @param seed of the dropout masks */
  static async create(
    createSession: SessionFactory,
    graph: TrainingGraph,
    state: Values,
    seed: number,
  ): Promise<Stepper> {
    return new Stepper(await createSession(encodeModel(graph.model)), graph, state, seed);
  }

  get state(): Values {
    return this.#state;
  }

  /** One step over a batch: `data` are the graph's inputs beside state, scalars and masks; what it has no input for is ignored. */
  async run(data: Values, scalars: StepScalars): Promise<StepResult> {
    const feeds = {
      ...this.#state,
      ...data,
      ...scalarTensors(scalars),
      ...drawMasks(this.#graph.masks, this.#seed, scalars.step),
    };
    const results = await this.#session.run(
      Object.fromEntries(Object.entries(feeds).filter(([name]) => this.#names.has(name))),
    );
    this.#state = Object.fromEntries([...this.#graph.state.keys()].map((name) => [name, results[nextName(name)]!]));
    const norm = results.gradientNorm;
    return { loss: Number(results.loss!.data[0]), ...(norm && { gradientNorm: Number(norm.data[0]) }) };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

const MASK_STREAM = 4;

/** Dropout masks of a step; they depend on the seed and the step alone. */
export function drawMasks(masks: ReadonlyMap<string, DropoutMask>, seed: number, step: number): Values {
  const random = new Random(seed, step, 0, MASK_STREAM);
  return Object.fromEntries(
    [...masks].map(([name, { shape, rate }]) => {
      const size = shape.reduce((product, each) => product * each, 1);
      return [
        name,
        float32(
          shape,
          Float32Array.from({ length: size }, () => (random.chance(rate) ? 0 : 1 / (1 - rate))),
        ),
      ];
    }),
  );
}

function scalarTensors(scalars: StepScalars): Values {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, float32([], [value])]));
}
