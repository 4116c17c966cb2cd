import { useSignal } from '@preact/signals';
import type { FaceInPicture } from '../face-in-picture.ts';
import { FACE_PANELS, type FacePanel } from '../plugs.ts';
import { useText } from '../services.ts';
import { CorrectionForm } from './correction-form.tsx';
import { Emoji } from './emoji.tsx';
import { ExpressionBars, rankShown, usePercent } from './expression-bars.tsx';
import { Lazy } from './lazy.tsx';

interface Props {
  subject: FaceInPicture;
  /** Counted from 1 on, from left to right. */
  number: number;
  model: string;
  six: boolean;
  chosen: boolean;
  onChoose: (id: number | undefined) => void;
}

/** Everything about one face. */
export function FaceCard({ subject, number, model, six, chosen, onChoose }: Props) {
  const t = useText();
  const percent = usePercent();
  const { face } = subject;
  const [name, probability] = rankShown(face.expressions, six)[0]!;
  const choose = (): void => onChoose(face.id);
  return (
    <article
      class={chosen ? 'face-card chosen' : 'face-card'}
      aria-label={t('face.number', { number })}
      onMouseEnter={choose}
      onFocusCapture={choose}
    >
      <header>
        <Emoji name={name} size={64} />
        <div>
          <h3>{t(`expression.${name}`)}</h3>
          <p class="face-numbers">
            <span class="number">{percent(probability)}</span>
            <span class="quiet">{t('face.found', { number, detection: percent(face.detection) })}</span>
          </p>
        </div>
      </header>
      {face.uncertain && <Doubts subject={subject} />}
      <ExpressionBars expressions={face.expressions} six={six} />
      <CorrectionForm subject={subject} model={model} />
      {FACE_PANELS.map((panel) => (
        <Panel key={panel.id} panel={panel} subject={subject} />
      ))}
    </article>
  );
}

function Doubts({ subject: { face } }: { subject: FaceInPicture }) {
  const t = useText();
  return (
    <p class="doubts">
      <strong>{t('face.uncertain')}</strong> {face.doubts.map((doubt) => t(`doubt.${doubt}`)).join(' ')}
    </p>
  );
}

/** A part that stands on its own, opened by the person. */
function Panel({ panel, subject }: { panel: FacePanel; subject: FaceInPicture }) {
  const t = useText();
  const open = useSignal(false);
  return (
    <details class="panel" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{t(panel.title)}</summary>
      {open.value && <Lazy load={panel.load} props={{ subject }} />}
    </details>
  );
}
