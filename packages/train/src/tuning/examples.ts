/** Rows of features with what they shall be read as, and how those that are kept for checking are chosen. */

/** One face, as the frozen part of a model sees it. */
export interface Example {
  /** The features, row-major. */
  features: Float32Array;
  /** Index into the model's labels: what the person says it is. */
  label: number;
  /**
   * When it was taken: frames of one stretch of time share a number, and later stretches have larger ones. Neighbouring
   * frames are nearly the same picture, so that one must not be learned from and the other be checked with.
   */
  segment: number;
}

export interface Parts {
  /** To learn from. */
  taught: Example[];
  /** To check with; from other stretches of time than any of the taught ones of the same label. */
  heldOut: Example[];
}

/** Keeps the last stretch of each label for checking, where there is more than one. */
export function holdOutLast(examples: readonly Example[]): Parts {
  const segments = new Map<number, Set<number>>();
  for (const { label, segment } of examples) {
    const known = segments.get(label) ?? new Set();
    segments.set(label, known.add(segment));
  }
  const isHeldOut = ({ label, segment }: Example): boolean => {
    const known = segments.get(label)!;
    return known.size > 1 && segment === Math.max(...known);
  };
  return { taught: examples.filter((one) => !isHeldOut(one)), heldOut: examples.filter(isHeldOut) };
}
