/** The parts of heic-decode 2.1.0, which brings no types, that are used here. */
declare module 'heic-decode' {
  interface HeicPicture {
    width: number;
    height: number;
    /** RGBA, 8 bits a channel, upright. */
    decode(): Promise<{ width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> }>;
  }
  function all(input: { buffer: Uint8Array }): Promise<HeicPicture[] & { dispose(): void }>;
  const heic: { all: typeof all };
  export default heic;
}
