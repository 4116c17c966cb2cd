import { readFile } from 'node:fs/promises';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Device, onWebGpu, WEBGPU_OPTIONS } from './device.ts';
import { TrainError } from './error.ts';

/** What evaluation needs of a classifier, wherever it runs. */
export interface Classifier {
  readonly spec: ClassifierSpec;
  /** Logits [count, labels] of `count` grey pictures [count, 1, height, width] in the range that the spec names. */
  run(pixels: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface ClassifierOptions {
  /** Default `cpu`. */
  device?: Device;
  /** Threads of ONNX Runtime within an operator. */
  threads?: number;
}

/**
 * Loads a model file, or its bytes, into ONNX Runtime. Close it after use.
 * @throws TrainError `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `BAD_MODEL`, `NO_DEVICE`; VisionError `BAD_METADATA` if the file does
 * not say what it is
 */
export async function openClassifier(
  model: string | Uint8Array,
  { device = 'cpu', threads = 1 }: ClassifierOptions = {},
): Promise<Classifier> {
  const bytes = typeof model === 'string' ? await readModel(model) : model;
  const spec = parseClassifierSpec(readOnnxMetadata(bytes));
  const session = await createSession(bytes, device, threads);
  try {
    checkNames(session, spec);
  } catch (error) {
    await session.release();
    throw error;
  }
  return new OnnxClassifier(session, spec);
}

async function readModel(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing) throw new TrainError('FILE_NOT_FOUND', `no such model file: '${path}'`, 'check the path', { cause });
    throw new TrainError('UNREADABLE_FILE', `cannot read the model file '${path}'`, undefined, { cause });
  }
}

async function createSession(bytes: Uint8Array, device: Device, threads: number): Promise<InferenceSession> {
  try {
    if (device === 'webgpu') return await onWebGpu(() => InferenceSession.create(bytes, WEBGPU_OPTIONS));
    // Threads that spin while they wait take the processor from whatever prepares the next batch.
    const extra = { session: { intra_op: { allow_spinning: '0' } } };
    return await InferenceSession.create(bytes, { intraOpNumThreads: threads, logSeverityLevel: 3, extra });
  } catch (cause) {
    if (cause instanceof TrainError) throw cause;
    throw badModel(`ONNX Runtime cannot load it: ${reasonOf(cause)}`, cause);
  }
}

function checkNames(session: InferenceSession, { input, output }: ClassifierSpec): void {
  if (session.inputNames.length !== 1 || session.inputNames[0] !== input.name) {
    throw badModel(`its metadata names the input '${input.name}', the graph has ${session.inputNames.join(', ')}`);
  }
  if (!session.outputNames.includes(output.name)) {
    throw badModel(`its metadata names the output '${output.name}', the graph has ${session.outputNames.join(', ')}`);
  }
}

class OnnxClassifier implements Classifier {
  readonly spec: ClassifierSpec;
  private readonly session: InferenceSession;

  constructor(session: InferenceSession, spec: ClassifierSpec) {
    this.session = session;
    this.spec = spec;
  }

  async run(pixels: Float32Array, count: number): Promise<Float32Array> {
    const { input, output, labels } = this.spec;
    const tensor = new Tensor('float32', pixels, [count, 1, input.height, input.width]);
    const results = await this.session.run({ [input.name]: tensor }, [output.name]).catch((cause: unknown) => {
      throw badModel(`it cannot be run on ${count} pictures: ${reasonOf(cause)}`, cause);
    });
    const logits = results[output.name]?.data;
    if (!(logits instanceof Float32Array) || logits.length !== count * labels.length) {
      throw badModel(`its output '${output.name}' is not float32 [${count}, ${labels.length}]`);
    }
    return logits;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}

function badModel(reason: string, cause?: unknown): TrainError {
  const message = `the model file cannot be used: ${reason}`;
  return new TrainError('BAD_MODEL', message, 'use a model written by `mememoji train`', { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
