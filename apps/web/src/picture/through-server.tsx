import { explainError } from '../app-error.ts';
import { useServices, useText } from '../services.ts';

interface Props {
  address: string;
  onEnd: () => void;
}

/** Asks whether the server may fetch a picture that the browser may not. */
export function ThroughServer({ address, onEnd }: Props) {
  const t = useText();
  const { server, pictures, notices } = useServices();
  const fetchIt = async (): Promise<void> => {
    onEnd();
    try {
      pictures.add([await server.fetchPicture(address)]);
    } catch (error) {
      notices.failed(explainError(error, t));
    }
  };
  return (
    <section class="question" role="alertdialog" aria-labelledby="through-server">
      <p id="through-server">{t('url.serverQuestion', { server: server.info.value?.host ?? '' })}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={fetchIt}>
          {t('url.serverYes')}
        </button>
        <button type="button" onClick={onEnd}>
          {t('url.serverNo')}
        </button>
      </div>
    </section>
  );
}
