/** How values go from run to run of a session of ONNX Runtime: in the memory of a graphics card, or in place in the computer's. */
import type { Carrier, Values } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { floatsOf, type Runtime, toTensors, toValues } from './onnx-tensors.ts';

/** A session, and what it carries on: for each input that takes what the run before gave, the output that gives it. */
export interface CarryingSession {
  runtime: Runtime;
  session: InferenceSession;
  carried: ReadonlyMap<string, string>;
}

/** Carried values are tensors in the card's memory, but for the first ones, which the first run brings there. */
export class CardCarrier implements Carrier {
  readonly #runs: CarryingSession;
  #tensors: Readonly<Record<string, Tensor>>;

  constructor(runs: CarryingSession, first: Values) {
    this.#runs = runs;
    this.#tensors = toTensors(runs.runtime, first);
  }

  async run(feeds: Values): Promise<Values> {
    const { runtime, session, carried } = this.#runs;
    const results = await session.run({ ...toTensors(runtime, feeds), ...this.#tensors });
    this.close();
    this.#tensors = Object.fromEntries([...carried].map(([input, output]) => [input, results[output]!]));
    const outputs = new Set(carried.values());
    return toValues(Object.fromEntries(Object.entries(results).filter(([name]) => !outputs.has(name))));
  }

  /** Brings the tensors out of the card's memory; the next run takes them there again. */
  async read(): Promise<Values> {
    const values: Values = {};
    for (const [name, tensor] of Object.entries(this.#tensors)) {
      values[name] = { dtype: 'float32', shape: tensor.dims, data: floatsOf(name, await tensor.getData(true)) };
    }
    return values;
  }

  close(): void {
    for (const tensor of Object.values(this.#tensors)) tensor.dispose();
  }
}

/**
 * Carried values stand in two sets of tensors that take turns: a run reads one and writes the other, so that nothing is made,
 * copied or thrown away between two runs. For runtimes that write into outputs they are given: onnxruntime-node does,
 * onnxruntime-web does not.
 */
export class MemoryCarrier implements Carrier {
  readonly #runs: CarryingSession;
  /** What the session gives beside the carried outputs; the runtime makes room for these. */
  readonly #others: Readonly<Record<string, null>>;
  /** Both by the names of the inputs. */
  #now: Readonly<Record<string, Tensor>>;
  #next: Readonly<Record<string, Tensor>>;

  constructor(runs: CarryingSession, first: Values) {
    this.#runs = runs;
    const outputs = new Set(runs.carried.values());
    const others = runs.session.outputNames.filter((name) => !outputs.has(name));
    this.#others = Object.fromEntries(others.map((name) => [name, null]));
    this.#now = toTensors(runs.runtime, copyOf(first));
    this.#next = toTensors(runs.runtime, copyOf(first));
  }

  async run(feeds: Values): Promise<Values> {
    const { runtime, session, carried } = this.#runs;
    const written = Object.fromEntries([...carried].map(([input, output]) => [output, this.#next[input]!]));
    const results = await session.run({ ...toTensors(runtime, feeds), ...this.#now }, { ...this.#others, ...written });
    [this.#now, this.#next] = [this.#next, this.#now];
    return toValues(Object.fromEntries(Object.keys(this.#others).map((name) => [name, results[name]!])));
  }

  async read(): Promise<Values> {
    return copyOf(toValues(this.#now));
  }

  close(): void {
    this.#now = {};
    this.#next = {};
  }
}

function copyOf(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, float32(shape, floatsOf(name, data).slice())]),
  );
}
