/** Options that name classes of a data set. */
import type { ClassMerge } from '@mememoji/train/select';
import { type Expression, parseExpression } from '@mememoji/vision/expression';
import { InvalidArgumentError, Option } from 'commander';

/** `--merge FROM=TO,...`; given several times, all hold. */
export function mergeOption(description: string): Option {
  return new Option('--merge <from=to,...>', description).argParser(mergeList);
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

function expression(text: string): Expression {
  const found = parseExpression(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`'${text}' is no expression.`);
}
