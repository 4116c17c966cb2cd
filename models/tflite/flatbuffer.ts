/**
 * A reader of FlatBuffers, little endian: https://flatbuffers.dev/internals/
 * A table is its position in the file; its fields are numbered from 0 in the order of the schema. A field that the file
 * leaves out has the default of the schema. Reading beyond the file throws a RangeError.
 */
export class Table {
  readonly #view: DataView;
  readonly #position: number;

  constructor(view: DataView, position: number) {
    this.#view = view;
    this.#position = position;
  }

  /** The table at the root of a file. RangeError where the file does not carry the identifier of its schema. */
  static root(bytes: Uint8Array, identifier: string): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = String.fromCharCode(...bytes.subarray(4, 8));
    if (found !== identifier) throw new RangeError(`not a ${identifier} file`);
    return new Table(view, view.getUint32(0, true));
  }

  int8(field: number, otherwise: number): number {
    const at = this.#locate(field);
    return at === undefined ? otherwise : this.#view.getInt8(at);
  }

  int32(field: number, otherwise: number): number {
    const at = this.#locate(field);
    return at === undefined ? otherwise : this.#view.getInt32(at, true);
  }

  bool(field: number): boolean {
    return this.int8(field, 0) !== 0;
  }

  /** The table that a field refers to. */
  table(field: number): Table | undefined {
    const at = this.#locate(field);
    return at === undefined ? undefined : new Table(this.#view, this.#follow(at));
  }

  tables(field: number): Table[] {
    return this.#elements(field, 4).map((at) => new Table(this.#view, this.#follow(at)));
  }

  int32s(field: number): number[] {
    return this.#elements(field, 4).map((at) => this.#view.getInt32(at, true));
  }

  /** A vector of bytes, not copied. */
  bytes(field: number): Uint8Array {
    const { start, length } = this.#vector(field);
    if (start + length > this.#view.byteLength) throw new RangeError('a vector ends beyond the file');
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
  }

  text(field: number): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes(field));
  }

  /** Where a field lies: the table begins with the distance back to its vtable, which lists the fields' offsets. */
  #locate(field: number): number | undefined {
    const vtable = this.#position - this.#view.getInt32(this.#position, true);
    const slot = 4 + 2 * field;
    if (slot >= this.#view.getUint16(vtable, true)) return undefined;
    const offset = this.#view.getUint16(vtable + slot, true);
    return offset === 0 ? undefined : this.#position + offset;
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #vector(field: number): { start: number; length: number } {
    const at = this.#locate(field);
    if (at === undefined) return { start: 0, length: 0 };
    const position = this.#follow(at);
    return { start: position + 4, length: this.#view.getUint32(position, true) };
  }

  #elements(field: number, size: number): number[] {
    const { start, length } = this.#vector(field);
    if (start + length * size > this.#view.byteLength) throw new RangeError('a vector ends beyond the file');
    return Array.from({ length }, (_, i) => start + i * size);
  }
}
