import { encodeModel } from '@mememoji/graph/codec';
import type { DropoutMask } from '@mememoji/graph/layers';
import type { Carrier, Session, SessionFactory, Values } from '@mememoji/graph/session';
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

/** What a stepper needs of a training step. */
export type StepGraph = Pick<TrainingGraph, 'model' | 'state' | 'masks'>;

/** Runs training steps one after the other; the state between them stays on the device where the engine can leave it there. */
export class Stepper {
  readonly #session: Session;
  readonly #carrier: Carrier;
  readonly #graph: StepGraph;
  readonly #names: ReadonlySet<string>;
  readonly #seed: number;

  private constructor(session: Session, carrier: Carrier, graph: StepGraph, seed: number) {
    this.#session = session;
    this.#carrier = carrier;
    this.#graph = graph;
    this.#seed = seed;
    this.#names = new Set(graph.model.graph.inputs.map(({ name }) => name).filter((name) => !graph.state.has(name)));
  }

  /** @param seed of the dropout masks */
  static async create(createSession: SessionFactory, graph: StepGraph, state: Values, seed: number): Promise<Stepper> {
    const carried = new Map([...graph.state.keys()].map((name) => [name, nextName(name)]));
    const session = await createSession(encodeModel(graph.model), carried);
    const first = Object.fromEntries([...carried.keys()].map((name) => [name, state[name]!]));
    return new Stepper(session, session.carry?.(first) ?? carryInMemory(session, carried, first), graph, seed);
  }

  /** All that lasts from step to step, as it is now. */
  readState(): Promise<Values> {
    return this.#carrier.read();
  }

  /** One step over a batch: `data` are the graph's inputs beside state, scalars and masks; what it has no input for is ignored. */
  async run(data: Values, scalars: StepScalars): Promise<StepResult> {
    const feeds = {
      ...data,
      ...scalarTensors(scalars),
      ...drawMasks(this.#graph.masks, this.#seed, scalars.step),
    };
    const results = await this.#carrier.run(
      Object.fromEntries(Object.entries(feeds).filter(([name]) => this.#names.has(name))),
    );
    const norm = results.gradientNorm;
    return { loss: Number(results.loss!.data[0]), ...(norm && { gradientNorm: Number(norm.data[0]) }) };
  }

  close(): Promise<void> {
    this.#carrier.close();
    return this.#session.close();
  }
}

/** Carries values from run to run as plain arrays, for engines that compute in the same memory. */
function carryInMemory(session: Session, carried: ReadonlyMap<string, string>, first: Values): Carrier {
  let values = first;
  return {
    run: async (feeds) => {
      const results = await session.run({ ...feeds, ...values });
      values = Object.fromEntries([...carried].map(([input, output]) => [input, results[output]!]));
      return results;
    },
    read: async () => values,
    close: () => undefined,
  };
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
