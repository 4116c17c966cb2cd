import { Analyzer } from '../analyzer.ts';
import { DETECTION_PLANS, type DetectionMode } from '../detector.ts';
import { MememojiError } from '../error.ts';
import { loadNetworks, type Networks } from '../networks.ts';
import { largestDifference } from './agreement.ts';
import { createSession, type Device, type Runtime } from './ort-session.ts';
import { PixelReader } from './pixels.ts';
import type { Calls, Frame, Kind, WorkerFiles, WorkerOptions } from './protocol.ts';

/** Share of the largest answer by which WebGPU may differ from WASM; float32 sums of another order stay below 1e-3. */
const AGREEMENT = 0.01;

/** Answers the calls of a page, one handler for each kind. */
export type Handlers = { [K in Kind]: (request: Calls[K]['request']) => Promise<Calls[K]['result']> };

/** The worker's side: owns the networks until the worker is ended, which frees everything. */
export function createHandlers(runtime: Runtime, device: Device): Handlers {
  let analyzers: Analyzers | undefined;
  const analyzerFor = async (detection: DetectionMode): Promise<Analyzer<Frame>> => {
    if (analyzers === undefined) throw new MememojiError('RUNTIME_FAILED', 'the worker has not been started');
    return analyzers[detection];
  };
  return {
    start: async ({ files, options }) => {
      const networks = await start(runtime, device, files, options);
      analyzers = createAnalyzers(networks, options);
      return networks.spec;
    },
    analyze: async ({ frame, detection }) => (await analyzerFor(detection)).analyze(frame),
    detect: async ({ frame, detection }) => (await analyzerFor(detection)).detect(frame),
    classify: async ({ pixels }) => (await analyzerFor('photo')).classify(pixels),
    warmup: async ({ detection }) => warmup(await analyzerFor(detection)),
  };
}

type Analyzers = Record<DetectionMode, Analyzer<Frame>>;

/** One analyzer for each way to look at a picture, on the same networks. */
function createAnalyzers(networks: Networks, { minDetection, maxPixels }: WorkerOptions): Analyzers {
  const pixels = new PixelReader(maxPixels);
  const decode = async (frame: Frame) => pixels.read(frame);
  const create = (mode: DetectionMode) =>
    new Analyzer({ ...networks, decode, detection: { ...DETECTION_PLANS[mode], minDetection } });
  return { photo: create('photo'), thorough: create('thorough'), video: create('video') };
}

/** At the size of a usual picture, so that memory is there and code compiled when the first one comes. */
async function warmup(analyzer: Analyzer<Frame>): Promise<undefined> {
  await analyzer.detect({ width: 640, height: 480, channels: 1, data: new Uint8Array(640 * 480) });
  await analyzer.warmup();
}

async function start(
  runtime: Runtime,
  device: Device,
  files: WorkerFiles,
  { threads }: WorkerOptions,
): Promise<Networks> {
  runtime.env.wasm.wasmPaths = { mjs: files.script };
  runtime.env.wasm.wasmBinary = files.runtime;
  runtime.env.wasm.numThreads = threads;
  runtime.env.logLevel = 'error';
  const load = (place: Device) =>
    loadNetworks(files.detector, files.model, (bytes, arithmetic) =>
      createSession(runtime, bytes, arithmetic === 'int8' ? 'wasm' : place),
    );
  const networks = await load(device);
  if (device === 'webgpu') await checkAgreement(await load('wasm'), networks);
  return networks;
}

/** @throws MememojiError `RUNTIME_FAILED` where the graphics card computes something else than the processor. */
async function checkAgreement(reference: Networks, networks: Networks): Promise<void> {
  const difference = await largestDifference(reference, networks);
  await Promise.all([reference.detector.release(), reference.classifier.release()]);
  if (difference <= AGREEMENT) return;
  const percent = (100 * difference).toPrecision(2);
  throw new MememojiError('RUNTIME_FAILED', `WebGPU computes something else than WASM (${percent}% apart)`);
}
