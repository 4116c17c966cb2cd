import type { Face } from '@mememoji/vision/result';
import { type Signal, useSignalEffect } from '@preact/signals';
import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { drawOverlay, type OverlayStyle } from '../draw/overlay.ts';
import { readPalette } from '../draw/palette.ts';
import { contextOf } from '../export/picture-file.ts';
import { fitPicture } from '../geometry.ts';
import { followSize } from '../observe-size.ts';
import { useServices } from '../services.ts';
import { facesAt } from './interpolate.ts';
import type { VideoSession } from './video-session.ts';

interface Props {
  session: VideoSession;
  style: OverlayStyle;
  label: (face: Face) => string;
  /** Seconds; follows the player. */
  time: Signal<number>;
  video: RefObject<HTMLVideoElement | null>;
  onStill: () => void;
}

/** The video with what was found laid over it, also between the frames that were analyzed. */
export function Player({ session, style, label, time, video, onStill }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { art, theme } = useServices();
  const colours = theme.changes.value;
  const draw = useCallback((): void => {
    const [element, player] = [canvas.current, video.current];
    if (element === null || player === null) return;
    time.value = player.currentTime;
    const size = { width: player.videoWidth, height: player.videoHeight };
    const context = contextOf(element);
    context.clearRect(0, 0, element.width, element.height);
    const faces = facesAt(session.found.value.frames, player.currentTime, session.longestGap);
    drawOverlay(context, fitPicture(size, element), faces, {
      style,
      art,
      palette: readPalette(),
      label,
      unit: devicePixelRatio,
    });
  }, [session, style, label, art, colours, time, video]);
  useEffect(() => followSize(canvas.current!, draw), [draw]);
  useEffect(() => followPlaying(video.current!, draw), [draw]);
  useSignalEffect(draw);
  return (
    <div class="player">
      {/* biome-ignore lint/a11y/useMediaCaption: the person's own file, of which only the picture is looked at */}
      <video
        ref={video}
        src={session.address}
        controls
        playsInline
        aria-label={session.name}
        onPause={onStill}
        onSeeked={onStill}
        onLoadedData={onStill}
      />
      <canvas ref={canvas} />
    </div>
  );
}

/** Draws with every frame of the screen while the video plays, and once after each jump. */
function followPlaying(video: HTMLVideoElement, draw: () => void): () => void {
  const over = new AbortController();
  const next = (): void => {
    if (over.signal.aborted) return;
    draw();
    if (!video.paused) requestAnimationFrame(next);
  };
  for (const name of ['play', 'seeked', 'loadeddata', 'timeupdate']) {
    video.addEventListener(name, name === 'play' ? next : draw, over);
  }
  if (!video.paused) next();
  return () => over.abort();
}
