import type { Face } from '@mememoji/vision/result';
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { Icon } from '../components/icon.tsx';
import { Segmented } from '../components/segmented.tsx';
import { OVERLAY_STYLES, type OverlayStyle } from '../draw/overlay.ts';
import { readPalette } from '../draw/palette.ts';
import { formatTime } from '../draw/plot.ts';
import { toCsv } from '../export/csv.ts';
import { downloadFile, downloadText } from '../export/download.ts';
import { canvasToBlob, createCanvas } from '../export/picture-file.ts';
import { useServices, useText } from '../services.ts';
import type { Camera } from './camera.ts';
import { createOverlay } from './live-overlay.ts';
import type { LiveSession } from './live-session.ts';
import { paintFrame } from './paint-frame.ts';
import { Recorder, type Recording } from './recorder.ts';
import { RecordingResult } from './recording-result.tsx';

interface Props {
  session: LiveSession;
  style: Signal<OverlayStyle>;
  mirror: Signal<boolean>;
  speedShown: Signal<boolean>;
  label: (face: Face) => string;
  cameras: readonly Camera[];
  camera: string | undefined;
}

/** Everything that can be done with the live picture. */
export function LiveControls({ session, style, mirror, speedShown, label, cameras, camera }: Props) {
  const t = useText();
  return (
    <div class="toolbar live-controls">
      <Segmented
        name={t('overlay.name')}
        value={style.value}
        choices={OVERLAY_STYLES.map((value) => ({ value, label: t(`overlay.${value}`) }))}
        onChoose={(value) => (style.value = value)}
      />
      <PauseButton session={session} />
      <Toggle icon="mirror" label={t('live.mirror')} value={mirror} />
      <Toggle icon="gauge" label={t('live.showSpeed')} value={speedShown} />
      {cameras.length > 1 && (
        <select
          aria-label={t('live.camera')}
          value={camera}
          onChange={(event) => void session.start(event.currentTarget.value)}
        >
          {cameras.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
      <Taking session={session} style={style} mirror={mirror} label={label} />
      <button type="button" onClick={() => session.stop()}>
        <Icon name="stop" />
        {t('live.stop')}
      </button>
    </div>
  );
}

function PauseButton({ session: { paused } }: { session: LiveSession }) {
  const t = useText();
  return (
    <button type="button" onClick={() => (paused.value = !paused.value)}>
      <Icon name={paused.value ? 'play' : 'pause'} />
      {t(paused.value ? 'live.resume' : 'live.pause')}
    </button>
  );
}

function Toggle({ icon, label, value }: { icon: 'mirror' | 'gauge'; label: string; value: Signal<boolean> }) {
  return (
    <button type="button" aria-pressed={value.value} onClick={() => (value.value = !value.value)}>
      <Icon name={icon} />
      {label}
    </button>
  );
}

/** Snapshot, table, recording. */
function Taking({ session, style, mirror, label }: Pick<Props, 'session' | 'style' | 'mirror' | 'label'>) {
  const t = useText();
  const { art, notices } = useServices();
  const recorder = useMemo(() => new Recorder(), []);
  const recording = useSignal<Recording | undefined>(undefined);
  useEffect(() => () => void recorder.stop(), [recorder]);
  const overlay = () => createOverlay(session, { style: style.value, label, art, palette: readPalette() });
  const attempt = (what: () => void | Promise<void>) => async (): Promise<void> => {
    try {
      await what();
    } catch (error) {
      notices.failed(explainError(error, t));
    }
  };
  const snapshot = attempt(async () => {
    const frame = session.frame.value;
    if (frame === undefined) return;
    const [canvas] = createCanvas(frame.picture.width, frame.picture.height);
    paintFrame(canvas, frame, { ...overlay(), unit: Math.max(1, canvas.width / 640) }, mirror.value);
    downloadFile(await canvasToBlob(canvas), 'myMemeMoji.png');
  });
  const saveTable = (): void =>
    downloadText(
      toCsv(session.history.frames.map((frame) => ({ source: 'camera', ...frame }))),
      'mememoji-live.csv',
      'text/csv',
    );
  const toggleRecording = attempt(async () => {
    if (recorder.seconds.value === undefined) recorder.start(session, overlay(), mirror.value);
    else recording.value = await recorder.stop();
  });
  const seconds = recorder.seconds.value;
  return (
    <>
      <button type="button" onClick={snapshot}>
        <Icon name="picture" />
        {t('live.snapshot')}
      </button>
      <button type="button" onClick={saveTable}>
        <Icon name="save" />
        {t('live.csv')}
      </button>
      <button type="button" class={seconds === undefined ? '' : 'recording'} onClick={toggleRecording}>
        <Icon name={seconds === undefined ? 'record' : 'stop'} />
        {seconds === undefined ? t('record.start') : t('record.stop', { time: formatTime(seconds) })}
      </button>
      {recording.value && <RecordingResult recording={recording.value} onClose={() => (recording.value = undefined)} />}
    </>
  );
}
