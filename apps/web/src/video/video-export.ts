import type { FrameAnalysis } from '@mememoji/vision/result';
import type { Mark } from './video-session.ts';

/** A frame with the notes of the marks that lie nearest to it. */
export interface MarkedFrame extends FrameAnalysis {
  marks?: string[];
}

/** Lays each mark on the frame that is nearest in time. */
export function markFrames(frames: readonly FrameAnalysis[], marks: readonly Mark[]): MarkedFrame[] {
  const marked: MarkedFrame[] = [...frames];
  for (const { timestamp, note } of marks) {
    const i = nearest(frames, timestamp);
    if (i !== undefined) marked[i] = { ...marked[i]!, marks: [...(marked[i]!.marks ?? []), note] };
  }
  return marked;
}

function nearest(frames: readonly FrameAnalysis[], time: number): number | undefined {
  let best: number | undefined;
  for (const [i, { timestamp }] of frames.entries()) {
    if (best === undefined || Math.abs(timestamp - time) < Math.abs(frames[best]!.timestamp - time)) best = i;
  }
  return best;
}
