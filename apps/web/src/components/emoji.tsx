import type { Expression } from '@mememoji/vision/expression';
import angry from '../emoji/angry.svg';
import disgust from '../emoji/disgust.svg';
import fear from '../emoji/fear.svg';
import happy from '../emoji/happy.svg';
import neutral from '../emoji/neutral.svg';
import sad from '../emoji/sad.svg';
import surprise from '../emoji/surprise.svg';

const ADDRESSES: Readonly<Record<Expression, string>> = { angry, disgust, fear, happy, sad, surprise, neutral };

/** The face of an expression, for the eye only: its name stands beside it. */
export function Emoji({ name, size }: { name: Expression; size: number }) {
  return <img class="emoji" src={ADDRESSES[name]} width={size} height={size} alt="" draggable={false} />;
}
