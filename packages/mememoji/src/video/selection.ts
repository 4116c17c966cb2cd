import { MememojiError } from '../error.ts';
import type { VideoOptions } from '../video.ts';
import { type FramePlace, MICROSECONDS } from './times.ts';

/** Which frames are wanted. Times in seconds. */
export type Selection = Pick<VideoOptions, 'every' | 'fps' | 'from' | 'to' | 'after'>;

/** Seconds by which times that are the same may differ. */
const TOLERANCE = 2e-6;

/** The share of a slot by which a frame may come before it and still be its own: 0.2 s times 5 is not quite 1 for a computer. */
const SLOT_TOLERANCE = 1e-3;

/** @throws MememojiError `BAD_OPTION` */
export function checkSelection({ every, fps, from = 0, to }: Selection): void {
  check('every', every, every === undefined || (Number.isInteger(every) && every > 0), 'a whole number from 1 on');
  check('fps', fps, fps === undefined || (Number.isFinite(fps) && fps > 0), 'a number above 0');
  check('from', from, Number.isFinite(from) && from >= 0, 'seconds, 0 or more');
  check('to', to, to === undefined || (Number.isFinite(to) && to > from), "seconds, more than 'from'");
}

export function check(name: string, value: unknown, valid: boolean, wanted: string): void {
  if (!valid) throw new MememojiError('BAD_OPTION', `${name} ${value} is not possible`, `it must be ${wanted}`);
}

/**
 * The wish as an expression of ffmpeg's `select` filter, in which `t` is the time in seconds and which is asked for each
 * frame in turn.
 * @param anchor the frame from which on frames can be counted, if decoding does not start at the first.
 */
export function selectExpression({ every, fps, from, to, after }: Selection, anchor: FramePlace | undefined): string {
  const wishes: string[] = [];
  if (after !== undefined) wishes.push(`gt(t,${decimal(after.timestamp + TOLERANCE)})`);
  if (from !== undefined) wishes.push(`gte(t,${decimal(from - TOLERANCE)})`);
  if (to !== undefined) wishes.push(`lt(t,${decimal(to - TOLERANCE)})`);
  if (every !== undefined) wishes.push(`not(mod(${numberExpression(anchor)},${every}))`);
  if (fps !== undefined) wishes.push(slotExpression(fps, after?.timestamp));
  return wishes.length === 0 ? '1' : wishes.join('*');
}

/** The number of the frame in the source; register 0 counts the frames that were seen. */
function numberExpression(anchor: FramePlace | undefined): string {
  if (anchor === undefined) return '(st(0,ld(0)+1)-1)';
  const isLater = `gt(t,${decimal(anchor.microseconds / MICROSECONDS + TOLERANCE)})`;
  return `(if(${isLater},st(0,ld(0)+1),0)+${anchor.frame})`;
}

/** True for the first frame of each slot of 1/fps seconds. */
function slotExpression(fps: number, previous: number | undefined): string {
  const slotOf = (time: string): string => `floor(${time}*${decimal(fps)}+${SLOT_TOLERANCE})`;
  const before = previous === undefined ? '-1' : slotOf(decimal(previous));
  return `gt(${slotOf('t')},if(isnan(prev_selected_t),${before},${slotOf('prev_selected_t')}))`;
}

/** ffmpeg reads 1e-7 as well, but `e` is also the name of a number. */
function decimal(value: number): string {
  return value.toFixed(9);
}
