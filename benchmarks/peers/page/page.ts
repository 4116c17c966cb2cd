/** The libraries in a browser, each on WASM with one thread: ours after a bundler, the peers from their own bundles. */
import { classifyFaces } from 'mememoji/classifier';
import { createWebAnalyzer } from 'mememoji/web';
import { locateFiles } from 'mememoji/web/files';
import { createSession } from 'mememoji/web/ort-session';
import * as runtime from 'onnxruntime-web/wasm';
import { measureSide, type Times } from '../measure.ts';
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
  type Side,
  type SideName,
  type Tensor,
  type TensorFlow,
} from '../side.ts';

declare global {
  interface Window {
    measurePeer: (name: SideName, photo: string, runs: number) => Promise<Times>;
  }
}

interface WebTensorFlow extends TensorFlow {
  setWasmPaths(folder: string): void;
  browser: { fromPixels(image: ImageData): Tensor };
}

/** Written out, so that the bundler finds them. */
const MODELS: Record<NonNullable<OwnOptions['model']>, string> = {
  'mememoji-large': new URL('../../../models/mememoji-large.onnx', import.meta.url).href,
  'mememoji-tiny': new URL('../../../models/mememoji-tiny.onnx', import.meta.url).href,
};

const at = (path: string): string => new URL(path, location.href).href;

window.measurePeer = async (name, photo, runs) => {
  const picture = await loadScreen(photo);
  const side = await createSide(name);
  try {
    return await measureSide(side, picture, runs, () => performance.now());
  } finally {
    await side.close();
  }
};

/** 640x480 pixels: the whole photo, with black beside it. */
async function loadScreen(url: string): Promise<ImageData> {
  const photo = await createImageBitmap(await (await fetch(url)).blob());
  const scale = Math.min(640 / photo.width, 480 / photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale];
  const context = new OffscreenCanvas(640, 480).getContext('2d')!;
  context.fillRect(0, 0, 640, 480);
  context.drawImage(photo, (640 - width) / 2, (480 - height) / 2, width, height);
  return context.getImageData(0, 0, 640, 480);
}

function createSide(name: SideName): Promise<Side<ImageData>> {
  const own = ownOptions(name);
  if (own !== undefined) return createOurs(own);
  return name === 'face-api' ? createFaceApi() : createHuman(name);
}

/** Pictures go through the library's worker; the net alone runs in the page, as those of the peers do. */
async function createOurs({ detection, model }: OwnOptions): Promise<Side<ImageData>> {
  const files = locateFiles(undefined);
  const address = model === undefined ? files.model : MODELS[model];
  const analyzer = await createWebAnalyzer({ device: 'wasm', threads: 1, detection, model: address });
  const { spec } = analyzer;
  const bytes = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer());
  runtime.env.wasm.wasmPaths = { mjs: files.runtime.wasm.script };
  runtime.env.wasm.wasmBinary = await bytes(files.runtime.wasm.binary);
  runtime.env.wasm.numThreads = 1;
  const net = await createSession(runtime, await bytes(address), 'wasm');
  let faces = new Uint8Array(0);
  return {
    analyze: async (picture) => (await analyzer.analyze(picture)).faces.map(({ box }) => box),
    prepare: async (batch) => {
      faces = Uint8Array.from({ length: batch * spec.input.width * spec.input.height }, (_, i) => (i * 7919) % 251);
    },
    classify: async () => {
      await classifyFaces(net, spec, faces);
    },
    close: async () => {
      await Promise.all([analyzer.close(), net.release()]);
    },
  };
}

async function createHuman(name: SideName): Promise<Side<ImageData>> {
  const { Human } = await import(/* @vite-ignore */ at(`${PEER_FILES.human}dist/human.esm.js`));
  const models = at(`${PEER_FILES.human}models/`);
  const paths = { modelBasePath: models, wasmPath: at(PEER_FILES.wasm) };
  const human: Human<ImageData, WebTensorFlow> = new Human({ ...humanConfig(name), ...paths });
  await human.load();
  return {
    analyze: (picture) => findWithHuman(human, picture),
    ...(await classifyWithHuman(human.tf, `${models}emotion.json`)),
    close: async () => undefined,
  };
}

async function createFaceApi(): Promise<Side<ImageData>> {
  const faceapi: FaceApi & { tf: WebTensorFlow } = await import(
    /* @vite-ignore */ at(`${PEER_FILES.faceApi}dist/face-api.esm.js`)
  );
  const { tf, nets } = faceapi;
  tf.setWasmPaths(at(PEER_FILES.wasm));
  await tf.setBackend('wasm');
  await tf.ready();
  await nets.ssdMobilenetv1.loadFromUri(at(`${PEER_FILES.faceApi}model/`));
  await nets.faceExpressionNet.loadFromUri(at(`${PEER_FILES.faceApi}model/`));
  return {
    analyze: async (picture) => {
      const input = tf.browser.fromPixels(picture);
      try {
        return await findWithFaceApi(faceapi, input);
      } finally {
        input.dispose();
      }
    },
    ...classifyWithFaceApi(tf, faceapi),
    close: async () => undefined,
  };
}
