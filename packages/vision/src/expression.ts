/** The seven expressions of FER2013, in the order of that data set's labels 0 to 6. */
export const EXPRESSIONS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;

export type Expression = (typeof EXPRESSIONS)[number];

/** The six classes of the original Mememoji: disgust merged into angry. */
export const SIX_EXPRESSIONS = ['angry', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const;

export type SixExpression = (typeof SIX_EXPRESSIONS)[number];

/** One probability per expression, each 0..1, together 1. Read by name, never by position. */
export type Expressions = Record<Expression, number>;

const ALIASES: Readonly<Record<string, Expression>> = {
  anger: 'angry',
  angry: 'angry',
  mad: 'angry',
  disgust: 'disgust',
  disgusted: 'disgust',
  fear: 'fear',
  fearful: 'fear',
  scared: 'fear',
  happy: 'happy',
  happiness: 'happy',
  joy: 'happy',
  sad: 'sad',
  sadness: 'sad',
  surprise: 'surprise',
  surprised: 'surprise',
  neutral: 'neutral',
  calm: 'neutral',
};

/** The expression meant by a label of this or another tool ("anger", "Happiness"), or undefined. */
export function parseExpression(label: string): Expression | undefined {
  return ALIASES[label.trim().toLowerCase()];
}

/** The six-class view of the original: the probability of disgust is added to that of angry. */
export function mergeDisgust(expressions: Expressions): Record<SixExpression, number> {
  const { disgust, ...rest } = expressions;
  return { ...rest, angry: rest.angry + disgust };
}

/** Expressions with their probabilities, the likeliest first; equal ones keep the order of {@link EXPRESSIONS}. */
export function rankExpressions(expressions: Expressions): [Expression, number][] {
  return EXPRESSIONS.map((name): [Expression, number] => [name, expressions[name]]).sort((a, b) => b[1] - a[1]);
}
