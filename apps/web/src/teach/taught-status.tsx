import { Icon } from '../components/icon.tsx';
import { useServices, useText } from '../services.ts';
import { downloadModel } from './lesson-result.tsx';
import { useFailure } from './teach-page.tsx';
import type { TeachSession } from './teach-session.ts';

/** Says that a taught model is in use, and leads back. */
export function TaughtStatus({ session }: { session: TeachSession }) {
  const t = useText();
  const { taught, engine, notices, language } = useServices();
  const failed = useFailure();
  const current = taught.current.value;
  if (current === undefined) return null;
  const undo = async (): Promise<void> => {
    await taught.forget().catch(failed);
    session.close();
    await engine.reload().then(() => notices.done(t('teach.undone')), failed);
  };
  const time = new Date(current.time).toLocaleString(language.code.value, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <section class="teach-status" aria-label={t('teach.inUse')}>
      <p>
        <strong>{t('teach.inUse')}</strong> {current.name}, {time}
      </p>
      <div class="actions">
        <button type="button" onClick={() => void undo()}>
          {t('teach.undo')}
        </button>
        <button type="button" onClick={() => downloadModel(current.bytes)}>
          <Icon name="save" />
          {t('teach.download')}
        </button>
      </div>
    </section>
  );
}
