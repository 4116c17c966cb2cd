import type { TensorData } from './tensor.ts';

/** Values by the names of a graph's inputs or outputs. */
export type Values = Record<string, TensorData>;

/** A graph made ready to run by an engine. `train` and the examples bring one over onnxruntime-node or onnxruntime-web. */
export interface Session {
  run(feeds: Values): Promise<Values>;
  close(): Promise<void>;
  /**
   * Begins a row of runs whose carried values stay where the engine computes: in a graphics card's memory, or in place in the
   * computer's. Only sessions of engines that can do so have it, and only those made with carried values; they are run through it alone.
   * @param first values of the carried inputs; they stay as they are
   */
  carry?(first: Values): Carrier;
}

/** A row of runs, each of which takes the values that the one before has left behind. */
export interface Carrier {
  /** One run: `feeds` without the carried inputs, results without the carried outputs. */
  run(feeds: Values): Promise<Values>;
  /** A copy of the carried values as they are now, by the names of their inputs. */
  read(): Promise<Values>;
  /** Frees the carried values. */
  close(): void;
}

/**
 * Makes a session of the bytes of an ONNX file.
 * @param carried for each input that takes what the run before gave, the output that gives it
 */
export type SessionFactory = (model: Uint8Array, carried?: ReadonlyMap<string, string>) => Promise<Session>;
