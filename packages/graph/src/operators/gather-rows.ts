import type { Lowering } from '../lowering.ts';

/** A value seen as rows of equal width. */
export interface RowTable {
  name: string;
  rows: number;
  width: number;
}

/**
 * Copies rows by number, which ONNX Runtime does on all threads; -1 stands for a row of zeros. Rows that stay together are copied
 * as one. [numbers, width], seen as [numbers / rows that stay together, their width].
 */
export function gatherRows(lowering: Lowering, { name, rows, width }: RowTable, numbers: ArrayLike<number>): string {
  const given = Int32Array.from(numbers);
  const together = longestRun(given, rows);
  const table = lowering.reshape(name, [], [rows / together, width * together]);
  if (given.length === rows && together === rows) return table;
  const withZeros = given.includes(-1) ? appendZeroRow(lowering, table, width) : table;
  const data = Int32Array.from({ length: given.length / together }, (_, i) => {
    const number = given[i * together]!;
    return number < 0 ? rows : number / together;
  });
  const indices = lowering.constant({ dtype: 'int32', shape: [data.length], data });
  return lowering.emit('Gather', [withZeros, indices], { axis: { type: 'int', value: 0 } });
}

/** Into how long pieces a table of rows can be cut so that the numbers ask for whole pieces; 1 where they ask for zeros. */
function longestRun(numbers: Int32Array, rows: number): number {
  if (numbers.includes(-1)) return 1;
  let longest = greatestDivisor(rows, numbers.length);
  numbers.forEach((number, i) => {
    // A new run begins: here one piece ends and another begins, and so it does in the table.
    if (i > 0 && number !== numbers[i - 1]! + 1) longest = greatestDivisor(greatestDivisor(longest, i), number);
  });
  return greatestDivisor(longest, numbers[0]!);
}

/** Greatest common divisor; of 0 and a number that number. */
function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function appendZeroRow(lowering: Lowering, table: string, width: number): string {
  const zeros = lowering.constant({ dtype: 'float32', shape: [1, width], data: new Float32Array(width) });
  return lowering.emit('Concat', [table, zeros], { axis: { type: 'int', value: 0 } });
}
