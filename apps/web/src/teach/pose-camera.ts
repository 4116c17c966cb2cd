import type { Face } from '@mememoji/vision/result';
import { signal as makeSignal } from '@preact/signals';
import type { WebAnalyzer } from 'mememoji/web/web-analyzer';
import { AppError } from '../app-error.ts';
import { facePixels, PictureReader } from '../lab/face-pixels.ts';
import { openCamera } from '../live/camera.ts';
import { CameraFrames } from '../live/camera-frames.ts';

/** What the camera sees at a moment. */
export interface Look {
  /** Close it when it is no longer shown. */
  picture: ImageBitmap;
  /** The pixels of the largest face, as the model wants them; undefined if there is none. */
  pixels: Float32Array | undefined;
}

/**
 * Opens the camera and looks through it until the signal ends that, or whoever listens; its light then goes out. Nothing
 * that it sees is kept here.
 * @throws AppError that says why there is no camera, or that it was taken away
 */
export async function* lookThroughCamera(analyzer: WebAnalyzer, signal: AbortSignal): AsyncGenerator<Look, void> {
  const stream = await openCamera(undefined);
  const taken = new AbortController();
  const ended = AbortSignal.any([signal, taken.signal]);
  for (const track of stream.getTracks()) track.addEventListener('ended', () => taken.abort());
  try {
    const camera = new CameraFrames(await play(stream), makeSignal(false), ended);
    const reader = new PictureReader();
    for await (const { faces } of analyzer.watch(camera.frames(), { signal: ended })) {
      const picture = camera.take();
      if (picture === undefined) continue;
      const face = largest(faces);
      yield { picture, pixels: face && facePixels(reader.read(picture), face, analyzer.spec) };
    }
    camera.take()?.close();
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
  if (taken.signal.aborted) throw new AppError('camera.taken');
}

async function play(stream: MediaStream): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
  await video.play();
  return video;
}

function largest(faces: readonly Face[]): Face | undefined {
  return faces.toSorted((a, b) => b.box.width - a.box.width)[0];
}
