import { InvalidArgumentError } from 'commander';

/** Parser of a time: seconds, `mm:ss` or `hh:mm:ss`, each with a fraction if wanted; gives seconds. */
export function timeOption(text: string): number {
  const parts = text.trim().split(':');
  const numbers = parts.map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : Number.NaN));
  const last = parts.length - 1;
  const isPart = (value: number, i: number): boolean =>
    Number.isFinite(value) && (i === 0 || value < 60) && (i === last || Number.isInteger(value));
  const isTime = parts.length <= 3 && numbers.every(isPart);
  if (!isTime)
    throw new InvalidArgumentError('It must be seconds, such as 90 or 12.5, or a time such as 1:30 or 0:01:30.5.');
  return numbers.reduce((seconds, value) => 60 * seconds + value, 0);
}

/** Parser of a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && text.trim() !== '') return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}
