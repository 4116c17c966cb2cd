import { useSignal, useSignalEffect } from '@preact/signals';
import { type ComponentType, createElement } from 'preact';
import { useEffect } from 'preact/hooks';
import { useText } from '../services.ts';

interface Props<P extends object> {
  load: () => Promise<ComponentType<P>>;
  props: P;
  onReady?: () => void;
}

type Loaded<P> = { component: ComponentType<P> } | { failed: true } | undefined;

/** A component that is fetched when it is first shown. */
export function Lazy<P extends object>({ load, props, onReady }: Props<P>) {
  const t = useText();
  const loaded = useSignal<Loaded<P>>(undefined);
  useEffect(() => {
    let wanted = true;
    const set = (value: Loaded<P>): void => {
      if (wanted) loaded.value = value;
    };
    load().then(
      (component) => set({ component }),
      () => set({ failed: true }),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  useSignalEffect(() => {
    if (loaded.value !== undefined) onReady?.();
  });
  if (loaded.value === undefined) return <p class="quiet">{t('page.loading')}</p>;
  if ('failed' in loaded.value) return <p role="alert">{t('page.failed')}</p>;
  return createElement(loaded.value.component, props);
}
