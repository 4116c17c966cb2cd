/** Options that name classes of a data set. */
import type { ClassMerge } from '@mememoji/train/select';
import { type Expression, parseExpression } from '@mememoji/vision/expression';
import { InvalidArgumentError, Option } from 'commander';

/** `--merge FROM=TO,...`; given several times, all hold. */
export function mergeOption(description: string): Option {
  return new Option('--merge <from=to,...>', description).argParser(mergeList);
}

/** Numbers by class. */
export type Adjustment = Partial<Record<Expression, number>>;

/** `--adjust fear=0.1,sad=0.2`: what is added to the logits of classes. */
export function adjustOption(description: string): Option {
  return new Option('--adjust <class=number,...>', description).argParser(adjustList);
}

/** Parser of a list of classes. */
export function classList(text: string): Expression[] {
  return text.split(',').map(expression);
}

function mergeList(text: string, before: ClassMerge = {}): ClassMerge {
  const pairs = text.split(',').map((pair): [Expression, Expression] => {
    const [from, to, ...more] = pair.split('=');
    if (from === undefined || to === undefined || more.length > 0) {
      throw new InvalidArgumentError('It must be such as disgust=angry.');
    }
    return [expression(from), expression(to)];
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function adjustList(text: string, before: Adjustment = {}): Adjustment {
  const pairs = text.split(',').map((pair): [Expression, number] => {
    const [label, number, ...more] = pair.split('=');
    const added = number === undefined || number.trim() === '' ? Number.NaN : Number(number);
    if (label === undefined || !Number.isFinite(added) || more.length > 0) {
      throw new InvalidArgumentError('It must be such as fear=0.1.');
    }
    return [expression(label), added];
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function expression(text: string): Expression {
  const found = parseExpression(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`'${text}' is no expression.`);
}
