import { explainError } from '../app-error.ts';
import { Icon } from '../components/icon.tsx';
import { useText } from '../services.ts';

interface Props {
  /** Why the camera is not on, if it was tried. */
  error: unknown;
  starting: boolean;
  onStart: () => void;
}

/** What happens with the pictures of the camera, before it starts. */
export function Consent({ error, starting, onStart }: Props) {
  const t = useText();
  return (
    <section class="consent">
      {error !== undefined && (
        <p class="camera-error" role="alert">
          {explainError(error, t)}
        </p>
      )}
      <h2>{t('consent.title')}</h2>
      <ul class="points">
        <li>{t('consent.device')}</li>
        <li>{t('consent.nothingKept')}</li>
        <li>{t('consent.others')}</li>
        <li>{t('consent.limits')}</li>
      </ul>
      <button type="button" class="primary" disabled={starting} onClick={onStart}>
        <Icon name="camera" />
        {t(starting ? 'live.starting' : error === undefined ? 'consent.start' : 'consent.again')}
      </button>
    </section>
  );
}
