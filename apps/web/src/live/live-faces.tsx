import type { TrackedFace } from '@mememoji/vision/result';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Emoji } from '../components/emoji.tsx';
import { ExpressionBars, usePercent } from '../components/expression-bars.tsx';
import { FaceCard } from '../components/face-card.tsx';
import { useServices, useText } from '../services.ts';
import type { LiveSession } from './live-session.ts';

/** Milliseconds between two looks of the panel: numbers that change with every frame cannot be read. */
const PERIOD = 200;

interface Props {
  session: LiveSession;
  /** Track that is plotted. */
  chosen: number | undefined;
  onChoose: (id: number) => void;
}

/** The faces that are seen now; while the picture stands still, with everything that can be done with a face. */
export function LiveFaces({ session, chosen, onChoose }: Props) {
  const t = useText();
  const faces = useSignal<readonly TrackedFace[]>([]);
  useEffect(() => {
    const look = (): void => {
      faces.value = session.frame.value?.analysis.faces ?? [];
    };
    const timer = setInterval(look, PERIOD);
    return () => clearInterval(timer);
  }, [session]);
  if (session.paused.value) return <StandingFaces session={session} />;
  if (faces.value.length === 0) return <p class="quiet live-none">{t('live.noFace')}</p>;
  return (
    <>
      {faces.value.map((face) => (
        <LiveFace key={face.id} face={face} chosen={face.id === chosen && faces.value.length > 1} onChoose={onChoose} />
      ))}
      <p class="quiet small">{t('live.pauseHint')}</p>
    </>
  );
}

function LiveFace({ face, chosen, onChoose }: { face: TrackedFace; chosen: boolean; onChoose: (id: number) => void }) {
  const t = useText();
  const percent = usePercent();
  return (
    <article class={chosen ? 'face-card chosen' : 'face-card'} aria-label={t('face.number', { number: face.id + 1 })}>
      <header>
        <Emoji name={face.dominant} size={48} />
        <div>
          <h3>{t(`expression.${face.dominant}`)}</h3>
          <p class="face-numbers">
            <span class="number">{percent(face.confidence)}</span>
            <button type="button" class="link" onClick={() => onChoose(face.id)}>
              {t('live.plotFace', { number: face.id + 1 })}
            </button>
          </p>
        </div>
      </header>
      {face.uncertain && (
        <p class="doubts">
          <strong>{t('face.uncertain')}</strong> {face.doubts.map((doubt) => t(`doubt.${doubt}`)).join(' ')}
        </p>
      )}
      <ExpressionBars expressions={face.expressions} six={false} />
    </article>
  );
}

function StandingFaces({ session }: { session: LiveSession }) {
  const { engine } = useServices();
  const t = useText();
  const state = engine.state.value;
  const frame = session.frame.value;
  if (frame === undefined || state.phase !== 'ready') return null;
  const model = `${state.analyzer.spec.name} ${state.analyzer.spec.version}`;
  return (
    <>
      {frame.analysis.faces.map((face) => (
        <FaceCard
          key={face.id}
          subject={{ face, picture: frame.picture, source: t('nav.live') }}
          number={face.id + 1}
          model={model}
          six={false}
          chosen={false}
          onChoose={() => undefined}
        />
      ))}
    </>
  );
}
