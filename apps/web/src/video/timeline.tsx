import type { Expression } from '@mememoji/vision/expression';
import type { ReadonlySignal, Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { readPalette } from '../draw/palette.ts';
import { drawPlot, drawTimes, formatTime } from '../draw/plot.ts';
import { contextOf } from '../export/picture-file.ts';
import { followSize } from '../observe-size.ts';
import { useServices, useText } from '../services.ts';
import type { FaceTrack, VideoSession } from './video-session.ts';

interface Props {
  session: VideoSession;
  time: ReadonlySignal<number>;
  shown: Signal<ReadonlySet<Expression>>;
  onSeek: (seconds: number) => void;
}

/** One plot for each face, all over the same time, with one scrubber. */
export function Timeline({ session, time, shown, onSeek }: Props) {
  const t = useText();
  const duration = session.duration.value;
  const { tracks } = session.found.value;
  if (duration === 0) return null;
  return (
    <section class="timeline" aria-label={t('timeline.name')}>
      {tracks.map((track) => (
        <Lane key={track.id} track={track} session={session} time={time} shown={shown} onSeek={onSeek} />
      ))}
      <div class="lane scrub">
        <span class="number">{formatTime(time.value, 1)}</span>
        <input
          type="range"
          min={0}
          max={duration}
          step={0.05}
          value={time.value}
          aria-label={t('timeline.scrubber')}
          aria-valuetext={formatTime(time.value, 1)}
          onInput={(event) => onSeek(event.currentTarget.valueAsNumber)}
        />
      </div>
    </section>
  );
}

interface LaneProps extends Props {
  track: FaceTrack;
}

function Lane({ track, session, time, shown, onSeek }: LaneProps) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme } = useServices();
  const colours = theme.changes.value;
  const duration = session.duration.value;
  const visible = shown.value;
  const count = track.samples.length;
  useEffect(() => {
    const element = canvas.current!;
    return followSize(element, () =>
      drawLane(element, track, { duration, shown: visible, longestGap: session.longestGap }),
    );
  }, [track, count, duration, visible, colours, session]);
  const seek = (event: MouseEvent): void => onSeek((event.offsetX / canvas.current!.clientWidth) * duration);
  return (
    <div class="lane">
      <Portrait picture={track.portrait} name={t('face.number', { number: track.id + 1 })} />
      <div class="lane-plot">
        <canvas
          ref={canvas}
          class="plot"
          role="img"
          aria-label={t('timeline.lane', { number: track.id + 1 })}
          onClick={seek}
        />
        <Lines session={session} time={time} />
      </div>
    </div>
  );
}

/** Where the player stands, and what was marked. */
function Lines({ session, time }: Pick<Props, 'session' | 'time'>) {
  const duration = session.duration.value;
  const at = (seconds: number) => ({ insetInlineStart: `${(100 * seconds) / duration}%` });
  return (
    <>
      {session.marks.value.map(({ timestamp }) => (
        <span key={timestamp} class="mark-line" style={at(timestamp)} />
      ))}
      <span class="cursor-line" style={at(time.value)} />
    </>
  );
}

/** The same canvas may be shown in one place only; so it is drawn. */
function Portrait({ picture, name }: { picture: HTMLCanvasElement; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => contextOf(canvas.current!).drawImage(picture, 0, 0), [picture]);
  return (
    <canvas ref={canvas} class="portrait" width={picture.width} height={picture.height} role="img" aria-label={name} />
  );
}

interface LaneLook {
  duration: number;
  shown: ReadonlySet<Expression>;
  longestGap: number;
}

function drawLane(canvas: HTMLCanvasElement, { samples }: FaceTrack, { duration, shown, longestGap }: LaneLook): void {
  const unit = devicePixelRatio;
  const context = contextOf(canvas);
  const area = { x: 0, y: 6 * unit, width: canvas.width, height: canvas.height - 30 * unit };
  const view = { from: 0, to: duration, area, unit, palette: readPalette(), shown, longestGap };
  context.clearRect(0, 0, canvas.width, canvas.height);
  drawPlot(context, samples, view);
  drawTimes(context, view);
}
