import { memeOfFace, type Overlay } from '../draw/overlay.ts';
import type { LiveSession } from './live-session.ts';

/** An overlay whose memes are held steady from frame to frame. */
export function createOverlay(
  { memes }: LiveSession,
  parts: Pick<Overlay, 'style' | 'label' | 'art' | 'palette'>,
): Omit<Overlay, 'unit'> {
  return {
    ...parts,
    meme: (face) => memes.meme(face) ?? memeOfFace(face),
    placement: (face) => memes.placement(face),
  };
}
