import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { useSignal } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { Icon } from '../components/icon.tsx';
import { Segmented } from '../components/segmented.tsx';
import { SeriesChoice } from '../components/series-choice.tsx';
import { OVERLAY_STYLES, type OverlayStyle } from '../draw/overlay.ts';
import { useFaceLabel } from '../picture/picture-view.tsx';
import { useText } from '../services.ts';
import { MarksList } from './marks-list.tsx';
import { Player } from './player.tsx';
import { StillFaces } from './still-faces.tsx';
import { Timeline } from './timeline.tsx';
import { VideoExports } from './video-exports.tsx';
import type { VideoSession } from './video-session.ts';

/** Frames that are analyzed a second. */
const RATES = ['2', '5', '10', '25'] as const;
type Rate = (typeof RATES)[number];

/** One video: player, timeline, marks, exports. */
export function VideoView({ session }: { session: VideoSession }) {
  const t = useText();
  const video = useRef<HTMLVideoElement>(null);
  const style = useSignal<OverlayStyle>('boxes');
  const rate = useSignal<Rate>('10');
  const time = useSignal(0);
  const still = useSignal(0);
  const shown = useSignal<ReadonlySet<Expression>>(new Set(EXPRESSIONS));
  const label = useFaceLabel(false);
  useEffect(() => void session.analyze(Number(rate.value)), [session]);
  const seek = useCallback((seconds: number): void => {
    if (video.current) video.current.currentTime = seconds;
  }, []);
  const mark = (): void => {
    const timestamp = Number(time.value.toFixed(2));
    if (session.marks.value.some((one) => one.timestamp === timestamp)) return;
    session.marks.value = [...session.marks.value, { timestamp, note: '' }].sort((a, b) => a.timestamp - b.timestamp);
  };
  return (
    <div class="video">
      <div class="video-main">
        <Player
          session={session}
          style={style.value}
          label={label}
          time={time}
          video={video}
          onStill={() => still.value++}
        />
        <div class="toolbar">
          <Segmented
            name={t('overlay.name')}
            value={style.value}
            choices={OVERLAY_STYLES.map((value) => ({ value, label: t(`overlay.${value}`) }))}
            onChoose={(value) => (style.value = value)}
          />
          <Segmented
            name={t('video.rate')}
            value={rate.value}
            choices={RATES.map((value) => ({
              value,
              label: t('video.perSecond', { count: value }),
              name: t('video.ratePerSecond', { count: value }),
            }))}
            onChoose={(value) => {
              rate.value = value;
              void session.analyze(Number(value));
            }}
          />
          <button type="button" onClick={mark}>
            <Icon name="flag" />
            {t('marks.add')}
          </button>
        </div>
        <Progress session={session} />
      </div>
      <StillFaces session={session} video={video} still={still.value} />
      <div class="video-timeline">
        <Timeline session={session} time={time} shown={shown} onSeek={seek} />
        <SeriesChoice shown={shown} />
        <MarksList session={session} onSeek={seek} />
        <VideoExports session={session} shown={shown.value} />
      </div>
    </div>
  );
}

function Progress({ session }: { session: VideoSession }) {
  const t = useText();
  const state = session.state.value;
  if (state.phase === 'failed') return <p role="alert">{explainError(state.error, t)}</p>;
  if (state.phase === 'done') {
    const { frames, tracks } = session.found.value;
    return (
      <p class="quiet" role="status">
        {t('video.done', { frames: frames.length, faces: tracks.length })}
      </p>
    );
  }
  return (
    <p class="engine-status">
      <label>
        <span>{t('video.analyzing')}</span>
        <progress max={1} value={state.phase === 'analyzing' ? state.done : 0} />
      </label>
      <button type="button" onClick={() => session.stop()}>
        {t('video.stop')}
      </button>
    </p>
  );
}
