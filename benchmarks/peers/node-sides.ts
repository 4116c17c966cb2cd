/** The libraries in Node: ours on ONNX Runtime, the peers on the WASM backend of TensorFlow.js, each with one thread. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createAnalyzer } from 'mememoji/node';
import { serveFolders } from '../../test/static-server.ts';
import {
  classifyWithFaceApi,
  classifyWithHuman,
  type FaceApi,
  findWithFaceApi,
  findWithHuman,
  type Human,
  humanConfig,
  type OwnOptions,
  ownOptions,
  PEER_FILES,
  type Pixels,
  type Side,
  type SideName,
  type Tensor,
  type TensorFlow,
} from './side.ts';

interface NodeTensorFlow extends TensorFlow {
  tensor3d(data: Uint8Array, shape: number[], type: 'int32'): Tensor;
}

/** Loads a library. @param folder where the peers are installed */
export function createSide(name: SideName, folder: string): Promise<Side<Pixels>> {
  const own = ownOptions(name);
  if (own !== undefined) return createOurs(own);
  return name === 'face-api' ? createFaceApi(folder) : createHuman(name, folder);
}

async function createOurs({ detection, model }: OwnOptions): Promise<Side<Pixels>> {
  const file = model && join(import.meta.dirname, `../../models/${model}.onnx`);
  const analyzer = await createAnalyzer({ threads: 1, detection, model: file });
  const { width, height } = analyzer.spec.input;
  let faces = new Uint8Array(0);
  return {
    analyze: async ({ width, height, data }) => {
      const { faces } = await analyzer.analyze({ width, height, channels: 3, data });
      return faces.map(({ box }) => box);
    },
    prepare: async (batch) => {
      faces = Uint8Array.from({ length: batch * width * height }, (_, i) => (i * 7919) % 251);
    },
    classify: async () => {
      await analyzer.classify(faces);
    },
    close: () => analyzer.close(),
  };
}

async function createHuman(name: SideName, folder: string): Promise<Side<Pixels>> {
  const require = createRequire(join(folder, 'package.json'));
  // Its build for WASM in Node reads its models by HTTP only.
  const server = await serveFolders([folder]);
  const { Human } = require(`./${PEER_FILES.human}dist/human.node-wasm.js`);
  const models = `${server.url}${PEER_FILES.human}models/`;
  const paths = { modelBasePath: models, wasmPath: join(folder, PEER_FILES.wasm) };
  const human: Human<Tensor, NodeTensorFlow> = new Human({ ...humanConfig(name), ...paths });
  await human.load();
  return {
    analyze: (pixels) => withTensor(human.tf, pixels, (input) => findWithHuman(human, input)),
    ...(await classifyWithHuman(human.tf, `${models}emotion.json`)),
    close: () => server.close(),
  };
}

async function createFaceApi(folder: string): Promise<Side<Pixels>> {
  const require = createRequire(join(folder, 'package.json'));
  const tf: NodeTensorFlow = require('@tensorflow/tfjs');
  const wasm: { setWasmPaths(folder: string): void } = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(folder, PEER_FILES.wasm));
  await tf.setBackend('wasm');
  await tf.ready();
  const faceapi: FaceApi = require(`./${PEER_FILES.faceApi}dist/face-api.node-wasm.js`);
  const models = join(folder, PEER_FILES.faceApi, 'model');
  await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
  await faceapi.nets.faceExpressionNet.loadFromDisk(models);
  return {
    analyze: (pixels) => withTensor(tf, pixels, (input) => findWithFaceApi(faceapi, input)),
    ...classifyWithFaceApi(tf, faceapi),
    close: async () => undefined,
  };
}

/** The tensor that TensorFlow.js wants is part of the work from decoded pixels on. */
async function withTensor<T>(
  tf: NodeTensorFlow,
  { width, height, data }: Pixels,
  use: (input: Tensor) => Promise<T>,
): Promise<T> {
  const input = tf.tensor3d(data, [height, width, 3], 'int32');
  try {
    return await use(input);
  } finally {
    input.dispose();
  }
}
