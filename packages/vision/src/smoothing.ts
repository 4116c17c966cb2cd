import { EXPRESSIONS, type Expression, type Expressions, rankExpressions } from './expression.ts';

/**
 * Exponential smoothing that does not depend on the frame rate: after `tau` seconds of a new value 63% of the way is
 * gone, however many frames that were.
 * @param seconds since `smoothed` was current.
 * @param tau time constant in seconds; 0 for no smoothing.
 */
export function smoothExpressions(
  smoothed: Expressions,
  current: Expressions,
  seconds: number,
  tau: number,
): Expressions {
  const share = tau > 0 ? 1 - Math.exp(-seconds / tau) : 1;
  const result = { ...current };
  for (const name of EXPRESSIONS) result[name] = smoothed[name] + share * (current[name] - smoothed[name]);
  return result;
}

/** The dominant expression with hysteresis: another one replaces `dominant` only when it leads by more than `margin`. */
export function chooseDominant(dominant: Expression, expressions: Expressions, margin: number): Expression {
  const [likeliest, probability] = rankExpressions(expressions)[0]!;
  return probability > expressions[dominant] + margin ? likeliest : dominant;
}
