import type { Lesson } from '@mememoji/train/tuning/tutor';
import { usePercent } from '../components/expression-bars.tsx';
import { Icon } from '../components/icon.tsx';
import { downloadFile } from '../export/download.ts';
import { useServices, useText } from '../services.ts';
import { LossCurve } from './loss-curve.tsx';
import { useFailure } from './teach-page.tsx';
import type { TeachSession } from './teach-session.ts';

interface Props {
  session: TeachSession;
  lesson: Lesson;
}

/** What the lesson brought, and whether to keep it. */
export function LessonResult({ session, lesson }: Props) {
  const t = useText();
  const { heldOut, remembered, spec } = lesson;
  const percent = usePercent();
  const losses = session.losses.value;
  return (
    <section class="teach-card">
      <h2>{t('teach.done')}</h2>
      {heldOut === undefined ? (
        <p>{t('teach.unchecked')}</p>
      ) : (
        <>
          <p>{t('teach.checked', { count: heldOut.count })}</p>
          <dl class="teach-scores">
            <Score name={t('teach.before')} share={heldOut.before} />
            <Score name={t('teach.after')} share={heldOut.after} />
          </dl>
        </>
      )}
      {remembered !== undefined && <p class="quiet">{t('teach.remembered', { share: percent(remembered) })}</p>}
      <LossCurve losses={losses} steps={losses.length} />
      <Actions session={session} lesson={lesson} />
      <p class="quiet small">
        {spec.name} {spec.version}. {t('teach.honest')}
      </p>
    </section>
  );
}

function Score({ name, share }: { name: string; share: number }) {
  const percent = usePercent();
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="number teach-score">{percent(share)}</span>
        <span class="bars-track" aria-hidden="true">
          <span class="bars-fill" style={{ inlineSize: `${100 * share}%` }} />
        </span>
      </dd>
    </div>
  );
}

function Actions({ session, lesson: { model, spec } }: Props) {
  const t = useText();
  const { taught, engine, notices } = useServices();
  const failed = useFailure();
  const keep = async (): Promise<void> => {
    const name = `${spec.name} ${spec.version}`;
    await taught.keep({ bytes: model, name, time: new Date().toISOString() }).catch(failed);
    session.close();
    await engine.reload().then(() => notices.done(t('teach.kept')), failed);
  };
  return (
    <div class="actions">
      <button type="button" class="primary" onClick={() => void keep()}>
        <Icon name="spark" />
        {t('teach.keep')}
      </button>
      <button type="button" onClick={() => downloadModel(model)}>
        <Icon name="save" />
        {t('teach.download')}
      </button>
      <button type="button" onClick={() => session.stop()}>
        {t('teach.discard')}
      </button>
    </div>
  );
}

/** Hands the person the model as a file, which `mememoji analyze --model` takes as well. */
export function downloadModel(model: Uint8Array): void {
  downloadFile(new Blob([new Uint8Array(model)], { type: 'application/octet-stream' }), 'mememoji-taught.onnx');
}
