import { explainError } from '../app-error.ts';
import type { Engine } from '../engine/engine.ts';
import { useText } from '../services.ts';

/** How far the models are; nothing once they are there. */
export function EngineStatus({ engine }: { engine: Engine }) {
  const t = useText();
  const state = engine.state.value;
  if (state.phase === 'ready') return null;
  if (state.phase === 'failed') {
    return (
      <p class="engine-status" role="alert">
        {explainError(state.error, t)}{' '}
        <button type="button" class="link" onClick={() => void engine.ready().catch(() => undefined)}>
          {t('engine.retry')}
        </button>
      </p>
    );
  }
  const share = state.total > 0 ? state.loaded / state.total : undefined;
  return (
    <p class="engine-status">
      <label>
        <span>{t('engine.loading')}</span>
        <progress max={1} value={share} />
      </label>
    </p>
  );
}
