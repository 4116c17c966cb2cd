/** What the server answers when it does not do what it was asked to. */
export class ServerFault extends Error {
  override readonly name = 'ServerFault';
  readonly status: number;

  /** @param message what the server says, in English; its status if it says nothing. */
  constructor(status: number, message: unknown) {
    super(typeof message === 'string' ? message : String(status));
    this.status = status;
  }
}
