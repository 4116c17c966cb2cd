import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { EngineStatus } from '../components/engine-status.tsx';
import { SeriesChoice } from '../components/series-choice.tsx';
import type { OverlayStyle } from '../draw/overlay.ts';
import { useFaceLabel } from '../picture/picture-view.tsx';
import { useServices, useText } from '../services.ts';
import { type Camera, listCameras } from './camera.ts';
import { Consent } from './consent.tsx';
import { LiveCanvas } from './live-canvas.tsx';
import { LiveControls } from './live-controls.tsx';
import { LiveFaces } from './live-faces.tsx';
import { LivePlot } from './live-plot.tsx';
import { LiveSession } from './live-session.ts';

/** The camera, live. */
export function LivePage() {
  const t = useText();
  const { engine } = useServices();
  const session = useMemo(() => new LiveSession(engine), [engine]);
  useEffect(() => {
    // The models come while the person reads; what goes wrong is told when the camera is started.
    engine.ready().catch(() => undefined);
    return () => session.stop();
  }, [session, engine]);
  const state = session.state.value;
  const running = state.phase === 'running';
  return (
    <div class="page">
      <h1>{t('live.title')}</h1>
      {!running && (
        <>
          <p class="lead">{t('live.lead')}</p>
          <Consent
            error={state.phase === 'failed' ? state.error : undefined}
            starting={state.phase === 'starting'}
            onStart={() => void session.start()}
          />
          <EngineStatus engine={engine} />
        </>
      )}
      {running && <Running session={session} camera={state.camera} />}
    </div>
  );
}

function Running({ session, camera }: { session: LiveSession; camera: string | undefined }) {
  const { memory } = useServices();
  const style = useSignal<OverlayStyle>('memes');
  const mirror = useSignal(memory.getItem('mirror') !== 'off');
  const speedShown = useSignal(false);
  const cameras = useSignal<readonly Camera[]>([]);
  const shown = useSignal<ReadonlySet<Expression>>(new Set(EXPRESSIONS));
  const chosen = useSignal<number | undefined>(undefined);
  const plotted = useComputed(() => chooseFace(session, chosen.value));
  const label = useFaceLabel(false);
  useEffect(() => {
    listCameras().then(
      (found) => (cameras.value = found),
      () => undefined,
    );
  }, []);
  useSignalEffect(() => memory.setItem('mirror', mirror.value ? 'on' : 'off'));
  return (
    <div class="live">
      <div class="live-main">
        <div class="live-stage">
          <LiveCanvas session={session} style={style.value} mirror={mirror.value} label={label} />
          {speedShown.value && <SpeedDisplay session={session} />}
        </div>
        <LiveControls
          session={session}
          style={style}
          mirror={mirror}
          speedShown={speedShown}
          label={label}
          cameras={cameras.value}
          camera={camera}
        />
      </div>
      <div class="live-side">
        <LiveFaces session={session} chosen={plotted.value} onChoose={(id) => (chosen.value = id)} />
      </div>
      <div class="live-plot">
        <LivePlot session={session} face={plotted.value} shown={shown} />
        <SeriesChoice shown={shown} />
      </div>
    </div>
  );
}

/** The face that the person chose as long as it is there, else the largest, else the one chosen or seen last. */
function chooseFace(session: LiveSession, chosen: number | undefined): number | undefined {
  const faces = session.frame.value?.analysis.faces ?? [];
  if (faces.length === 0 || faces.some(({ id }) => id === chosen)) return chosen;
  return faces.reduce((a, b) => (b.box.width > a.box.width ? b : a)).id;
}

function SpeedDisplay({ session }: { session: LiveSession }) {
  const t = useText();
  const { framesPerSecond, milliseconds } = session.speed.value;
  return (
    <p class="speed number" data-fps={framesPerSecond.toFixed(2)}>
      {t('live.speed', { fps: framesPerSecond.toFixed(0), milliseconds: milliseconds.toFixed(0) })}
    </p>
  );
}
