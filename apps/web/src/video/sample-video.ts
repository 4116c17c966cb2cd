import { AppError } from '../app-error.ts';

/** A picture of a video, and when it is shown. */
export interface VideoPicture {
  /** Seconds. */
  timestamp: number;
  picture: ImageBitmap;
}

/** Milliseconds after which a video that does not answer is given up. */
const PATIENCE = 20_000;

/** Later than any video ends: going there makes the browser find the end of files that do not tell their length. */
const FAR_AWAY = 1e7;

/** A video that is read, not shown. */
export interface VideoSource {
  element: HTMLVideoElement;
  /** Seconds. */
  duration: number;
}

/**
 * Opens a video, and finds its length even where the file does not tell it, as recordings of browsers do not.
 * @throws AppError `video.unreadable`
 */
export async function openVideo(address: string): Promise<VideoSource> {
  const element = document.createElement('video');
  element.muted = true;
  element.playsInline = true;
  element.preload = 'auto';
  element.src = address;
  await eventOf(element, 'loadeddata');
  if (element.videoWidth === 0) throw new AppError('video.unreadable');
  if (!Number.isFinite(element.duration)) await seek(element, FAR_AWAY);
  const duration = Number.isFinite(element.duration) ? element.duration : element.currentTime;
  return { element, duration };
}

/**
 * Pictures of a video at even steps, whatever its own frame rate, for whoever asks for the next one. The next one is fetched
 * while the asker works on this one.
 */
export class SampledFrames {
  readonly #source: VideoSource;
  readonly #perSecond: number;
  readonly #ended: AbortSignal;
  #last: VideoPicture | undefined;

  /** @param perSecond how many. */
  constructor(source: VideoSource, perSecond: number, ended: AbortSignal) {
    this.#source = source;
    this.#perSecond = perSecond;
    this.#ended = ended;
  }

  /** The picture that was given last; closed when the next one is given. */
  get last(): VideoPicture {
    if (this.#last === undefined) throw new AppError('video.unreadable');
    return this.#last;
  }

  /** Copies of the pictures, with their times, for the asker to close. */
  async *frames(): AsyncGenerator<VideoFrame> {
    const count = Math.max(1, Math.ceil(this.#source.duration * this.#perSecond - 1e-6));
    let next = this.#take(0);
    for (let i = 0; i < count && !this.#ended.aborted; i++) {
      this.close();
      this.#last = await next;
      if (i + 1 < count) next = this.#take(i + 1);
      yield new VideoFrame(this.#last.picture, { timestamp: Math.round(1e6 * this.#last.timestamp) });
    }
    next.then(
      ({ picture }) => picture.close(),
      () => undefined,
    );
  }

  close(): void {
    this.#last?.picture.close();
    this.#last = undefined;
  }

  #take(i: number): Promise<VideoPicture> {
    const { element, duration } = this.#source;
    const timestamp = i / this.#perSecond;
    // A little later than the step: frames of files begin a rounding error after their time.
    const taken = seek(element, Math.min(timestamp + 0.001, duration)).then(async () => ({
      timestamp,
      picture: await createImageBitmap(element),
    }));
    // Whoever takes it hears of its failure; nobody may take it.
    taken.catch(() => undefined);
    return taken;
  }
}

async function seek(element: HTMLVideoElement, time: number): Promise<void> {
  const arrived = eventOf(element, 'seeked');
  element.currentTime = time;
  await arrived;
}

function eventOf(element: HTMLVideoElement, name: 'loadeddata' | 'seeked'): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const end = (settle: () => void) => (): void => {
      clearTimeout(timer);
      over.abort();
      settle();
    };
    const fail = end(() => reject(new AppError('video.unreadable', { cause: element.error })));
    const timer = setTimeout(fail, PATIENCE);
    element.addEventListener(name, end(resolve), over);
    element.addEventListener('error', fail, over);
  });
}
