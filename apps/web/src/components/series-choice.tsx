import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import type { Signal } from '@preact/signals';
import { useText } from '../services.ts';
import { Emoji } from './emoji.tsx';

/** The lines of a plot, each to be switched on and off: legend and control in one. */
export function SeriesChoice({ shown }: { shown: Signal<ReadonlySet<Expression>> }) {
  const t = useText();
  const toggle = (name: Expression): void => {
    const next = new Set(shown.value);
    if (!next.delete(name)) next.add(name);
    shown.value = next;
  };
  return (
    <fieldset class="series">
      <legend class="unseen">{t('series.name')}</legend>
      {EXPRESSIONS.map((name) => (
        <label key={name} style={{ '--series': `var(--${name})` }}>
          <input type="checkbox" checked={shown.value.has(name)} onChange={() => toggle(name)} />
          <span class="series-line">
            <Emoji name={name} size={18} />
            {t(`expression.${name}`)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
