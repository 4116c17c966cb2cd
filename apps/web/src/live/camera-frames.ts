import type { ReadonlySignal } from '@preact/signals';

/**
 * The frames of a camera for whoever asks for the next one; what is not asked for in time is dropped. Of each frame that
 * is given away a copy is kept, to be drawn with what was found in it.
 */
export class CameraFrames {
  readonly #video: HTMLVideoElement;
  readonly #paused: ReadonlySignal<boolean>;
  readonly #ended: AbortSignal;
  #picture: ImageBitmap | undefined;

  constructor(video: HTMLVideoElement, paused: ReadonlySignal<boolean>, ended: AbortSignal) {
    this.#video = video;
    this.#paused = paused;
    this.#ended = ended;
  }

  /** Frames until the signal ends them, for the taker to close; none while the picture stands still. */
  async *frames(): AsyncGenerator<ImageBitmap> {
    const waiter = new FrameWaiter(this.#video, this.#ended);
    while (await waiter.next()) {
      if (this.#paused.value) continue;
      this.#picture?.close();
      this.#picture = await createImageBitmap(this.#video);
      yield await createImageBitmap(this.#picture);
    }
  }

  /** The copy of the frame that was given away last, for the caller to close. */
  take(): ImageBitmap | undefined {
    const picture = this.#picture;
    this.#picture = undefined;
    return picture;
  }
}

/** Tells of the frames that a video shows. What is not asked for in time is gone: frames are dropped, never queued. */
class FrameWaiter {
  readonly #video: HTMLVideoElement;
  #fresh = false;
  #wake: (() => void) | undefined;
  #request = 0;
  readonly #ended: AbortSignal;

  constructor(video: HTMLVideoElement, ended: AbortSignal) {
    this.#video = video;
    this.#ended = ended;
    ended.addEventListener('abort', () => this.#close());
    this.#ask();
  }

  /** Waits for a frame that was not there at the last call, no time if it has come meanwhile; false when there is none any more. */
  async next(): Promise<boolean> {
    if (!this.#fresh && !this.#ended.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#fresh = false;
    return !this.#ended.aborted;
  }

  /** Wakes who waits. */
  #close(): void {
    if ('cancelVideoFrameCallback' in this.#video) this.#video.cancelVideoFrameCallback(this.#request);
    this.#wake?.();
  }

  #ask(): void {
    if (this.#ended.aborted) return;
    if ('requestVideoFrameCallback' in this.#video) {
      this.#request = this.#video.requestVideoFrameCallback(() => this.#arrive());
    } else requestAnimationFrame(() => this.#arrive());
  }

  #arrive(): void {
    this.#fresh = true;
    this.#wake?.();
    this.#ask();
  }
}
