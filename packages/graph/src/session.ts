import type { TensorData } from './tensor.ts';

/** Values by the names of a graph's inputs or outputs. */
export type Values = Record<string, TensorData>;

/** A graph made ready to run by an engine. `train` and the examples bring one over onnxruntime-node or onnxruntime-web. */
export interface Session {
  run(feeds: Values): Promise<Values>;
  close(): Promise<void>;
}

/** Makes a session of the bytes of an ONNX file. */
export type SessionFactory = (model: Uint8Array) => Promise<Session>;
