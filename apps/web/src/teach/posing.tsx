import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Emoji } from '../components/emoji.tsx';
import { Icon } from '../components/icon.tsx';
import { contextOf } from '../export/picture-file.ts';
import { useText } from '../services.ts';
import type { TeachSession, TeachStage } from './teach-session.ts';

interface Props {
  session: TeachSession;
  stage: Extract<TeachStage, { phase: 'posing' }>;
}

/** Asks for one expression after the other, and shows the person to themselves. */
export function Posing({ session, stage }: Props) {
  const t = useText();
  const { task, number, of, ready, collected, faceSeen } = stage;
  const name = t(`expression.${task.expression}`);
  return (
    <section class="teach-posing">
      <Preview session={session} />
      <div class="teach-task">
        <p class="quiet number">{t(task.round === 0 ? 'teach.poseLearn' : 'teach.poseCheck', { number, of })}</p>
        <div role="status">
          <h2>
            <Emoji name={task.expression} size={72} />
            {t('teach.look', { expression: name })}
          </h2>
        </div>
        <progress aria-label={t('teach.collected')} max={task.frames} value={collected} />
        <p class="quiet">{t(!faceSeen ? 'live.noFace' : ready ? 'teach.hold' : 'teach.prepare')}</p>
        <div class="actions">
          <button type="button" onClick={() => session.skip()}>
            {t('teach.skip')}
          </button>
          <button type="button" onClick={() => session.stop()}>
            <Icon name="stop" />
            {t('live.stop')}
          </button>
        </div>
      </div>
    </section>
  );
}

/** What the camera sees, as in a mirror. */
function Preview({ session }: { session: TeachSession }) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const picture = session.picture.value;
    if (canvas.current === null || picture === undefined) return;
    const { width, height } = picture;
    if (canvas.current.width !== width || canvas.current.height !== height)
      Object.assign(canvas.current, { width, height });
    contextOf(canvas.current).drawImage(picture, 0, 0);
  });
  return <canvas ref={canvas} class="teach-preview" role="img" aria-label={t('teach.preview')} />;
}
