/** The whole state of a {@link Random}; plain, so that it can be stored as JSON. */
export type RandomState = readonly [number, number, number, number];

const TWO_32 = 2 ** 32;

/**
 * A small fast generator, Doty-Humphrey's sfc32 (PractRand): 128 bits of state, period at least 2^32. Not for secrets.
 * The same keys give the same numbers on every machine: order, augmentation and mixup derive from keys such as
 * (seed, epoch, sample), so that a run can start again anywhere.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /** Keys are taken modulo 2^32; different keys or streams give independent sequences. */
  constructor(seed: number, key1 = 0, key2 = 0, stream = 0) {
    this.seed(seed, key1, key2, stream);
  }

  /** Starts again with other keys, without allocation. */
  seed(seed: number, key1 = 0, key2 = 0, stream = 0): this {
    this.a = seed | 0;
    this.b = key1 | 0;
    this.c = key2 | 0;
    this.counter = (stream + 1) | 0;
    for (let i = 0; i < 15; i++) this.uint32();
    return this;
  }

  /** An integer in 0 .. 2^32 - 1. */
  uint32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [low, high), by default [0, 1). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / TWO_32);
  }

  /** An integer in 0 .. count - 1; the bias is below count / 2^32. */
  int(count: number): number {
    return Math.floor((this.uint32() / TWO_32) * count);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Normal with mean 0 and deviation 1 (Box and Muller; the second number is not kept, so that the state is all there is). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Gamma with scale 1 (Marsaglia and Tsang, 2000); `shape` > 0. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(a, b) in 0..1. Of two tiny shapes both gammas may underflow; then either end is as likely as its share. */
  beta(a: number, b: number): number {
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y > 0 ? x / (x + y) : Number(this.chance(a / (a + b)));
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends Uint32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const other = items[j]!;
      items[j] = items[i]!;
      items[i] = other;
    }
    return items;
  }

  /** To be given to {@link Random.restore}. */
  state(): RandomState {
    return [this.a, this.b, this.c, this.counter];
  }

  static restore(state: RandomState): Random {
    const random = new Random(0);
    [random.a, random.b, random.c, random.counter] = state;
    return random;
  }
}
