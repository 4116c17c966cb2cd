/** A float32 tensor, row-major. */
export interface Tensor {
  data: Float32Array;
  dims: readonly number[];
}

/** A loaded network, whatever runs it. `run` may be called again before an earlier call has ended. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}
