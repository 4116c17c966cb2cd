/** Reads the expressions in a photo or before a camera. Run: npx vite examples/web */
import type { Face } from '@mememoji/vision/result';
import { createWebAnalyzer } from 'mememoji/web';
import { drawBoxes } from './draw.ts';

const element = <Type extends HTMLElement>(id: string, type: new () => Type): Type => {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${id}`);
};

const status = element('status', HTMLOutputElement);
const photo = element('photo', HTMLImageElement);
const video = element('video', HTMLVideoElement);
const boxes = element('boxes', HTMLCanvasElement);
const list = element('faces', HTMLOListElement);
const file = element('file', HTMLInputElement);
const camera = element('camera', HTMLButtonElement);

const analyzer = await createWebAnalyzer({
  onProgress: (loaded, total) => {
    status.value = `Loading, ${Math.round((100 * loaded) / total)}%`;
  },
});
await analyzer.warmup();
status.value = `Ready, on ${analyzer.device}`;
file.disabled = false;
camera.disabled = false;
/** Stops the camera that runs, if one does. */
let stop = new AbortController();

file.addEventListener('change', () => attempt(() => readPhoto(file.files?.[0])));
camera.addEventListener('click', () => attempt(stop.signal.aborted || video.hidden ? followCamera : stopCamera));

async function readPhoto(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return;
  stopCamera();
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(chosen);
  await photo.decode();
  photo.hidden = false;
  const start = performance.now();
  const { image, faces } = await analyzer.analyze(photo);
  show(faces, image.width, image.height);
  status.value = `${faces.length} ${faces.length === 1 ? 'face' : 'faces'} in ${Math.round(performance.now() - start)} ms`;
}

async function followCamera(): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  photo.hidden = true;
  video.hidden = false;
  video.srcObject = stream;
  camera.textContent = 'Stop the camera';
  await video.play();
  stop = new AbortController();
  let last = performance.now();
  for await (const { faces } of analyzer.watch(video, { signal: stop.signal, mirrored: true })) {
    show(faces, video.videoWidth, video.videoHeight);
    status.value = `${Math.round(1000 / (performance.now() - last))} frames per second`;
    last = performance.now();
  }
}

function stopCamera(): void {
  stop.abort();
  if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
  video.hidden = true;
  camera.textContent = 'Start the camera';
  show([], 1, 1);
}

function show(faces: readonly Face[], width: number, height: number): void {
  drawBoxes(boxes, faces, width, height);
  const items = faces.map(({ dominant, confidence, doubts }) => {
    const item = document.createElement('li');
    item.textContent = `${dominant} ${Math.round(100 * confidence)}% ${doubts.length > 0 ? `(${doubts.join(', ')})` : ''}`;
    return item;
  });
  list.replaceChildren(...items);
}

/** Errors of the library have a message in one line and a hint how to mend what is wrong. */
async function attempt(action: () => void | Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error && error.hint ? ` (${error.hint})` : '';
    status.value = `${error instanceof Error ? error.message : error}${hint}`;
  }
}
