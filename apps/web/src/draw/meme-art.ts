/** The meme faces, fetched when they are first needed: 36 pictures at most. */
export class MemeArt {
  readonly #baseUrl: string;
  readonly #pictures = new Map<string, Promise<HTMLImageElement>>();
  readonly #ready = new Map<string, HTMLImageElement>();

  /** @param baseUrl of the folder that holds `NAME.png`, with its slash. */
  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /**
   * The artwork, if it is there already; else it is fetched for the next time.
   * @param name as `memeName` gives it.
   */
  peek(name: string): HTMLImageElement | undefined {
    const picture = this.#ready.get(name);
    if (picture === undefined) this.get(name).catch(() => undefined);
    return picture;
  }

  /** The artwork. Rejects when it cannot be fetched; the next call tries again. */
  get(name: string): Promise<HTMLImageElement> {
    const known = this.#pictures.get(name);
    if (known !== undefined) return known;
    const fetched = this.#fetch(name);
    this.#pictures.set(name, fetched);
    fetched.catch(() => this.#pictures.delete(name));
    return fetched;
  }

  async #fetch(name: string): Promise<HTMLImageElement> {
    const picture = new Image();
    picture.src = `${this.#baseUrl}${name}.png`;
    await picture.decode();
    this.#ready.set(name, picture);
    return picture;
  }
}
