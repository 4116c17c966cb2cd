import { useText } from '../services.ts';

/** What the program does with pictures, what it can know and what it cannot. */
export function AboutPage() {
  const t = useText();
  return (
    <div class="page prose">
      <h1>{t('about.title')}</h1>
      <p class="lead">{t('about.lead')}</p>
      <h2>{t('about.privacyTitle')}</h2>
      <ul class="points">
        <li>{t('about.device')}</li>
        <li>{t('about.url')}</li>
        <li>{t('about.server')}</li>
        <li>{t('about.corrections')}</li>
        <li>{t('about.telemetry')}</li>
      </ul>
      <h2>{t('about.knowTitle')}</h2>
      <ul class="points">
        <li>{t('about.face')}</li>
        <li>{t('about.mistakes')}</li>
        <li>{t('about.persons')}</li>
      </ul>
      <h2>{t('about.careTitle')}</h2>
      <ul class="points">
        <li>{t('about.decide')}</li>
        <li>{t('about.law')}</li>
        <li>{t('about.ask')}</li>
      </ul>
      <h2>{t('about.offlineTitle')}</h2>
      <p>{t('about.offline')}</p>
      <h2>{t('about.creditsTitle')}</h2>
      <p>{t('about.credits')}</p>
    </div>
  );
}
