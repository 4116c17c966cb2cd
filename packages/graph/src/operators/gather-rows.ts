import type { Lowering } from '../lowering.ts';

/** A value seen as rows of equal width. */
export interface RowTable {
  name: string;
  rows: number;
  width: number;
}

/** Copies rows by number, which ONNX Runtime does on all threads; -1 stands for a row of zeros. [numbers, width]. */
export function gatherRows(lowering: Lowering, { name, rows, width }: RowTable, numbers: ArrayLike<number>): string {
  const given = Int32Array.from(numbers);
  const table = lowering.reshape(name, [], [rows, width]);
  if (given.length === rows && given.every((number, i) => number === i)) return table;
  const withZeros = given.includes(-1) ? appendZeroRow(lowering, table, width) : table;
  const data = given.map((number) => (number < 0 ? rows : number));
  const indices = lowering.constant({ dtype: 'int32', shape: [data.length], data });
  return lowering.emit('Gather', [withZeros, indices], { axis: { type: 'int', value: 0 } });
}

function appendZeroRow(lowering: Lowering, table: string, width: number): string {
  const zeros = lowering.constant({ dtype: 'float32', shape: [1, width], data: new Float32Array(width) });
  return lowering.emit('Concat', [table, zeros], { axis: { type: 'int', value: 0 } });
}
