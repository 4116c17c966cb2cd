/** The libraries in a browser, each on WASM with one thread: ours after a bundler, the peers from their own bundles. */
import { createWebAnalyzer } from 'mememoji/web';
import { measureSide, type Times } from '../measure.ts';
import {
  classifyWithFaceApi,
  classifyWithHuman,
  detectionOf,
  type FaceApi,
  findWithFaceApi,
  findWithHuman,
  type Human,
  humanConfig,
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
  const detection = detectionOf(name);
  if (detection !== undefined) return createOurs(detection);
  return name === 'face-api' ? createFaceApi() : createHuman(name);
}

async function createOurs(detection: 'photo' | 'video'): Promise<Side<ImageData>> {
  const analyzer = await createWebAnalyzer({ device: 'wasm', threads: 1, detection });
  const { width, height } = analyzer.spec.input;
  let faces = new Uint8Array(0);
  return {
    analyze: async (picture) => (await analyzer.analyze(picture)).faces.map(({ box }) => box),
    prepare: async (batch) => {
      faces = Uint8Array.from({ length: batch * width * height }, (_, i) => (i * 7919) % 251);
    },
    classify: async () => {
      await analyzer.classify(faces);
    },
    close: () => analyzer.close(),
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
