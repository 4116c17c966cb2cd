import {
  type Expression,
  type Expressions,
  mergeDisgust,
  rankExpressions,
  SIX_EXPRESSIONS,
} from '@mememoji/vision/expression';
import { useServices, useText } from '../services.ts';
import { Emoji } from './emoji.tsx';

/** The expressions of a face, the likeliest first: the seven of the model or the original's six. */
export function rankShown(expressions: Expressions, six: boolean): [Expression, number][] {
  if (!six) return rankExpressions(expressions);
  const merged = mergeDisgust(expressions);
  return SIX_EXPRESSIONS.map((name): [Expression, number] => [name, merged[name]]).sort((a, b) => b[1] - a[1]);
}

/** Bars of probability, as a list that can also be heard. */
export function ExpressionBars({ expressions, six }: { expressions: Expressions; six: boolean }) {
  const t = useText();
  const percent = usePercent();
  return (
    <ol class="bars">
      {rankShown(expressions, six).map(([name, probability]) => (
        <li key={name}>
          <Emoji name={name} size={20} />
          <span class="bars-name">{t(`expression.${name}`)}</span>
          <span class="bars-track" aria-hidden="true">
            <span class="bars-fill" style={{ inlineSize: `${100 * probability}%` }} />
          </span>
          <span class="number">{percent(probability)}</span>
        </li>
      ))}
    </ol>
  );
}

/** A probability as the language writes it. */
export function usePercent(): (probability: number) => string {
  const format = new Intl.NumberFormat(useServices().language.code.value, { style: 'percent' });
  return (probability) => format.format(probability);
}
